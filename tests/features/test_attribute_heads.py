"""Attribute heads: probabilities from states and captions, and their file in an adapter folder."""

import json
import logging
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from lavic_chat.features.attribute_heads import ARRAYS, AttributeHeads, load_heads, save_heads

WORDS = ("blue", "red", "plain", "striped", "painted wood", "wood")
ATTRIBUTES = ("colour", "colour", "pattern", "pattern", "material", "material")


def make_heads(believed: dict[str, float] | None = None, seed: int = 0) -> AttributeHeads:
    """Random ones of two members, for states [5, 2]."""
    rng = np.random.default_rng(seed)
    shapes = {"mean": (10,), "std": (10,), "w1": (2, 10, 3), "b1": (2, 3), "w2": (2, 3, 6), "b2": (2, 6)}
    arrays = {name: rng.normal(size=shape).astype(np.float16).astype(np.float32) for name, shape in shapes.items()}
    arrays["std"] = np.abs(arrays["std"]) + np.float32(0.5)
    return AttributeHeads(WORDS, ATTRIBUTES, believed or {}, **arrays)


STATES = np.random.default_rng(1).normal(size=(4, 5, 2)).astype(np.float32)


def test_each_attribute_sums_to_one():
    seen = make_heads({"colour": 0.9}).see(STATES, ["red", "", "blue, striped", "zorg"])
    assert seen.shape == (4, 6) and seen.dtype == np.float16
    for places in make_heads().places.values():
        assert seen[:, places].astype(float).sum(1) == pytest.approx(np.ones(4), abs=2e-3)


def test_a_caption_is_believed_as_far_as_captions_are_right():
    plain = make_heads().see(STATES, [""] * 4).astype(float)
    for believed, compare in ((0.9, np.greater), (0.5, np.isclose)):
        told = make_heads({"colour": believed}).see(STATES, ["red"] * 4).astype(float)
        assert compare(told[:, 1], plain[:, 1]).all()
    distrusted = make_heads({"colour": 0.2}).see(STATES, ["red"] * 4).astype(float)
    assert distrusted == pytest.approx(plain)  # what is right less often than chance says nothing


def test_the_longest_word_of_a_caption_counts_and_no_pattern_is_plain():
    heads = make_heads()
    assert heads.values_in("red painted wood") == {"colour": 1, "pattern": 2, "material": 4}
    assert heads.values_in("blue wood, striped") == {"colour": 0, "pattern": 3, "material": 5}
    assert heads.values_in("") == {}
    assert heads.without_values("blue painted wood chair, striped") == "chair"


@given(st.text(max_size=40))
def test_any_caption_leaves_probabilities(caption):
    seen = make_heads({"colour": 0.9, "material": 0.7, "pattern": 0.8}).see(STATES[:1], [caption])
    assert np.isfinite(seen).all() and (seen >= 0).all()


def test_what_is_saved_is_read(tmp_path):
    heads = make_heads({"colour": 0.9})
    save_heads(heads, tmp_path, "tower")
    found = load_heads(tmp_path, "tower")
    assert found is not None and found.name == heads.name and found.believed == heads.believed
    assert found.predict(STATES) == pytest.approx(heads.predict(STATES), abs=1e-3)
    assert load_heads(tmp_path, "another") is None and load_heads(tmp_path / "x", "tower") is None
    assert load_heads(None, "tower") is None
    assert make_heads({"colour": 0.8}).name != heads.name != make_heads({"colour": 0.9}, seed=1).name


@pytest.mark.parametrize("harm", ["cut", "zeros", "nan", "shapes", "labels", "words", "empty"])
def test_damaged_ones_are_told_and_not_used(tmp_path, caplog, harm):
    heads = make_heads({"colour": 0.9})
    path = save_heads(heads, tmp_path, "tower")
    if harm == "cut":
        path.write_bytes(path.read_bytes()[:-50])
    elif harm == "zeros":
        path.write_bytes(bytes(400))
    elif harm == "labels":
        path.write_bytes(save({name: getattr(heads, name) for name in ARRAYS}, {"tower": "tower", "words": "3"}))
    else:
        changes = {
            "nan": {"w2": np.full_like(heads.w2, np.nan)},
            "shapes": {"b2": heads.b2[:, :3]},
            "words": {"words": WORDS[:4]},
            "empty": {name: getattr(heads, name)[:0] for name in ("w1", "b1", "w2", "b2")},
        }
        save_heads(replace(heads, **changes[harm]), tmp_path, "tower")
    with caplog.at_level(logging.WARNING):
        assert load_heads(tmp_path, "tower") is None
    assert "is damaged" in caplog.text and "Traceback" not in caplog.text


def test_labels_are_json(tmp_path):
    from safetensors import safe_open

    with safe_open(save_heads(make_heads(), tmp_path, "tower"), "np") as file:
        assert json.loads(file.metadata()["words"]) == list(WORDS)
