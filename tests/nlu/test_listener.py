"""From messages that were read to what must hold of a pick, over a small shop."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.listening import ENGLISH, PRODUCTS, make_listener

from lavic_chat.catalog.product import Product
from lavic_chat.dialogue.turns import Dialogue, Turn
from lavic_chat.nlu.conditions import Condition, given_way
from lavic_chat.nlu.intent import UNAVAILABLE, Intent, Limit, Relation
from lavic_chat.nlu.reader import with_negations
from lavic_chat.nlu.reading import Reading, Span
from lavic_chat.nlu.shown import Shown

ROW = {product.id: row for row, product in enumerate(PRODUCTS)}


def test_a_kind_and_a_look_are_met(ask):
    intent, ranked = ask("a [wanted:blue] [kind:couch] please")
    assert ranked[0] == "blue-sofa" and set(ranked[:3]) == {"red-sofa", "brown-sofa", "blue-sofa"}
    assert intent.to_json() == {"act": "ask", "kinds": ["couch"], "wanted": ["blue"]}


@pytest.mark.parametrize(
    ("said", "unwanted"),
    [
        ("a [kind:sofa], no [unwanted:leather]", "brown-sofa"),
        ("a [kind:sofa] that is not [unwanted:red]", "red-sofa"),
        ("a [kind:sofa] without [unwanted:stripes]", "blue-sofa"),
        ("a [kind:rug] with no [unwanted:pattern] at all", "rug"),
        ("a [kind:rug] but not [unwanted:flowery]", "rug"),
    ],
)
def test_what_is_unwanted_comes_last_of_its_kind(ask, said, unwanted):
    intent, ranked = ask(said)
    alike = [
        item for item in ranked if PRODUCTS[ROW[item]].attributes["type"] == PRODUCTS[ROW[unwanted]].attributes["type"]
    ]
    assert ranked[: len(alike)] == alike and alike[-1] == unwanted
    assert intent.wanted == () and len(intent.unwanted) == 1


def test_what_was_wanted_can_be_turned_down_later(ask):
    intent, ranked = ask("a [wanted:red] [kind:sofa]", ("hmm no [unwanted:red] actually", {"act": "refine"}))
    assert intent.wanted == () and intent.unwanted == ("red",) and ranked[0] != "red-sofa"


def test_another_thing_starts_afresh(ask):
    intent, ranked = ask("a [wanted:brown] [kind:sofa] up to [price<:900]", "and a [kind:rug]?")
    assert intent.wanted == () and intent.limits == () and ranked[0] in ("rug", "plain-rug") and intent.since == 2


def test_to_match_means_the_same_colour(ask):
    intent, ranked = ask("a [wanted:red] [kind:sofa]", ("and a [kind:rug] to match", {"same": ["colour"]}))
    assert ranked[0] == "rug" and [one.facet for one in intent.relations] == ["colour"]


@pytest.mark.parametrize(
    ("said", "best"),
    [
        ("a [kind:sofa] under [price<:600]", "red-sofa"),
        ("a [kind:sofa], [price>:a grand] or more", "blue-sofa"),
        ("a [kind:sofa] no wider than [width<:1.70 m]", "red-sofa"),
        ("a [kind:rug] at least [length>:2.5 metres] long", "plain-rug"),
        ("a [kind:sofa] for [seats:two]", "red-sofa"),
    ],
)
def test_limits_are_kept(ask, said, best):
    assert ask(said)[1][0] == best


def test_limits_of_later_turns_join_and_can_be_lifted(ask):
    first, second = "a [kind:sofa] from [price>:400]", ("at most [price<:900]", {"act": "refine"})
    assert ask(first, second)[0].limits == (Limit("price", 400.0, 900.0),)
    lifted = ("forget the budget", {"act": "refine", "lifts": ["price"]})
    assert ask(first, second, lifted)[0].limits == ()


def test_what_nothing_meets_gives_way_and_is_named(ask, shop):
    listener, tagger = shop
    intent = listener.read(Dialogue().say(tagger.say("a [wanted:purple] [kind:lamp]")))
    conditions = listener.conditions(intent)
    best = int(listener.weigh(conditions).argmax())
    assert PRODUCTS[best].id == "lamp" and [one.said for one in given_way(conditions, best)] == ["purple"]


def test_comparatives_are_relations_to_what_was_shown(ask):
    start = "a [wanted:red] [kind:sofa]"
    assert ask(start, ("a dearer one", {"act": "refine", "compare": ["price+"]}))[1][0] in ("brown-sofa", "blue-sofa")
    assert ask(start, ("wider", {"act": "refine", "compare": ["width+"]}))[1][0] == "blue-sofa"
    assert ask("a [kind:rug]", ("plainer", {"act": "refine", "compare": ["pattern-"]}))[1][0] == "plain-rug"
    darker = ask(
        "a [wanted:red] [kind:sofa]", ("less light", {"act": "refine", "compare": ["light-"], "lifts": ["colour"]})
    )
    assert darker[1][0] == "blue-sofa"


def test_talk_and_questions_want_no_pick(ask):
    for text, keys in (("thanks!", {"act": "small_talk"}), ("how wide is it", {"act": "question", "asks": "width"})):
        intent, _ = ask("a [wanted:red] [kind:sofa]", (text, keys))
        assert not intent.wants_pick and intent.kinds == ("sofa",)
    assert not ask(("do you deliver?", {"act": "service"}))[0].wants_pick


def test_what_is_not_sold_is_said_so(ask):
    intent, _ = ask("a [kind:sofa]", "four [kind:winter tyres]")
    assert intent.act == UNAVAILABLE and intent.missing == ("winter tyres",) and intent.kinds == ("sofa",)


def test_a_condition_can_be_taken_back_and_said_again(shop):
    listener, tagger = shop
    asked = Dialogue().say(tagger.say("a [wanted:red] [kind:sofa] under [price<:600]"))
    assert listener.read(asked).chips == {
        "kind sofa": "sofa", "look red": "red", "limit price": "at most 600",
    }  # fmt: skip
    less = listener.read(asked.answer("words", ["red-sofa"]).drop("look red"))
    assert list(less.chips) == ["kind sofa", "limit price"]
    again = asked.answer("words", ["red-sofa"]).drop("look red").say(tagger.say("[wanted:red] please", act="refine"))
    assert "look red" in listener.read(again).chips


@pytest.mark.parametrize(
    ("said", "kind"),
    [("coutch", "sofa"), ("sofe", "sofa"), ("settee", "sofa"), ("carpet", "rug"), ("easy chair", "armchair")],
)
def test_other_names_and_misspellings(shop, said, kind):
    near = shop[0].grounding.kind(said)
    assert {PRODUCTS[row].attributes["type"] for row in np.flatnonzero(near >= near.max() - 1e-6)} == {kind}


def test_a_negation_is_shared_by_what_or_joins(ask):
    intent, _ = ask("a [kind:lamp], no [unwanted:sofas] or [kind:chairs]")
    assert intent.kinds == ("lamp",) and set(intent.unwanted) == {"sofas", "chairs"}


@pytest.mark.parametrize("said", ["a floor [kind:lamp], please", "a [kind:floor] lamp", "I need a floor [kind:lamp]"])
def test_a_name_that_was_cut_is_made_whole(ask, said):
    assert ask(said)[0].kinds == ("floor lamp",)
    assert ask("my [kind:lamp] with a shade")[0].kinds == ("lamp",)


def test_what_is_hardly_a_thing_ends_no_wish(shop):
    reader, said = shop[0].reader, Turn("seeker", "for zithers")
    later = Span("kind", "zithers", 4, 11, sure=0.5)
    unsure, sure = (Reading(spans=(span,)) for span in (later, replace(later, sure=0.9)))
    assert reader.follow(Intent(kinds=("rug",)), unsure, said, Shown(), 2).kinds == ("rug",)
    assert reader.follow(Intent(kinds=("rug",)), sure, said, Shown(), 2).missing == ("zithers",)


def test_a_common_word_that_names_no_thing_is_not_missed(shop):
    reader = shop[0].reader
    word = next(word for word in sorted(ENGLISH) if reader.kinds.is_plain_word(word))
    read = Reading(spans=(Span("kind", word, 4, 4 + len(word), sure=0.99),))
    intent = reader.follow(Intent(kinds=("rug",)), read, Turn("seeker", f"for {word}"), Shown(), 2)
    assert intent.missing == () and intent.kinds == ("rug",)


@pytest.mark.parametrize("slot", ["wanted", "unwanted"])
def test_what_is_turned_down_outright_is_unwanted_for_sure(slot):
    text, span = "a leather-free chair", Span(slot, "leather", 2, 9, sure=0.6)
    read = with_negations(Reading(spans=(span,), possible=(replace(span, slot="kind"),)), text)
    assert [(one.slot, one.sure) for one in read.spans] == [("unwanted", 1.0)] and read.possible == ()


def test_two_kinds_are_alternatives_or_one_after_the_other(ask):
    both = ask("a [kind:sofa] or an [kind:armchair]")[0]
    assert both.kinds == ("sofa", "armchair") and both.later == ()
    after = ask("a [kind:sofa] and a [kind:table lamp]")[0]
    assert after.kinds == ("sofa",) and after.later == ("table lamp",)


def test_an_answer_in_words_shows_nothing_new(shop):
    """A reply that names the pick is no list of its own."""
    listener, tagger = shop
    dialogue = Dialogue().say(tagger.say("a [kind:sofa]")).answer("My pick.", ["red-sofa", "blue-sofa", "brown-sofa"])
    asked = dialogue.say(tagger.say("how wide is it?", act="question", asks="width"))
    told = asked.answer(listener.reply(asked, listener.read(asked)))
    assert "Bella two-seat sofa" in told.turns[-1].text
    second = told.say(tagger.say("[ref:the second one]", act="recall", place=2))
    assert listener.read(second).reference == "blue-sofa"
    assert listener.read(told.say(tagger.say("no", act="reject"))).excluded == {"red-sofa"}


def test_words_that_name_a_thing_but_are_no_wish_are_no_kind(shop):
    listener, tagger = shop
    text = tagger.say("we put the rug away, now [kind:something nice]")
    assert listener.read(Dialogue().say(text)).kinds == ()
    likely = replace(tagger.known[text], possible=(Span("kind", "rug", 11, 14, sure=0.3),))
    tagger.known[text] = likely
    intent = listener.read(Dialogue().say(text))
    assert intent.kinds == ("rug",) and intent.sure == 0.3


# ---- brands ----


def test_a_brand_is_one_more_condition_and_stays(ask):
    wish = "a [wanted:brown] [kind:sofa] under [price<:900]"
    intent, ranked = ask(wish, ("from [title:Bella]", {"act": "refine"}))
    assert (intent.kinds, intent.wanted, intent.title) == (("sofa",), ("brown", "bella"), "")
    assert intent.limit("price") and ranked[0] == "brown-sofa"
    intent, ranked = ask("a [kind:sofa] from Bella", ("in [wanted:blue]", {"act": "refine"}))
    assert intent.wanted == ("bella", "blue") and set(ranked[:2]) == {"red-sofa", "brown-sofa"}


@pytest.mark.parametrize("said", ["a [kind:sofa], but no Bella", "a [kind:sofa], anything but [unwanted:Bella]"])
def test_a_brand_can_be_turned_down(ask, said):
    intent, ranked = ask(said)
    assert [one.lower() for one in intent.unwanted] == ["bella"] and ranked[0] == "blue-sofa"


def test_a_title_holds_until_something_else_is_wished_for(ask):
    named = ("I prefer the [title:Bella two-seat sofa]", {"act": "recall"})
    intent, ranked = ask("a [kind:sofa]", named, ("in [wanted:brown]", {"act": "refine"}))
    assert intent.title == "Bella two-seat sofa" and ranked[0] == "brown-sofa"
    assert ask("a [kind:sofa]", named, "a [kind:lamp]")[0].title == ""


def test_a_title_that_nothing_here_has_is_told(ask, shop):
    intent, ranked = ask("the [title:Corvino XL 300]")
    conditions = shop[0].conditions(intent)
    assert [one.name for one in given_way(conditions, ROW[ranked[0]])] == ["title"]


# ---- the rest of a message ----


def test_superlatives_go_on_with_the_wish(ask):
    intent, ranked = ask("the least expensive [kind:sofa]", ("not [unwanted:red]", {"act": "refine"}))
    assert intent.asks == "cheapest" and ranked[0] == "brown-sofa"


def test_what_is_counted_is_what_was_asked_about(ask, shop):
    intent, _ = ask("a [kind:lamp]", ("how many [kind:sofas] have you got?", {"act": "question", "asks": "count"}))
    assert "There are 3" in shop[0].reply(Dialogue(), intent)


def test_a_part_has_a_colour_of_its_own(ask):
    intent, _ = ask("a [wanted:red] [kind:sofa]", ("with [wanted:black straps]", {"act": "refine"}))
    assert intent.wanted == ("red", "black straps")


def test_a_button_speaks_for_itself(shop):
    listener, tagger = shop
    told = (
        Dialogue()
        .say(tagger.say("a [kind:sofa] under [price<:900], no [unwanted:leather]"))
        .answer("My pick", ["red-sofa"])
    )
    intent = listener.read(told.say("Show me more like the Bella two-seat sofa.")).alike()
    assert intent.kinds == ("sofa",) and intent.unwanted == ("leather",) and intent.limit("price") and intent.wants_pick


def test_looks_of_several_facets_are_several_wishes(ask):
    intent, ranked = ask("a [wanted:red velvet] [kind:sofa]")
    assert intent.wanted == ("red", "velvet") and ranked[0] == "red-sofa"
    assert ask("a [wanted:dark green] [kind:sofa]")[0].wanted == ("dark green",)


def test_a_thing_that_was_read_as_a_look_is_a_thing(ask):
    intent, ranked = ask("a [kind:sofa]", ("a [wanted:rug]", {"act": "refine"}))
    assert intent.kinds == ("rug",) and intent.wanted == () and ranked[0] in ("rug", "plain-rug")


def test_mistakes_are_mended_before_a_message_is_read(shop):
    listener, tagger = shop
    tagger.say("a [wanted:red] [kind:armchair], in [wanted:linen]")
    intent = listener.read(Dialogue().say("a red armchiar, in linnen"))
    assert (intent.kinds, intent.wanted) == (("armchair",), ("red", "linen"))
    foreign = tagger.say("ein armchiar", act="other_language")
    tagger.english.discard("armchiar")
    assert listener.read(Dialogue().say(foreign)).act == "other_language"


def test_what_is_out_of_stock_is_told_where_nothing_else_meets_the_wish():
    products = tuple(replace(one, in_stock=False) if one.id == "lamp" else one for one in PRODUCTS)
    listener, _ = make_listener(products)
    conditions = listener.conditions(Intent(kinds=("table lamp",)))
    assert listener.missed_out(["rug"], conditions) == ("Pico table lamp",)
    assert listener.missed_out(["lamp"], conditions) == () == listener.missed_out(["rug"], ())
    assert make_listener()[0].missed_out(["rug"], conditions) == ()


def test_what_is_taken_and_out_of_stock_is_told():
    listener, _ = make_listener(tuple(replace(one, in_stock=one.id != "lamp") for one in PRODUCTS))
    assert listener.sold_out("lamp") == ("Pico table lamp",) and listener.sold_out("rug") == ()


def test_a_variant_that_is_out_of_stock_is_named_by_what_it_is_not_in_stock_in():
    """So that nobody reads that the one that is shown in another colour is sold out."""
    colours = {"red-sofa": {"Colour": "Dark Orange"}, "brown-sofa": {"Colour": "Green"}}
    named = tuple(replace(one, attributes={**one.attributes, **colours.get(one.id, {})}) for one in PRODUCTS)
    for products, said in ((named, "Bella two-seat sofa in dark orange"), (PRODUCTS, "Bella two-seat sofa in red")):
        products = tuple(replace(one, in_stock=one.id not in ("red-sofa", "blue-sofa")) for one in products)
        listener, _ = make_listener(products)
        conditions = [listener.grounding.titles.probability("Bella two-seat sofa"), np.eye(len(PRODUCTS))[0]]
        conditions = [Condition("title", "", conditions[0]), Condition("colour", "red", conditions[1])]
        assert listener.missed_out(["brown-sofa"], conditions, ("red",)) == (said,)


@pytest.mark.parametrize(
    ("said", "act"),
    [
        ("the cheapest one", "ask"),
        ("the cheapest one please", "ask"),
        ("the cheapest one?", "question"),
        ("which is the cheapest one", "question"),
    ],
)
def test_the_cheapest_one_is_a_pick_and_a_question_is_none(ask, said, act):
    intent, _ = ask("a [kind:sofa]", (said, {"act": "question", "asks": "cheapest"}))
    assert (intent.act, intent.asks) == (act, "cheapest")


def test_a_photo_with_a_greeting_is_a_request(shop, tmp_path):
    listener, tagger = shop
    text = tagger.say("hello there", act="small_talk")
    assert listener.read(Dialogue().say(text)).act == "small_talk"
    with_photo = listener.read(Dialogue().say("a sofa").say(text, tmp_path / "photo.jpg"))
    assert with_photo.act == "ask" and with_photo.wants_pick


def price_of(name: str, price: float | None, colour: str = "red", **more) -> Product:
    attributes = {"colour": colour, "type": "sofa"} | more.pop("attributes", {})
    return Product(name, "Aalto sofa", "Sofas", attributes=attributes, price=price, **more)


def over(*products: Product):
    captions = tuple(f"{one.attributes['colour']} velvet" for one in products)
    return make_listener(products, captions)


CHEAPER = ("too expensive", {"act": "reject", "compare": ["price-"]})


def wish_for_cheaper(listener, tagger, shown: str, start: str = "a [kind:sofa]") -> Intent:
    dialogue = Dialogue().say(tagger.say(start)).answer("words", [shown])
    return listener.read(dialogue.say(tagger.say(CHEAPER[0], **CHEAPER[1])))


def test_the_cheapest_of_its_kind_is_said_to_be_that_with_its_price():
    lamp = Product("lamp", "Pico lamp", "Lamps", attributes={"colour": "red", "type": "table lamp"}, price=9.0)
    listener, tagger = over(price_of("a", 499.0), price_of("b", 520.0, "blue"), lamp)
    intent = wish_for_cheaper(listener, tagger, "a")
    assert listener.none_cheaper(intent) == "No sofa here is cheaper than the Aalto sofa, at 499."
    assert listener.none_cheaper(intent, "b").endswith("at 499; the next one costs 520.")
    assert listener.none_cheaper(intent, "lamp") == listener.none_cheaper(intent, "a") == listener.none_cheaper(intent)
    assert listener.none_cheaper(wish_for_cheaper(listener, tagger, "b")) == ""
    assert listener.none_cheaper(listener.read(Dialogue().say(tagger.say("a [kind:sofa]")))) == ""


def test_what_is_out_of_stock_is_not_cheaper_and_what_has_no_price_is_not_compared():
    listener, tagger = over(price_of("a", 499.0), price_of("b", 300.0, in_stock=False), price_of("c", None))
    assert "at 499" in listener.none_cheaper(wish_for_cheaper(listener, tagger, "a"))
    assert listener.none_cheaper(wish_for_cheaper(listener, tagger, "c")) == ""
    gone = replace(wish_for_cheaper(listener, tagger, "a"), relations=(Relation("price", "-", "gone"),))
    assert listener.none_cheaper(gone) == "" == listener.cheapest(gone)


def test_without_a_kind_it_is_compared_with_its_category():
    listener, tagger = over(price_of("a", 499.0), replace(price_of("b", 20.0), category="Toys"))
    intent = replace(wish_for_cheaper(listener, tagger, "a"), kinds=())
    assert listener.none_cheaper(intent) == "Nothing of its kind here is cheaper than the Aalto sofa, at 499."


def test_who_has_seen_all_and_wants_it_cheaper_is_told_the_cheapest():
    listener, tagger = over(price_of("a", 499.0), price_of("b", 520.0, "blue"))
    intent = replace(wish_for_cheaper(listener, tagger, "b"), excluded=frozenset("ab"))
    reply = listener.used_up(intent, [], listener.conditions(intent))
    assert reply.startswith("The cheapest sofa here is the Aalto sofa, at 499. You have now seen every sofa")
    first = replace(wish_for_cheaper(listener, tagger, "a"), excluded=frozenset("ab"))
    assert listener.used_up(first, [], listener.conditions(first)).startswith("No sofa here is cheaper than the")


def test_a_pick_is_told_from_its_variants_unless_pictures_alone_may():
    products = [
        price_of("a", 1.0, "red", shape="s", attributes={"size": "180"}),
        price_of("b", 1.0, "blue", shape="s", attributes={"size": "220"}),
        price_of("c", 1.0, "blue", shape="t"),
    ]
    listener, _ = over(*products)
    listener.grounding.reads_attributes = True
    assert [listener.variant(one) for one in "abc"] == ["red, 180", "blue, 220", ""]
    listener.grounding.reads_attributes = False
    assert [listener.variant(one) for one in "abc"] == ["180", "220", ""]


def test_a_limit_beside_a_comparison_of_the_same_size_stays(ask):
    intent, _ = ask(
        "a [kind:sofa]", ("narrower, though at least [width>:130]", {"act": "refine", "compare": ["width-"]})
    )
    assert [(limit.quantity, limit.least) for limit in intent.limits] == [("width", 130.0)]
    assert [(one.facet, one.sign) for one in intent.relations] == [("width", "-")]
    intent, _ = ask("a [kind:sofa] under [width<:200]", ("a wider one", {"act": "refine", "compare": ["width+"]}))
    assert intent.limits == ()


def test_a_colour_said_beside_darker_stays_as_it_is(ask):
    darker = {"act": "refine", "compare": ["light-"]}
    intent, _ = ask("a [wanted:blue] [kind:sofa]", ("in [wanted:navy], and darker", darker))
    assert intent.wanted == ("navy",)
    intent, _ = ask("a [wanted:navy] [kind:sofa]", ("a darker one", darker))
    assert intent.wanted == ("blue",)


def test_looks_before_a_thing_are_no_part_of_its_name(ask):
    intent, ranked = ask("a light green [kind:striped sofa]")
    assert intent.kinds == ("sofa",) and intent.wanted == ("striped",) and ranked[0] == "blue-sofa"
