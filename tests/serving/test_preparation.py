"""The processor's runtime is made beside the chat, which answers in torch until it is there, and with it then."""

import json
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from helpers.fakes import FakeRecommender, make_catalog
from helpers.tiny import save_tiny

from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.model import runtimes
from lavic_chat.ranking.visual_ranker import source_of
from lavic_chat.serving import preparation
from lavic_chat.serving.engine import Engine
from lavic_chat.settings import Settings


@pytest.fixture
def settings(tmp_path: Path, monkeypatch) -> Settings:
    """Of a tiny base that can be exported, whose sentence encoder and tagger are there already."""
    base = save_tiny(tmp_path / "base")
    (base / "lavic_base.json").write_text(json.dumps({"fingerprint": "of these tests"}))
    for name in ("text_folder", "tagger_folder"):
        monkeypatch.setattr(runtimes, name, lambda source: None)
    return Settings(tmp_path / "home", tmp_path, model=str(base), runtime="auto")


@pytest.mark.parametrize("runtime", ["torch", "onnx"])
def test_nothing_is_made_where_it_is_not_left_open(settings, runtime):
    assert preparation.prepare_in_background(replace(settings, runtime=runtime)) is None


def test_nothing_is_made_where_all_is_there(settings):
    runtimes.ensure_model(source_of(settings), progress=False)
    assert preparation.prepare_in_background(settings) is None


def test_a_process_of_its_own_makes_it(settings, monkeypatch):
    begun = []
    monkeypatch.setattr(preparation, "is_prepared", lambda settings: False)
    monkeypatch.setattr(subprocess, "Popen", lambda command, **how: begun.append((command, how)) or "process")
    assert preparation.prepare_in_background(replace(settings, adapter=Path("an adapter"))) == "process"
    ((command, how),) = begun
    assert command[:4] == [sys.executable, "-m", "lavic_chat", "prepare"]
    assert command[4:] == ["--model", settings.model, "--adapter", "an adapter"]
    assert how["env"]["LAVIC_HOME"] == str(settings.home) and how["start_new_session"]


class Process:
    """A preparation that goes as the test says."""

    def __init__(self, settings: Settings, code: int):
        self.settings, self.code, self.go_on = settings, code, threading.Event()

    def wait(self) -> int:
        assert self.go_on.wait(60)
        if not self.code:
            runtimes.ensure_model(source_of(self.settings), progress=False)
        return self.code


@pytest.mark.parametrize(("code", "reads_ahead"), [(0, True), (0, False), (1, True)])
def test_the_engine_goes_over_to_it_when_it_is_there(settings, tmp_path, monkeypatch, code, reads_ahead):
    catalog = make_catalog(tmp_path / "catalog")
    first, second = FakeRecommender(catalog), FakeRecommender(catalog)
    ready = {"model": SimpleNamespace(runtime="onnx"), "ranker": SimpleNamespace(reads_ahead=reads_ahead)}
    second.visual_ranker = SimpleNamespace(**ready)
    process = Process(settings, code)
    monkeypatch.setattr(preparation, "prepare_in_background", lambda _: process)
    monkeypatch.setattr(preparation, "load_recommender", lambda *_, **__: second)
    begun = []
    monkeypatch.setattr(preparation, "run_in_background", lambda _, *command: begun.append(command))
    with Engine(first) as engine:
        thread = preparation.replace_when_ready(engine, settings)
        assert engine.recommend(Dialogue().say("a lamp")).pick and engine.recommender is first
        process.go_on.set()
        thread.join(60)
        assert engine.recommender is (first if code else second)
        assert begun == ([("index", "--catalog", str(settings.catalog))] if reads_ahead and not code else [])
        assert engine.recommend(Dialogue().say("a lamp")).pick
