"""A catalogue that is imported anew is taken up by the running chat, and visitors on old results are not broken."""

import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from helpers.fakes import FakeRecommender, make_catalog

from lavic_chat.catalog import Catalog, load_catalog
from lavic_chat.catalog.live import CatalogChange, LookedAgain
from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.errors import LavicError
from lavic_chat.serving import preparation
from lavic_chat.serving import watch as module
from lavic_chat.serving.engine import Engine
from lavic_chat.serving.watch import CatalogWatch, WatchConfig
from lavic_chat.settings import Settings
from lavic_chat.storage.files import write_jsonl
from lavic_chat.ui.links import PRICE_LIMIT, Links


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return make_catalog(tmp_path / "catalog")


@pytest.fixture
def begun(monkeypatch) -> list:
    """The commands that were begun in processes of their own."""
    commands: list = []
    monkeypatch.setattr(
        module,
        "run_in_background",
        lambda settings, *words: commands.append(words) or SimpleNamespace(wait=lambda: 0),
    )
    monkeypatch.setattr(
        module, "load_recommender", lambda settings, progress: FakeRecommender(load_catalog(settings.catalog))
    )
    return commands


@pytest.fixture
def watch(catalog: Catalog, tmp_path: Path, begun):
    said: list[str] = []
    with Engine(FakeRecommender(catalog)) as engine:
        watch = CatalogWatch(engine, Settings(tmp_path / "home", catalog.folder), WatchConfig(0.01, said.append))
        watch.said = said
        yield watch
        watch.close()


def rewrite(catalog: Catalog, *gone: str) -> None:
    rows = [one.to_row() | {"price": 1.0} for one in catalog if one.id not in gone]
    write_jsonl(catalog.folder / "products.jsonl", [*rows, {"id": "new", "title": "New lamp", "category": "lamp"}])


def test_what_is_still_loading_does_not_take_the_place_of_what_is_newer(watch, catalog, monkeypatch):
    loading, go_on = threading.Event(), threading.Event()

    def load_slowly(settings: Settings, progress: bool, catalog: Catalog) -> FakeRecommender:
        loading.set()
        assert go_on.wait(60)
        return FakeRecommender(catalog)

    monkeypatch.setattr(preparation, "load_recommender", load_slowly)
    renewing = threading.Thread(target=preparation.renew, args=(watch.engine, watch.settings))
    renewing.start()
    assert loading.wait(60)
    rewrite(catalog)
    looking = threading.Thread(target=watch.look)
    looking.start()
    looking.join(2)
    go_on.set()
    renewing.join(60)
    looking.join(60)
    assert "new" in watch.engine.catalog and "new" in watch.engine.recommender.catalog


def test_nothing_new_is_nothing_to_do(watch, catalog, begun):
    assert watch.look() is None
    (catalog.folder / "products.jsonl").touch()
    assert watch.look() is None and not begun and not watch.said


def test_a_new_import_is_taken_up(watch, catalog, begun):
    pages = watch.engine.catalog
    before = watch.engine.recommend(Dialogue().say("a red lamp"))
    rewrite(catalog, "red-lamp")
    assert watch.look() == CatalogChange(1, 19, 1)
    assert begun == [("index", "--catalog", str(catalog.folder), "--no-read-ahead")]
    assert watch.said == [f"The catalogue {catalog.folder} changed: 1 product is new, 19 changed, 1 gone; 20 in all."]
    assert pages is watch.engine.catalog and "new" in pages and len(pages) == 20
    assert all(item.product.id in pages for item in before.candidates), "old results are still there"
    assert pages.picture_path(pages["red-lamp"]) and "red-lamp" not in pages.by_id
    after = watch.engine.recommend(Dialogue().say("a red lamp"))
    assert "red-lamp" not in [item.product.id for item in after.candidates]
    assert watch.look() is None


@pytest.mark.parametrize("text", ["nonsense\n", '{"id": "a"}\n'])
def test_one_that_cannot_be_used_leaves_the_old_one(watch, catalog, text):
    (catalog.folder / "products.jsonl").write_text(text)
    assert watch.look() is None and len(watch.said) == 1 and "cannot be taken up: " in watch.said[0]
    assert len(watch.engine.catalog) == 20 and watch.engine.recommend(Dialogue().say("a red lamp")).candidates
    assert watch.look() is None and len(watch.said) == 1, "once is enough"
    rewrite(catalog)
    assert watch.look() == CatalogChange(1, 20, 0)


def test_a_fault_of_ours_is_no_end_of_it(watch, catalog, monkeypatch):
    def fail(settings, progress):
        raise RuntimeError("secret")

    monkeypatch.setattr(module, "load_recommender", fail)
    rewrite(catalog)
    assert watch.look() is None and "RuntimeError" in watch.said[0] and "secret" not in watch.said[0]


def test_a_file_that_is_gone_or_being_written_is_waited_for(watch, catalog, monkeypatch):
    path = catalog.folder / "products.jsonl"
    text = path.read_text()
    path.unlink()
    assert watch.look() is None and not watch.said
    path.write_text(text + '{"id": "new", "title": "New", "category": "lamp"}\n')
    states = iter((((1, 1, 1), (0, 0, 0)), ((2, 1, 1), (0, 0, 0))))
    with monkeypatch.context() as patch:
        patch.setattr(watch, "state", lambda: next(states))
        assert watch.look() is None
    assert watch.look() == CatalogChange(1, 0, 0)


def test_it_looks_by_itself_and_ends(watch, catalog):
    watch.start()
    rewrite(catalog)
    for _ in range(500):
        if watch.said:
            break
        watch.stop.wait(0.01)
    watch.close()
    watch.thread.join(5)
    assert watch.said and not watch.thread.is_alive()


def test_an_owner_is_told_whether_anything_has_changed(watch, catalog):
    assert watch.look_again() is LookedAgain.UNCHANGED and not watch.asked.is_set()
    (catalog.folder / "products.jsonl").touch()
    assert watch.look_again() is LookedAgain.UNCHANGED and not watch.asked.is_set()
    rewrite(catalog)
    assert watch.look_again() is LookedAgain.CHANGED and watch.asked.is_set()
    assert watch.look() == CatalogChange(1, 20, 0)
    assert watch.look_again() is LookedAgain.UNCHANGED
    (catalog.folder / "products.jsonl").unlink()
    assert watch.look_again() is LookedAgain.UNCHANGED


def test_what_could_not_be_taken_up_is_tried_again_at_an_owners_word(watch, catalog, monkeypatch):
    load = module.load_recommender
    monkeypatch.setattr(module, "load_recommender", lambda *_, **__: 1 / 0)
    rewrite(catalog)
    assert watch.look() is None and watch.look() is None
    monkeypatch.setattr(module, "load_recommender", load)
    assert watch.look() is None
    assert watch.look_again() is LookedAgain.CHANGED and watch.look() == CatalogChange(1, 20, 0)


def test_terms_that_change_count(watch, catalog):
    (catalog.folder / "catalog.toml").write_text("appearance = false\n")
    assert watch.look() == CatalogChange(0, 0, 0) and watch.engine.catalog.terms.appearance is False


def test_a_currency_that_changes_is_shown_by_pages_that_are_open(watch, catalog):
    links = Links(watch.engine.catalog, "m", "cpu", "$")
    product = next(product for product in catalog if product.price is not None)
    assert links.price(product).startswith("$") and links.amount(5) == "$5"
    for text, sign in (('currency = "EUR"', "€"), ('currency = "GBP"', "£"), ("", "$")):
        (catalog.folder / "catalog.toml").write_text(text)
        assert watch.look() == CatalogChange(0, 0, 0)
        assert links.price(product).startswith(sign) and links.chip(PRICE_LIMIT, "at most 500") == f"at most {sign}500"


def test_an_earlier_answer_is_judged_by_what_is_left(catalog):
    from lavic_chat.serving.turn import still_here

    answer = FakeRecommender(catalog).recommend(Dialogue().say("a red lamp"))
    left = still_here(answer, {item.product.id for item in answer.candidates[1:]})
    assert left.candidates == answer.candidates[1:]
    with pytest.raises(LavicError, match="None of these products is in the catalogue any more"):
        still_here(answer, ())
