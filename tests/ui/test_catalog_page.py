"""The owner's page without a browser: who sees it, what it shows, what its buttons do."""

import asyncio
import shutil
import threading

import gradio as gr
import pytest
from helpers.fakes import EVIL, FakeRecommender, make_catalog

from lavic_chat.catalog import Catalog, Product
from lavic_chat.catalog.checks import background
from lavic_chat.catalog.live import LiveCatalog, LookedAgain
from lavic_chat.catalog.overview import overview_of
from lavic_chat.catalog.product import Problem
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.recommendation import NOT_SOLD, UnmetRequest
from lavic_chat.ui import catalog_markup, markup, sign_in
from lavic_chat.ui.catalog_page import ASKED_AGAIN, DOES_NOT_WATCH, NOTHING_NEW, ON_A_SHEET, CatalogPage, Owner


class Counting(FakeRecommender):
    """Knows what was missed."""

    class unmet:
        @staticmethod
        def most(count):
            return (UnmetRequest("rowing boat", NOT_SOLD, 3),)[:count]


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def page(tmp_path, asked, monkeypatch) -> CatalogPage:
    monkeypatch.setattr(sign_in, "PAUSE", 0)
    return seated(
        make_catalog(tmp_path / "catalog", ("red-lamp",)),
        tmp_path,
        lambda: asked.append("again") or LookedAgain.CHANGED,
    )


def seated(catalog, folder, look_again, annotators=None) -> CatalogPage:
    with gr.Blocks():
        links = markup.Links(catalog, "m", "cpu")
        page = CatalogPage(AnnotationStore(folder / "flags.sqlite"), links, annotators or {})
        page.serve(Counting(catalog), look_again).lay_out()
    return page


def begin(page: CatalogPage, name: str, password: str = "") -> dict:
    return asyncio.run(page.begin(Owner(), name, password))


def press(page: CatalogPage, state: Owner, data: object) -> list[dict]:
    async def screens():
        return [screen async for screen in page.act(state, gr.EventData(None, data))]

    return asyncio.run(screens())


def test_the_catalogue_in_figures_what_was_missed_and_the_pictures(page):
    screen = begin(page, "ada")
    shown = screen[page.body]
    assert "<dd>20</dd><dt>products" in shown and "<dd>4</dd><dt>kinds" in shown and "$154" in shown
    assert "rowing boat" in shown and "not sold here" in shown and "no messages are kept" in shown
    assert shown.count('<img src="pictures/') == 19 and "<q>red lamp</q>" in shown and "Sheet 1 of 1" in shown
    assert 'data-act="check"' in shown and screen[page.state] == Owner("ada")


def test_nobody_sees_it_without_a_name_and_its_password(page, tmp_path):
    closed = seated(page.links.catalog, tmp_path, bool, {"ada": "secret"})
    for name, password in (("ada", "guess"), ("", ""), ("ben", "secret")):
        assert closed.body not in begin(closed, name, password)
    assert closed.body in begin(closed, "ada", "secret")
    (screen,) = press(closed, Owner(), {"act": "check"})
    assert "Sign in first" in screen[closed.notice] and closed.body not in screen


def test_a_check_tells_what_is_missing_and_is_made_once(page, monkeypatch):
    begun, done = press(page, Owner("ada"), {"act": "check"})
    assert "Every picture is being opened" in begun[page.body]
    assert "missing picture" in done[page.body] and "images/red-lamp.jpg is missing" in done[page.body]
    monkeypatch.setattr(background, "check_catalog", None)
    assert "missing picture" in press(page, Owner("ada"), {"act": "check"})[1][page.body]
    assert "missing picture" in begin(page, "ben")[page.body]


def test_a_check_can_be_made_again(page, monkeypatch):
    assert "Check again" not in begin(page, "ada")[page.body]
    done = press(page, Owner("ada"), {"act": "check"})[-1]
    assert "missing picture" in done[page.body] and 'data-act="check-again"' in done[page.body]
    folder = page.links.catalog.folder / "images"
    shutil.copyfile(folder / "blue-lamp.jpg", folder / "red-lamp.jpg")
    begun, mended = press(page, Owner("ada"), {"act": "check-again"})
    assert "Every picture is being opened" in begun[page.body] and "missing picture" not in mended[page.body]
    assert "same picture" in mended[page.body] and "Check again" in mended[page.body]
    monkeypatch.setattr(background, "check_catalog", lambda folder: [])
    shown = press(page, Owner("ada"), {"act": "check-again"})[-1][page.body]
    assert "Nothing is amiss" in shown and "Check again" in shown


def test_owners_who_check_again_at_once_wait_for_one_check(page, monkeypatch):
    page.checker.check()
    made, go_on = [], threading.Event()
    monkeypatch.setattr(background, "check_catalog", lambda folder: made.append(go_on.wait(60)) or [])
    threads = [threading.Thread(target=page.checker.check_again) for _ in range(3)]
    for thread in threads:
        thread.start()
    go_on.set()
    for thread in threads:
        thread.join(60)
    assert 1 <= len(made) <= 3 and page.checker.known().problems == ()


def test_another_catalogue_is_to_be_checked_anew(page):
    page.checker.check()
    assert page.checker.known()
    page.checker.catalog = Catalog(page.checker.catalog.folder, (), content_hash="another")
    assert page.checker.known() is None


def test_a_check_that_cannot_be_is_a_sentence(page):
    (page.links.catalog.folder / "products.jsonl").unlink()
    told = press(page, Owner("ada"), {"act": "check"})[-1]
    assert page.body not in told and "products.jsonl" in told[page.notice]


def test_the_owner_has_it_looked_at_again(page, asked, tmp_path):
    (screen,) = press(page, Owner("ada"), {"act": "again"})
    assert asked == ["again"] and ASKED_AGAIN in screen[page.notice]
    for found, said in ((LookedAgain.UNWATCHED, DOES_NOT_WATCH), (LookedAgain.UNCHANGED, NOTHING_NEW)):
        still = seated(page.links.catalog, tmp_path, lambda found=found: found)
        assert said in press(still, Owner("ada"), {"act": "again"})[0][still.notice]


def test_the_masthead_counts_the_newest_catalogue(page, tmp_path):
    live = LiveCatalog(page.links.catalog)
    owner = seated(live, tmp_path, bool)
    live.take(Catalog(live.folder, live.products[:7]))
    assert "7 products" in begin(owner, "ada")[owner.masthead]
    live.take(Catalog(live.folder, live.products[:3]))
    assert "3 products" in press(owner, Owner("ada"), {"act": "refresh"})[0][owner.masthead]


@pytest.mark.parametrize("choice, sheet", [
    ("1", 1), ("0", 0), ("99", 1), ("-1", 0), ("x", 0), ("9" * 50, 0), (None, 0), (3, 0), ("٣", 0),
])  # fmt: skip
def test_sheet_after_sheet(page, tmp_path, choice, sheet):
    products = [Product(f"p{n}", f"Thing {n}", "Things") for n in range(ON_A_SHEET + 1)]
    many = seated(Catalog(tmp_path, tuple(products)), tmp_path, bool)
    (screen,) = press(many, Owner("ada"), {"act": "sheet", "id": choice})
    assert screen[many.state].sheet == sheet and f"Sheet {sheet + 1} of 2" in screen[many.body]
    assert screen[many.body].count("<code>") == (1 if sheet else ON_A_SHEET)


@pytest.mark.parametrize("data", [None, [], {}, {"act": "judge"}, {"act": ["check"]}])
def test_what_is_no_button_does_nothing(page, data):
    assert press(page, Owner("ada"), data) == []


def test_nothing_of_a_catalogue_or_a_visitor_is_markup(tmp_path):
    product = Product(EVIL, EVIL, EVIL, price=1.0, currency="EUR")
    catalog = Catalog(tmp_path, (product,))
    links = markup.Links(catalog, "m", "cpu")
    shown = [
        catalog_markup.figures(overview_of(catalog.columns), links),
        catalog_markup.unmet([UnmetRequest(EVIL, NOT_SOLD, 1)]),
        catalog_markup.pictures([Problem(EVIL, EVIL, EVIL)], False),
        catalog_markup.sheet([(product, EVIL)], (0, 1), links),
    ]
    assert not any("<script" in one or "<img src=x" in one for one in shown)


def test_an_empty_catalogue_has_its_page_too(tmp_path):
    empty = seated(Catalog(tmp_path, ()), tmp_path, bool)
    shown = begin(empty, "ada")[empty.body]
    assert "No product has a price" in shown and "Sheet 1 of 1" in shown
    assert "Nothing is amiss" in catalog_markup.pictures([], False) and "Nothing yet" in catalog_markup.unmet([])


def test_one_price_far_above_the_others_has_a_bar_of_its_own(tmp_path):
    products = [Product(str(n), f"Vase {n}", "Vases", price=20.0 + 10 * n) for n in range(20)]
    links = markup.Links(Catalog(tmp_path, tuple(products)), "m", "cpu")
    shown = catalog_markup.figures(overview_of(links.catalog.columns), links)
    assert "The last bar" not in shown and ">$220</span></p>" in shown and 'class="far"' not in shown
    dear = Catalog(tmp_path, (*products, Product("x", "Villa", "Houses", price=250_000.0)))
    shown = catalog_markup.figures(overview_of(dear.columns), links)
    assert "The last bar: 1 product costs far more than the others, up to $250,000." in shown
    assert shown.count('class="far"') == 1 and ">$225+</span></p>" in shown
    assert 'title="$225 to $250,000: 1"' in shown
