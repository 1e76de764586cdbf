"""The whole pipeline on a tiny model: ten found, looked at, ranked; many visitors, one recommender."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch
from helpers.listening import make_listener, use_silent_tagger
from helpers.margins import amplified, assert_apart
from helpers.tiny import tiny_model
from helpers.toys import WordEncoder, item_features, make_adapter, said, use_word_encoder
from PIL import Image

from lavic_chat.catalog.filters import Filters
from lavic_chat.dialogue.history import LIKED, NO_HISTORY, TURNED_DOWN, History
from lavic_chat.dialogue.turns import PAGE_WINDOW, READ_OF_MESSAGE, Dialogue
from lavic_chat.errors import CatalogError, DialogueError, LavicError, PictureError
from lavic_chat.features.captions import Captioner
from lavic_chat.features.image_encoder import ImageEncoder
from lavic_chat.features.item import main_pictures
from lavic_chat.model.load import load_model
from lavic_chat.nlu.intent import Limit
from lavic_chat.ranking import Ranker, RankerConfig
from lavic_chat.ranking.visual_ranker import SHIPPED_STATES, VisualRanker
from lavic_chat.recommendation import RecommendationRequest
from lavic_chat.retrieval.embedder import Embedder
from lavic_chat.retrieval.history import MOST
from lavic_chat.retrieval.retriever import Retriever
from lavic_chat.serving.recommender import (
    BROUGHT_BACK,
    CANDIDATES,
    CONVERSATION,
    Recommender,
    load_recommender,
)
from lavic_chat.serving.turn import Clock, worded
from lavic_chat.serving.zero_gpu import CATALOG
from lavic_chat.settings import Settings
from lavic_chat.ui.replies import write_reply


@pytest.fixture
def shop(tiny_catalog, tmp_path) -> Recommender:
    model, home = tiny_model(), tmp_path / "home"
    visual_ranker = VisualRanker(model, ImageEncoder(model, home), Captioner(model, home), Ranker(model))
    return make_shop(tiny_catalog, visual_ranker, visual_ranker.look_at(tiny_catalog, tiny_catalog.products))


def make_shop(catalog, visual_ranker, features) -> Recommender:
    embedder = Embedder(WordEncoder())
    states = main_pictures(one.states for one in features).numpy()
    retriever = Retriever(catalog, embedder, embedder.embed_items(catalog.products, features), states)
    listener, _ = make_listener(catalog.products, [one.caption for one in features])
    return Recommender(catalog, visual_ranker, retriever, features, listener)


def test_what_has_no_picture_is_not_described(shop, tiny_catalog, monkeypatch):
    bare, first = tiny_catalog.products[1], tiny_catalog.products[0]
    (tiny_catalog.root / bare.images[0]).unlink()
    ranker = shop.visual_ranker
    monkeypatch.setattr(ranker.captioner, "caption_states", lambda states, *_: ["red wool"] * len(states))
    products = [first, bare, replace(first, images=())]
    assert [one.caption for one in ranker.look_at(tiny_catalog, products)] == ["red wool", "", ""]


def marked(shop: Recommender, text: str, **keys) -> str:
    """The plain text of a marked message, which this shop will read so; it reads no other."""
    return shop.listener.reader.tagger.say(text, **keys)


def captioned(shop: Recommender, config: RankerConfig = RankerConfig()) -> Recommender:  # noqa: B008 - frozen
    """The same as if the model had said each product's colour."""
    features = [
        replace(one, caption=product.attributes["colour"])
        for one, product in zip(shop.item_features, shop.catalog, strict=True)
    ]
    ranker = Ranker(shop.visual_ranker.model, config)
    return make_shop(shop.catalog, replace(shop.visual_ranker, ranker=ranker), features)


def led_by_search(shop: Recommender) -> Recommender:
    """The same, with picks that are what was asked for: retrieval outweighs a random model by far."""
    ranker = Ranker(shop.visual_ranker.model, RankerConfig(retrieval_weight=100.0))
    return make_shop(shop.catalog, replace(shop.visual_ranker, ranker=ranker), shop.item_features)


def ids(recommendation) -> list[str]:
    return [item.product.id for item in recommendation.candidates]


def scores_of(recommendation) -> dict[str, float]:
    """By product id, best first."""
    return {item.product.id: item.score for item in recommendation.candidates}


TWO = frozenset({"sofa-yellow", "chair-yellow"})


def among_ten(text: str) -> Dialogue:
    """Two products are turned down, so that all others are found: of equals, rounding may find any."""
    return replace(said(text), rejected=TWO)


def test_ten_are_found_seen_and_ranked(shop):
    found = shop.recommend(said("a sofa for a quiet corner"))
    assert len(set(ids(found))) == len(ids(found)) == CANDIDATES
    assert set(ids(found)) >= {f"sofa-{colour}" for colour in ("red", "green", "blue", "yellow")}
    scores = [item.score for item in found.candidates]
    assert scores == sorted(scores, reverse=True) and sum(scores) == pytest.approx(1, abs=1e-5)
    assert found.pick is found.candidates[0] and found.confidence == scores[0]
    assert found.visual_tokens == 50 and found.prompt_tokens > 50
    assert found.timings_ms.keys() == {"look at photo", "understand", "retrieve", "look", "choose", "total"}
    assert found.timings_ms["total"] >= found.timings_ms["choose"] > 0


def test_each_product_goes_with_its_own_picture(shop):
    """The scores are those of the ranker, whatever order retrieval found the products in."""
    talk = said("a lamp")
    found = shop.recommend(talk)
    for item in found.candidates:
        product = item.product
        state = shop.visual_ranker.image_encoder.encode_products(shop.catalog, [product])
        others = [other.product for other in found.candidates if other is not item][:1]
        pair = torch.cat([state, shop.visual_ranker.image_encoder.encode_products(shop.catalog, others)])
        chances = Ranker(shop.visual_ranker.model).rank(talk, [product, *others], item_features(pair)).probabilities
        against = next(other for other in found.candidates if other.product is others[0])
        assert chances[0] / chances[1] == pytest.approx(item.score / against.score, rel=1e-3)


def test_search_has_its_say_and_sees_no_words_when_nothing_is_looked_at(shop, tmp_path):
    shop = captioned(shop, RankerConfig(retrieval_weight=100.0))
    talk = said("a blue lamp")
    found = shop.recommend(talk)
    assert found.pick.product.id == "lamp-blue"
    blind = shop.without_looking(talk, found)
    lamps = [item.score for item in blind.candidates if item.product.id.startswith("lamp")]
    assert len(lamps) == 4 and max(lamps) == pytest.approx(min(lamps), rel=1e-3)  # they differ in nothing but looks


def test_limits_are_heeded_and_told(shop):
    found = shop.recommend(said(marked(shop, "something under [price<:100]")))
    assert found.intent.limits == (Limit("price", most=100),)
    assert found.pick.product.id.startswith("lamp") and found.gave_way == ()
    lamps = [item.product.id.startswith("lamp") for item in found.candidates]
    assert lamps == sorted(lamps, reverse=True) and sum(lamps) == 4  # all of them go before whatever is too dear


def test_cheaper_is_cheaper_than_the_pick(shop):
    shop = led_by_search(shop)
    shop.listener.grounding.reads_attributes = True
    talk = said(marked(shop, "a [kind:sofa]"))
    first = shop.recommend(talk)
    assert not first.intent.limits and first.pick.product.id.startswith("sofa")
    asked = talk.answer("This one.", ids(first)).say(marked(shop, "cheaper", act="refine", compare=["price-"]))
    cheaper = shop.recommend(asked)
    assert cheaper.intent.to_json()["relations"] == ["price-"] and first.pick.product.id not in ids(cheaper)
    assert {one.name for one in cheaper.gave_way} in ({"price"}, {"kind"})  # all sofas cost the same, and it says so
    assert cheaper.none_cheaper == "No sofa here is cheaper than the Harbour sofa, at 540."
    assert not first.none_cheaper and first.variant == first.pick.product.attributes["colour"]


def test_what_no_product_meets_gives_way_and_is_told(shop):
    shop = captioned(shop)
    found = shop.recommend(said(marked(shop, "a [wanted:purple] [kind:lamp] under [price<:20]")))
    assert found.pick.product.id.startswith("lamp")
    gave_way = {one.name: one.said for one in found.gave_way}
    assert set(gave_way) == {"price", "colour"} and gave_way["colour"] == "purple" and "at most 20" in gave_way["price"]
    met = shop.recommend(said(marked(shop, "a [wanted:blue] [kind:lamp] under [price<:50]")))
    assert met.pick.product.id == "lamp-blue" and met.gave_way == ()


def test_what_nobody_says_of_such_things_is_told(shop):
    found = shop.recommend(said(marked(shop, "a [kind:lamp] for [seats:four] under [price<:500]")))
    assert found.unknown == ("for 4",) and found.gave_way == ()


def test_what_is_unwanted_is_not_picked(shop):
    shop = captioned(shop)
    for colour in ("red", "blue"):
        found = shop.recommend(said(marked(shop, f"a [kind:lamp], not [unwanted:{colour}]")))
        assert found.pick.product.id.startswith("lamp") and not found.pick.product.id.endswith(colour)
        assert f"lamp-{colour}" not in ids(found)[:3]


def test_who_wants_it_in_another_colour_is_not_shown_the_pick_again(shop):
    shop = captioned(shop)
    talk = said(marked(shop, "a [kind:lamp]"))
    first = shop.recommend(talk)
    assert first.pick.product.id.startswith("lamp")
    other = next(colour for colour in ("red", "blue") if colour not in first.pick.product.id)
    talk = talk.answer("This one.", ids(first))
    again = shop.recommend(talk.say(marked(shop, f"[ref:the same] in [wanted:{other}]", act="recall")))
    assert again.pick.product.id == f"lamp-{other}"
    assert first.pick.product.id in ids(shop.recommend(talk.say("lovely, for my desk")))


def test_what_was_shown_is_brought_back_with_those_it_was_shown_with(shop):
    talk = said(marked(shop, "a [kind:lamp]"))
    first = shop.recommend(talk)
    talk = talk.answer("This one.", ids(first)).say(marked(shop, "a [kind:sofa]"))
    second = shop.recommend(talk)
    back = talk.answer("This one.", ids(second)).say(
        marked(shop, "the [ref:third] of the first ones", act="recall", place=3, which="first")
    )
    found = shop.recommend(back)
    assert found.pick.product.id == ids(first)[2] == found.intent.reference
    assert set(ids(found)) == set(ids(second)) and found.gave_way == ()  # where it stood last


def test_what_is_brought_back_keeps_to_filters_and_to_what_a_button_turned_down(shop):
    talk = said(marked(shop, "a [kind:lamp]"))
    first = shop.recommend(talk)
    asked = marked(shop, "[ref:that one] again", act="recall")
    back = talk.answer("This one.", [*ids(first), "of another catalogue"]).reject(ids(first)[1]).say(asked)
    found = shop.recommend(back, filters=Filters(frozenset({"Lamps"})))
    assert found.pick is not None and ids(found)[0] == ids(first)[0]
    assert set(ids(found)) == {name for name in ids(first) if name.startswith("lamp")} - {ids(first)[1]}


def test_who_goes_back_goes_on_from_there(shop):
    talk = said(marked(shop, "a [kind:lamp]"))
    first = shop.recommend(talk)
    talk = talk.answer("This one.", ids(first)).say(marked(shop, "a [kind:sofa]"))
    talk = talk.answer("This one.", ids(shop.recommend(talk)))
    talk = talk.say(marked(shop, "back to the [kind:lamp]", act="recall", which="named"))
    back = shop.recommend(talk)
    assert back.pick.product.id == ids(first)[0]
    more = shop.recommend(talk.answer("This one.", ids(back)).say(marked(shop, "another one", act="reject")))
    assert more.pick.product.id.startswith("lamp") and more.pick.product.id != ids(first)[0]


def test_limits_hold_without_looking_too(shop):
    talk = said(marked(shop, "something under [price<:100]"))
    found = shop.recommend(talk)
    assert shop.without_looking(talk, found).pick.product.price < 100


def test_what_asks_for_no_pick_is_answered_in_words_without_the_model(shop, monkeypatch):
    talk = said(marked(shop, "a [kind:lamp]"))
    first = shop.recommend(talk)
    talk = talk.answer("This one.", ids(first))
    monkeypatch.setattr(Ranker, "rank_many", None)
    asked = marked(shop, "what does it cost?", act="question", asks="price")
    found = shop.recommend(talk.say(asked))
    assert found.candidates == () and "45.50" in found.reply and found.intent.asks == "price"
    assert found.timings_ms.keys() == {"look at photo", "understand", "total"}
    thanks = shop.recommend(talk.say(marked(shop, "thanks!", act="small_talk")))
    assert thanks.candidates == () and thanks.reply and thanks.intent.kinds == ("lamp",)
    unknown = shop.recommend(said(marked(shop, "four [kind:winter tyres]")))
    assert unknown.candidates == () and "winter tyres" in unknown.reply


def test_the_model_reads_the_wish_as_it_was_understood(shop):
    talk = said("hello", marked(shop, "a [wanted:red] [kind:lamp], no [unwanted:stripes]")).answer(
        "This.", ["lamp-red"]
    )
    wish = shop.listener.read(talk)
    assert [turn.text for turn in worded(talk, wish).turns] == ["I'm looking for a red lamp."]
    nothing = shop.listener.read(said("hello"))
    assert worded(said("hello"), nothing) == said("hello")
    photo = Dialogue().say(marked(shop, "a [kind:lamp] like this"), "photo.png")
    assert worded(photo, shop.listener.read(photo)).photo == photo.photo


def test_the_same_question_has_the_same_answer(shop):
    amplified(shop.visual_ranker.model)
    first, second = (shop.recommend(among_ten("a lamp")) for _ in range(2))
    assert scores_of(second) == pytest.approx(scores_of(first), abs=1e-4)
    assert_apart(list(scores_of(first).values())[:2])
    assert first.pick == replace(second.pick, score=first.pick.score, similarity=first.pick.similarity)


def test_what_was_turned_down_stays_away(shop):
    shop, talk = led_by_search(shop), said("a lamp")
    first = shop.recommend(talk)
    pick = first.pick.product.id
    assert pick.startswith("lamp")  # would be found again
    talk = talk.answer("This one?", ids(first))
    assert pick not in ids(shop.recommend(talk.say(marked(shop, "not that one", act="reject"))))
    assert pick not in ids(shop.recommend(talk.reject(pick).say("hm")))


def test_more_like_this_leaves_itself_out(shop):
    found = shop.more_like(said("a lamp"), "sofa-red")
    assert "sofa-red" not in ids(found) and {"sofa-blue", "sofa-green", "sofa-yellow"} <= set(ids(found))


def test_more_like_this_leaves_out_the_pick_that_was_passed_over(shop):
    first = shop.recommend(said("a lamp"))
    pick, opened = first.pick.product.id, first.candidates[3].product.id
    talk = said("a lamp").answer("This one?", ids(first)).say("Show me more like that.")
    found = shop.more_like(talk, opened)
    assert not {pick, opened} & set(ids(found))
    assert pick in ids(shop.more_like(said("a lamp"), opened))


def test_more_like_this_goes_by_likeness(shop, monkeypatch):
    monkeypatch.setattr("lavic_chat.serving.recommender.LIKENESS_WEIGHT", 1000.0)
    similar = [one.similarity for one in shop.more_like(said("a lamp"), "sofa-red").candidates]
    assert similar == sorted(similar, reverse=True) and similar[0] > similar[-1]


def test_more_like_the_only_one_of_its_kind_is_told(shop, tiny_catalog):
    """Another kind of thing is what comes nearest, and never the pick without a word."""
    others = tuple(one for one in tiny_catalog if not one.id.startswith("sofa") or one.id == "sofa-red")
    assert len(others) < len(tiny_catalog)
    few = replace(tiny_catalog, products=others)
    alone = make_shop(few, shop.visual_ranker, shop.visual_ranker.look_at(few, others))
    title = few["sofa-red"].title
    found = alone.more_like(said("something nice"), "sofa-red")
    assert not found.pick.product.id.startswith("sofa")
    assert [one.said for one in found.gave_way] == [f"like the {title} here"]
    assert write_reply(found).startswith(f"There is nothing else like the {title} here. What comes nearest is the ")
    assert alone.more_like(said("something nice"), "lamp-red").gave_way == ()
    assert shop.more_like(said("something nice"), "sofa-red").gave_way == ()


def test_more_like_an_unknown_product_is_told(shop):
    with pytest.raises(LavicError, match="not in this catalogue"):
        shop.more_like(said("a lamp"), "../../etc/passwd")


def test_a_photo_alone_is_a_question(shop, tmp_path):
    Image.open(shop.catalog.folder / "images" / "chair-blue.png").save(tmp_path / "upload.png")
    found = shop.recommend(Dialogue().say("", tmp_path / "upload.png"))
    assert "chair-blue" in ids(found) and found.visual_tokens == 55
    nearest = max(found.candidates, key=lambda item: item.similarity)
    assert nearest.product.id == "chair-blue"


def test_words_that_name_nothing_may_come_with_a_photo(shop, tmp_path):
    Image.new("RGB", (50, 50), "red").save(tmp_path / "upload.png")
    asked = Dialogue().say(marked(shop, "zzyzx like this", act="ask"), tmp_path / "upload.png")
    assert shop.recommend(asked).candidates


def test_the_same_photo_may_be_sent_twice(shop, tmp_path):
    Image.new("RGB", (50, 50), "red").save(tmp_path / "upload.png")
    talk = Dialogue().say("like this", tmp_path / "upload.png").say("or this", tmp_path / "upload.png")
    assert shop.recommend(talk).visual_tokens == 55


def test_a_photo_that_is_none_is_told(shop, tmp_path):
    (tmp_path / "upload.png").write_text("no picture")
    with pytest.raises(PictureError):
        shop.recommend(Dialogue().say("like this", tmp_path / "upload.png"))
    assert shop.recommend(said("a lamp")).pick  # the next visitor is served


def test_without_looking_only_titles_count(shop, tmp_path):
    """Products that share a title and differ in colour come out even, and the candidates stay the same."""
    Image.new("RGB", (50, 50), "red").save(tmp_path / "upload.png")
    for talk in (said("a red sofa"), Dialogue().say("a red sofa like this", tmp_path / "upload.png")):
        seen = shop.recommend(talk)
        blind = shop.without_looking(talk, seen)
        assert set(ids(blind)) == set(ids(seen)) and blind.visual_tokens == seen.visual_tokens
        scores = {item.product.id: item.score for item in blind.candidates}
        sofas = [score for name, score in scores.items() if name.startswith("sofa")]
        assert len(sofas) == 4 and sofas == pytest.approx([sofas[0]] * 4, abs=1e-6)
        assert_apart((item.score for item in seen.candidates if item.product.id.startswith("sofa")), margin=5e-5)


def test_filters_hold_whatever_is_asked(shop):
    lamps = Filters(frozenset({"Lamps"}))
    assert all(item.startswith("lamp") for item in ids(shop.recommend(said("a red sofa"), filters=lamps)))
    assert all(item.startswith("lamp") for item in ids(shop.more_like(said("a sofa"), "sofa-red", lamps)))


def test_nothing_left_is_told(shop):
    with pytest.raises(DialogueError, match="turned down"):
        shop.recommend(replace(said("a lamp"), rejected=frozenset(shop.catalog.by_id)))


def remembering(shop: Recommender, dialogue: Dialogue, history: History):
    return shop.ask(RecommendationRequest(dialogue, history=history))


LIKES = NO_HISTORY.add("lamp-red", TURNED_DOWN).add("chair-blue", LIKED)


def test_without_a_history_everything_is_to_the_bit_as_before(shop):
    request = RecommendationRequest(among_ten("a lamp"))
    plain, empty = shop.prepare(request), shop.prepare(replace(request, history=NO_HISTORY))
    assert plain.prior is empty.prior is None and np.array_equal(plain.bias, empty.bias)
    assert "taste" not in vars(shop)  # nor is anything computed
    found, again = shop.ask(request), shop.ask(replace(request, history=NO_HISTORY))
    assert replace(found, timings_ms={}) == replace(again, timings_ms={})
    assert {item.prior for item in found.candidates} == {0.0}


def test_a_history_adds_its_log_odds_to_the_candidates_and_changes_nothing_else(shop):
    dialogue = among_ten("a lamp")
    plain, led = (shop.prepare(RecommendationRequest(dialogue, history=past)) for past in (NO_HISTORY, LIKES))
    assert led.found == plain.found and led.intent == plain.intent and led.broken == plain.broken
    rows = [shop.retriever.row[one.product.id] for one in plain.found]
    assert led.prior == pytest.approx(shop.taste.prior(LIKES, rows)) and led.prior.any()
    assert led.bias == pytest.approx(plain.bias + led.prior)
    before, after = scores_of(shop.recommend(dialogue)), remembering(shop, dialogue, LIKES)
    assert sum(item.score for item in after.candidates) == pytest.approx(1)
    odds = [np.log(item.score / before[item.product.id]) - item.prior for item in after.candidates]
    assert odds == pytest.approx([odds[0]] * len(odds), abs=1e-4)
    assert max(after.candidates, key=lambda item: item.prior).product.id == "chair-blue"


def test_a_history_hides_no_pick_that_is_asked_for_and_breaks_no_limit(shop):
    talk = said(marked(shop, "a [kind:lamp]"))
    first = shop.recommend(talk)
    talk = talk.answer("This one.", ids(first)).say(marked(shop, "[ref:that one] again", act="recall"))
    dislikes = NO_HISTORY.add(ids(first)[0], TURNED_DOWN)
    back = remembering(shop, talk, dislikes)
    assert back.pick.product.id == back.intent.reference == ids(first)[0] and back.pick.prior < 0
    assert 2 * MOST < BROUGHT_BACK
    cheap = said(marked(shop, "something under [price<:100]"))
    sofas = NO_HISTORY.add("sofa-red", LIKED).add("sofa-blue", LIKED)
    assert remembering(shop, cheap, sofas).pick.product.id.startswith("lamp")


def test_without_looking_the_history_counts_as_much(shop):
    dialogue = among_ten("a lamp")
    found = remembering(shop, dialogue, LIKES)
    blind = shop.without_looking(dialogue, found)
    given = {item.product.id: item.prior for item in found.candidates}
    assert {item.product.id: item.prior for item in blind.candidates} == pytest.approx(given)


def test_what_one_may_also_like_takes_no_pass_of_the_model(shop, monkeypatch):
    monkeypatch.setattr(shop.visual_ranker.ranker, "rank_many", None)
    found = shop.also_like(LIKES, 3, ("sofa-blue",))
    assert 0 < len(found) <= 3 and not {"lamp-red", "chair-blue", "sofa-blue"} & set(found)
    assert shop.also_like(NO_HISTORY, 6) == shop.also_like(NO_HISTORY.add("lamp-red", TURNED_DOWN), 6) == ()


def test_search_alone_takes_no_pass_of_the_model(shop, monkeypatch):
    monkeypatch.setattr(shop.visual_ranker.ranker, "rank_many", None)
    dialogue = Dialogue().say(marked(shop, "a [wanted:red] [kind:lamp]"))
    found = shop.search(RecommendationRequest(dialogue), 3)
    assert [one.product.id for one in found.products] == [one.product.id for one in shop.find(dialogue, 3)]
    assert found.intent.wanted == ("red",) and found.products[0].gave_way == ()
    assert found.products[0].caption == shop.captions([found.products[0].product.id])[0]
    listed = shop.search(RecommendationRequest(Dialogue(), filters=Filters(frozenset({"Lamps"}))), 2)
    assert [one.product.category for one in listed.products] == ["Lamps", "Lamps"] and not listed.intent.kinds
    assert shop.captions(["no such"]) == ("",)
    with pytest.raises(DialogueError, match="fits the filters"):
        shop.search(RecommendationRequest(dialogue, filters=Filters(highest=0.5)), 3)


def test_many_visitors_at_once_get_what_each_alone_would(shop):
    amplified(shop.visual_ranker.model)
    asked = [f"a [wanted:{colour}] [kind:{kind}]" for colour in ("red", "blue") for kind in ("sofa", "lamp", "chair")]
    talks = [among_ten(marked(shop, text)) for text in asked]
    alone = [scores_of(shop.recommend(talk)) for talk in talks]
    assert all(one != pytest.approx(other, abs=1e-3) for one, other in combinations(alone, 2))
    answers, problems = {}, []

    def session(number: int) -> None:
        try:
            for _ in range(3):
                answers[number] = scores_of(shop.recommend(talks[number]))
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=session, args=(number,)) for number in range(len(talks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    for number, wanted in enumerate(alone):
        assert answers[number] == pytest.approx(wanted, abs=1e-4)
        assert list(answers[number].values()) == sorted(answers[number].values(), reverse=True)


def test_shoppers_at_once_are_answered_as_each_alone_one_pass_at_a_time(shop, monkeypatch):
    """Two passes at once would only slow each other; turns are made ready meanwhile."""
    inside, most = [], []
    rank = Ranker.rank_many

    def watch(*arguments):
        inside.append(1)
        most.append(len(inside))
        try:
            return rank(*arguments)
        finally:
            inside.pop()

    asked = [
        among_ten(f"a {word} in a quiet corner") for word in ("sofa", "lamp", "chair", "red lamp", "blue sofa", "sofa")
    ]
    alone = [[item.score for item in shop.recommend(dialogue).candidates] for dialogue in asked]
    monkeypatch.setattr(Ranker, "rank_many", watch)
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(shop.recommend, asked))
    assert len(most) == 6 and max(most) == 1
    for answer, scores in zip(together, alone, strict=True):
        assert [item.score for item in answer.candidates] == pytest.approx(scores, abs=1e-4)


def test_requests_answered_together_come_out_as_each_alone(shop, tmp_path, monkeypatch):
    """Mixed lengths, a photo, a product to go by, an answer without looking; two that cannot be answered between."""
    amplified(shop.visual_ranker.model)
    Image.open(shop.catalog.folder / "images" / "chair-blue.png").save(tmp_path / "upload.png")
    (tmp_path / "broken.png").write_text("no picture")
    shown = shop.recommend(among_ten("a red sofa"))
    requests = [
        RecommendationRequest(among_ten("a red sofa")),
        RecommendationRequest(Dialogue().say("like this", tmp_path / "broken.png")),
        RecommendationRequest(replace(Dialogue().say("like this", tmp_path / "upload.png"), rejected=TWO)),
        RecommendationRequest(replace(said("a lamp"), rejected=frozenset(shop.catalog.by_id))),
        RecommendationRequest(among_ten("a lamp for a quiet corner of the hall " * 5)),
        RecommendationRequest(among_ten("a chair"), like="sofa-red"),
        RecommendationRequest(among_ten("a red sofa"), shown=shown),
    ]
    passes = []
    monkeypatch.setattr(Ranker, "reads_together", True)  # as on a GPU
    score = Ranker.score_or_recall
    monkeypatch.setattr(Ranker, "score_or_recall", lambda own, some: passes.append(len(some)) or score(own, some))
    together = shop.recommend_many(requests)
    assert sum(passes) == 5 and max(passes) > 1
    assert isinstance(together[1], PictureError) and isinstance(together[3], DialogueError)
    for request, found in zip(requests, together, strict=True):
        if not isinstance(found, Exception):
            alone = shop.ask(request)
            assert scores_of(found) == pytest.approx(scores_of(alone), abs=1e-4)
            assert (found.intent, found.visual_tokens) == (alone.intent, alone.visual_tokens)
            assert found.timings_ms["total"] >= found.timings_ms["choose"] > 0


def test_a_pass_of_several_that_fails_is_done_one_by_one(shop, monkeypatch):
    ranker = shop.visual_ranker.ranker
    rank_many = ranker.rank_many

    def fail(inputs):
        if len(inputs) > 1 or inputs[0].query_scores is marked.query_scores:
            raise RuntimeError("out of memory")
        return rank_many(inputs)

    turns = [shop.prepare(RecommendationRequest(said(text))) for text in ("a lamp", "a sofa", "a chair")]
    marked = turns[1].ranking_input
    monkeypatch.setattr(shop, "prepare", lambda request: turns[int(request.dialogue.turns[0].text)])
    monkeypatch.setattr(ranker, "rank_many", fail)
    found = shop.recommend_many([RecommendationRequest(said(str(n))) for n in range(3)])
    assert [isinstance(one, RuntimeError) for one in found] == [False, True, False]


def test_the_clock_adds_up():
    clock = Clock()
    for step in ("one", "two", "one"):
        with clock(step):
            pass
    timings = clock.milliseconds()
    assert list(timings) == ["one", "two", "total"] and min(timings.values()) >= 0


# ---- loading ----


@pytest.fixture
def settings(base, tiny_catalog_folder, tmp_path, monkeypatch) -> Settings:
    use_word_encoder(monkeypatch)
    use_silent_tagger(monkeypatch)
    return Settings(home=tmp_path / "home", catalog=tiny_catalog_folder, model=str(base))


def test_the_catalogue_is_looked_at_with_a_lent_gpu(settings):
    calls = []

    def lend(call, seconds):
        calls.append((call.__name__, seconds))
        return call

    assert load_recommender(settings, progress=False, lend=lend).recommend(said("a sofa"))
    assert calls == [("look_at", CATALOG)]


def test_the_second_start_looks_at_nothing(settings, monkeypatch):
    first = load_recommender(settings, progress=False)
    monkeypatch.setattr(ImageEncoder, "_encode", None)
    second = load_recommender(settings, progress=False)
    assert torch.equal(second.main_states, first.main_states)
    found, wanted = (scores_of(shop.recommend(among_ten("a lamp"))) for shop in (second, first))
    assert found == pytest.approx(wanted, abs=1e-5)


def test_nothing_derived_lands_in_the_catalogue(settings):
    before = {path: path.stat().st_mtime_ns for path in settings.catalog.rglob("*")}
    load_recommender(settings, progress=False).recommend(said("a lamp"))
    assert {path: path.stat().st_mtime_ns for path in settings.catalog.rglob("*")} == before


def test_the_adapter_says_how_to_decode_and_the_settings_may_object(settings, tmp_path):
    model = load_model(settings.model, None, tmp_path)
    with_adapter = replace(settings, adapter=make_adapter(model, tmp_path / "a", decode="list", temperature=2.0))
    shop = load_recommender(with_adapter, progress=False)
    assert (shop.visual_ranker.ranker.config.decode, shop.visual_ranker.ranker.config.temperature) == ("list", 2.0)
    assert (
        load_recommender(replace(with_adapter, decode="branch"), progress=False).visual_ranker.ranker.config.decode
        == "branch"
    )
    assert shop.model_hash != load_recommender(settings, progress=False).model_hash
    assert load_recommender(settings, progress=False).visual_ranker.ranker.config.decode == "branch"


def test_an_adapters_shipped_states_are_taken(settings, tmp_path, monkeypatch):
    model = load_model(settings.model, None, tmp_path)
    with_adapter = replace(settings, adapter=make_adapter(model, tmp_path / "a"))
    first = load_recommender(with_adapter, progress=False)
    first.visual_ranker.image_encoder.save_states(first.catalog, with_adapter.adapter / SHIPPED_STATES)
    monkeypatch.setattr(ImageEncoder, "_encode", None)
    elsewhere = load_recommender(replace(with_adapter, home=tmp_path / "elsewhere"), progress=False)
    assert torch.allclose(elsewhere.main_states, first.main_states, atol=5e-3)


def test_a_catalogue_without_products_is_told(settings):
    (settings.catalog / "products.jsonl").write_text("")
    with pytest.raises(LavicError, match="has no products; import some first"):
        load_recommender(settings, progress=False)


def test_a_missing_catalogue_is_told_before_the_model_is_opened(settings, tmp_path):
    with pytest.raises(CatalogError):
        load_recommender(replace(settings, catalog=tmp_path / "none", model="no such model"), progress=False)


# ---- long conversations ----


@pytest.mark.parametrize("turns", [1, 60])
def test_no_part_reads_more_of_a_long_conversation_than_the_model(shop, monkeypatch, turns):
    dialogue = said(*["of wool, red " * 300] * turns)  # names nothing, so that the model reads it as it is
    seen = {"understood": [], "searched": [], "ranked": []}
    embedder, ranker, listener = shop.retriever.embedder, shop.visual_ranker.ranker, shop.listener
    encode, prepare, read = embedder.encoder.encode, ranker.prepare, listener.read

    def note(name: str, texts: list[str]) -> None:
        seen[name].append(sum(map(len, texts)))

    monkeypatch.setattr(embedder.encoder, "encode", lambda texts: note("searched", texts) or encode(texts))
    monkeypatch.setattr(
        ranker, "prepare", lambda talk, *rest: note("ranked", [t.text for t in talk.turns]) or prepare(talk, *rest)
    )
    monkeypatch.setattr(listener, "read", lambda talk: note("understood", [t.text for t in talk.turns]) or read(talk))
    assert len(shop.recommend(dialogue).candidates) == CANDIDATES
    assert 0 < max(seen["searched"] + seen["understood"]) <= max(seen["ranked"])
    assert max(seen["ranked"]) == min(turns * READ_OF_MESSAGE, PAGE_WINDOW.characters)


def test_the_loaded_model_reads_so_many_tokens_of_a_conversation(shop, tiny_catalog, tmp_path, monkeypatch):
    monkeypatch.setattr("lavic_chat.serving.recommender.load_visual_ranker", lambda settings: shop.visual_ranker)
    use_word_encoder(monkeypatch)
    use_silent_tagger(monkeypatch)
    loaded = load_recommender(Settings(tmp_path / "home", tiny_catalog.folder), progress=False)
    assert loaded.visual_ranker.ranker.config.conversation == CONVERSATION
    short, long = (loaded.recommend(said(text)).prompt_tokens for text in ("a sofa", "!? " * 1000))
    assert short < long <= 1.5 * short + CONVERSATION
