"""Every recommender on made-up purchases with a plain pattern: what it can know, it finds."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lavic_chat.sda import evaluation as e
from lavic_chat.sda.interactions import Histories, split_last
from lavic_chat.sda.losses import InfoNceLoss
from lavic_chat.sda.recommenders.bert4rec import HiddenItems, fit_bert4rec
from lavic_chat.sda.recommenders.bpr import fit_bpr
from lavic_chat.sda.recommenders.content import ContentConfig, fit_content, fit_nearest
from lavic_chat.sda.recommenders.hybrid import HybridConfig, fit_hybrid, standard_scores
from lavic_chat.sda.recommenders.item_embedding import ItemEmbedding, standardize
from lavic_chat.sda.recommenders.item_knn import fit_item_knn
from lavic_chat.sda.recommenders.matrix import MatrixConfig
from lavic_chat.sda.recommenders.popularity import fit_popularity
from lavic_chat.sda.recommenders.sasrec import NextItem, fit_sasrec
from lavic_chat.sda.recommenders.sequential import IGNORED, SequentialConfig, pad_front
from lavic_chat.sda.recommenders.slmrec import SlmRecConfig, fit_slmrec
from lavic_chat.sda.recommenders.task import FitTask
from lavic_chat.sda.recommenders.vbpr import fit_vbpr, pair_loss

GROUPS, EACH, USERS = 6, 25, 240
ITEMS = GROUPS * EACH


@pytest.fixture(scope="module")
def purchases():
    """Users who buy within one group of items; of each item a vector that tells its group."""
    rng = np.random.default_rng(0)
    sequences = tuple(rng.choice(np.arange(EACH) + EACH * (user % GROUPS), 6, replace=False) for user in range(USERS))
    histories = Histories(tuple(map(str, range(USERS))), sequences, ITEMS)
    centres = rng.normal(size=(GROUPS, 16))
    features = centres.repeat(EACH, 0) + 0.3 * rng.normal(size=(ITEMS, 16))
    return histories, split_last(histories), torch.tensor(features, dtype=torch.float32)


def judge_of(histories, split):
    return lambda recommender: e.gains(e.rank_items(recommender, histories, split, e.VALID).sampled).mean()


def hit_rate(recommender, histories, split):
    return e.hits(e.rank_items(recommender, histories, split).sampled).mean()


def task_of(purchases, features=None, aligned=None):
    histories, split, _ = purchases
    named = {} if features is None else {"both": features}
    return FitTask(split, judge_of(histories, split), features=named, aligned=aligned)


SEQUENCE = SequentialConfig(size=32, blocks=1, heads=2, epochs=30, patience=4, valid_every=5, lr=3e-3)
CHANCE = 10 / 101  # of a group's 24 other items among 100 + 1, a group that is known lifts it to about 0.5


@pytest.mark.parametrize("fit", [fit_sasrec, fit_bert4rec])
def test_transformers_learn_from_features_and_from_ids(purchases, fit):
    histories, split, features = purchases
    by_features, by_ids = fit(task_of(purchases, features), SEQUENCE), fit(task_of(purchases), SEQUENCE)
    assert hit_rate(by_features, histories, split) > 3 * CHANCE
    assert hit_rate(by_ids, histories, split) > 2 * CHANCE
    history = list(histories.sequences[0][:3])
    alone, beside = (
        by_features.score_histories([np.array(history)]),
        by_features.score_histories([np.array(history), histories.sequences[1]]),
    )
    assert np.allclose(alone[0], beside[0], atol=1e-4)  # padding is not read


@pytest.mark.parametrize("fit", [fit_sasrec, fit_bert4rec])
def test_what_mostly_comes_next_is_first_though_it_is_popular(fit):
    """Of a softmax over items that are drawn by popularity, which does not know that, the rare one would be first."""
    butter, bread, jam, items = 0, 1, 2, 110
    pairs = [(butter, bread if n % 10 < 7 else jam) for n in range(100)] + [(3 + n % 10, bread) for n in range(300)]
    sequences = tuple(np.array([*pair, 3 + n % 10, 3 + n % 7]) for n, pair in enumerate(pairs))
    histories = Histories(tuple(map(str, range(len(pairs)))), sequences, items)
    split = split_last(histories)
    fitted = fit(FitTask(split, judge_of(histories, split)), replace(SEQUENCE, patience=30))
    scores = fitted.score_histories([np.array([butter])])[0]
    assert scores[bread] > scores[jam] > np.delete(scores, [bread, jam]).max()


def test_a_hybrid_knows_what_both_of_its_parts_know(purchases):
    """Two groups in one text, two in one vector: neither tells a group by itself."""
    histories, split, features = purchases
    groups = np.arange(ITEMS) // EACH
    texts = [f"a thing of {'abc'[group // 2] * 4}" for group in groups]
    task = replace(task_of(purchases, features[(groups % 2) * EACH]), texts=texts)
    config = HybridConfig(SlmRecConfig(size=16, epochs=10, lr=1e-2), weights=(0.0, 1.0))
    found = fit_hybrid(task, config)
    assert found.weight == 1.0
    assert hit_rate(found, histories, split) > max(
        hit_rate(one, histories, split) for one in (found.first, found.second)
    )


def test_scores_of_users_are_on_one_scale():
    made = standard_scores(np.array([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0]]))
    assert np.allclose(made.mean(1), 0) and np.allclose(made.std(1), [1, 0])


def test_a_pretrained_one_is_aligned_to(purchases):
    _, split, features = purchases
    ids = fit_sasrec(task_of(purchases), SEQUENCE)
    aligned = ids.encoder.embedding.ids.detach()
    asked = task_of(purchases, features, lambda: aligned)
    strong = fit_sasrec(asked, replace(SEQUENCE, align=5.0, epochs=10))
    free = fit_sasrec(asked, replace(SEQUENCE, align=0.0, epochs=10))
    with torch.no_grad():
        near = [InfoNceLoss(2.0)(one.encoder.embedding()[:ITEMS], aligned).item() for one in (strong, free)]
    assert near[0] < near[1] and len(split.train) == USERS


def test_matrix_recommenders(purchases):
    histories, split, features = purchases
    config = MatrixConfig(size=16, epochs=60, lr=0.05)
    task = task_of(purchases, features)
    popular = hit_rate(fit_popularity(task, config), histories, split)
    assert popular < 2 * CHANCE
    for fitted in (
        fit_item_knn(task, config),
        fit_bpr(task, config),
        fit_vbpr(task, replace(config, lr=0.01)),
        fit_vbpr(task_of(purchases), replace(config, lr=0.01)),  # ids alone learn the same way
    ):
        assert fitted.score(np.array([0, 5]), e.TEST).shape == (2, ITEMS)
        assert hit_rate(fitted, histories, split) > 2 * popular


def test_what_is_had_together_often_goes_before_what_is_once():
    tea, tools = [[0, 1, 2]] * 10, [[3, 4, 5]] * 10
    sequences = tuple(np.array([*had, 6, 7]) for had in (*tea, *tools, [0, 3], [0]))
    histories = Histories(tuple(map(str, range(22))), sequences, 8)
    task = FitTask(split_last(histories), judge_of(histories, split_last(histories)))
    scores = fit_item_knn(task, MatrixConfig()).score(np.array([21]), e.TEST)[0]
    assert scores[1] > 5 * scores[3] > 0 and scores[4] == 0
    few = fit_item_knn(task, MatrixConfig(neighbours=1)).score(np.array([21]), e.TEST)[0]
    assert few[3] == 0 < few[1]


def test_items_that_nobody_had_are_scored_by_what_they_are():
    rng = np.random.default_rng(1)
    sequences = tuple(rng.choice(np.arange(20) + 60 * (user % 2), 6, replace=False) for user in range(100))
    histories = Histories(tuple(map(str, range(100))), sequences, 120)
    features = torch.tensor([[1.0, 0.0]] * 60 + [[0.0, 1.0]] * 60) + 0.05 * torch.randn(120, 2)
    split = split_last(histories)
    task = FitTask(split, judge_of(histories, split), features={"both": features})
    fitted = fit_vbpr(task, MatrixConfig(size=8, epochs=100, lr=0.02))
    scores = fitted.score(np.array([0, 1]), e.TEST)
    assert scores[0, 30:60].mean() > scores[0, 90:].mean() and scores[1, 30:60].mean() < scores[1, 90:].mean()


def test_the_nearest_to_a_history_are_found_without_learning(purchases):
    histories, split, features = purchases
    assert hit_rate(fit_nearest(task_of(purchases, features), ContentConfig()), histories, split) > 0.6
    noise = torch.randn(ITEMS, 16, generator=torch.Generator().manual_seed(0))
    assert hit_rate(fit_nearest(task_of(purchases, noise), ContentConfig()), histories, split) < 0.3
    newest = fit_nearest(task_of(purchases, features), ContentConfig(1e-6)).score_history(np.array([0, EACH]))
    assert newest[EACH] == newest.max()  # hardly anything but the newest counts
    texts = [f"thing {'abcdef'[row // EACH] * 5}" for row in range(ITEMS)]
    by_words = fit_content(replace(task_of(purchases), texts=texts), ContentConfig(0.8))
    assert by_words.score_history(np.array([0, EACH])).argmax() // EACH == 1
    assert fit_nearest(task_of(purchases), ContentConfig()).score(np.array([0]), e.TEST).shape == (1, ITEMS)


def test_a_pair_is_learned_from_once():
    weights = [torch.zeros(4), *(torch.zeros(size) for size in ((2, 3), (4, 3), (2, 3), (5, 3), (5, 1)))]
    pairs = tuple(np.array(rows) for rows in ([0, 1], [0, 1], [2, 3]))
    loss = pair_loss(weights, torch.randn(4, 5), pairs, 0.1)
    assert loss.item() == pytest.approx(np.log(2))  # the mean of two, where B x B would be summed


@pytest.mark.parametrize("names", [(), ("text",), ("text", "image")])
def test_slmrec_by_its_channels(purchases, names):
    histories, split, features = purchases
    config = SlmRecConfig(size=16, epochs=30, lr=0.01, batch=256)
    asked = FitTask(split, judge_of(histories, split), features=dict.fromkeys(names, features))
    fitted = fit_slmrec(asked, config)
    assert hit_rate(fitted, histories, split) > 3 * CHANCE
    assert len(fitted.encoder.channels()) == 1 + len(names)


def test_one_seed_is_one_recommender(purchases):
    first, again = fit_sasrec(task_of(purchases), SEQUENCE), fit_sasrec(task_of(purchases), SEQUENCE)
    assert np.array_equal(first.score(np.arange(4), e.TEST), again.score(np.arange(4), e.TEST))


def test_exercises():
    histories = [np.array([5, 6, 7]), np.array([8, 9])]
    rows, wanted = NextItem().exercise(histories, 20, 10, None)
    assert rows.tolist() == [[5, 6], [20, 8]] and wanted.tolist() == [[6, 7], [IGNORED, 9]]
    import random

    rows, wanted = HiddenItems().exercise(histories, 20, 10, random.Random(0))
    assert rows.shape == wanted.shape == (2, 3) and ((rows == 20) | (wanted == IGNORED)).all()
    assert ((wanted != IGNORED).sum(1) > 0).all()
    assert pad_front([np.arange(5), np.arange(2)], 9, 3).tolist() == [[2, 3, 4], [9, 0, 1]]


def test_features_of_any_size_are_taken_alike():
    rows = torch.randn(50, 4) * torch.tensor([1.0, 2.0, 3.0, 4.0])
    assert torch.allclose(standardize(rows), standardize(100 * rows + 7), atol=1e-4)
    assert standardize(torch.ones(5, 3)).abs().max() == 0
    assert ItemEmbedding(5, 8, torch.randn(5, 6))().shape == (6, 8)
