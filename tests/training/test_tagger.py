"""Learning to read messages: on a random BERT of 32 numbers it learns a few by heart; what is kept is what was seen."""

import json
import random
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.tiny import save_tiny_encoder, tiny_model
from helpers.toys import make_adapter

from lavic_chat.errors import DialogueError, LavicError, ModelError
from lavic_chat.model import text_encoder
from lavic_chat.model.card import NLU, damaged_parts, read_card
from lavic_chat.model.turn_tagger import TaggerShape, load_tagger, new_tagger
from lavic_chat.nlu import reading as r
from lavic_chat.nlu import tagging
from lavic_chat.nlu.tagging import TurnReader
from lavic_chat.settings import Settings
from lavic_chat.storage.files import write_jsonl
from lavic_chat.storage.manifest import MANIFEST
from lavic_chat.training import tagger
from lavic_chat.training.checkpoint import Checkpoint
from lavic_chat.training.configs import TaggerConfig
from lavic_chat.training.marked_turns import turn_from
from lavic_chat.training.tagger import (
    IGNORED,
    Read,
    TaggerRequest,
    encode,
    loss_of,
    measure,
    split,
    targets,
    tune_tagger,
    words_to_swap,
)
from lavic_chat.training.turn_augment import Words

CONFIG = TaggerConfig(steps=8, batch=4, rank=2, alpha=4, valid_every=2)
ROWS = (
    *({"text": f"a [wanted:{colour}] [kind:{kind}]", "act": "ask"}
      for colour in ("red", "green", "blue") for kind in ("sofa", "chair", "lamp")),
    *({"before": [f"a {kind}"], "text": f"the [wanted:{colour}] answer", "act": "refine"}
      for colour in ("red", "green", "blue") for kind in ("sofa", "chair", "lamp")),
    *({"before": ["a sofa"], "text": text, "act": "small_talk"} for text in ("yes yes", "best user", "the best shop")),
    *({"before": ["a lamp"], "text": text, "act": "reject"} for text in ("no", "no no", "no product")),
)  # fmt: skip
TURNS = tuple(turn_from(row, "test") for row in ROWS)
SHAPE = TaggerShape(tagging.TOKEN_SCORES, tagging.ABOUT, 2, 4)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory) -> Path:
    return save_tiny_encoder(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def card(tmp_path_factory) -> Path:
    """An adapter's folder in which nothing reads yet."""
    return make_adapter(tiny_model(), tmp_path_factory.mktemp("card") / "adapter")


@pytest.fixture(autouse=True)
def small(encoder, monkeypatch):
    """The tiny encoder, words that it knows, and every second message held out."""
    words = Words(("sofa", "chair", "lamp"), {"colour": ("red", "green", "blue")}, {"red": "colour", "green": "colour"})
    monkeypatch.setattr(text_encoder, "ensure_text_encoder", lambda home: encoder)
    monkeypatch.setattr(tagger, "words_to_swap", lambda turns: words)
    monkeypatch.setattr(tagger, "HELD_OUT", 4)


@pytest.fixture
def adapter(card, tmp_path) -> Path:
    return shutil.copytree(card, tmp_path / "adapter")


@pytest.fixture
def request_of(tmp_path):
    """Asks for a run into an adapter's folder."""

    def make(adapter: Path, config: TaggerConfig = CONFIG, rows=ROWS, start_from=None, more=()) -> TaggerRequest:
        write_jsonl(tmp_path / "turns.jsonl", rows)
        settings = Settings(tmp_path, tmp_path, adapter=adapter)
        if more:
            write_jsonl(tmp_path / "more.jsonl", more)
        further = tmp_path / "more.jsonl" if more else None
        return TaggerRequest(settings, tmp_path / "turns.jsonl", config, start_from, further)

    return make


def test_further_messages_are_learned_from_in_their_share_and_validate_nothing(adapter, request_of):
    more = [{"text": "a [kind:product]", "act": "ask"}] * 7
    result = tune_tagger(request_of(adapter, more=more))
    assert result.record["more"] == 7 and result.record["messages"] < len(ROWS)
    assert "more" not in tune_tagger(request_of(adapter)).record
    further = tuple(turn_from(row, "more") for row in more)
    learner = tagger.Learner(None, None, (TURNS, further), Words((), {}, {}), replace(CONFIG, more_share=0.5))
    drawn = learner.draw(8, random.Random(1))
    assert len(drawn) == 8 and sum(turn in further for turn in drawn) == 4
    assert len(learner.draw(100, random.Random(1))) == len(TURNS) + len(further)


def test_it_learns_to_read(adapter, request_of, tmp_path):
    before = {file.name: file.read_bytes() for file in adapter.iterdir() if file.is_file()}
    result = tune_tagger(request_of(adapter, replace(CONFIG, steps=120, batch=16, lr=1e-2, valid_every=20)))
    reader = TurnReader(load_tagger(tmp_path, adapter))
    read = [reader.read(turn.before, turn.text) == turn.reading for turn in TURNS]
    assert np.mean(read) > 0.8, "it does not even know by heart what it has learned from"
    assert "read without a fault" in result.summary and str(adapter / NLU) in result.summary
    assert reader.read((), "a blue lamp").words(r.KIND) == ("lamp",)
    after = {file.name: file.read_bytes() for file in adapter.iterdir() if file.is_file()}
    assert damaged_parts(adapter) == [] and after.pop(MANIFEST)
    assert {name for name in after if after[name] != before.get(name)} == {"adapter.json"}  # and no progress is left


def test_one_that_has_learned_learns_on(card, request_of, tmp_path):
    first, second = (shutil.copytree(card, tmp_path / name) for name in ("first", "second"))
    tune_tagger(request_of(first, replace(CONFIG, steps=60, lr=1e-2)))
    result = tune_tagger(request_of(second, replace(CONFIG, steps=1, lr=1e-9), start_from=first))
    was, now = (load_tagger(tmp_path, adapter).score("", "a blue lamp") for adapter in (first, second))
    assert now.tokens == pytest.approx(was.tokens, abs=0.05) and now.about == pytest.approx(was.about, abs=0.05)
    assert result.record["earlier"] == read_card(first).training[NLU]


def test_one_of_another_rank_cannot_go_on(card, request_of, tmp_path):
    first, second = (shutil.copytree(card, tmp_path / name) for name in ("first", "second"))
    with pytest.raises(ModelError, match="leave `--from` out"):
        tune_tagger(request_of(second, start_from=first))
    tune_tagger(request_of(first))
    with pytest.raises(ModelError, match="no tagger of this rank"):
        tune_tagger(request_of(second, replace(CONFIG, rank=CONFIG.rank + 2), start_from=first))


def test_the_card_tells_what_was_learned(adapter, request_of, tmp_path):
    before = read_card(adapter)
    result = tune_tagger(request_of(adapter))
    record = read_card(adapter).training[NLU]
    assert record == json.loads(json.dumps(result.record)) and record["stage"] == NLU
    learned, held = split(TURNS)
    assert record["messages"] == len(learned) and len(record["turns"]) == 64 and held
    assert replace(read_card(adapter), training=before.training) == before


def test_what_is_kept_is_what_was_measured(adapter, request_of, tmp_path):
    tune_tagger(request_of(adapter))
    opened = load_tagger(tmp_path, adapter)
    _, held = split(TURNS)
    found = measure(opened.network, opened.tokenizer, held, 0)
    best = max(read_card(adapter).training[NLU]["valid"], key=lambda row: row["whole"])
    assert found.whole == pytest.approx(best["whole"], abs=1e-6) and found.act == pytest.approx(best["act"], abs=1e-6)


def test_a_stopped_run_goes_on_to_the_same_end(card, request_of, tmp_path, monkeypatch):
    whole, cut = (shutil.copytree(card, tmp_path / name) for name in ("whole", "cut"))
    expected = tune_tagger(request_of(whole))
    save = Checkpoint.save

    def save_and_stop(self, step, *state):
        save(self, step, *state)
        if step == 4:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "save", save_and_stop)
        with pytest.raises(KeyboardInterrupt):
            tune_tagger(request_of(cut))
    assert (cut / "nlu.progress").is_file()
    found = tune_tagger(request_of(cut))
    assert not (cut / "nlu.progress").exists()
    steps = [[row["step"] for row in each.record["valid"]] for each in (expected, found)]
    assert steps[0] == steps[1] == [2, 4, 6, 8]
    one, other = load_tagger(tmp_path, whole), load_tagger(tmp_path, cut)
    for turn in TURNS:
        first, second = (each.score("", turn.text) for each in (one, other))
        assert np.allclose(first.tokens, second.tokens, atol=1e-3) and np.allclose(first.about, second.about, atol=1e-3)


def test_the_progress_of_other_messages_is_not_gone_on_with(adapter, request_of, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "clear", lambda self: None)
        tune_tagger(request_of(adapter))
    with pytest.raises(LavicError, match="other settings or data"):
        tune_tagger(request_of(adapter, rows=ROWS[1:]))


def test_what_cannot_be_learned_from_is_told_before_it_begins(adapter, request_of, tmp_path):
    with pytest.raises(DialogueError, match=r"turns\.jsonl, line 2: 'shout'"):
        tune_tagger(request_of(adapter, rows=(ROWS[0], {"text": "no", "act": "shout"})))
    with pytest.raises(LavicError):
        tune_tagger(request_of(tmp_path / "no adapter"))
    assert not (adapter / NLU).exists()


def test_a_longer_file_holds_out_the_same_messages():
    learned, held = split(TURNS)
    assert sorted(map(id, (*learned, *held))) == sorted(map(id, TURNS)) and learned and held
    assert list(split(TURNS[:12])[1]) == [turn for turn in held if turn in TURNS[:12]]


def test_targets_stand_at_the_tokens_of_the_message_alone(tmp_path):
    _, tokenizer, _ = new_tagger(tmp_path, SHAPE, 0)
    priced = turn_from({"before": ["a lamp"], "text": "a [kind:red sofa] [price<:best] yes", "act": "ask"}, "test")
    batch = encode(tokenizer, [priced, TURNS[0]])
    tags, bounds = targets(batch, [priced, TURNS[0]])
    kind, price = tagging.begins(r.KIND), tagging.begins(r.PRICE)
    none = IGNORED
    #                         [CLS] a lamp [SEP] a  red   sofa      best   yes [SEP]
    assert tags[0].tolist() == [none] * 4 + [0, kind, kind + 1, price, 0] + [none]
    assert bounds[0].tolist() == [none] * 7 + [r.BOUNDS.index("<"), none, none]
    assert tags[1].tolist()[:5] == [none, none, 0, tagging.begins(r.WANTED), kind] and set(tags[1, 5:].tolist()) == {
        none
    }


def test_the_loss_falls_and_knows_messages_without_amounts(tmp_path):
    network, tokenizer, _ = new_tagger(tmp_path, SHAPE, 0)
    optimizer = torch.optim.AdamW([one for one in network.parameters() if one.requires_grad], 1e-2)
    losses = []
    for _ in range(12):
        loss = loss_of(network.train(), tokenizer, TURNS[:6])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert np.isfinite(losses).all() and losses[-1] < 0.6 * losses[0]


def test_a_perfect_reader_is_measured_as_one(tmp_path, monkeypatch):
    network, tokenizer, _ = new_tagger(tmp_path, SHAPE, 0)
    known = {turn.text: turn.reading for turn in TURNS}
    monkeypatch.setattr(tagging, "decode", lambda text, *scores: known[text])
    assert measure(network, tokenizer, TURNS, 3) == Read(3, 1.0, 1.0, 1.0, 1.0)
    monkeypatch.setattr(tagging, "decode", lambda text, *scores: replace(known[text], act=r.SERVICE, spans=()))
    found = measure(network, tokenizer, TURNS, 3)
    assert (found.whole, found.act, found.precision, found.recall) == (0, 0, 0, 0)
    assert Read(1, whole=0.5).quality > Read(2, whole=0.4, act=1.0).quality


def test_a_batch_is_of_messages_of_about_one_length(tmp_path, monkeypatch):
    network, tokenizer, _ = new_tagger(tmp_path, SHAPE, 0)
    seen = []
    monkeypatch.setattr(
        tagger, "loss_of", lambda _, __, turns: seen.append(turns) or torch.zeros(1, requires_grad=True).sum()
    )
    learner = tagger.Learner(network, tokenizer, (TURNS, ()), Words((), {}, {}), replace(CONFIG, batch=6))
    monkeypatch.setattr(tagger, "vary", lambda turn, words, rng: turn)
    for step in range(30):
        learner.learn(step, random.Random(step))
    spreads = [max(len(turn.text) for turn in batch) - min(len(turn.text) for turn in batch) for batch in seen]
    every = max(len(turn.text) for turn in TURNS) - min(len(turn.text) for turn in TURNS)
    assert {len(batch) for batch in seen} == {6} and np.mean(spreads) < 0.6 * every


def test_the_words_to_swap_are_those_of_thesaurus_and_lexicon():
    words = words_to_swap()  # the real ones: imported before the fixture has put small ones in their place
    assert {"sofa", "running shoes"} & set(words.kinds) and len(words.kinds) > 2000
    assert words.facet["navy"] == "colour" and "navy" in words.appearance["colour"]
    assert set(words.facet.values()) == set(words.appearance)
