"""The chat in a real headless Chromium: ask, look, change, flag; two visitors; a phone."""

import re
import shutil
import sqlite3
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit

import gradio as gr
import pytest
from helpers.fakes import FakeRecommender, make_catalog
from PIL import Image

from lavic_chat.catalog import Catalog, load_catalog
from lavic_chat.catalog.live import LiveCatalog
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.serving.engine import Engine
from lavic_chat.ui import build_app, launch

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 15_000  # milliseconds

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine; install the package chromium"),
]


@dataclass
class HeldRecommender(FakeRecommender):
    """Answers once `gate` is set."""

    gate: threading.Event = field(default_factory=threading.Event)

    def recommend(self, *values, **named):
        assert self.gate.wait(60)
        return super().recommend(*values, **named)


@dataclass
class Served:
    """The running app, where it keeps its flags, and what lets its answers through."""

    address: str
    flags: Path
    gate: threading.Event
    complaints: list[str] = field(default_factory=list)  # console errors and requests to other hosts


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("shop")
    catalog = make_catalog(folder / "catalog", without_picture=("white-armchair",))
    recommender = HeldRecommender(catalog, delay=0.3)
    recommender.gate.set()
    with Engine(recommender) as engine:
        app = build_app(engine, AnnotationStore(folder / "flags.sqlite"))
        _, address, _ = launch(app, catalog, port=None, prevent_thread_lock=True, quiet=True)
        yield Served(address, folder / "flags.sqlite", recommender.gate)
        app.close(verbose=False)


@pytest.fixture(scope="module")
def browser() -> Iterator["sync_api.Browser"]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def session(browser: "sync_api.Browser", served: Served) -> Iterator:
    """A function that opens the page as a new visitor; afterwards nobody may have complained."""
    contexts = []

    def open_page(width: int = 1280, height: int = 900, **more) -> "sync_api.Page":
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, **more))
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda line: line.type == "error" and served.complaints.append(line.text))
        page.on("pageerror", lambda error: served.complaints.append(str(error)))
        page.on("dialog", lambda dialog: served.complaints.append(f"a script ran: {dialog.message}"))
        page.on("request", lambda request: note_outsider(served, request.url))
        page.goto(served.address)
        page.wait_for_selector(".greeting")
        return page

    yield open_page
    for context in contexts:
        context.close()
    told, served.complaints[:] = list(served.complaints), []
    assert told == []


def note_outsider(served: Served, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme in ("http", "https") and parts.netloc != urlsplit(served.address).netloc:
        served.complaints.append(f"asked elsewhere: {url}")


def ask(page: "sync_api.Page", text: str) -> None:
    """Send a message and wait for the answer to it."""
    before = page.locator(".log .shopper").count()
    page.fill("#box textarea", text)
    page.press("#box textarea", "Enter")
    page.locator(".log .shopper").nth(before).wait_for()
    wait_for_answer(page)


def wait_for_answer(page: "sync_api.Page") -> None:
    page.wait_for_selector(".log li:last-child.bot:not(.typing)")
    page.wait_for_selector("#card .card:not(.waiting):not(.outline)")


def picked(page: "sync_api.Page") -> str:
    return page.get_attribute("#card .card", "data-product")


def test_ask_look_change_and_flag(session, served: Served):
    page = session()
    ask(page, "I need a red armchair for a reading corner")
    assert picked(page) == "red-armchair"
    assert page.inner_text("#card h2") == "Harbour armchair"
    assert page.evaluate("document.querySelector('#card img').naturalWidth") == 200
    assert page.locator("#gallery .tile img").count() == 9
    page.wait_for_function("[...document.querySelectorAll('#gallery img')].every((i) => i.naturalWidth > 0)")

    page.click("text=Something else")
    page.wait_for_selector("#card .card:not([data-product='red-armchair']):not(.waiting)")
    wait_for_answer(page)
    pick, turn_tiles = picked(page), page.locator("#gallery .tile[data-act=choose]")
    assert "red-armchair" not in [tile.get_attribute("data-id") for tile in turn_tiles.all()]

    right = turn_tiles.nth(2).get_attribute("data-id")
    turn_tiles.nth(2).click()
    page.wait_for_selector(f"#card [data-product='{right}']")
    page.click("#wrong-pick")
    page.locator("#right label").first.wait_for()
    assert page.locator("#right label").count() == 10  # nine, and none of these
    page.locator("#right input:checked").wait_for()
    page.click("#quick label:has-text('Wrong colour')")
    page.fill("#words textarea", "it should be <b>darker</b>")
    page.click("#flag-actions >> text=Save")
    page.wait_for_selector(".notice.thanks")

    with sqlite3.connect(served.flags) as database:
        columns = "context, pick, correct, reason, candidates"
        [row] = database.execute(f"select {columns} from flags").fetchall()
    assert "I need a red armchair" in row[0] and row[0].rstrip().endswith("Something else, please.</submission>")
    assert row[1:4] == (pick, right, "Wrong colour; it should be <b>darker</b>")
    assert row[4].count("armchair") >= 1 and right in row[4]


def test_compare_filter_look_away_and_undo(session):
    page = session()
    ask(page, "a red armchair")
    page.locator("#gallery .tile[data-act=choose]").nth(1).click()
    page.click("#card [data-act=compare]")
    page.wait_for_selector(".compare figure")
    assert page.locator(".compare figure").count() == 2
    page.click(".compare [data-act=choose]")
    page.wait_for_selector("#card [data-product='red-armchair']")

    page.click("#looked summary")
    page.click("#looked [data-act=blind]")
    page.wait_for_selector("text=Without looking, the pick would have been")

    page.click("#filters button >> nth=0")
    assert page.locator("#prices").get_by_label("From").input_value() == ""
    page.locator("#prices").get_by_label("To").fill("60")
    page.click("#filter-actions >> text=Apply")
    page.wait_for_function("document.querySelectorAll('#gallery .tile[data-act=choose]').length === 1")
    assert page.locator(".log li").count() == 2  # answered anew, not once more
    page.locator("#prices").get_by_label("To").fill("cheap")
    page.click("#filter-actions >> text=Apply")
    page.wait_for_selector("text=such as 49.90")
    page.click("#filter-actions >> text=Clear")
    page.wait_for_function("document.querySelectorAll('#gallery .tile[data-act=choose]').length === 9")

    ask(page, "rather in green")
    page.click("#undo")
    page.wait_for_function("document.querySelectorAll('.log li').length === 2")
    wait_for_answer(page)
    assert picked(page) == "red-armchair"
    page.click("#undo")
    page.wait_for_selector(".greeting")


def test_this_one_is_what_was_clicked(session):
    page = session()
    ask(page, "a red armchair")
    ask(page, "what is this one made of?")
    assert page.locator(".log li").last.inner_text().endswith("Harbour armchair it is.")
    tile = page.locator("#gallery .tile[data-act=choose]").nth(2)
    clicked = tile.get_attribute("data-id")
    tile.click()
    page.wait_for_selector(f"#card [data-product='{clicked}']")
    title = page.inner_text("#card h2")
    ask(page, "and this one?")
    assert picked(page) == clicked and page.locator(".log li").last.inner_text().endswith(f"{title} it is.")
    page.fill("#box textarea", "two red ones to compare")
    page.press("#box textarea", "Enter")
    page.wait_for_selector(".compare:not(.waiting) figure")
    assert page.locator(".compare figure").count() == 2


@pytest.mark.parametrize("width", [1280, 390])
def test_a_condition_is_taken_back_by_its_chip(session, width: int):
    page = session(width, 800)
    ask(page, "a red armchair under 500")
    chips = page.locator("#conditions button")
    assert [chip.get_attribute("aria-label") for chip in chips.all()] == [
        "Remove: armchair", "Remove: red", "Remove: at most $500",
    ]  # fmt: skip
    page.fill("#box textarea", "thanks")
    page.press("#box textarea", "Enter")
    page.wait_for_selector(".log li:last-child.bot:has-text('My pleasure.')")
    assert picked(page) == "red-armchair" and chips.count() == 3  # still there, and so is the pick

    page.locator("#conditions button:enabled").nth(1).focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelectorAll('#conditions button:enabled').length === 2")
    assert page.locator("#conditions [data-id='look red']").count() == 0
    wait_for_answer(page)
    assert page.locator(".log .shopper").count() == 2 and page.locator(".log .bot").count() == 3
    page.reload()
    wait_for_answer(page)
    chips.nth(1).click()
    page.wait_for_function("document.querySelectorAll('#conditions button:enabled').length === 1")
    page.click("#undo")
    page.wait_for_function("document.querySelectorAll('#conditions button:enabled').length === 2")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.click("#start-over")
    page.wait_for_selector(".greeting")
    assert not page.is_visible("#conditions")


def test_loading_the_page_again_goes_on_with_the_conversation(session, served: Served):
    page = session()
    ask(page, "a red armchair")
    page.click("#filters button >> nth=0")
    page.locator("#prices").get_by_label("To").fill("120")
    page.click("#filter-actions >> text=Apply")
    page.wait_for_function("document.querySelectorAll('#gallery .tile[data-act=choose]').length < 9")
    ask(page, "rather in green")
    before = [page.inner_html(name) for name in ("#conversation .log", "#card .card h2", "#gallery .tiles")]
    page.reload()
    wait_for_answer(page)
    assert [page.inner_html(name) for name in ("#conversation .log", "#card .card h2", "#gallery .tiles")] == before
    page.click("#filters button >> nth=0")
    assert page.locator("#prices").get_by_label("To").input_value() == "120"
    page.click("#undo")
    page.wait_for_function("document.querySelectorAll('.log li').length === 2")
    assert picked(page) == "red-armchair"
    session().wait_for_selector(".greeting")  # another browser knows nothing of it

    stored = page.evaluate("localStorage.getItem('lavic-chat')")
    served.gate.clear()  # else the answer might come before the page is loaded again
    try:
        page.fill("#box textarea", "a blue one, then")
        page.press("#box textarea", "Enter")
        page.wait_for_selector("#status .looking")
        page.wait_for_function("stored => localStorage.getItem('lavic-chat') !== stored", arg=stored)
        page.reload()
        page.wait_for_function("document.querySelector('#box textarea')?.value === 'a blue one, then'")
    finally:
        served.gate.set()
    wait_for_answer(page)
    cut_off = ("AbortError", "Connection errored out")  # the page that was left, of the answer it waited for
    served.complaints[:] = [line for line in served.complaints if not any(words in line for words in cut_off)]
    page.click("#start-over")
    page.wait_for_selector(".greeting")
    page.reload()
    page.wait_for_timeout(1_000)
    assert page.locator(".greeting").count() == 1


def test_the_desk_by_keys(session, served: Served):
    shopper = session()
    ask(shopper, "a green lamp")
    shopper.click("#wrong-pick")
    shopper.click("#flag-actions >> text=Save")
    shopper.wait_for_selector(".notice.thanks")
    for width, name in ((1280, "ada"), (390, "ben")):
        page = session(width, 800)
        page.click("text=Annotate")
        page.fill("#annotator input, #annotator textarea", name)
        page.click("#begin")
        page.wait_for_selector(".desk .tile")
        assert page.locator(".desk .log li").first.bounding_box()["y"] > page.locator(".desk .why").bounding_box()["y"]
        left = int(page.inner_text(".progress span >> nth=1").split()[0])
        page.keyboard.press("x")  # no such key
        page.keyboard.press("2")
        page.keyboard.press("2")  # before the next turn is there
        page.wait_for_selector("text=1 judged")
        page.keyboard.press("u")
        page.wait_for_selector("text=0 judged")
        page.keyboard.press("n")
        page.wait_for_selector("text=1 judged")
        page.wait_for_selector(f"text={left - 1} left")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    with sqlite3.connect(served.flags) as database:
        rows = database.execute("select annotator, verdict from judgements order by id").fetchall()
    assert rows == [(name, said) for name in ("ada", "ben") for said in (rows[0][1], "withdrawn", "retrieval")]


def test_the_owner_checks_the_catalogue(session):
    for width in (1280, 390):
        page = session(width, 800)
        page.click("text=Annotate")
        page.click(".masthead >> text=Catalogue")
        page.fill("#annotator input, #annotator textarea", "ada")
        page.click("#begin")
        page.wait_for_selector(".owner .contact img")
        assert page.locator(".owner .histogram li").count() > 3 and "20" in page.inner_text(".owner .figures")
        if page.locator("text=Check pictures").count():
            page.click("text=Check pictures")
        page.wait_for_selector(".owner .problems :is(details, p:text('Nothing is amiss'))")
        page.click("text=Look for changes")
        page.wait_for_selector(".notice:has-text('does not watch its catalogue')")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_filters_that_are_opened_after_a_live_change_offer_what_there_is(browser, tmp_path):
    live = LiveCatalog(make_catalog(tmp_path / "catalog"))
    app = build_app(FakeRecommender(live), AnnotationStore(tmp_path / "flags.sqlite"))
    _, address, _ = launch(app, live, port=None, prevent_thread_lock=True, quiet=True)
    context = browser.new_context()
    try:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        page.wait_for_selector(".greeting")
        red = next(one for one in live if one.id == "red-lamp")
        live.take(Catalog(live.folder, (*live.products, replace(red, id="vase", title="Red vase", category="Vases"))))
        ask(page, "something red")
        page.click("#filters button >> nth=0")
        page.click("#categories input")
        page.click("#categories [role=option]:has-text('Vases')")
        page.click("#filter-actions >> text=Apply")
        page.wait_for_selector("#card .card h2:has-text('Red vase')")
    finally:
        context.close()
        app.close(verbose=False)


def test_annotators_with_passwords_find_their_pages_once_they_have_signed_in(browser, tmp_path):
    catalog = make_catalog(tmp_path / "catalog")
    store = AnnotationStore(tmp_path / "flags.sqlite")
    app = build_app(FakeRecommender(catalog), store, annotators={"ada": "secret"})
    _, address, _ = launch(app, catalog, port=None, prevent_thread_lock=True, quiet=True)
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    try:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        page.wait_for_selector(".greeting")
        assert not page.is_visible(".masthead >> text=Annotate") and not page.is_visible(".masthead >> text=Catalogue")
        page.goto(f"{address}catalog")
        page.fill("#annotator input, #annotator textarea", "ada")
        for password in ("guess", "secret"):
            page.fill("input[type=password]", password)
            page.click("#begin")
            page.wait_for_selector(".notice.error" if password == "guess" else ".owner .contact img")
        page.click(".masthead a:text-is('Shop')")
        page.wait_for_selector(".greeting")
        page.wait_for_selector(".masthead >> text=Annotate")
        page.click(".masthead >> text=Catalogue")
        page.wait_for_selector("#annotator")
    finally:
        context.close()
        app.close(verbose=False)


def test_two_visitors_never_mix(session):
    one, two = session(), session()
    one.fill("#box textarea", "a yellow lamp")
    two.fill("#box textarea", "a green sofa")
    one.press("#box textarea", "Enter")
    two.press("#box textarea", "Enter")
    wait_for_answer(one)
    wait_for_answer(two)
    assert (picked(one), picked(two)) == ("yellow-lamp", "green-sofa")
    assert "sofa" not in one.inner_text(".log .shopper") and "lamp" not in two.inner_text(".log .shopper")
    one.click("#start-over")
    one.wait_for_selector(".greeting")
    assert picked(two) == "green-sofa"


def test_who_waits_sees_the_line_move_and_may_start_over(session, served: Served):
    one, two, three = session(), session(), session()
    served.gate.clear()
    try:
        for page, text in ((one, "a yellow lamp"), (two, "a green sofa"), (three, "a red armchair")):
            page.fill("#box textarea", text)
            page.press("#box textarea", "Enter")
            page.wait_for_selector("#status .looking")
            page.wait_for_timeout(1_000)  # until it is in line
        assert "Two shoppers are served before you" in three.inner_text("#status")
        two.click("#start-over")
        two.wait_for_selector(".greeting")
        three.wait_for_selector("#status [data-ahead='1']")
    finally:
        served.gate.set()
    wait_for_answer(one)
    wait_for_answer(three)
    assert (picked(one), picked(three)) == ("yellow-lamp", "red-armchair")
    assert two.locator(".greeting").count() == 1  # nothing came of what it had asked
    ask(two, "a blue lamp")
    assert picked(two) == "blue-lamp"


def test_a_phone_has_everything_and_no_sideways_scroll(session):
    page = session(390, 844, color_scheme="dark", has_touch=True, is_mobile=True)
    page.click(".examples button >> nth=0")
    wait_for_answer(page)
    page.click("#wrong-pick")
    page.wait_for_selector("#right label")
    widest = "Math.max(...[...document.querySelectorAll('body *')].map((e) => e.getBoundingClientRect().right))"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate(widest) <= 391
    tops = [page.locator(name).bounding_box()["y"] for name in ("#conversation", "#box", "#card", "#gallery")]
    assert tops == sorted(tops)


def test_errors_are_sentences_and_the_message_comes_back(session):
    page = session()
    message = "break down </textarea><img src=x onerror=alert(1)> ${alert(2)} {{x}}"
    page.fill("#box textarea", message)
    page.press("#box textarea", "Enter")
    page.wait_for_selector(".notice.error")
    assert "Something went wrong on our side" in page.inner_text("#notice")
    assert page.input_value("#box textarea") == message
    page.wait_for_selector(".greeting")

    ask(page, message.replace("break down", "a lamp"))
    assert page.locator(".notice").count() == 0
    assert page.locator(".log .shopper").inner_text().endswith(message.removeprefix("break down"))


@contextmanager
def serving(folder: Path, port: int | None = None) -> Iterator[str]:
    """The address of an app of its own, which ends with the block."""
    catalog = load_catalog(folder / "catalog")
    with Engine(FakeRecommender(catalog)) as engine:
        app = build_app(engine, AnnotationStore(folder / "flags.sqlite"))
        _, address, _ = launch(app, catalog, port=port, prevent_thread_lock=True, quiet=True)
        try:
            yield address
        finally:
            app.close(verbose=False)


def test_a_history_is_kept_where_the_visitor_agreed_and_nowhere_else(browser, tmp_path: Path):
    make_catalog(tmp_path / "catalog")
    agreeing, other = (browser.new_context(viewport={"width": width, "height": 844}) for width in (1280, 390))
    pages = [context.new_page() for context in (agreeing, other)]
    one, two = pages
    with serving(tmp_path) as address:
        for page in pages:
            page.set_default_timeout(PATIENCE)
            page.goto(address)
            page.wait_for_selector(".greeting")
            assert page.locator(".also, .keeping").count() == 0
        for page, text in ((one, "a red lamp"), (two, "a green sofa")):
            ask(page, text)
            page.click(".heart[aria-pressed='false']")
            page.wait_for_selector(".heart[aria-pressed='true']")
            page.wait_for_selector(".keeping")
        assert kept(one) is None and kept(two) is None
        one.click("[data-act=remember]")
        one.wait_for_selector(".keeping:has-text('in this browser only')")
        for page in pages:
            page.click("#start-over")
            page.wait_for_selector(".greeting")
        one.wait_for_selector(".also [data-id='blue-lamp']")
        two.wait_for_selector(".also [data-id='blue-sofa']")
        for page in pages:
            page.reload()
            page.wait_for_selector(".greeting")
        one.wait_for_selector(".also [data-id='blue-lamp']")
        two.wait_for_timeout(1_000)
        assert two.locator(".also, .keeping").count() == 0 and kept(two) is None
        assert all(page.evaluate("document.documentElement.scrollWidth <= innerWidth") for page in pages)
        one.goto("about:blank")  # it must not ask a server that is gone
        two.goto("about:blank")
    with serving(tmp_path, urlsplit(address).port) as again:
        one.goto(again)
        one.click(".also [data-id='blue-lamp']")
        wait_for_answer(one)
        assert "Show me more like the Meadow lamp" in one.locator(".log .shopper").last.inner_text()
        one.wait_for_selector(".keeping")
        assert kept(one)
        tab = agreeing.new_page()
        tab.goto(again)
        tab.wait_for_selector(".keeping")
        one.click("[data-act=forget]")
        tab.wait_for_function("!document.querySelector('.also, .keeping')")
        one.wait_for_function("!document.querySelector('.also, .keeping')")
        one.wait_for_function("!localStorage.getItem('lavic-chat-history')")
        one.reload()
        wait_for_answer(one)
        one.wait_for_timeout(1_000)
        assert one.locator(".also, .keeping").count() == 0 and kept(one) is None
    for context in (agreeing, other):
        context.close()


def kept(page: "sync_api.Page") -> str | None:
    return page.evaluate("localStorage.getItem('lavic-chat-history')")


def test_a_photo_goes_along(session, tmp_path: Path):
    page, photo = session(), tmp_path / "sofa & 'lamp' <b>.png"
    Image.new("RGB", (60, 40), "#35558f").save(photo)
    page.set_input_files("#box input[type=file]", photo)
    page.wait_for_selector("#box .thumbnails")
    ask(page, "a sofa like this")
    page.wait_for_function("document.querySelector('.log .photo').naturalWidth == 60")


def test_more_like_this_goes_by_the_card(session):
    page = session()
    ask(page, "a red armchair")
    tile = page.locator("#gallery .tile[data-act=choose]").nth(1)
    shown = tile.get_attribute("data-id")
    tile.click()
    page.wait_for_selector(f"#card [data-product='{shown}']")
    page.click("text=More like this")
    page.wait_for_function("document.querySelectorAll('.log .shopper').length === 2")
    wait_for_answer(page)
    assert "Show me more like the" in page.locator(".log .shopper").last.inner_text()
    assert picked(page) != shown  # itself is left out
    assert shown not in [tile.get_attribute("data-id") for tile in page.locator("#gallery .tile").all()]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda file: file.write_text("<svg onload=alert(1)>"), "is not a readable picture"),
        (lambda file: Image.new("1", (8_000, 8_000)).save(file, "PNG"), "over 40 million pixels"),
    ],
    ids=["no picture", "a bomb"],
)
def test_hostile_photos_get_a_sentence(session, tmp_path: Path, make, told: str):
    page, photo = session(), tmp_path / "photo.png"
    make(photo)
    page.set_input_files("#box input[type=file]", photo)
    page.wait_for_selector("#box .thumbnails")
    page.fill("#box textarea", "like this")
    page.press("#box textarea", "Enter")
    page.wait_for_selector(".notice.error")
    assert told in page.inner_text("#notice")
    assert page.input_value("#box textarea") == "like this" and page.locator(".greeting").count() == 1


def test_an_upload_over_the_limit_is_told_at_once(session, tmp_path: Path):
    page, photo = session(), tmp_path / "photo.png"
    photo.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(21_000_000))
    page.set_input_files("#box input[type=file]", photo)
    page.wait_for_selector("text=exceed the maximum allowed size")
    assert page.locator("#box .thumbnails").count() == 0


def test_only_pictures_leave_the_disk(served: Served):
    folder = served.flags.parent
    closed = [served.flags, folder / "catalog" / "products.jsonl", Path("/etc/passwd"), Path(gr.__file__)]
    names = [f"gradio_api/file={path}" for path in closed]
    names += ["gradio_api/file%3D%2Fetc%2Fpasswd", "pictures/..%2fproducts.jsonl", "pictures/%2e%2e/products.jsonl"]
    for name in names:
        with pytest.raises(HTTPError) as refused:
            urllib.request.urlopen(served.address + name, timeout=10)
        assert refused.value.code in (403, 404), name
    with urllib.request.urlopen(served.address + "pictures/red-sofa", timeout=10) as picture:
        assert re.match("image/jpeg", picture.headers["Content-Type"])


# Tabs ------------------------------------------------------------------------------------------------------------


def conversation_of(page: "sync_api.Page") -> list[str]:
    return page.locator(".log .shopper").all_inner_texts()


def test_two_tabs_of_one_browser_are_two_conversations(session, served: Served):
    one = session()
    ask(one, "a red armchair")
    two = one.context.new_page()
    two.set_default_timeout(PATIENCE)
    two.on("pageerror", lambda error: served.complaints.append(str(error)))
    two.goto(served.address)
    two.wait_for_selector(".greeting")
    two.wait_for_timeout(1_000)
    assert two.locator(".log .shopper").count() == 0
    ask(two, "a blue lamp")
    assert "a blue lamp" in conversation_of(two)[0] and two.locator(".log .shopper").count() == 1
    ask(one, "rather in green")
    for _ in range(2):  # in either order, and again
        for page in (two, one):
            page.reload()
            wait_for_answer(page)
            page.wait_for_timeout(500)
        assert "blue lamp" in conversation_of(two)[0] and two.locator(".log .shopper").count() == 1
        assert "red armchair" in conversation_of(one)[0] and one.locator(".log .shopper").count() == 2
    ask(two, "a yellow one")
    assert two.locator(".log .shopper").count() == 2 and "yellow" not in str(conversation_of(one))

    two.click("#start-over")
    two.wait_for_selector(".greeting")
    one.reload()
    wait_for_answer(one)
    two.reload()
    two.wait_for_selector(".greeting")
    two.wait_for_timeout(1_000)
    assert two.locator(".log .shopper").count() == 0 and one.locator(".log .shopper").count() == 2


def test_who_comes_back_with_no_tab_open_goes_on(session, served: Served):
    page = session()
    ask(page, "a red armchair")
    context = page.context
    page.close()
    again = context.new_page()
    again.set_default_timeout(PATIENCE)
    again.goto(served.address)
    wait_for_answer(again)
    assert "red armchair" in conversation_of(again)[0]


# Headers ---------------------------------------------------------------------------------------------------------

PUT = """text => new Promise(done => {
    window.ran = 0;
    document.addEventListener('securitypolicyviolation', () => { window.refused = (window.refused || 0) + 1; });
    const place = document.createElement('div');
    document.body.append(place);
    place.innerHTML = text;
    const script = document.createElement('script');
    script.textContent = 'window.ran = 1';
    document.body.append(script);
    setTimeout(() => done([window.ran, window.refused]), 500);
})"""


@pytest.mark.parametrize("path", ["", "desk", "catalog"])
def test_no_script_runs_that_is_not_the_pages_own(session, served: Served, path: str):
    page = session()
    page.goto(served.address + path)
    page.wait_for_selector("#masthead")
    assert served.complaints == []  # the page itself keeps to its policy
    ran, refused = page.evaluate(PUT, "<img src=x onerror='window.ran = 2'><a href='javascript:window.ran = 3'>x</a>")
    assert ran == 0 and refused >= 2
    assert any("Content Security Policy" in line for line in served.complaints)
    served.complaints.clear()


def test_a_frame_of_another_site_shows_nothing_and_one_of_its_own_does(session, served: Served):
    page = session()
    shown = """address => new Promise(done => {
        const frame = document.createElement('iframe');
        frame.onload = () => setTimeout(() => done(!!frame.contentDocument?.querySelector('gradio-app')), 500);
        frame.src = address;
        document.body.append(frame);
    })"""
    assert page.evaluate(shown, served.address)
    page.goto("about:blank")
    assert not page.evaluate(shown, served.address)
    served.complaints.clear()  # the browser says why
