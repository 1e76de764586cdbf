"""Candidates left behind in the middle of the LLM: who goes on is scored as ever, the others stand below."""

import pytest
import torch
from helpers.tiny import tiny_model
from helpers.toys import item_features, random_states, said
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.errors import ModelError
from lavic_chat.ranking.cascade import FILE, Cascade, load_cascade, save_cascade
from lavic_chat.ranking.prefix_memory import PrefixMemory
from lavic_chat.ranking.ranker import Ranker, RankerConfig
from lavic_chat.ranking.scoring import begin_reading, score_in_cascade, score_prompts

EVERYBODY, NOBODY_ELSE = 1e9, 0.0


@pytest.fixture(scope="module")
def model():
    return tiny_model()


def cascade_of(model, margin: float, most: int = 99) -> Cascade:
    weight = torch.randn(model.token_size, generator=torch.Generator().manual_seed(1))
    return Cascade(weight, model.middle, margin, most, model.weights_hash)


def asked(model, catalog, count: int = 6):
    return Ranker(model).prepare(
        said("a red sofa"), catalog.products[:count], item_features(random_states(count, model, seed=count))
    )


@torch.inference_mode()
def score(model, ready, cascade, bonus=None, memory=None):
    tokens, memory = model.project(ready.rows), memory or PrefixMemory()
    whole = score_prompts(model, [ready.prompt], [tokens])[0]
    reading = begin_reading(model, ready.prompt, tokens, memory)
    return whole, score_in_cascade(model, reading, memory, cascade, bonus)


def test_where_all_go_on_nothing_changes(model, tiny_catalog):
    whole, some = score(model, asked(model, tiny_catalog), cascade_of(model, EVERYBODY))
    assert torch.allclose(whole, some, atol=1e-4)


def test_who_goes_on_is_scored_as_ever_and_stands_above_the_others(model, tiny_catalog):
    ready, bonus = asked(model, tiny_catalog), torch.zeros(6)
    whole, some = score(model, ready, cascade_of(model, NOBODY_ELSE))
    same = (whole - some).abs() < 1e-4
    assert same.sum() >= 1 and int(some.argmax()) in same.nonzero().flatten().tolist()
    for chosen in range(6):  # whoever search likes very much goes on
        favour = bonus.clone()
        favour[chosen] = 1e6
        whole, some = score(model, ready, cascade_of(model, NOBODY_ELSE), favour)
        assert some[chosen] == pytest.approx(float(whole[chosen]), abs=1e-4)
        assert some.argmax() == chosen and some.isfinite().all()


def test_what_was_read_before_is_read_on_in_both_halves(model, tiny_catalog):
    memory, ready = PrefixMemory(), asked(model, tiny_catalog)
    first = score(model, ready, cascade_of(model, NOBODY_ELSE), memory=memory)[1]
    assert memory.size
    again = score(model, ready, cascade_of(model, NOBODY_ELSE), memory=memory)[1]
    assert torch.allclose(first, again, atol=1e-4)


def test_a_ranker_with_a_cascade_picks_among_those_who_go_on(model, tiny_catalog):
    states = random_states(6, model, seed=6)
    arguments = said("a red sofa"), tiny_catalog.products[:6], item_features(states)
    whole = Ranker(model, RankerConfig()).rank(*arguments)
    every = Ranker(model, RankerConfig(), cascade=cascade_of(model, EVERYBODY)).rank(*arguments)
    assert every.probabilities == pytest.approx(whole.probabilities, abs=1e-5)
    one = Ranker(model, RankerConfig(), cascade=cascade_of(model, NOBODY_ELSE)).rank(*arguments)
    assert sum(one.probabilities) == pytest.approx(1) and one.prompt_tokens == whole.prompt_tokens


scores = st.lists(st.floats(-20, 20, width=32), min_size=1, max_size=12)


@given(estimates=scores, margin=st.floats(0, 30), most=st.integers(1, 12), data=st.data())
def test_nobody_left_behind_stands_above_who_went_on(estimates, margin, most, data):
    cascade = Cascade(torch.ones(1), 1, margin, most, "")
    estimated = torch.tensor(estimates)
    kept = cascade.keep(estimated)
    assert kept[estimated.argmax()] and kept.sum() <= most
    own = torch.tensor([data.draw(st.floats(-20, 20, width=32)) for _ in range(int(kept.sum()))])
    completed = cascade.complete(estimated, kept, own)
    assert torch.equal(completed[kept], own) and completed.shape == estimated.shape
    assert (completed[~kept] < own.min()).all()


def test_it_is_kept_and_read_back(model, tmp_path):
    cascade = cascade_of(model, 2.5)
    save_cascade(cascade, tmp_path)
    read = load_cascade(tmp_path, model.weights_hash, model.middle)
    assert torch.equal(read.weight, cascade.weight) and read.name == cascade.name
    assert load_cascade(tmp_path, "another's", model.middle) is None
    assert load_cascade(tmp_path, model.weights_hash, model.middle + 1) is None
    assert load_cascade(tmp_path / "none", model.weights_hash, 1) is None and load_cascade(None, "", 1) is None


@pytest.mark.parametrize("margin", ["-1", "nan", "much"])
def test_a_damaged_one_is_told(model, tmp_path, margin):
    from safetensors.torch import save_file

    label = {"middle": "1", "margin": margin, "most": "3", "adapter": model.weights_hash}
    save_file({"weight": torch.ones(3)}, tmp_path / FILE, label)
    with pytest.raises(ModelError, match="is damaged"):
        load_cascade(tmp_path, model.weights_hash, 1)
    (tmp_path / FILE).write_bytes(b"nothing")
    with pytest.raises(ModelError, match="is damaged"):
        load_cascade(tmp_path, model.weights_hash, 1)
