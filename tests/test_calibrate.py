"""Two numbers fitted to validation conversations: they are found again where they are known."""

import pytest
import torch
from conftest import SHAPES
from tiny import tiny_model
from toys import WordEncoder, random_states, said

from lavic_chat.catalog import Catalog
from lavic_chat.dialogue import Conversation
from lavic_chat.ranking import Ranker
from lavic_chat.retrieval import Search
from lavic_chat.sight import Sight
from lavic_chat.training.calibrate import Judged, fit, judge, mean_surprise
from lavic_chat.training.examples import make_choices


def made(temperature: float, trust: float, count: int = 1500) -> list[Judged]:
    """Choices whose answers are drawn from what the two numbers say."""
    generator = torch.Generator().manual_seed(0)
    judged = []
    for _ in range(count):
        scores = torch.randn(10, generator=generator).mul(4).log_softmax(-1)
        nearness = torch.rand(10, generator=generator)
        chances = (scores / temperature + trust * nearness).softmax(-1)
        judged.append(Judged(scores, nearness, int(torch.multinomial(chances, 1, generator=generator))))
    return judged


def test_what_the_answers_follow_is_found():
    judged = made(2.0, 10.0)
    found, alone = fit(judged), fit(judged, trusts=(0,))
    assert abs(found.temperature - 2.0) <= 0.25 and abs(found.trust - 10) <= 2
    assert found.surprise < alone.surprise and found.hit > alone.hit and alone.trust == 0


def test_search_that_says_nothing_is_not_trusted():
    assert fit(made(1.0, 0.0)).trust <= 0.5


def test_surprise_is_the_mean_of_the_answers():
    rows = [torch.tensor([0.5, 0.5]).log(), torch.tensor([0.25, 0.75]).log()]
    assert mean_surprise(rows, [0, 1]) == pytest.approx(-torch.tensor([0.5, 0.75]).log().mean().item())


def test_choices_are_judged_as_chat_would(tiny_catalog: Catalog):
    model, search = tiny_model(), Search(WordEncoder())
    ids = [f"{shape}-red" for shape in SHAPES]
    talk = Conversation(said("a harbour sofa"), (ids[0],), {"candidates": tuple(ids)})
    choices, _ = make_choices([talk], tiny_catalog)
    states = random_states(3, model)
    sights = {item: Sight(seen, "red") for item, seen in zip(ids, states, strict=True)}
    ranker = Ranker(model, temperature=3.0, trust=7.0)
    (one,) = judge(ranker, search, choices, sights)
    assert ids[one.answer] == "sofa-red" and int(one.nearness.argmax()) == one.answer
    products = [tiny_catalog[item] for item in ids]
    nearness = search.measure(talk.dialogue, products, [sights[item] for item in ids])
    chat = ranker.rank(talk.dialogue, products, states, looks=["red"] * 3, nearness=nearness)
    assert torch.allclose(
        (one.scores / 3.0 + 7.0 * one.nearness).softmax(-1), torch.tensor(chat.probabilities), atol=1e-5
    )
