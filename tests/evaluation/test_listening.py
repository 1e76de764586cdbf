"""Judging what was answered: every relation, what gives way, what is told; and requests that can be satisfied."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.listening import CAPTIONS, PRODUCTS, make_shop

from lavic_chat.catalog import Catalog, Product
from lavic_chat.dialogue import Dialogue
from lavic_chat.errors import DialogueError, LavicError
from lavic_chat.evaluation.listening import Judge, PlayedConversation, play, read_played
from lavic_chat.evaluation.listening_report import (
    ListeningConfig,
    failures_table,
    format_listening,
    lightness,
    measure_outcomes,
)
from lavic_chat.evaluation.plain_requests import KINDS, generate
from lavic_chat.nlu.intent import Intent
from lavic_chat.recommendation import GivenWay, Recommendation, ScoredProduct

LOOKS = {product.id: caption for product, caption in zip(PRODUCTS, CAPTIONS, strict=True)}


def seen(product: Product) -> Product:
    """With what its caption says as attributes: "red (scarlet) velvet, striped"."""
    colour, _, rest = LOOKS[product.id].partition(" (")
    shade, _, rest = rest.partition(") ")
    material, _, pattern = rest.partition(", ")
    looks = {"colour": colour, "shade": shade, "material": material, "pattern": pattern or "plain"}
    return replace(product, attributes={**product.attributes, **looks})


SHOP = Catalog(Path("nowhere"), tuple(seen(product) for product in make_shop()))
JUDGE = Judge(SHOP, lightness)


def answer(*ids: str, reply: str = "", act: str = "ask", gave_way: tuple[str, ...] = ()) -> Recommendation:
    scored = tuple(ScoredProduct(SHOP[name], 1 / len(ids), 0.5, "red") for name in ids)
    ways = tuple(GivenWay(name, name) for name in gave_way)
    return Recommendation(scored, {"understand": 2.0}, intent=Intent(act), gave_way=ways, reply=reply)


def fault(expect: dict, *answers: Recommendation, act: str = "ask") -> str:
    turns = tuple(f"turn {n}" for n in range(len(answers)))
    return JUDGE.judge(PlayedConversation("a", "kind", "shop", turns, act, expect), answers).fault


# ---- picks ----


@pytest.mark.parametrize(
    ("expect", "good", "bad"),
    [
        ({"type": ["sofa", "armchair"]}, "armchair", "rug"),
        ({"colour": ["red"]}, "red-sofa", "blue-sofa"),
        ({"not_colour": ["red"]}, "blue-sofa", "red-sofa"),
        ({"material": ["leather"]}, "brown-sofa", "red-sofa"),
        ({"not_material": ["leather"]}, "red-sofa", "brown-sofa"),
        ({"shade": ["navy"]}, "blue-sofa", "red-sofa"),
        ({"pattern": ["striped"]}, "blue-sofa", "red-sofa"),
        ({"not_pattern": ["striped", "floral"]}, "red-sofa", "rug"),
        ({"title": ["marlo"]}, "blue-sofa", "red-sofa"),
        ({"price": {"most": 150}}, "rug", "red-sofa"),
        ({"price": {"least": 1200}}, "blue-sofa", "brown-sofa"),
        ({"width": {"least": 80, "most": 100}}, "plain-rug", "red-sofa"),
        ({"height": {"most": 2}}, "rug", "lamp"),
    ],
)
def test_a_pick_is_judged_by_facts(expect, good, bad):
    assert fault(expect, answer(good, bad)) == "" != fault(expect, answer(bad, good))
    name = next(iter(expect)).removeprefix("not_")
    assert fault(expect, answer(bad)).startswith(name)


def test_what_is_not_known_of_a_product_keeps_no_limit():
    nothing = Catalog(Path("nowhere"), (Product("x", "Thing", "x"),))
    judge = Judge(nothing, lightness)
    conversation = PlayedConversation("a", "b", "c", ("d",), "ask", {"price": {"most": 10}})
    found = Recommendation((ScoredProduct(nothing["x"], 1.0, 1.0),))
    assert judge.judge(conversation, [found]).fault == "price None"


def test_the_list_counts_beside_the_pick():
    conversation = PlayedConversation("a", "b", "c", ("d",), "ask", {"colour": ["red"]})
    judged = [JUDGE.judge(conversation, [answer(*ids)]) for ids in (("red-sofa",), ("lamp", "red-sofa"), ("lamp",))]
    assert [(bool(one.fault), one.in_list) for one in judged] == [(False, True), (True, True), (True, False)]
    assert judged[0].last.pick.product.id == "red-sofa"


@pytest.mark.parametrize(
    ("versus", "good", "bad"),
    [
        ({"price": "less"}, "armchair", "blue-sofa"),
        ({"price": "more"}, "blue-sofa", "armchair"),
        ({"width": "more"}, "blue-sofa", "brown-sofa"),
        ({"height": "less"}, "rug", "brown-sofa"),
        ({"size": "less"}, "lamp", "blue-sofa"),
        ({"length": "more"}, "plain-rug", "brown-sofa"),
        ({"lightness": "less"}, "rug", "plain-rug"),
        ({"lightness": "more"}, "plain-rug", "rug"),
        ({"colour": "same"}, "rug", "blue-sofa"),
        ({"colour": "other"}, "blue-sofa", "rug"),
        ({"pattern": "same"}, "plain-rug", "rug"),
        ({"title": "same", "product": "other"}, "brown-sofa", "red-sofa"),
        ({"product": "same"}, "red-sofa", "brown-sofa"),
        ({"title": "same", "colour": "other"}, "brown-sofa", "blue-sofa"),
    ],
)
def test_relations_to_what_was_shown(versus, good, bad):
    """To the red sofa, the pick of the first answer."""
    shown = answer("red-sofa", "lamp")
    expect = {"versus": [{"turn": 1, **versus}]}
    assert fault(expect, shown, answer(good)) == ""
    assert "against" in fault(expect, shown, answer(bad))


def test_relations_may_be_to_any_place_that_there_is():
    shown = answer("red-sofa", "lamp")
    second = {"versus": [{"turn": 1, "place": 2, "product": "same"}]}
    assert fault(second, shown, answer("lamp")) == "" != fault(second, shown, answer("red-sofa"))
    for nowhere in ({"turn": 1, "place": 3}, {"turn": 5}, {}, {"turn": 1, "place": 0}):
        assert (
            fault({"versus": [{**nowhere, "product": "same"}]}, shown, answer("lamp"))
            == "nothing was shown to compare with"
        )
    both = {"versus": [{"turn": 1, "price": "less"}, {"turn": 1, "place": 2, "price": "more"}]}
    assert fault(both, shown, answer("armchair")) == "" != fault(both, shown, answer("blue-sofa"))
    assert fault(both, shown, answer("lamp")).startswith("price 40")


def test_equal_is_neither_less_nor_more():
    for wanted in ("less", "more"):
        assert fault({"versus": [{"turn": 1, "width": wanted}]}, answer("red-sofa"), answer("brown-sofa"))


def test_what_gives_way_must_be_said():
    expect = {"type": ["sofa"], "colour": ["purple"], "gives_way": "colour"}
    assert fault(expect, answer("red-sofa", gave_way=("colour",))) == ""
    assert fault(expect, answer("red-sofa")) == "nothing was said of the colour, which gave way"
    assert fault(expect, answer("lamp", gave_way=("colour",))).startswith("type")
    limit = {"price": {"most": 1}, "gives_way": "price"}
    assert fault(limit, answer("red-sofa", gave_way=("price",))) == ""
    unwanted = {"not_colour": ["red"], "gives_way": "colour"}
    assert fault(unwanted, answer("red-sofa", gave_way=("colour",))) == ""


def test_words_are_no_pick_and_a_pick_is_no_words():
    assert "words, where a pick" in fault({"type": ["sofa"]}, answer(reply="Hello!"))
    assert fault({"answer": "reply"}, answer(reply="Hello!")) == "" != fault({"answer": "reply"}, answer("lamp"))
    assert "a pick, where a question" in fault({"answer": "facts", "tells": "price"}, answer("lamp"), answer("lamp"))


# ---- words ----


@pytest.mark.parametrize(
    ("tells", "right", "wrong"),
    [
        ("price", "It costs 500.", "It costs 5."), ("width", "160 cm wide", "80 cm wide"),
        ("size", "160 x 80 x 80 cm", "160 cm"), ("colour", "It is Red.", "It is blue."),
        ("material", "velvet", "leather"), ("pattern", "plain, no pattern", "striped"),
        ("other_colours", "also in brown", "also in red"), ("title", "the Bella two-seat sofa", "a sofa"),
        ("cheapest", "That is the Pico table lamp.", "That is the Bella two-seat sofa."),
        ("dearest", "the Bella two-seat sofa", "the Pico table lamp"), ("count", "There are 3.", "There are some."),
        ("tallest", "the Bella two-seat sofa", "Pico table lamp"),
        ("smallest", "Pico table lamp", "Bella two-seat sofa"),
    ],
)  # fmt: skip
def test_facts_must_be_told(tells, right, wrong):
    shown, expect = answer("red-sofa", "lamp"), {"answer": "facts", "tells": tells}
    assert fault(expect, shown, answer(reply=right)) == "" != fault(expect, shown, answer(reply=wrong))


def test_facts_are_of_the_newest_pick_or_of_what_was_meant():
    shown, later = answer("red-sofa", "lamp"), answer("armchair")
    price = {"answer": "facts", "tells": "price"}
    assert fault(price, shown, later, answer(reply="300")) == "" != fault(price, shown, later, answer(reply="500"))
    lamp = {**price, "of": {"turn": 1, "place": 2}}
    assert (
        fault(lamp, shown, later, answer(reply="40")) == ""
        and fault(price, answer(reply="40")) == "nothing had been shown"
    )


# ---- files ----


ROW = {"id": "a", "kind": "b", "catalog": "c", "act": "ask", "turns": ["d"], "expect": {"type": ["sofa"]}}


def test_conversations_are_read(tmp_path):
    (tmp_path / "played.jsonl").write_text(json.dumps(ROW) + "\n\n" + json.dumps(ROW | {"turns": ["d", "e"]}))
    assert [one.turns for one in read_played(tmp_path / "played.jsonl")] == [("d",), ("d", "e")]


@pytest.mark.parametrize(
    "change",
    [
        {"turns": []},
        {"turns": [1]},
        {"turns": 3},
        {"more": 1},
        {"turns": None},
        {"expect": {"tells": ["width", "depth"]}},
    ],
)
def test_a_line_that_is_no_conversation_is_told(tmp_path, change):
    (tmp_path / "played.jsonl").write_text(json.dumps(ROW) + "\n" + json.dumps(ROW | change))
    with pytest.raises(DialogueError, match=r"played\.jsonl, line 2: that is no conversation"):
        read_played(tmp_path / "played.jsonl")


def test_every_message_is_sent_and_the_answer_goes_into_the_dialogue():
    asked = []

    def recommend(dialogue: Dialogue) -> Recommendation:
        asked.append(dialogue)
        return answer("red-sofa", "lamp") if len(asked) == 1 else answer(reply="My pleasure.")

    conversation = PlayedConversation("a", "b", "c", ("a sofa", "thanks", "bye"), "small_talk", {})
    found = play(conversation, recommend, lambda one, _: one.reply or f"Pick: {one.pick.product.title}")
    assert [one.reply for one in found] == ["", "My pleasure.", "My pleasure."]
    texts = [turn.text for turn in asked[-1].turns]
    assert texts == ["a sofa", "Pick: Bella two-seat sofa", "thanks", "My pleasure.", "bye"]
    assert asked[-1].turns[1].shown == ("red-sofa", "lamp") and asked[-1].turns[3].shown == ()


# ---- measured ----


def test_outcomes_are_counted_by_kind():
    good = PlayedConversation("a", "negation", "c", ("d|e",), "refine", {"colour": ["red"]})
    talk = PlayedConversation("b", "small talk", "c", ("hi",), "small_talk", {"answer": "reply"})
    outcomes = [
        JUDGE.judge(good, [answer("red-sofa")]),
        JUDGE.judge(good, [answer("lamp", "red-sofa")]),
        JUDGE.judge(talk, [answer(reply="Hi", act="small_talk")]),
    ]
    found = measure_outcomes(outcomes, 0)
    assert list(found) == ["overall", "negation", "small talk"]
    assert (found["overall"]["n"], found["overall"]["satisfied"], found["overall"]["in_list"]) == (3, 0.6667, 1.0)
    assert (found["negation"]["satisfied"], found["small talk"]["in_list"]) == (0.5, None)
    assert found["overall"]["act"] == 1.0, "an ask for a change is told in several ways"
    assert found["overall"]["understand_ms"] == 2.0
    low, high = found["negation"]["satisfied_95"]
    assert 0 <= low <= 0.5 <= high <= 1
    text = format_listening({"about": {}, **found})
    assert len(text.splitlines()) == 4 and "small talk" in text
    table = failures_table(outcomes)
    assert "1 of 3" in table and table.count("\n| a |") == 1 and "d\\|e" in table and "colour black" in table


def test_only_one_source_of_conversations_is_taken(tmp_path):
    for given in ({}, {"conversations": "x", "generated": 2}):
        with pytest.raises(LavicError, match="--generated"):
            ListeningConfig(tmp_path, **given)


def test_lightness_is_that_of_a_shades_name():
    assert lightness("white") == pytest.approx(100, abs=0.5) and lightness("scarlet") > lightness("burgundy")
    assert lightness("") is None and lightness("zzyzx") is None and lightness("velvet") is None


# ---- generated ----


def satisfied_by(conversation: PlayedConversation) -> list[str]:
    """Ids of the products that would satisfy it."""
    return [item.id for item in SHOP if not JUDGE.judge(conversation, [answer(item.id)]).fault]


def test_generated_requests_can_be_satisfied_and_not_by_everything():
    made = generate(SHOP, 12, 3, "shop")
    assert {one.kind for one in made} == set(KINDS) and len({one.id for one in made}) == len(made) == 12 * len(KINDS)
    for one in made:
        assert 0 < len(satisfied_by(one)) < len(SHOP), one
        assert one.catalog == "shop" and all(text and "None" not in text for text in one.turns)
        assert one.act == ("refine" if len(one.turns) > 1 else "ask")


def test_generated_requests_follow_from_the_seed():
    assert generate(SHOP, 4, 1) == generate(SHOP, 4, 1) != generate(SHOP, 4, 2)


def test_kinds_of_requests_that_the_catalogue_does_not_allow_are_left_out():
    bare = Catalog(
        Path("nowhere"), tuple(Product(f"p{n}", "Thing", "x", attributes={"type": "thing"}) for n in range(3))
    )
    assert generate(bare, 5, 0) == []
    one_colour = Catalog(
        Path("nowhere"),
        tuple(Product(f"p{n}", "Thing", "x", attributes={"type": "thing", "colour": "red"}) for n in range(3)),
    )
    assert {one.kind for one in generate(one_colour, 2, 0)} == {"colour", "two turns"}
