"""Descriptions: said once, kept, shipped; and silence where the model has not learned to speak."""

from dataclasses import replace

import pytest
import torch
from helpers.tiny import tiny_model

from lavic_chat.features import captions
from lavic_chat.features.captions import Captioner, kinds_of, without_kind
from lavic_chat.model.card import AdapterCard


@pytest.fixture
def model():
    model = tiny_model()
    model.card = AdapterCard("tiny", model.fingerprint, speaks=True)
    return model


@pytest.fixture
def states(model):
    return torch.randn(5, 5, model.state_size)


@pytest.fixture
def calls(monkeypatch) -> list[int]:
    """How many pictures were described in each call; each is said to be "number n"."""
    asked: list[int] = []

    def generate(model, states):
        asked.append(len(states))
        return [f"number {sum(asked) - len(states) + place}" for place in range(len(states))]

    monkeypatch.setattr(captions, "generate_captions", generate)
    return asked


def test_a_picture_is_described_once(model, states, calls, tmp_path):
    first = Captioner(model, tmp_path).caption_states(states[:3])
    assert first == ["number 0", "number 1", "number 2"]
    assert Captioner(model, tmp_path).caption_states(states)[:3] == first
    assert calls == [3, 2]


def test_equal_pictures_are_described_together(model, states, calls, tmp_path):
    said = Captioner(model, tmp_path).caption_states(torch.cat([states, states]))
    assert calls == [5] and said[:5] == said[5:]


def test_half_precision_is_the_same_picture(model, states, calls, tmp_path):
    said = Captioner(model, tmp_path).caption_states(states)
    assert Captioner(model, tmp_path).caption_states(states.half().float()) == said and calls == [5]


def test_another_adapter_describes_anew(model, states, calls, tmp_path):
    Captioner(model, tmp_path).caption_states(states)
    model.adapter_hash = "another"
    Captioner(model, tmp_path).caption_states(states)
    assert calls == [5, 5]


@pytest.mark.parametrize("card", [None, "silent"])
def test_a_model_that_has_not_learned_to_speak_says_nothing(model, states, calls, tmp_path, card):
    model.card = replace(model.card, speaks=False) if card else None
    assert Captioner(model, tmp_path).caption_states(states) == [""] * 5 and calls == []


def test_shipped_descriptions_are_adopted(model, states, calls, tmp_path):
    here = Captioner(model, tmp_path / "here")
    said = here.caption_states(states)
    here.save(states, tmp_path / "said.jsonl")
    there = Captioner(model, tmp_path / "there")
    there.adopt(tmp_path / "said.jsonl")
    there.adopt(tmp_path / "no such file")
    assert there.caption_states(states) == said and calls == [5]


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("blue (denim) cotton clothing accessory, striped", "blue (denim) cotton, striped"),
        ("black (jet) painted wood toy", "black (jet) painted wood"),
        ("white metal wall lamp", "white metal"),  # not "white metal wall"
        ("toy", "toy"),
        ("red velvet ottoman", "red velvet ottoman"),  # the shop has none
        ("", ""),
    ],
)
def test_the_kind_of_thing_is_left_to_the_title(said: str, left: str):
    assert without_kind(said, {"clothing accessory", "toy", "lamp", "wall lamp", "sofa"}) == left


def test_kinds_are_types_or_else_categories(tiny_catalog):
    lamp = replace(tiny_catalog.products[0], attributes={"type": "wall lamp"})
    assert kinds_of([lamp, *tiny_catalog.products[1:]]) == {"wall lamp", "sofas", "armchairs", "lamps"}
