"""Words: the loss is least where every visual token is one of its picture's own words."""

import random

import torch
from helpers.tiny import tiny_model

from lavic_chat.training.losses import gather_words


def test_pointing_to_the_own_words_costs_least():
    model = tiny_model()
    words = gather_words(model, ["red sofa", "blue lamp"], random.Random(0))
    assert torch.allclose(words.targets.sum(1), torch.ones(2)) and torch.allclose(
        words.embeddings.norm(dim=1), torch.ones(len(words.embeddings)), atol=1e-5
    )
    speak = lambda text: model.word_embeddings[model.words_to_ids(" " + text)].mean(0)[None, None]  # noqa: E731
    right, wrong = (float(words.loss(speak("red sofa"), [row])) for row in (0, 1))
    assert right < wrong
    assert float(words.loss(10 * speak("red sofa"), [0])) > right  # far longer than a word is
    both = torch.cat([speak("red sofa"), speak("blue lamp")])
    assert float(words.loss(both, [0, 1])) < float(words.loss(both, [1, 0]))


def test_the_same_seed_gathers_the_same_words():
    model = tiny_model()
    first, second, other = (gather_words(model, ["red"], random.Random(seed)).embeddings for seed in (0, 0, 1))
    assert torch.allclose(first, second, atol=1e-5)
    assert len(other) == len(first)
