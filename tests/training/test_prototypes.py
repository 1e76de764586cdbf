"""Learning what things are wished for by: with an encoder that only compares words, which ones tell things apart."""

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.tiny import tiny_model
from helpers.toys import WordEncoder, make_adapter

from lavic_chat.errors import LavicError
from lavic_chat.model.card import damaged_parts, read_card
from lavic_chat.nlu.thesaurus import Thesaurus, Thing
from lavic_chat.retrieval.text_prototypes import load_prototypes
from lavic_chat.settings import Settings
from lavic_chat.storage.files import write_jsonl
from lavic_chat.training import prototypes
from lavic_chat.training.configs import PrototypesConfig
from lavic_chat.training.marked_turns import turn_from
from lavic_chat.training.prototypes import PrototypesRequest, is_held_out, messages_for, tune_prototypes

# Each phrase holds one word of its thing's own, and many that all of them share.
FILLING = "you know that thing people have at home where they"
OWN = {"teapot": "brew pour tea hot leaves kettle", "airer": "dry wet laundry hang rails drip",
       "stool": "sit perch bar high seat legs"}  # fmt: skip
THINGS = Thesaurus(
    Thing((name,), (), tuple(f"{FILLING} {word} {other}" for word in words.split() for other in words.split()))
    for name, words in OWN.items()
)
ROWS = [{"text": f"{before} [kind:sofa]", "act": "ask"} for before in ("I want a", "my aunt needs one more")]
CONFIG = PrototypesConfig(steps=60, batch=32, lr=3e-3, messages=30)


@pytest.fixture
def adapter(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(prototypes, "TextEncoder", WordEncoder)
    monkeypatch.setattr(prototypes, "load_thesaurus", lambda: THINGS)
    return make_adapter(tiny_model(), tmp_path / "adapter")


def request(adapter: Path, rows=ROWS, config: PrototypesConfig = CONFIG) -> PrototypesRequest:
    write_jsonl(adapter.parent / "turns.jsonl", rows)
    return PrototypesRequest(Settings(adapter.parent, adapter.parent, adapter=adapter), adapter.parent / "turns.jsonl",
                             config)  # fmt: skip


def test_it_learns_which_words_tell_things_apart(adapter):
    result = tune_prototypes(request(adapter))
    means, learned = result.record["means"], result.record["learned"]
    assert learned["first"] >= means["first"] and learned["first"] > 0.9
    found = load_prototypes(adapter, WordEncoder.name, THINGS)
    assert found is not None and damaged_parts(adapter) == []
    likely = found.probabilities(WordEncoder().encode([f"{FILLING} drip"]), np.ones(3, bool))
    assert likely.argmax() == 1
    assert "held out" in result.summary and str(adapter) in result.summary


def test_the_card_tells_what_was_learned(adapter):
    before = read_card(adapter)
    result = tune_prototypes(request(adapter))
    record = read_card(adapter).training["prototypes"]
    assert record == json.loads(json.dumps(result.record)) and record["things"] == 3
    assert record["held_out"] == sum(is_held_out(phrase) for thing in THINGS.things for phrase in thing.by_use) > 0
    assert set(before.training) == set(read_card(adapter).training) - {"prototypes"}


def test_the_same_run_learns_the_same(adapter):
    first, second = (tune_prototypes(request(adapter)).record["learned"] for _ in range(2))
    assert first == second


def test_it_learns_from_phrases_alone_where_no_message_asks(adapter):
    rows = [{"text": "thanks", "act": "small_talk"}]
    assert tune_prototypes(request(adapter, rows)).record["learned"]["first_five"] == 1.0


def test_messages_hold_no_phrase_that_is_held_out():
    turns = [turn_from(row, "test") for row in ROWS]
    found = messages_for(THINGS, turns, CONFIG)
    assert len(found) == 30 and {place for _, place in found} == {0, 1, 2}
    held = [phrase for thing in THINGS.things for phrase in thing.by_use if is_held_out(phrase)]
    assert held and not any(phrase in text for text, _ in found for phrase in held)
    for text, place in found:
        assert text.lower().startswith(("i want a", "my aunt needs one more"))
        thing = THINGS.things[place]
        assert any(said in text for said in (*thing.names, *thing.by_use))


def test_a_folder_that_is_no_adapter_is_refused(adapter, tmp_path):
    with pytest.raises(LavicError, match="is not an adapter folder"):
        tune_prototypes(request(tmp_path / "nothing"))
    assert not (tmp_path / "nothing").exists()
