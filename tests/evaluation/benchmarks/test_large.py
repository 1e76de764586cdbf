"""Many made-up products: their catalogue opens without anything being looked at, and what they cost is told."""

import json
import os
from contextlib import contextmanager
from dataclasses import replace

import pytest
from helpers.listening import use_silent_tagger
from helpers.toys import use_word_encoder

from lavic_chat.catalog import load_catalog
from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.evaluation.benchmarks import catalog_probe, large
from lavic_chat.evaluation.benchmarks.large import FEW, HOME, MANY, measure_large
from lavic_chat.evaluation.benchmarks.large_catalog import make_large_catalog, make_twins
from lavic_chat.serving.recommender import load_recommender
from lavic_chat.settings import Settings, read_settings


@pytest.fixture
def settings(base, tiny_catalog_folder, tmp_path, monkeypatch) -> Settings:
    monkeypatch.setenv("LAVIC_HOME", str(tmp_path / "home"))
    use_word_encoder(monkeypatch)
    use_silent_tagger(monkeypatch)
    return read_settings(catalog=tiny_catalog_folder, model=str(base))


def test_nothing_of_it_is_looked_at(settings, tmp_path, monkeypatch):
    model = load_recommender(settings, progress=False)
    folder = make_large_catalog(tmp_path / "large", tmp_path / "many", model, 40)
    catalog = load_catalog(folder)
    assert len(catalog) == 40 and all(catalog.picture_path(product) for product in catalog)
    assert len({product.title for product in catalog}) > 30
    monkeypatch.setattr(
        type(model.visual_ranker.image_encoder), "_encode", lambda *_: pytest.fail("a picture is looked at")
    )
    many = load_recommender(replace(settings, catalog=folder, home=tmp_path / "many"), progress=False)
    twins = list(make_twins(model.catalog.products, 40, 0))
    assert [one.caption for one in many.item_features] == [model.item_features[twin.row].caption for twin in twins]
    near = [
        float((many.item_features[n].states - model.item_features[t.row].states).std()) for n, t in enumerate(twins)
    ]
    assert 0 < max(near) < 0.5 * float(model.main_states.std())
    assert len(many.recommend(Dialogue().say("a red sofa")).candidates) == 10


class Slow:
    """A probe of a side that takes so many milliseconds a turn."""

    def __init__(self, name: str):
        self.ready = {"pid": os.getpid(), "start_seconds": 1.0}
        self.ms = {HOME: 80.0, FEW: 100.0, MANY: 110.0}[name]

    def ask(self, message: str, new: bool) -> dict:
        steps = {"understand": 10.0, "retrieve": self.ms - 80, "look": 0.0, "choose": 70.0}
        row = {"ms": self.ms, "search_ms": self.ms / 100, "steps": steps}
        return row | {"processor_ms": 2 * self.ms - 20, "prompt_tokens": 300}


def test_both_are_asked_the_same_and_compared(settings, monkeypatch):
    asked = []

    @contextmanager
    def open_probe(side, program):
        assert program == catalog_probe.__file__ and side.environment["LAVIC_CATALOG"] == str(side.catalog)
        asked.append(side.name)
        yield Slow(side.name)

    monkeypatch.setattr(large, "open_probe", open_probe)
    (settings.home / "models").mkdir(parents=True)
    made = []
    monkeypatch.setattr(large, "make_large_catalog", lambda folder, home, model, count: made.append(count))
    monkeypatch.setattr(large, "shipped", lambda name: settings.catalog)
    report = measure_large(settings, 5000, 3)
    assert (report.growth.turn, report.growth.processor, report.growth.before_pass_ms) == (1.1, 1.111, 10.0)
    assert (report.growth_from_home.turn, report.growth_from_home.before_pass_ms) == (1.375, 30.0)
    assert sorted(set(asked)) == [FEW, HOME, MANY] and made == [12, 5000]
    assert (report.home.products, report.few.products, report.many.products) == (12, 12, 5000)
    assert (report.many.search_ms, report.many.pass_ms, report.many.prompt_tokens) == (1.1, 70.0, 300)
    assert json.loads(json.dumps(report.to_row()))["many"]["turn_ms"] == 110.0
    assert "a turn grows" in report.to_text() and "5,000" in report.to_text() and "1.375" in report.to_text()
    assert not list(settings.home.glob("large-*"))


def test_what_is_of_the_model_is_where_the_probe_times_it():
    """A name that has moved would end the measurement."""
    for place, name in catalog_probe.OF_THE_MODEL:
        assert callable(getattr(place, name)), name


def test_the_few_are_the_first_of_the_many(settings):
    products = load_catalog(settings.catalog).products
    assert list(make_twins(products, 12, 0)) == list(make_twins(products, 40, 0))[:12]
