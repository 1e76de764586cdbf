"""Two numbers fitted to validation conversations: they are found again where they are known."""

import pytest
import torch
from helpers.drawn import SHAPES
from helpers.tiny import tiny_model
from helpers.toys import WordEncoder, random_states, said

from lavic_chat.catalog import Catalog
from lavic_chat.dialogue.reddit_amazon import Conversation
from lavic_chat.features.item import ItemFeatures
from lavic_chat.ranking import Ranker, RankerConfig
from lavic_chat.retrieval.embedder import Embedder
from lavic_chat.training.calibration import ScoredChoice, fit, mean_nll, score_choices
from lavic_chat.training.choices import make_choices


def made(temperature: float, retrieval_weight: float, count: int = 1500) -> list[ScoredChoice]:
    """Choices whose answers are drawn from what the two numbers say."""
    generator = torch.Generator().manual_seed(0)
    scored = []
    for _ in range(count):
        scores = torch.randn(10, generator=generator).mul(4).log_softmax(-1)
        query_scores = torch.rand(10, generator=generator)
        chances = (scores / temperature + retrieval_weight * query_scores).softmax(-1)
        scored.append(ScoredChoice(scores, query_scores, int(torch.multinomial(chances, 1, generator=generator))))
    return scored


def test_what_the_answers_follow_is_found():
    scored = made(2.0, 10.0)
    found, alone = fit(scored), fit(scored, retrieval_weights=(0,))
    assert abs(found.temperature - 2.0) <= 0.25 and abs(found.retrieval_weight - 10) <= 2
    assert found.nll < alone.nll and found.hit > alone.hit and alone.retrieval_weight == 0


def test_search_that_says_nothing_is_not_trusted():
    assert fit(made(1.0, 0.0)).retrieval_weight <= 0.5


def test_nll_is_the_mean_of_the_answers():
    rows = [torch.tensor([0.5, 0.5]).log(), torch.tensor([0.25, 0.75]).log()]
    assert mean_nll(rows, [0, 1]) == pytest.approx(-torch.tensor([0.5, 0.75]).log().mean().item())


def test_choices_are_judged_as_chat_would(tiny_catalog: Catalog):
    model, embedder = tiny_model(), Embedder(WordEncoder())
    ids = [f"{shape}-red" for shape in SHAPES]
    talk = Conversation(said("a harbour sofa"), (ids[0],), {"candidates": tuple(ids)})
    choices, _ = make_choices([talk], tiny_catalog)
    states = random_states(3, model)
    item_features = {item: ItemFeatures(seen, "red") for item, seen in zip(ids, states, strict=True)}
    ranker = Ranker(model, RankerConfig(temperature=3.0, retrieval_weight=7.0))
    (one,) = score_choices(ranker, embedder, choices, item_features)
    assert ids[one.answer] == "sofa-red" and int(one.query_scores.argmax()) == one.answer
    products = [tiny_catalog[item] for item in ids]
    query_scores = embedder.score_items(talk.dialogue, products, [item_features[item] for item in ids])
    chat = ranker.rank(talk.dialogue, products, list(item_features.values()), query_scores=query_scores)
    assert torch.allclose(
        (one.scores / 3.0 + 7.0 * one.query_scores).softmax(-1), torch.tensor(chat.probabilities), atol=1e-5
    )
