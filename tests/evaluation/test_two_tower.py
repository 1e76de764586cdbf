"""The simple baseline: it learns what pictures show, repeats itself, and says when it has nothing to learn from."""

import numpy as np
import pytest
import torch
from helpers.toys import WordEncoder, said

from lavic_chat.dialogue.reddit_amazon import Conversation
from lavic_chat.errors import DialogueError
from lavic_chat.evaluation import two_tower
from lavic_chat.evaluation.two_tower import encode_all, make_two_tower

COLOURS = ("red", "green", "blue", "yellow")


@pytest.fixture
def states(tiny_catalog):
    """The colour is the direction of all five states."""
    generator = torch.Generator().manual_seed(0)
    directions = {colour: torch.randn(8, generator=generator) for colour in COLOURS}
    return torch.stack(
        [
            directions[product.attributes["colour"]] + 0.1 * torch.randn(5, 8, generator=generator)
            for product in tiny_catalog
        ]
    )


def asking_for(item: str, candidates=()) -> Conversation:
    colour = item.split("-")[1]
    return Conversation(said(f"something {colour} please"), (item,), {"candidates": tuple(candidates)})


@pytest.fixture
def training(tiny_catalog):
    """About sofas and chairs; lamps are never asked for."""
    return [asking_for(product.id) for product in tiny_catalog if not product.id.startswith("lamp")]


def test_it_learns_what_pictures_show(tiny_catalog, states, training, monkeypatch):
    monkeypatch.setattr(two_tower, "STEPS", 150)
    monkeypatch.setattr(two_tower, "BATCH", 32)  # of eight pairs
    rank = make_two_tower(tiny_catalog.products, WordEncoder(), states, training, seed=0)
    lamps = [product.id for product in tiny_catalog if product.id.startswith("lamp")]
    assert [rank(asking_for(lamp), lamps).pick for lamp in lamps] == lamps
    again = make_two_tower(tiny_catalog.products, WordEncoder(), states, training, seed=0)
    assert again(asking_for(lamps[0]), lamps) == rank(asking_for(lamps[0]), lamps)


def test_nothing_to_learn_from_is_refused(tiny_catalog, states):
    with pytest.raises(DialogueError, match="No conversation to learn from wants a product of the catalogue"):
        make_two_tower(
            tiny_catalog.products, WordEncoder(), states, [Conversation(said("hello"), ("gone-red",), {})], 0
        )


def test_what_was_said_last_weighs_most_and_silence_is_no_error():
    encoder = WordEncoder()
    first, last, both = encode_all(
        encoder,
        [Conversation(dialogue, ("x",), {}) for dialogue in (said("red"), said("blue"), said("red", "blue"))],
    )
    assert both @ last > both @ first
    assert np.isfinite(encode_all(encoder, [Conversation(said("not this one"), ("x",), {})])).all()
