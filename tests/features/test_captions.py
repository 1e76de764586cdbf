"""Saying what pictures show: as if each were alone and read from the start, and nothing but words."""

import pytest
import torch
from helpers.margins import amplified, clear_argmax
from helpers.tiny import tiny_model

from lavic_chat.features.captions import MAX_CAPTION, caption_prompt, decode_captions, generate_captions, read_caption
from lavic_chat.model.packing import pad


@pytest.fixture(scope="module")
def model():
    """With weights so large that what it says depends on what it reads."""
    return amplified(tiny_model())


@pytest.fixture(scope="module")
def states(model):
    """Five of which it says every word with a clear lead over any other, as `slowly` makes sure."""
    drawn = torch.randn(48, 5, model.state_size, generator=torch.Generator().manual_seed(3)) * 3
    return drawn[[5, 25, 27, 37, 45]]


def slowly(model, tokens) -> list[int]:
    """Greedy words for one picture's tokens [5, d], reading everything again for each."""
    prompt, said = caption_prompt(model, [None]), []
    ids = prompt.ids
    for _ in range(MAX_CAPTION):
        length = len(ids)
        mask = torch.ones(length, length, dtype=torch.bool).tril()
        hidden = model.hidden_states(model.embed(ids, tokens)[None], torch.arange(length)[None], mask[None])
        logits = model.word_logits(hidden[0, -1])
        logits[model.image_token_id] = -torch.inf
        said.append(clear_argmax(logits))
        ids = torch.cat([ids, torch.tensor(said[-1:])])
    return said


def test_what_is_said_together_and_from_memory_is_what_is_said_alone(model, states):
    end = model.words_to_ids(";")[0]
    alone = [read_caption(model, slowly(model, model.project(state)), end) for state in states]
    assert generate_captions(model, states, batch=2) == decode_captions(model, model.project(states)) == alone
    assert len(set(alone)) > 1  # else anything would pass


def test_the_image_place_is_never_said(model, states, monkeypatch):
    honest = type(model).word_logits

    def insist(self, hidden, words=None):
        logits = honest(self, hidden, words).clone()
        logits[:, self.image_token_id] = 1e4
        return logits

    monkeypatch.setattr(type(model), "word_logits", insist)
    assert all("<image>" not in text for text in generate_captions(model, states))


def test_a_description_ends_at_its_mark(model):
    ids = model.words_to_ids(" red  sofa; blue")
    assert read_caption(model, ids, model.words_to_ids(";")[0]) == "red sofa"


def test_no_pictures_no_words(model):
    assert generate_captions(model, torch.empty(0, 5, model.state_size)) == []


def test_a_given_description_stands_in_its_branch(model):
    prompt = caption_prompt(model, ["red sofa", None])
    assert len(prompt.answers) == 2 and (prompt.ids == model.image_token_id).sum() == 10
    bare = caption_prompt(model, [None, None])
    assert len(prompt.ids) - len(bare.ids) == len(model.words_to_ids(" red sofa") + model.words_to_ids(";"))
    pad(model, [prompt], [torch.zeros(10, model.token_size)])
