"""Items that were looked at once come from tables, until products, pictures or weights are others."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from lavic_chat.catalog import load_catalog
from lavic_chat.catalog.stored import open_catalog
from lavic_chat.features import picture_keys, stored_items
from lavic_chat.features.item import ItemFeatures, main_pictures
from lavic_chat.features.stored_items import ItemMaker, open_items


class Eyes:
    """Sees noise, and counts at what it looks."""

    def __init__(self, pictures: int = 1):
        self.looked, self.pictures = 0, pictures

    def look_at(self, catalog, products, progress=False):
        self.looked += len(products)
        rng = np.random.default_rng(0)
        return [
            ItemFeatures(torch.from_numpy(rng.normal(size=(self.pictures, 5, 4)).astype(np.float32)), f"like {one.id}")
            for one in products
        ]

    def embed(self, products, features):
        return np.array([[len(one.id), len(seen.caption), 1.0] for one, seen in zip(products, features, strict=True)])

    def maker(self, name: str = "weights") -> ItemMaker:
        return ItemMaker(self.look_at, self.embed, name)


@pytest.fixture
def folder(tiny_catalog_folder: Path) -> Path:
    for path in tiny_catalog_folder.rglob("*.*"):
        os.utime(path, (1e9, 1e9))
    return tiny_catalog_folder


@pytest.fixture(autouse=True)
def settled(monkeypatch) -> None:
    """A file's change of place in time is not waited for."""
    monkeypatch.setattr(picture_keys, "SETTLED", 0.0)


def test_they_are_looked_at_once(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(stored_items, "PART", 5)  # so that several parts are joined
    eyes, catalog = Eyes(), open_catalog(folder, tmp_path)
    items = open_items(catalog, tmp_path / "t", eyes.maker())
    again = open_items(load_catalog(folder), tmp_path / "t", eyes.maker())
    assert eyes.looked == len(catalog) and again.key == items.key
    seen = [one for start in range(0, 12, 5) for one in eyes.look_at(catalog, catalog.products[start : start + 5])]
    assert [one.caption for one in items] == [one.caption for one in seen]
    assert all(torch.equal(one.states, other.states) for one, other in zip(items, seen, strict=True))
    states = main_pictures(one.states for one in seen).numpy()
    centred = (states - states.mean((0, 1))).mean(1)
    expected = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    assert items.pictures.vectors == pytest.approx(expected, abs=1e-5)
    assert items.pictures.centre == pytest.approx(states.mean((0, 1)), abs=1e-6)
    assert items.average.numpy() == pytest.approx(states.mean(0), abs=1e-6)
    assert items.text == pytest.approx(eyes.embed(catalog.products, seen)) and items.counts.tolist() == [1] * 12


def test_tables_that_describe_blanks_are_made_anew(folder, tmp_path, monkeypatch):
    def key(name: str) -> str:
        return open_items(load_catalog(folder), tmp_path / name, Eyes().maker()).key

    whole = key("a")
    monkeypatch.setattr(stored_items, "UNDESCRIBED", "otherwise")
    assert key("b") == whole  # where nothing is missing, what was made stays good
    (folder / load_catalog(folder).products[0].images[0]).unlink()
    bare = key("c")
    monkeypatch.setattr(stored_items, "UNDESCRIBED", "another")
    assert key("d") != bare != whole


@pytest.mark.parametrize("what", ["picture", "weights", "product", "gone"])
def test_what_is_another_is_looked_at_again(folder, tmp_path, what):
    eyes = Eyes()
    open_items(open_catalog(folder, tmp_path), tmp_path / "t", eyes.maker())
    picture = folder / load_catalog(folder)["sofa-red"].images[0]
    if what == "picture":
        picture.write_bytes(picture.read_bytes() + b"x")
    elif what == "gone":
        picture.unlink()
    elif what == "product":
        path = folder / "products.jsonl"
        path.write_text(path.read_text().replace("sofa-red", "sofa-crimson", 1))
    open_items(open_catalog(folder, tmp_path), tmp_path / "t", eyes.maker("others" if what == "weights" else "weights"))
    assert eyes.looked == 24


def test_what_changed_this_moment_is_looked_at_again(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(picture_keys, "SETTLED", 10.0)
    eyes = Eyes()
    moments = iter((100.0, 200.0))
    newest = max(path.stat().st_ctime for path in folder.rglob("*.*"))
    monkeypatch.setattr(stored_items.time, "time", lambda: newest + next(moments) / 100)
    for _ in range(2):
        open_items(load_catalog(folder), tmp_path / "t", eyes.maker())
    assert eyes.looked == 24


def test_with_attribute_heads_how_things_look_is_stored_too(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(stored_items, "PART", 5)
    eyes, catalog, heads = Eyes(), open_catalog(folder, tmp_path), FixedHeads()
    plain = open_items(catalog, tmp_path / "t", eyes.maker())
    items = open_items(catalog, tmp_path / "t", replace(eyes.maker(), heads=heads))
    assert plain.appearance is None and list(plain.others) == list(plain.captions) and items.key != plain.key
    assert items.appearance is not None and items.appearance.shape == (12, 2)
    assert items.appearance[:, 0].tolist() == [len(one.caption) for one in items]
    assert list(items.others) == [one.caption.removeprefix("like ") for one in items]


class FixedHeads:
    """Sees how long captions are."""

    name = "fixed"

    def see(self, states, captions):
        return np.array([[len(one), len(states[0])] for one in captions], np.float16)

    def without_values(self, caption):
        return caption.removeprefix("like ")
