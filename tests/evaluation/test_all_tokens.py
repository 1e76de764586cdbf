"""All tokens: each candidate is read alone, with every patch; five tokens in their place score as a branch does."""

from dataclasses import replace

import pytest
import torch
from helpers.margins import amplified, assert_apart
from helpers.tiny import tiny_model
from helpers.toys import item_features, said

from lavic_chat.dialogue.reddit_amazon import Conversation
from lavic_chat.evaluation.all_tokens import make_all_tokens
from lavic_chat.features.image_encoder import ImageEncoder
from lavic_chat.features.item import ItemFeatures
from lavic_chat.ranking import Ranker

ASKED = said("a red sofa")
UNSAID = ItemFeatures(torch.zeros(5, 8))


def test_candidates_are_ranked_by_all_of_their_tokens(tiny_catalog, monkeypatch):
    model, seen = amplified(tiny_model()), []
    see = model.see_fully
    monkeypatch.setattr(model, "see_fully", lambda pictures: seen.append(see(pictures)[0]) or [seen[-1]])
    ids = tuple(tiny_catalog.by_id)[:4]
    rank = make_all_tokens(tiny_catalog, Ranker(model), dict.fromkeys(ids, UNSAID))
    found = rank(Conversation(ASKED, (ids[1],), where="d"), ids)
    assert sorted(found.ranking) == sorted(ids) and 0.25 < found.confidence < 1 and found.place == 2
    assert [len(tokens) for tokens in seen] == [24] * 4


def test_one_by_one_is_what_branches_are(tiny_catalog, tmp_path, monkeypatch):
    """With five tokens in place of all, the scores are those of one prompt with four branches."""
    model, products = amplified(tiny_model()), tiny_catalog.products[:4]
    states = ImageEncoder(model, tmp_path).encode_products(tiny_catalog, products)
    left = list(model.project(states))
    monkeypatch.setattr(model, "see_fully", lambda pictures: [left.pop(0)])
    ids = tuple(product.id for product in products)
    found = make_all_tokens(tiny_catalog, Ranker(model), dict.fromkeys(ids, replace(UNSAID, caption="red")))(
        Conversation(ASKED, ids[:1]), ids
    )
    wanted = Ranker(model).rank(ASKED, products, item_features(states, ["red"] * 4)).probabilities
    best = max(range(4), key=wanted.__getitem__)
    assert_apart(wanted)
    assert found.pick == ids[best] and found.confidence == pytest.approx(wanted[best], abs=1e-4)


def test_a_missing_picture_is_a_blank(tiny_catalog):
    model, product = tiny_model(), tiny_catalog.products[0]
    tiny_catalog.picture_path(product).unlink()
    found = make_all_tokens(tiny_catalog, Ranker(model), {product.id: UNSAID})(
        Conversation(ASKED, ("x",)), (product.id,)
    )
    assert torch.tensor(found.confidence) == 1
