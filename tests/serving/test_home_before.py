"""A home, an adapter and a browser's storage written by version 0.1.0 open without work done again."""

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.listening import make_listener
from helpers.tiny import tiny_model
from helpers.toys import WordEncoder

from lavic_chat.catalog import Catalog, load_catalog
from lavic_chat.catalog.filters import NO_FILTERS, Filters
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.model.adapter import apply_adapter
from lavic_chat.nlu.intent import Intent
from lavic_chat.ranking import Ranker
from lavic_chat.recommendation import RecommendationRequest
from lavic_chat.serving.recommender import Recommender, load_recommender
from lavic_chat.settings import Settings
from lavic_chat.storage.cache import TextCache
from lavic_chat.ui.browser_storage import from_storage, to_storage
from lavic_chat.ui.session import Session

FIXTURE = Path(__file__).parent.parent / "fixtures" / "home_before"


class QueryEncoder(WordEncoder):
    """In the place of the sentence encoder: reads what shoppers say, once the catalogue's texts have come from the
    cache."""

    is_open = False
    name, runtime = "all-MiniLM-L6-v2", "torch"

    def encode(self, texts, **options):
        assert self.is_open, "a product's text is read again"
        return super().encode(texts)

    def get_embedding_dimension(self) -> int:
        return self.size


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """The old files in a place of their own."""
    return shutil.copytree(FIXTURE, tmp_path / "before")


@pytest.fixture
def catalog(before: Path) -> Catalog:
    return load_catalog(before / "catalog")


@pytest.fixture
def recommender(before: Path, monkeypatch) -> Recommender:
    """The old home opened with everything closed that computes what its caches hold."""
    model, encoder = tiny_model(), QueryEncoder()
    apply_adapter(model, before / "adapter")
    monkeypatch.setattr("lavic_chat.ranking.visual_ranker.open_model", lambda *_: model)
    monkeypatch.setattr("lavic_chat.features.text_encoder.open_text_encoder", lambda *_: encoder)
    monkeypatch.setattr(model, "encode_views", fail("a picture is encoded again"))
    monkeypatch.setattr("lavic_chat.features.captions.generate_captions", fail("a caption is written again"))
    monkeypatch.setattr(Ranker, "score", fail("a prompt is scored again"))
    monkeypatch.setattr("lavic_chat.serving.recommender.make_listener", listen_as_before)
    settings = Settings(before / "home", before / "catalog", adapter=before / "adapter")
    recommender = load_recommender(settings, progress=False)
    ranker = recommender.visual_ranker.ranker
    ranker.score_cache = TextCache(before / "home" / "cache" / "scores.sqlite")
    encoder.is_open = True
    return recommender


def listen_as_before(settings: Settings, catalog: Catalog, captions, encoder, seen):
    """Messages go to search and model as they are, as they did then; an adapter of then has no attribute heads."""
    assert seen is None
    listener, _ = make_listener(catalog.products, captions)
    listener.read = lambda dialogue: Intent()
    return listener


def fail(why: str):
    def raise_it(*values, **named):
        raise AssertionError(why)

    return raise_it


def read(name: str):
    return json.loads((FIXTURE / name).read_text(encoding="utf-8"))


def test_the_adapter_is_the_same(recommender: Recommender):
    model, expected = recommender.visual_ranker.model, read("expected.json")
    assert (model.vision_hash, model.adapter_hash) == (expected["vision_hash"], expected["adapter_hash"])
    assert (model.card.retrieval_weight, model.card.temperature, model.card.kinds) == (3.0, 0.8, ("sofa",))
    assert [features.caption for features in recommender.item_features] == expected["captions"]


@pytest.mark.parametrize("undone", [0, 1])
def test_a_turn_is_ranked_from_the_caches(recommender: Recommender, catalog: Catalog, undone: int, monkeypatch):
    session = [restored(catalog), restored(catalog).previous][undone]
    shown = {item.product.id: item for item in session.recommendation.candidates}
    filters = NO_FILTERS if undone else Filters(highest=300)  # "under 300" in the newest message
    request = RecommendationRequest(session.asked, filters=filters)
    weights = recommender.listener.weigh(())
    found = {candidate.product.id: candidate for candidate in recommender.retrieve(request, Intent(), weights)}
    assert found.keys() == shown.keys()
    for name, item in shown.items():
        assert found[name].similarity == pytest.approx(item.similarity, abs=1e-5)
    # products that nothing tells apart stand in an order that hangs on the last bits, so the prompt takes the old one
    rows = recommender.retriever.row
    order = sorted(shown, key=lambda name: (-shown[name].similarity, rows[name]))
    monkeypatch.setattr(recommender, "retrieve", lambda *values: tuple(found[name] for name in order))
    ranked = recommender.ask(request)
    assert [item.product.id for item in ranked.candidates] == list(shown)
    assert [item.score for item in ranked.candidates] == pytest.approx([one.score for one in shown.values()], abs=1e-5)
    if not undone:
        assert [[item.product.id, pytest.approx(item.score, abs=1e-5)] for item in ranked.candidates] == read(
            "expected.json"
        )["ranking"]


def restored(catalog: Catalog) -> Session:
    session, unsent, photo = from_storage(read("browser.json"), catalog)
    assert (unsent, photo) == ("", None)
    return session


def test_the_browser_goes_on(catalog: Catalog):
    session = restored(catalog)
    asked = [[turn.text for turn in one.asked.turns if turn.role == "seeker"] for one in (session.previous, session)]
    assert asked == [["a green sofa please"], ["a green sofa please", "rather red, under 300"]]
    assert replace(session.previous.previous, turn_id="") == Session()
    stored, written = read("browser.json"), json.loads(json.dumps(to_storage(session)))
    for old, new in zip(stored["answers"], written["answers"], strict=True):
        assert {name: new.pop(name) for name in old} == old
        since = {"asked": old["turns"] - 1, "reply": None, "dropped": [], "chips": {}, "answered_by": ["", ""]}
        assert new == since
    assert {name: value for name, value in written.items() if name != "answers"} == {
        name: value for name, value in stored.items() if name != "answers"
    }


def test_flags_are_read_as_they_are(before: Path):
    path = before / "home" / "flags.sqlite"
    done = migrations(path)
    annotations = AnnotationStore(path)
    (flag,) = annotations.list()
    assert (flag.turn_id, flag.pick, flag.correct, flag.reason) == ("turn-1", "lamp-yellow", "sofa-red", "Wrong colour")
    assert [(task.turn.turn_id, task.why) for task in annotations.tasks()] == [
        ("turn-1", "flagged"),
        ("turn-2", "unsure"),
    ]
    (judgement,) = annotations.standing_judgements()
    assert (judgement.annotator, judgement.verdict, judgement.correct) == ("ada", "ranking", "lamp-blue")
    assert migrations(path) == done and len(done) == 4


def migrations(path: Path) -> list[tuple]:
    """Name and time of each."""
    with closing(sqlite3.connect(path)) as database:
        return database.execute("select name, time from migrations order by time, name").fetchall()
