"""The chat without a browser: a visit's moves, inert markup, the handlers, pictures by id, flags, colours."""

import logging
import re
import socket
import subprocess
import sys
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import gradio as gr
import pytest
from helpers.fakes import EVIL, FakeRecommender, make_catalog
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from lavic_chat.catalog import Catalog, Product
from lavic_chat.catalog.filters import NO_FILTERS, Filters, categories_of
from lavic_chat.catalog.live import LiveCatalog
from lavic_chat.catalog.terms import CatalogTerms
from lavic_chat.dialogue.turns import Dialogue, Turn
from lavic_chat.errors import CacheError, DialogueError, FlagError, LavicError, PictureError
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.nlu.intent import Appearance, Intent, Limit
from lavic_chat.recommendation import GivenWay, Recommendation, ScoredProduct
from lavic_chat.ui import build_app, card_markup, markup
from lavic_chat.ui.browser_storage import to_storage
from lavic_chat.ui.chat_page import BACK_IN_THE_BOX, BUSY, ChatPage
from lavic_chat.ui.failures import SORRY, note_unread
from lavic_chat.ui.flag_form import make_flag
from lavic_chat.ui.links import BLANK
from lavic_chat.ui.panel import comparison, inspection
from lavic_chat.ui.replies import NOTHING_TO_PICK, UNSURE, runner_up_name, short_title, visible_appearance, write_reply
from lavic_chat.ui.serve import check_port, picture_route
from lavic_chat.ui.session import Session
from lavic_chat.ui.theme import PALETTE, stylesheet, theme


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return make_catalog(tmp_path / "catalog", without_picture=("white-sofa",))


@pytest.fixture
def answered(recommender: FakeRecommender) -> Session:
    return Session().ask("a red armchair").answer(recommender)


def test_importing_the_chat_brings_no_torch():
    code = "import sys, lavic_chat.ui; print([m for m in ('torch', 'transformers', 'peft') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# The visit ---------------------------------------------------------------------------------------------------


def test_an_answer_has_a_pick_nine_others_and_a_turn_id(answered: Session):
    assert answered.pick.id == "red-armchair"
    assert len(answered.others) == 9
    assert len(answered.turn_id) == 32
    assert answered.pending is None
    assert answered.dialogue.last_pick == "red-armchair"


def test_something_else_turns_the_pick_down(answered: Session, recommender: FakeRecommender):
    again = answered.something_else().answer(recommender)
    assert again.pick.id != "red-armchair"
    assert "red-armchair" in again.dialogue.rejected
    assert again.turn_id != answered.turn_id


def test_something_else_also_turns_down_the_runner_up_on_the_card(answered: Session, recommender: FakeRecommender):
    runner_up = answered.others[3].product.id
    again = answered.choose(runner_up).something_else().answer(recommender)
    assert {"red-armchair", runner_up} <= again.dialogue.rejected


def test_more_like_this_goes_by_the_card(answered: Session, recommender: FakeRecommender):
    lamp = next(item.product for item in answered.others if item.product.category == "lamp")
    again = answered.choose(lamp.id).more_like_this().answer(recommender)
    assert again.pick.category == "lamp"
    assert lamp.id not in [item.product.id for item in again.recommendation.candidates]
    assert lamp.title in again.dialogue.turns[-2].text


def test_the_recommender_sees_the_dialogue_up_to_the_question(answered: Session, recommender: FakeRecommender):
    answered.ask("in blue").answer(recommender)
    assert [turn.text for turn in recommender.calls[-1].turns if turn.role == "seeker"] == [
        "a red armchair",
        "in blue",
    ]


def test_only_one_question_at_a_time():
    with pytest.raises(LavicError, match="One moment"):
        Session().ask("a lamp").ask("a sofa")


def test_there_is_nothing_to_reject_before_the_first_pick():
    with pytest.raises(LavicError, match="no pick"):
        Session().something_else()


@pytest.mark.parametrize("text", ["", "   ", "x" * 20_000])
def test_unusable_messages_are_refused(text: str):
    with pytest.raises(DialogueError):
        Session().ask(text)


def test_an_unusable_photo_is_refused(tmp_path: Path):
    photo = tmp_path / "photo.png"
    photo.write_bytes(b"not a picture")
    with pytest.raises(PictureError):
        Session().ask("like this", photo)


def test_filters_hold_and_the_last_question_is_asked_again(answered: Session, recommender: FakeRecommender):
    cheap = Filters(frozenset({"lamp"}))
    asked = len(recommender.calls)
    filtered = answered.filter(cheap).answer(recommender)
    assert recommender.calls[asked] == answered.asked and filtered.dialogue.turns[0] == answered.dialogue.turns[0]
    assert len(filtered.dialogue.turns) == len(answered.dialogue.turns)  # answered anew, not once more
    for session in (
        filtered,
        filtered.ask("in green").answer(recommender),
        filtered.something_else().answer(recommender),
    ):
        assert {item.product.category for item in session.recommendation.candidates} == {"lamp"}
    liked = filtered.more_like_this().answer(recommender)
    assert liked.filter(NO_FILTERS).pending.like == liked.like == filtered.pick.id
    assert Session().filter(cheap).pending is None and Session().filter(cheap).filters == cheap
    with pytest.raises(LavicError, match="still being answered"):
        answered.ask("in green").filter(cheap)


def test_undo_takes_back_one_question_after_the_other(answered: Session, recommender: FakeRecommender):
    second = answered.ask("in green").answer(recommender)
    assert second.undo() == answered and second.undo().undo() == Session()
    filtered = second.filter(Filters(frozenset({"lamp"}))).answer(recommender)
    assert filtered.undo().pick == answered.pick and filtered.undo().filters == filtered.filters
    rejected = answered.something_else().answer(recommender)
    assert answered.pick.id in rejected.dialogue.rejected and answered.pick.id not in rejected.undo().dialogue.rejected
    with pytest.raises(LavicError, match="nothing to take back"):
        Session().undo()


def test_without_looking_the_same_candidates_come_out_otherwise(answered: Session, recommender: FakeRecommender):
    blind = answered.answer_blind(recommender)
    assert replace(blind, blind=None) == answered and blind.blind.pick.product != answered.pick
    assert blind.ask("in green").answer(recommender).blind is None
    with pytest.raises(LavicError, match="no pick yet"):
        Session().answer_blind(recommender)


def test_a_message_is_about_what_is_on_the_card(answered: Session, recommender: FakeRecommender):
    second, third = (one.product.id for one in answered.others[:2])
    assert answered.ask("how wide is it?").pending.dialogue.turns[-1].about is None
    looking = answered.choose(second)
    assert looking.ask("how wide is it?").pending.dialogue.turns[-1].about == second
    assert looking.compare().ask("this one").pending.dialogue.turns[-1].about == second
    asked = looking.ask("what is this one?").answer(recommender)  # the card stays as it is
    assert asked.dialogue.turns[-1].text == f"{recommender.catalog[second].title} it is."
    assert asked.ask("and how high?").pending.dialogue.turns[-1].about == second
    assert asked.choose(third).ask("and how high?").pending.dialogue.turns[-1].about == third
    assert asked.choose(None).ask("and how high?").pending.dialogue.turns[-1].about is None
    assert looking.ask("in blue").answer(recommender).ask("wider").pending.dialogue.turns[-1].about is None


def test_who_asks_for_two_to_compare_sees_two(recommender: FakeRecommender):
    session = Session().ask("two red armchairs to compare").answer(recommender)
    other = session.recommendation.other
    assert session.comparing and session.chosen == other.product.id
    assert other.product.title != session.pick.title  # no variant of the pick
    assert f"To compare it with: the {other.product.title}." in session.dialogue.turns[-1].text
    alone = replace(session.recommendation, candidates=session.recommendation.candidates[:1])
    assert alone.other is None and "To compare" not in write_reply(alone)
    same = replace(other, product=replace(session.pick, id="again", attributes={"colour": "blue"}))
    pair = replace(session.recommendation, candidates=(session.recommendation.pick, same))
    assert pair.other == same and "To compare it with: the same in blue" in write_reply(pair)
    plain = Session().ask("a red armchair").answer(recommender)
    assert plain.recommendation.other is None and not plain.comparing


def test_a_runner_up_can_be_compared_with_the_pick(answered: Session):
    other = answered.others[0].product
    assert not answered.compare().comparing
    beside = answered.choose(other.id).compare()
    assert beside.comparing and not beside.choose(None).comparing and not beside.choose(other.id).comparing


def test_an_id_that_was_not_shown_cannot_be_chosen(answered: Session):
    assert answered.choose("../../etc/passwd").shown == answered.recommendation.pick


def test_the_spoken_answer_says_how_close_it_was():
    def found(*scores: float) -> Recommendation:
        items = [Product(f"p{n}", f"Thing {n}", "c") for n in range(len(scores))]
        return Recommendation(tuple(map(ScoredProduct, items, scores, scores)))

    assert write_reply(found(0.8, 0.1, 0.1)) == "My pick is the Thing 0. None of the other two came near it."
    assert write_reply(found(0.4, 0.35, 0.25)) == "My pick is the Thing 0. The Thing 1 came close."
    assert "only one left" in write_reply(found(1.0))


def scored(number: int, score: float, caption: str = "", **attributes) -> ScoredProduct:
    return ScoredProduct(Product(str(number), f"Thing {number}", "Things", attributes=attributes), score, 0.0, caption)


def test_what_is_seen_is_said_unless_the_shop_knows_otherwise():
    assert visible_appearance(scored(1, 1.0, "blue (navy) velvet sofa", colour="blue")) == (
        "Seen in the picture", "blue (navy) velvet sofa",
    )  # fmt: skip
    assert visible_appearance(scored(1, 1.0, "green wood table", colour="blue", material="glass")) == (
        "Known from the shop", "blue, glass",
    )  # fmt: skip
    assert visible_appearance(scored(1, 1.0, "green table")) == ("Seen in the picture", "green table")
    assert visible_appearance(scored(1, 1.0)) == ("", "")
    told = write_reply(Recommendation((scored(0, 0.9, "red lamp"), scored(1, 0.1))))
    assert told == "My pick is the Thing 0. What I see: red lamp. The other one hardly came near it."


def test_who_is_unsure_asks_for_another_look():
    unsure = Recommendation(tuple(scored(n, 0.2) for n in range(5)), alternatives=("blue", "green", "white"))
    assert unsure.pick.score < UNSURE
    assert write_reply(unsure).endswith("I am not sure, though. Should it rather be blue, green or white?")
    one = replace(unsure, alternatives=("oak",))
    assert write_reply(one).endswith("Should it rather be oak?")
    nothing = replace(unsure, alternatives=())
    assert write_reply(nothing).endswith("Tell me a colour, a material or the room it is for, and I look again.")
    red = Intent(appearance=(Appearance("red", "colour"),))
    assert "Tell me a material or the room it is for" in write_reply(replace(nothing, intent=red))
    both = Intent(appearance=(*red.appearance, Appearance("wool", "material")))
    assert "Tell me the room it is for" in write_reply(replace(nothing, intent=both))


def test_what_the_shop_contradicts_is_not_said_to_be_seen():
    pick = replace(scored(0, 0.9, "yellow (lemon) plastic"), stated="stoneware", seen="yellow (lemon)")
    found = Recommendation((pick, scored(1, 0.1)))
    assert "What I see: yellow (lemon). The shop says: stoneware. " in write_reply(found)
    alone = replace(found, candidates=(replace(pick, seen=""), *found.candidates[1:]))
    assert "What I see" not in write_reply(alone) and "The shop says: stoneware." in write_reply(alone)
    assert "plastic" not in card_markup.caption_line(pick) and card_markup.caption_line(pick).count("<q>") == 2


def test_the_words_of_a_question_are_buttons(answered: Session, links: markup.Links, page: ChatPage):
    items = tuple(replace(one, score=0.1) for one in answered.recommendation.candidates)
    asking = replace(answered, recommendation=replace(answered.recommendation, candidates=items, alternatives=("a<b",)))
    shown = markup.conversation(asking, links)
    assert 'data-act="answer" data-id="a&lt;b">a&lt;b</button>' in shown
    assert "suggested" not in markup.conversation(asking.ask("in blue"), links)
    sure = replace(asking, recommendation=replace(asking.recommendation, candidates=answered.recommendation.candidates))
    assert sure.suggested == () or answered.recommendation.pick.score < UNSURE
    screen = page.ask_example(asking, gr.EventData(None, {"act": "answer", "id": "blue"}), None)
    assert screen[page.session].pending.text == "blue"


def test_variants_beside_the_pick_are_counted():
    def vase(number: int, score: float, colour: str) -> ScoredProduct:
        product = Product(str(number), "Bud vase", "Vases", attributes={"colour": colour}, shape="bud")
        return ScoredProduct(product, score, 0.0)

    told = write_reply(Recommendation((vase(0, 0.8, "Blue"), vase(1, 0.1, "Green"), scored(2, 0.05))))
    assert told.endswith("None of the other two came near it; one of them is another variant of it.")
    more = write_reply(Recommendation((vase(0, 0.8, "Red"), vase(1, 0.1, "Blue"), vase(2, 0.05, "Pink"))))
    assert more.endswith("came near it; two of them are variants of it.")
    assert " in " not in write_reply(Recommendation((scored(0, 0.9), scored(1, 0.1)))).partition(".")[0]


def test_a_runner_up_of_the_same_name_is_told_by_its_looks():
    def told(first: str, second: str) -> str:
        twin = replace(scored(1, 0.4, second), product=Product("1", "Thing 0", "Things"))
        return write_reply(Recommendation((scored(0, 0.5, first), twin))).rsplit(". ", 1)[1]

    assert told("red wool", "green velvet") == "The same in green velvet came close."
    assert told("red wool", "red wool") == told("red wool", "") == "Another of that name came close."


def test_what_was_said_of_the_price_is_taken_up():
    under = Intent(limits=(Limit("price", most=80),))
    found = Recommendation((scored(0, 0.9), scored(1, 0.1)), intent=under)
    assert write_reply(found).startswith("My pick is the Thing 0.")  # whose price nobody knows
    pick = found.pick
    priced = replace(
        found, candidates=(replace(pick, product=replace(pick.product, price=60.0)), *found.candidates[1:])
    )
    assert write_reply(priced).startswith("Within your price, my pick is the Thing 0.")
    broken = (GivenWay("price", "priced at most 80"), GivenWay("colour", "red"))
    dear = write_reply(replace(found, gave_way=broken))
    assert dear.startswith("I have found nothing that is priced at most 80 and red. What comes nearest is the Thing 0.")
    lamps = replace(found, intent=Intent(kinds=("lamp",)), gave_way=broken[1:])
    assert write_reply(lamps).startswith("I have found no lamp that is red. What comes nearest")
    assert write_reply(replace(lamps, gave_way=(GivenWay("kind", "lamp"),))).startswith("I have found no lamp. What")


def test_which_variant_the_pick_is_is_said():
    found = Recommendation((scored(0, 0.9), scored(1, 0.1)), variant="orange, 36")
    assert write_reply(found).startswith("My pick is the Thing 0 in orange, 36. The other one")


def test_a_dearer_pick_never_comes_without_a_word():
    none = "No lamp here is cheaper than the Pico lamp, at €79; the next one costs €85."
    cheaper, red = GivenWay("price", "cheaper"), GivenWay("colour", "red")
    found = Recommendation(
        (scored(0, 0.9), scored(1, 0.1)), intent=Intent(kinds=("lamp",)), gave_way=(cheaper,), none_cheaper=none
    )
    assert write_reply(found).startswith(f"{none} What comes next is the Thing 0. ")
    both = write_reply(replace(found, gave_way=(cheaper, red)))
    assert both.startswith(f"{none} I have found no lamp that is red. What comes next is the Thing 0.")
    missed = write_reply(replace(found, gave_way=(GivenWay("kind", "lamp"),), out_of_stock=("Pico lamp in blue",)))
    assert missed.startswith(f"{none} The Pico lamp in blue is out of stock at the moment. What comes next is")
    assert write_reply(replace(found, gave_way=(), out_of_stock=("A",))).count("out of stock") == 1


def test_nobody_is_sure_of_a_pick_that_only_comes_nearest(answered: Session, links: markup.Links):
    assert answered.recommendation and "My pick" in card_markup.card(answered, links)
    nearest = replace(answered.recommendation, gave_way=(GivenWay("colour", "red"),))
    shown = card_markup.card(replace(answered, recommendation=nearest), links)
    assert "Comes nearest" in shown and "of what comes near" in shown
    assert "sure" not in shown and "My pick" not in shown


def test_a_limit_that_nobody_knows_of_is_told():
    found = Recommendation((scored(0, 1.0),), unknown=("for 4", "at most 40 cm deep"))
    assert write_reply(found).endswith(
        "Whether it is for 4 and at most 40 cm deep, the shop does not say of such things."
    )


def test_a_second_kind_of_thing_is_not_forgotten():
    assert write_reply(Recommendation((scored(0, 1.0),), intent=Intent(later=("lamp",)))).endswith(
        "It is the only one left that fits. Then tell me of the lamp, and I look for that."
    )


def test_without_a_pick_the_reply_is_said():
    assert write_reply(Recommendation((), reply="My pleasure.")) == "My pleasure."
    assert write_reply(Recommendation(())) == NOTHING_TO_PICK


def test_a_long_title_is_cut_at_a_word():
    assert short_title(Product("1", "very " * 100 + "long", "c")).endswith("very…")
    assert len(short_title(Product("1", "x" * 1_000, "c"))) <= 121


# Markup ------------------------------------------------------------------------------------------------------


class Tags(HTMLParser):
    """Collects what a browser would take for elements and attributes."""

    def __init__(self, html: str):
        super().__init__()
        self.tags, self.attributes = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


def test_markup_from_visitors_and_catalogues_is_inert(tmp_path: Path):
    product = Product(EVIL, EVIL, EVIL, (), EVIL, {EVIL: EVIL}, 1.0, EVIL, EVIL, EVIL)
    links = markup.Links(Catalog(tmp_path, (product, Product("2", EVIL, EVIL))), EVIL, EVIL)
    found = Recommendation((ScoredProduct(product, 0.7, 0.1), ScoredProduct(links.catalog["2"], 0.3, 0.1)))
    dialogue = Dialogue((Turn("seeker", EVIL, tmp_path / f"{EVIL}.png"),)).answer(EVIL, [EVIL])
    session = Session(dialogue, dialogue, found, "turn")
    parts = (markup.conversation, card_markup.window, markup.gallery)
    html = "".join(part(session, links) for part in parts)
    html += markup.header(links) + markup.notice(EVIL) + card_markup.window(Session(), links)
    tags = Tags(html)
    assert "script" not in tags.tags
    assert not [name for name in tags.attributes if name.startswith("on")]
    assert "<img src=x" not in html


def test_examples_come_before_the_first_message_only(links: markup.Links, answered: Session):
    assert markup.conversation(Session(), links).count('data-act="example"') == len(links.examples) == 3
    assert 'data-act="example"' not in markup.conversation(answered, links)


def test_card_and_gallery_show_pictures_titles_prices_and_attributes(links: markup.Links, answered: Session):
    card, gallery = card_markup.window(answered, links), markup.gallery(answered, links)
    assert 'src="pictures/red-armchair"' in card and 'alt="Harbour armchair"' in card
    assert "$49" in card and "velvet" in card and 'role="meter"' in card
    assert gallery.count('class="tile"') == 9
    assert gallery.count('loading="lazy"') == 9


def test_a_comparison_names_what_differs(links: markup.Links, answered: Session):
    other = next(item.product for item in answered.others if item.product.category == answered.pick.category)
    page = card_markup.window(answered.choose(other.id).compare(), links)
    assert page.count("<figure>") == 2 and "Back to the pick" in page
    assert f">{other.attributes['colour']}</td>" in page and f">{answered.pick.attributes['colour']}</td>" in page
    assert "The same in both:" in page and f"category {other.category}" in page
    evil = Product("e", EVIL, EVIL, attributes={EVIL: EVIL}, price=1.0)
    pair = Recommendation((answered.recommendation.pick, ScoredProduct(evil, 0.1, 0.0, EVIL)))
    inert = replace(answered, recommendation=pair).choose("e").compare()
    assert "<script" not in comparison(inert, links) + inspection(inert, links, 9)
    assert "<img src=x" not in comparison(inert, links) + inspection(inert, links, 9)


def test_the_panel_tells_scores_tokens_and_times(links: markup.Links, answered: Session, recommender: FakeRecommender):
    panel = inspection(answered, links, 1312)
    assert "50 visual tokens for 10 pictures; read in full, 13,120." in panel and "look 340 ms" in panel
    assert panel.count("<tr>") == 11 and 'data-act="blind"' in panel and " open" not in panel
    after = inspection(answered.answer_blind(recommender), links, 1312)
    assert "without looking</th>" in after and after.count("10 %</td>") >= 10 and " open" in after
    assert "Without looking, the pick would have been the" in after and "data-act" not in after
    assert inspection(Session(), links, 1312) == ""


def test_a_missing_picture_is_the_blank(links: markup.Links):
    assert links.picture(links.catalog["white-sofa"]) == BLANK
    assert links.picture(links.catalog["red-sofa"]) == "pictures/red-sofa"


def test_more_pictures_of_a_product_are_offered_on_its_card(tmp_path: Path):
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(b"x")
    both, one = Product("1", "A", "c", ("a.jpg", "b.jpg", "gone.jpg")), Product("2", "B", "c", ("a.jpg",))
    links = markup.Links(Catalog(tmp_path, (both, one)), "m", "cpu")
    strip = card_markup.views(both, links)
    assert strip.count("<button") == 2 and 'src="pictures/1?view=1"' in strip
    assert strip.count('aria-pressed="true"') == 1
    assert card_markup.views(one, links) == ""


def test_an_id_is_quoted_in_its_address(tmp_path: Path):
    (tmp_path / "a.jpg").write_bytes(b"x")
    product = Product("a/../b?c#d", "A", "c", ("a.jpg",))
    assert markup.Links(Catalog(tmp_path, (product,)), "m", "cpu").picture(product) == "pictures/a%2F..%2Fb%3Fc%23d"


def test_only_web_addresses_become_links():
    kinds = [
        card_markup.credit(Product("1", "A", "c", source=to)) for to in ("https://a.b/?x=1&y", "javascript:alert(1)")
    ]
    assert 'href="https://a.b/?x=1&amp;y"' in kinds[0]
    assert "<a" not in kinds[1]
    assert card_markup.credit(Product("1", "A", "c")) == ""


def test_prices_are_written_as_in_a_shop(links: markup.Links):
    prices = [links.price(Product("1", "A", "c", price=price)) for price in (None, 0.0, 49.0, 1234.5)]
    assert prices == ["", "$0", "$49", "$1,234.50"]


def test_shoppers_are_shown_nothing_of_those_who_run_the_chat(links: markup.Links, answered: Session):
    closed = replace(links, has_login=True)
    seen = markup.header(closed) + markup.conversation(answered, closed) + markup.status(answered)
    seen += markup.gallery(answered, closed) + card_markup.window(answered, closed)
    assert "token" not in seen and "fake-model" not in seen + markup.header(links)
    within = '<span class="within"><a href="desk">Annotate</a><a href="catalog">Catalogue</a></span>'
    assert within in seen and seen.count("Annotate") == 1  # shown where somebody has signed in
    assert ".masthead .facts .within { display: none;" in stylesheet()
    assert '<a href="catalog">Catalogue</a>' in markup.header(links) and "within" not in markup.header(links)
    panel = inspection(answered, closed, 1312)
    assert "50 visual tokens" in panel and "By fake-model on cpu." in panel
    assert "fake-model on cpu" in markup.header(closed, at_annotations=True)


def test_an_open_page_is_not_said_to_be_protected():
    closed, is_open = (markup.invitation("T", "P", has_login) for has_login in (True, False))
    assert "name and password that you were given" in closed and "open to whoever" not in closed
    assert "open to whoever has its address" in is_open and "LAVIC_ANNOTATOR_AUTH sets" in is_open


def test_the_status_says_what_it_took(answered: Session):
    assert "Looked at 10 pictures, 0.4 s" in markup.status(answered)
    assert 'role="status"' in markup.status(Session())
    assert 'class="sr">My pick is the ' in markup.status(answered)  # for who hears the page


# Handlers ----------------------------------------------------------------------------------------------------


def test_a_question_clears_the_box_and_says_that_it_looks(page: ChatPage):
    screen = page.ask(Session(), {"text": "a lamp", "files": []})
    assert screen[page.session].pending.text == "a lamp"
    assert screen[page.box]["value"] is None and screen[page.box]["interactive"] is False
    assert "looking" in screen[page.status]


def test_a_refused_message_stays_in_the_box(page: ChatPage):
    screen = page.ask(Session(), {"text": "x" * 20_000, "files": []})
    assert "20,000 characters" in screen[page.notice]
    assert page.box not in screen and page.session not in screen


def test_a_sentence_for_the_visitor_is_shown_and_the_message_comes_back(page: ChatPage):
    screen = page.answer(Session().ask("sorry about that"))
    assert "Nothing on the shelves fits that" in screen[page.notice]
    assert screen[page.box]["value"] == {"text": "sorry about that", "files": []}
    assert screen[page.session] == Session()


def test_an_unexpected_error_is_polite_and_logged_without_the_message(page: ChatPage, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.ERROR):
        screen = page.answer(Session().ask("break down, my name is Ada"))
    assert SORRY in screen[page.notice] and BACK_IN_THE_BOX in screen[page.notice]
    assert screen[page.box]["value"]["text"] == "break down, my name is Ada"
    assert "ZeroDivisionError" in caplog.text and "fakes.py" in caplog.text
    assert "Ada" not in caplog.text


def test_a_request_that_nobody_can_read_is_no_fault_of_ours(page: ChatPage, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING):
        try:
            int("my name is Ada")
        except ValueError as error:
            note_unread(error)
        assert caplog.messages == ["A request that cannot be read was refused: ValueError"]
        try:
            page.recommender.catalog["my name is Ada"]
        except KeyError as error:
            note_unread(error)
    assert caplog.messages[1].startswith("Unexpected KeyError at product.py") and "Ada" not in caplog.text


def test_who_finds_the_queue_full_can_ask_again(page: ChatPage):
    screen = page.refuse(Session().ask("a lamp"))
    assert BUSY in screen[page.notice]
    assert screen[page.session] == Session() and screen[page.box]["value"]["text"] == "a lamp"


def test_when_nothing_is_left_the_last_pick_stays(page: ChatPage, recommender: FakeRecommender, answered: Session):
    everything = {product.id for product in recommender.catalog}
    session = Session(Dialogue(answered.dialogue.turns, frozenset(everything)), answered.asked, answered.recommendation)
    screen = page.answer(session.something_else())
    assert "nothing left" in screen[page.notice]
    assert screen[page.session].pick == answered.pick
    assert "value" not in screen[page.box] and BACK_IN_THE_BOX not in screen[page.notice]  # a draft stays


def test_a_refused_question_keeps_its_sentence_where_the_queue_is_full(page: ChatPage, answered: Session):
    assert page.notice not in page.refuse(answered)


@pytest.mark.parametrize("data", [None, [], {}, {"id": 7}, {"id": "99"}, {"id": ["0"]}, "0"])
def test_events_with_odd_data_do_no_harm(page: ChatPage, answered: Session, data: object):
    event = gr.EventData(None, data)
    assert page.session not in page.ask_example(Session(), event)
    assert page.show_candidate(answered, event)[page.session].shown == answered.recommendation.pick


def test_looking_around_while_it_answers_leaves_the_visit_alone(page: ChatPage, answered: Session):
    event = gr.EventData(None, {"act": "choose", "id": answered.others[0].product.id})
    assert page.session not in page.show_candidate(answered.ask("in blue"), event)


def test_filters_that_make_no_sense_are_told(page: ChatPage, answered: Session):
    screen = page.ask_filtered(answered, ["lamp"], "50", "10")
    assert "lowest price is above the highest" in screen[page.notice] and page.session not in screen
    screen = page.ask_filtered(answered, ["lamp"], "", " $10 ")
    assert screen[page.session].filters == Filters(frozenset({"lamp"}), None, 10) and screen[page.session].pending
    assert "such as 49.90" in page.ask_filtered(answered, [], "cheap", "")[page.notice]
    assert page.ask_unfiltered(answered)[page.categories] == []


def test_undo_and_looking_away_show_their_results(page: ChatPage, answered: Session):
    assert page.undo_last(answered)[page.session] == Session()
    assert "nothing to take back" in page.undo_last(Session())[page.notice]
    blind = page.answer_blind(answered)
    assert (
        page.session not in blind and "Without looking" in page.show_blind(answered, blind[page.blind])[page.inspection]
    )
    for gone_on in (answered.ask("in green"), Session()):
        assert page.show_blind(gone_on, blind[page.blind]) == gr.skip()
    refused = page.answer_blind(Session())
    assert "no pick yet" in refused[page.notice] and page.show_blind(Session(), refused[page.blind]) == gr.skip()
    assert BUSY in page.show_busy(answered)[page.notice]


def test_a_visit_that_the_server_has_let_go_goes_on(page: ChatPage, answered: Session):
    stored = to_storage(answered)
    assert page.ask_something_else(Session(), stored)[page.session].pending.dialogue.turns[0].text == "a red armchair"
    assert len(page.ask(Session(), {"text": "in green"}, stored)[page.session].pending.dialogue.turns) == 3
    assert page.undo_last(Session(), stored)[page.session] == Session()
    assert page.ask_filtered(Session(), ["lamp"], "", "", stored)[page.session].pending
    assert page.ask(Session(), {"text": "a lamp"}, to_storage(Session()))[page.session].pending.dialogue.turns[1:] == ()


def test_coming_back_shows_what_was_kept(page: ChatPage, answered: Session):
    screen = page.restore(Session(), to_storage(answered.filter(Filters(highest=50)).drop_pending().ask("in green")))
    assert screen[page.session].pick == answered.pick and screen[page.box]["value"]["text"] == "in green"
    assert screen[page.most] == "50" and screen[page.filters]["label"] == "Filters (on)"
    assert page.restore(answered, to_storage(Session())) == gr.skip() == page.restore(Session(), None)


def test_whoever_comes_after_a_live_change_sees_the_newest_catalogue(catalog: Catalog, answered: Session, tmp_path):
    live = LiveCatalog(catalog)
    with gr.Blocks():
        links = markup.Links(live, "fake-model", "cpu")
        page = ChatPage(FakeRecommender(live), AnnotationStore(tmp_path / "flags.sqlite"), links)
        page.lay_out()
    new, back = gr.Request(session_hash="new"), gr.Request(session_hash="back")
    assert page.restore_visit(Session(), None, None, new) == {page.storage: None}
    vases = [Product(f"v{n}", f"Vase {n}", "Vases", attributes={"colour": "blue"}) for n in range(4)]
    live.take(Catalog(catalog.folder, (*catalog.products, *vases)))
    for _ in range(2):
        screen = page.restore_visit(Session(), None, None, new)
        assert "24 products" in screen[page.masthead] and "greeting" in screen[page.conversation]
        assert "samples" in screen[page.card] and screen[page.storage] is None
        assert links.examples[0] in unescape(screen[page.conversation])
    screen = page.restore_visit(Session(), to_storage(answered), None, back)
    assert "24 products" in screen[page.masthead] and "a red armchair" in screen[page.conversation]
    assert screen[page.session].pick == answered.pick and 'data-product="red-armchair"' in screen[page.card]
    fields = [page.categories, page.least, page.most]
    assert list(page.restore_visit(answered, None, None, back)) == [page.masthead, *fields]


def test_filters_offer_what_there_is_after_a_live_change(catalog: Catalog, answered: Session, tmp_path):
    live = LiveCatalog(catalog)
    with gr.Blocks():
        links = markup.Links(live, "fake-model", "cpu")
        page = ChatPage(FakeRecommender(live), AnnotationStore(tmp_path / "flags.sqlite"), links)
        page.lay_out()
    fields = [page.categories, page.least, page.most]
    assert page.open_filters(answered, []) == gr.skip() and not set(fields) & set(page.fresh_screen(answered))
    gone, new = categories_of(catalog)[0], Product("v1", "A vase", "Vases", price=9.0)
    live.take(
        Catalog(catalog.folder, (*(one for one in catalog if one.category != gone), new), CatalogTerms(currency="EUR"))
    )
    there, begun = categories_of(live), answered.filter(Filters(frozenset([gone]), 5.0)).drop_pending()
    assert "Vases" in there and gone not in there
    loaded = page.restore_visit(Session(), None, None, gr.Request(session_hash="new"))
    again = page.restore_visit(Session(), to_storage(answered), None, gr.Request(session_hash="back"))
    for screen in (loaded, again, page.open_filters(answered, []), page.reset(answered), page.ask_unfiltered(answered)):
        assert screen[page.categories]["choices"] == there
        assert [screen[part]["label"] for part in fields[1:]] == ["From €", "To €"]
    assert page.reset(begun)[page.categories]["value"] == [] and page.reset(begun)[page.least]["value"] == ""
    kept = page.filters_screen(Filters(frozenset([gone]), 5.0))
    assert kept[page.categories]["choices"] == [*there, gone] and kept[page.categories]["value"] == [gone]
    assert kept[page.least]["value"] == "5" and page.open_filters(begun, None)[page.categories]["choices"][-1] == gone


def test_files_of_the_shop_are_not_told_to_visitors(page: ChatPage, recommender: FakeRecommender, monkeypatch, caplog):
    def fail(*_, **__):
        raise CacheError("The cache /secret/place cannot be used")

    monkeypatch.setattr(recommender, "recommend", fail)
    screen = page.answer(Session().ask("a lamp"))
    assert SORRY in screen[page.notice] and "secret" not in screen[page.notice]
    assert "/secret/place" in caplog.text


def test_a_photo_of_no_use_is_not_put_back(page: ChatPage, tmp_path: Path, monkeypatch):
    photo = tmp_path / "photo.png"
    Image.new("RGB", (8, 8)).save(photo)

    def fail(*_, **__):
        raise PictureError("photo.png is not a readable picture.")

    monkeypatch.setattr(page.recommender, "recommend", fail)
    alone = page.answer(Session().ask("", photo))
    assert "value" not in alone[page.box] and BACK_IN_THE_BOX not in alone[page.notice]
    assert "photo.png is not a readable picture." in alone[page.notice]
    both = page.answer(Session().ask("like this", photo))
    assert both[page.box]["value"] == {"text": "like this", "files": []} and BACK_IN_THE_BOX in both[page.notice]


def test_an_example_is_asked_by_its_number(page: ChatPage):
    screen = page.ask_example(Session(), gr.EventData(None, {"act": "example", "id": "1"}))
    assert screen[page.session].pending.text == page.links.examples[1]


def test_six_endpoints_are_public_and_the_model_has_one_queue(recommender: FakeRecommender, tmp_path: Path):
    app = build_app(recommender, AnnotationStore(tmp_path / "flags.sqlite"))
    info = app.get_api_info()
    public = {"/ask", "/recommend", "/flag", "/find_products", "/product", "/compare"}
    assert info["named_endpoints"].keys() == public and not info["unnamed_endpoints"]
    waiting = {fn.name for fn in app.fns.values() if fn.concurrency_id == "model" and fn.concurrency_limit == 1}
    assert waiting == {"answer_client", "answer_blind_client", "ask", "recommend"}
    model = [fn for fn in app.fns.values() if fn.name == "answer_client"]
    assert len(model) == 8 and len([fn for fn in app.fns.values() if fn.name == "answer_blind_client"]) == 1
    assert {(fn.concurrency_id, fn.concurrency_limit) for fn in model} == {("model", 1)}


def test_who_is_unsure_tells_the_desk(page: ChatPage, recommender: FakeRecommender, monkeypatch):
    monkeypatch.setattr("lavic_chat.ui.chat_page.UNSURE", 1.1)
    page.answer(Session().ask("a red armchair"))
    ((noted,),) = [page.annotations.tasks()]
    assert noted.why == "unsure" and noted.turn.pick and "a red armchair" in noted.turn.context
    monkeypatch.setattr(page.annotations, "add_unsure", None)  # the shopper is answered all the same
    assert page.answer(Session().ask("a lamp"))[page.session].pick
    monkeypatch.setattr("lavic_chat.ui.chat_page.UNSURE", 0.0)
    page.answer(Session().ask("a green sofa"))
    assert len(page.annotations.tasks()) == 1


# Flags -------------------------------------------------------------------------------------------------------


def test_a_flag_holds_the_turn_as_the_model_saw_it(answered: Session, recommender: FakeRecommender):
    flag = make_flag(answered, recommender, "blue-armchair", ["Wrong colour"], "  blue, please ")
    assert flag.turn_id == answered.turn_id
    assert flag.context == "<submission>a red armchair</submission>\n"
    assert flag.candidates[0][0] == flag.pick == "red-armchair"
    assert len(flag.candidates) == 10
    assert flag.correct == "blue-armchair"
    assert flag.reason == "Wrong colour; blue, please"
    assert flag.model_hash == recommender.model_hash
    assert flag.catalog_hash == recommender.catalog.fingerprint


@pytest.mark.parametrize("right", [None, ""])
def test_a_flag_needs_no_right_product(answered: Session, recommender: FakeRecommender, right: str | None):
    assert make_flag(answered, recommender, right, [], "").correct is None


def test_hostile_flags_are_refused(answered: Session, recommender: FakeRecommender):
    with pytest.raises(FlagError, match="no pick"):
        make_flag(Session(), recommender, None, [], "")
    with pytest.raises(FlagError, match="not among those shown"):
        make_flag(answered, recommender, "another", [], "")
    with pytest.raises(FlagError, match="501 characters"):
        make_flag(answered, recommender, None, [], "x" * 501)
    assert make_flag(answered, recommender, None, [EVIL], "").reason == ""


def test_saving_a_flag_thanks_in_words_for_shoppers(page: ChatPage, answered: Session):
    screen = page.save_flag(answered, None, [], "not red enough")
    assert "kept by who runs this shop, without names" in screen[page.flag_notice]
    assert "lavic-chat" not in screen[page.flag_notice]  # a shopper has no commands
    assert [flag.reason for flag in page.annotations.list()] == ["not red enough"]


def test_a_flag_that_cannot_be_stored_leaves_the_form_as_it_is(
    page: ChatPage, answered: Session, tmp_path: Path, caplog
):
    (tmp_path / "flags.sqlite").write_bytes(b"this is no database, however long one looks at it" * 50)
    screen = page.save_flag(answered, None, [], "mine")
    assert set(screen) == {page.flag_notice}
    assert 'role="alert"' in screen[page.flag_notice]
    # those who run the shop are told which file, the visitor is not
    assert "flags.sqlite" in caplog.text and "mine" not in caplog.text
    assert "could not be stored; please try again later" in screen[page.flag_notice]
    assert str(tmp_path) not in screen[page.flag_notice]


# Pictures ----------------------------------------------------------------------------------------------------


@pytest.fixture
def pictures(catalog: Catalog) -> TestClient:
    return TestClient(Starlette(routes=[picture_route(catalog)]))


def test_a_picture_is_served_by_id(pictures: TestClient):
    answer = pictures.get("/pictures/red-lamp")
    assert answer.status_code == 200 and answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("view", ["9", "-1", "x", "", "1.0", "\u0661", "../a", "99999999999999999999"])
def test_no_picture_beyond_those_listed_is_served(pictures: TestClient, view: str):
    assert pictures.get("/pictures/red-lamp", params={"view": view}).status_code == 404
    assert pictures.get("/pictures/red-lamp", params={"view": "0"}).status_code == 200


@pytest.mark.parametrize("name", ["white-sofa", "nobody", "", "../products.jsonl", "%2e%2e%2fproducts.jsonl", "%00"])
def test_nothing_else_is_served(pictures: TestClient, name: str):
    assert pictures.get(f"/pictures/{name}").status_code == 404


def test_a_listed_file_that_is_no_picture_is_not_served(tmp_path: Path):
    (tmp_path / "page.svg").write_text("<svg/>")
    catalog = Catalog(tmp_path, (Product("1", "A", "c", ("page.svg",)),))
    assert TestClient(Starlette(routes=[picture_route(catalog)])).get("/pictures/1").status_code == 404


def test_a_port_in_use_is_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(LavicError, match=rf"cannot listen on 127\.0\.0\.1, port {port} .*choose another --port"):
            check_port("127.0.0.1", port)
    check_port("127.0.0.1", port)
    with pytest.raises(LavicError, match="cannot listen on nowhere"):
        check_port("nowhere.invalid", port)


# Looks -------------------------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb" as WCAG 2 defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("side", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground", "least"),
    [
        *[(text, ground, 4.5) for text in ("ink", "quiet", "accent") for ground in ("paper", "surface", "sunken")],
        ("ink", "accent-soft", 4.5),
        ("on-accent", "accent", 4.5),
        ("on-accent", "accent-strong", 4.5),
        ("on-bubble", "bubble", 4.5),
        ("on-sun", "sun", 4.5),
        ("alarm", "alarm-soft", 4.5),
        ("edge", "paper", 3.0),
        ("edge", "surface", 3.0),
    ],
)
def test_contrast_is_aa(text: str, ground: str, least: float, side: int):
    lights = sorted(luminance(PALETTE[name][side]) for name in (text, ground))
    assert (lights[1] + 0.05) / (lights[0] + 0.05) >= least


def test_the_look_needs_nothing_from_elsewhere():
    css = stylesheet() + theme()._get_theme_css()
    assert not re.search(r"url\(\s*['\"]?(https?:|//)|@import", css)


def test_a_card_links_to_the_products_page_and_tells_its_own_currency(tmp_path: Path):
    linked = Product("1", "A", "c", price=12.5, currency="EUR", link="https://x.example/p?a=1&b=2")
    other = Product("2", "B", "c", price=3, link="javascript:alert(1)")
    links = markup.Links(Catalog(tmp_path, (linked, other), CatalogTerms(currency="$")), "m", "cpu")
    found = Recommendation(
        (ScoredProduct(linked, 0.9, 0.1), ScoredProduct(other, 0.1, 0.1)), out_of_stock=("Old lamp",)
    )
    dialogue = Dialogue().say("a").answer("b", ["1", "2"])
    session = Session(dialogue, dialogue, found, "turn")
    card = card_markup.card(session, links)
    assert 'href="https://x.example/p?a=1&amp;b=2" target="_blank" rel="noopener noreferrer nofollow"' in card
    assert "€12.50" in card and "javascript:" not in card_markup.card(session.choose("2"), links)
    assert "$3" in card_markup.card(session.choose("2"), links)
    assert write_reply(found).endswith("The Old lamp is out of stock at the moment.")


def variants(tmp_path: Path) -> markup.Links:
    """Two sofas of one title, one of them under two sizes, and a lamp; all with the shop's own numbers."""
    rows = (("1", "Green", "180"), ("2", "Orange", "180"), ("3", "Orange", "220"))
    sofas = tuple(
        Product(
            name, "Aalto Sofa", "Sofas", shape="aalto", link="https://x.example/sofa",
            attributes={"SKU": f"no-{name}", "tags": "sale", "Colour": colour, "Size": size},
        )
        for name, colour, size in rows
    )  # fmt: skip
    lamp = Product("4", "Pico lamp", "Lamps", attributes={"Colour": "Black"})
    return markup.Links(Catalog(tmp_path, (*sofas, lamp)), "m", "cpu")


def test_a_gift_cards_price_stands_below_it_once(links: markup.Links):
    cards = [
        Product(
            name, "Gift card", "Gifts", price=float(name), currency="EUR", attributes={"denomination": f"€{name}.00"}
        )
        for name in ("25", "50")
    ]
    found = Recommendation(tuple(ScoredProduct(one, 0.5, 0.1) for one in cards))
    dialogue = Dialogue().say("a gift card").answer("b", ["25", "50"])
    gallery = markup.gallery(Session(dialogue, dialogue, found, "turn"), links)
    assert 'class="variant"' not in gallery and gallery.count("€50</span>") == 1


def test_tiles_of_one_title_are_told_apart_and_no_others(tmp_path: Path):
    links = variants(tmp_path)
    found = Recommendation(tuple(ScoredProduct(one, 0.25, 0.1) for one in links.catalog))
    dialogue = Dialogue().say("a sofa").answer("b", list("1234"))
    session = Session(dialogue, dialogue, found, "turn")
    gallery = markup.gallery(session, links)
    assert re.findall(r'class="variant"[^>]*>([^<]*)<', gallery) == ["Orange · 180", "Orange · 220"]
    assert 'title="Aalto Sofa, Orange · 220"' in gallery and 'title="Pico lamp"' in gallery
    assert [label for label, _ in markup.choices(session.others)] == [
        "2. Aalto Sofa · 180", "3. Aalto Sofa · 220", "4. Pico lamp",
    ]  # fmt: skip
    assert runner_up_name(found.candidates[2], found.candidates[1]) == "The same in 220"
    card = card_markup.card(session, links)
    assert "Green" in card and "no-1" not in card and "sale" not in card
    assert 'class="page-link"><a href="https://x.example/sofa"' in card
    assert "no-2" not in comparison(replace(session.choose("2"), comparing=True), links)


def test_the_start_shows_one_of_a_family_in_stock_with_a_picture(catalog: Catalog):
    """Twenty products: of one family four, some out of stock, one without a picture."""
    products = tuple(
        replace(one, shape="armchair" * ("armchair" in one.id), in_stock=False if "lamp" in one.id else None)
        for one in catalog
    )
    shown = card_markup.sampled(markup.Links(replace(catalog, products=products), "m", "cpu"))
    assert len(shown) == len({one.family for one in shown}) > 3
    assert all(one.in_stock is None and catalog.picture_path(one) for one in shown)
    assert sum("armchair" in one.id for one in shown) == 1
    every = markup.Links(catalog, "m", "cpu")
    assert len(card_markup.sampled(every)) == card_markup.SAMPLES and "white-sofa" not in card_markup.samples(every)


def test_what_is_out_of_stock_comes_instead_of_that_nothing_was_found():
    green = ScoredProduct(Product("1", "Aalto sofa", "Sofas"), 0.9, 0.1)
    gave_way, wanted = (
        (GivenWay("colour", "orange"),),
        Intent(kinds=("sofa",), appearance=(Appearance("orange", "colour"),)),
    )
    gone = Recommendation((green, green), intent=wanted, gave_way=gave_way, out_of_stock=("Aalto sofa in orange",))
    reply = write_reply(gone)
    assert reply.startswith(
        "The Aalto sofa in orange is out of stock at the moment. What comes nearest is the Aalto sofa."
    )
    assert "found no" not in reply and reply.count("out of stock") == 1
    never = replace(gone, out_of_stock=())
    assert write_reply(never).startswith("I have found no sofa that is orange. What comes nearest")
