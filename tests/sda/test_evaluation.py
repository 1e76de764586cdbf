"""Ranks, and what is made of them."""

import numpy as np
import pytest

from lavic_chat.errors import ModelError
from lavic_chat.sda import evaluation as e
from lavic_chat.sda.interactions import Histories, split_last

ITEMS = 130


def histories(users=20, seed=0):
    rng = np.random.default_rng(seed)
    sequences = tuple(rng.choice(ITEMS, 6, replace=False) for _ in range(users))
    return Histories(tuple(map(str, range(users))), sequences, ITEMS)


class Scores:
    """Of each item by a function of user and item."""

    def __init__(self, function):
        self.function = function

    def score(self, users, asked):
        return np.array([[self.function(user, item) for item in range(ITEMS)] for user in users], float)


def ranks(function, known=None):
    known = known or histories()
    return e.rank_items(Scores(function), known, split_last(known))


def test_the_wanted_item_first_is_rank_one():
    known = histories()
    best = ranks(lambda user, item: float(item == known.sequences[user][-1]), known)
    assert (best.sampled == 1).all() and (best.full == 1).all()


def test_ties_are_no_hit():
    same = ranks(lambda user, item: 1.0)
    assert (same.sampled == 101).all() and (same.full == ITEMS - 5).all()


def test_what_a_user_had_before_does_not_stand_in_the_way():
    known = histories()
    before = ranks(
        lambda user, item: 2.0 * (item in known.sequences[user][:-1]) + (item == known.sequences[user][-1]), known
    )
    assert (before.full == 1).all() and (before.sampled == 1).all()


def test_no_numbers_are_refused():
    with pytest.raises(ModelError, match="no numbers"):
        ranks(lambda user, item: np.nan)


def test_negatives_were_never_had_and_are_the_same_for_all():
    known = histories()
    drawn = e.sample_negatives(known, seed=5)
    assert drawn.shape == (20, 100) and (drawn == e.sample_negatives(known, seed=5)).all()
    assert all(
        not set(row) & set(sequence) and len(set(row)) == 100
        for row, sequence in zip(drawn, known.sequences, strict=True)
    )
    few = Histories(("u",), (np.arange(6),), 50)
    with pytest.raises(ModelError, match="too few"):
        e.sample_negatives(few)


def test_metrics_by_hand():
    assert list(e.hits(np.array([1, 10, 11]))) == [1, 1, 0]
    assert e.gains(np.array([1, 3, 11])) == pytest.approx([1, 0.5, 0])


def test_a_random_recommender_hits_by_chance():
    rng = np.random.default_rng(1)
    summary = e.summarize([ranks(lambda user, item: rng.random(), histories(200))])
    assert summary[e.OVERALL]["H@10"].low < 10 / 101 < summary[e.OVERALL]["H@10"].high
    assert summary[e.OVERALL]["H@10"].n == 200 and set(summary) == {e.OVERALL, e.TAIL, e.TAIL_OF_ALL}


def test_a_paired_difference_sees_what_single_intervals_do_not():
    rng = np.random.default_rng(2)
    theirs = rng.random(400)
    ours = theirs + 0.02
    found = e.paired_difference(ours, theirs)
    assert found.low > 0 and found.value == pytest.approx(0.02)
    assert e.interval(ours).low < e.interval(theirs).high
