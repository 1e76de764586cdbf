"""Tuning the retriever: nearer to what is wanted, farther from what is not; measured in the whole catalogue."""

import random
import zlib
from contextlib import contextmanager
from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from lavic_chat.catalog import Catalog
from lavic_chat.dialogue.reddit_amazon import Conversation
from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.errors import DialogueError
from lavic_chat.retrieval.query import Query
from lavic_chat.training.checkpoint import Checkpoint
from lavic_chat.training.configs import RetrieverConfig
from lavic_chat.training.losses import info_nce
from lavic_chat.training.retriever import (
    Encoder,
    Recall,
    RecallTask,
    RetrieverExamples,
    are_found,
    blend,
    make_recall_task,
    make_retrieval_examples,
    recall,
    tune_encoder,
)

CONFIG = RetrieverConfig(steps=80, batch=6, lr=0.05, valid_every=20)


class Words:
    """A vector for each word, a text their sum: an encoder in one line."""

    def __init__(self):
        self.table = torch.randn(997, 16, generator=torch.Generator().manual_seed(0)).requires_grad_()

    def __call__(self, texts):
        rows = [[zlib.crc32(word.encode()) % 997 for word in text.lower().split()] for text in texts]
        return functional.normalize(torch.stack([self.table[each].sum(0) for each in rows]), dim=-1)


def talk(text: str, *right: str, candidates=()) -> Conversation:
    return Conversation(Dialogue().say(text), right, {"candidates": tuple(candidates)})


@pytest.fixture
def asked(tiny_catalog) -> list[Conversation]:
    """A colour and a kind are asked for, in words that the products' texts do not have."""
    shapes = {"sofa": "couch", "chair": "seat", "lamp": "light"}
    tints = {"red": "scarlet", "green": "emerald", "blue": "navy", "yellow": "lemon"}
    ids = [product.id for product in tiny_catalog]
    return [
        talk(f"a {tints[colour]} {shapes[shape]}", f"{shape}-{colour}", candidates=random.Random(0).sample(ids, 5))
        for shape in shapes
        for colour in tints
    ]


def learn(catalog: Catalog, asked, config=CONFIG, checkpoint=None, keep=lambda best, curve: None):
    words, examples = Words(), make_retrieval_examples(asked, catalog)
    said = {product.id: f"{product.attributes['colour']} {product.id.split('-')[0]}" for product in catalog}
    data = RetrieverExamples(examples, said, make_recall_task(examples, catalog, said))
    return tune_encoder(Encoder(words, [words.table]), data, config, keep, checkpoint), words


def test_it_learns_what_is_meant(tiny_catalog, asked, monkeypatch):
    monkeypatch.setattr("lavic_chat.training.retriever.FOUND", 1)
    kept = []
    report, _ = learn(tiny_catalog, asked, keep=lambda best, curve: kept.append((best, len(curve))))
    assert report.valid[0].step == 0 and report.valid[0].recall < 0.5 < 0.9 < report.best.recall
    assert [best for best, _ in kept][-1] == report.best
    assert sum(report.losses[:5]) > 2 * sum(report.losses[-5:])


def test_what_is_measured_is_what_is_kept(tiny_catalog, asked):
    """Kept as it began: it learns, and no measurement shows it."""
    words, examples = Words(), make_retrieval_examples(asked, tiny_catalog)
    before = words.table.detach().clone()

    @contextmanager
    def as_kept():
        learned = words.table.detach().clone()
        words.table.data.copy_(before)
        yield
        words.table.data.copy_(learned)

    data = RetrieverExamples(examples, {}, make_recall_task(examples, tiny_catalog, {}))
    few = replace(CONFIG, steps=6, valid_every=3)
    report = tune_encoder(Encoder(words, [words.table], as_kept), data, few, lambda *_: None)
    assert len({point.recall for point in report.valid}) == 1 and not torch.equal(words.table, before)


def test_the_same_seed_learns_the_same(tiny_catalog, asked):
    few = replace(CONFIG, steps=3, valid_every=3)
    assert learn(tiny_catalog, asked, few)[0] == learn(tiny_catalog, asked, few)[0]
    assert learn(tiny_catalog, asked, few)[0] != learn(tiny_catalog, asked, replace(few, seed=1))[0]


class Killed(Checkpoint):
    """Stops the run after its first validation."""

    def save(self, step, *state):
        super().save(step, *state)
        raise KeyboardInterrupt


def test_a_stopped_run_goes_on_where_it_was(tiny_catalog, asked, tmp_path):
    config = replace(CONFIG, steps=40)
    whole, words = learn(tiny_catalog, asked, config)
    with pytest.raises(KeyboardInterrupt):
        learn(tiny_catalog, asked, config, Killed(tmp_path / "r", config, "data"))
    report, again = learn(tiny_catalog, asked, config, Checkpoint(tmp_path / "r", config, "data"))
    assert report == whole and torch.equal(words.table, again.table)


def test_examples_know_what_is_wanted_and_what_is_not(tiny_catalog):
    talks = [
        talk("a sofa", "sofa-red", "sofa-blue", "gone", candidates=["sofa-red", "lamp-red", "sofa-blue", "unknown"]),
        Conversation(Dialogue().say("", "photo.png"), ("lamp-red",), {}),  # says nothing to search by
        talk("a chair", "gone"),
    ]
    examples = make_retrieval_examples(talks, tiny_catalog)
    assert [example.wanted.id for example in examples] == ["sofa-red", "sofa-blue"]
    assert [[other.id for other in example.others] for example in examples] == [["lamp-red"]] * 2
    with pytest.raises(DialogueError, match="None of the 1 conversations"):
        make_retrieval_examples(talks[2:], tiny_catalog)


def test_queries_are_blended_as_search_does():
    words = Words()
    queries = [Query(("red sofa", "lamp"), (1.0, 0.6)), Query(("chair",), (0.25,))]
    vectors = blend(words, queries).detach()
    for row, query in zip(vectors, queries, strict=True):
        assert torch.allclose(row, torch.from_numpy(query.blend(words(query.texts).detach().numpy())), atol=1e-6)


def test_another_copy_of_the_wanted_one_is_no_wrong_answer():
    queries = torch.tensor([[1.0, 0], [1.0, 0]])
    products = torch.tensor([[1.0, 0], [1.0, 0], [0, 1.0]])
    against_one = -torch.tensor([1.0, 0]).log_softmax(0)[0]
    assert torch.isclose(info_nce(queries, products, ["a", "a", "b"], 1.0), against_one)
    assert info_nce(queries, products, ["a", "c", "b"], 1.0) > against_one


def test_recall_is_of_the_first_ten():
    words = Words()
    texts = tuple(f"thing{n}" for n in range(30))
    queries = tuple(Query((text,), (1.0,)) for text in texts)
    assert recall(words, RecallTask(texts, queries, tuple(range(30))), batch=7) == 1.0
    order = (words(texts) @ words(["thing0"]).T).flatten().argsort(descending=True)
    tenth, eleventh = (RecallTask(texts, queries[:1], (int(order[place]),)) for place in (9, 10))
    assert (recall(words, tenth), recall(words, eleventh)) == (1.0, 0.0)
    assert str(Recall(5, 0.25)) == "recall@10 0.250"


def test_who_is_like_everyone_is_not_found():
    """Thirty products that cannot be told apart are no find; the best of thirty is, and a number must be one."""
    alike, best = torch.zeros(1, 30), torch.zeros(1, 30)
    best[0, 7] = 1
    assert [bool(are_found(scores, [7])) for scores in (alike, best, alike[:, :19], alike + torch.nan)] == [
        False,
        True,
        True,
        False,
    ]
