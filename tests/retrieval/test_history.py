"""A visitor's taste: the direction of what was liked and away from what was turned down, and what lies in it."""

from pathlib import Path

import numpy as np
import pytest
from helpers.toys import WordEncoder
from hypothesis import given, settings
from hypothesis import strategies as st

from lavic_chat.catalog import Catalog, Product
from lavic_chat.dialogue.history import LIKED, NO_HISTORY, OPENED, SIGNS, TURNED_DOWN, Event, History
from lavic_chat.features.vectors import unit
from lavic_chat.retrieval.embedder import Embedder
from lavic_chat.retrieval.history import DECAY, MOST, WEIGHTS, JoinedVectors, Taste, taste_of
from lavic_chat.retrieval.retriever import Retriever

COUNT = 12
# Five families have two variants: of one title, or of one shape under two titles. Every fifth is out of stock.
PRODUCTS = tuple(
    Product(
        f"p{n}",
        f"Title {n if n % 7 > 2 else n % 7}",
        "Things",
        in_stock=(False, None, True, True, None)[n % 5],
        shape=f"shape {n % 7}" if n % 7 > 2 else "",
    )
    for n in range(COUNT)
)
VECTORS = unit(np.random.default_rng(0).normal(size=(COUNT, 8)).astype(np.float32))
TASTE = Taste(PRODUCTS, VECTORS)
IDS = st.integers(0, COUNT + 2).map(lambda n: f"p{n}")  # some are of no product
HISTORIES = st.lists(st.builds(Event, IDS, st.sampled_from(SIGNS)), unique_by=lambda event: event.product_id).map(
    lambda events: History(tuple(events))
)


@settings(deadline=None)
@given(history=HISTORIES)
def test_scores_are_cosines(history):
    scores = TASTE.scores(history)
    assert scores.shape == (COUNT,) and np.all(np.abs(scores) <= 1 + 1e-5)
    if not any(event.product_id in TASTE.row for event in history.events):
        assert not scores.any()


@settings(deadline=None)
@given(history=HISTORIES, rows=st.lists(st.integers(0, COUNT - 1), min_size=1, unique=True))
def test_a_prior_is_of_what_is_nearer_and_bounded(history, rows):
    prior, scores = TASTE.prior(history, rows), TASTE.scores(history)[rows]
    assert np.all(np.abs(prior) <= MOST) and np.all(np.isfinite(prior))
    assert np.all(np.diff(prior[np.argsort(scores, kind="stable")]) >= -1e-6)
    if not any(event.product_id in TASTE.row for event in history.events):
        assert not prior.any()


def test_a_prior_grows_with_what_is_known_and_is_the_same_at_every_scale_of_cosines():
    rows = list(range(COUNT))
    opened, liked = (TASTE.prior(NO_HISTORY.add("p0", sign), rows) for sign in (OPENED, LIKED))
    between = np.abs(liked) < MOST
    assert np.allclose(liked[between], opened[between] * (1 / 2) / (0.5 / 1.5), atol=1e-5)
    common = np.full((COUNT, 1), 3, np.float32)  # all vectors nearly alike, as sentence encoders have them
    flat = Taste(PRODUCTS, unit(np.hstack([VECTORS, common])))
    steep = Taste(PRODUCTS, VECTORS)
    history = NO_HISTORY.add("p0", LIKED)
    assert np.std(flat.scores(history)) < 0.3 * np.std(steep.scores(history))
    assert np.allclose(flat.prior(history, rows), steep.prior(history, rows), atol=0.05)


class CountedVectors(JoinedVectors):
    """How many rows were asked for."""

    asked = 0

    def __getitem__(self, rows):
        found = super().__getitem__(rows)
        self.asked += len(np.atleast_2d(found))
        return found


def test_a_turn_with_a_history_reads_its_own_rows_alone():
    """Beside a model's runtime the rest of the catalogue cost a tenth of a turn."""
    vectors = CountedVectors(VECTORS, VECTORS)
    taste, history = Taste(PRODUCTS, vectors), NO_HISTORY.add("p0", LIKED).add("p1", LIKED)
    before, seen = taste.prior(history, [3, 4, 5]), vectors.asked
    assert np.array_equal(taste.prior(history, [3, 4, 5]), before) and vectors.asked - seen == 3 + 2
    assert np.allclose(before, TASTE.prior(history, [3, 4, 5]), atol=1e-5)


@settings(deadline=None)
@given(history=HISTORIES, k=st.integers(0, COUNT), excluded=st.sets(IDS))
def test_the_nearest_are_new_of_different_families_in_stock_and_in_order(history, k, excluded):
    found = TASTE.nearest(history, k, excluded)
    assert len(found) <= k and not set(found) & {event.product_id for event in history.events}.union(excluded)
    products = [PRODUCTS[TASTE.row[name]] for name in found]
    assert len({one.family for one in products}) == len(products)
    assert not any(one.in_stock is False for one in products)
    liked = History(tuple(one for one in history.events if one.sign != TURNED_DOWN and one.product_id in TASTE.row))
    scores = TASTE.scores(liked)
    near = [scores[TASTE.row[name]] for name in found]
    assert near == sorted(near, reverse=True)
    if not any(event.sign != TURNED_DOWN and event.product_id in TASTE.row for event in history.events):
        assert found == ()


def test_all_families_in_stock_are_near_where_many_are_asked_for():
    """Two things of one title that are no variants of each other are both there; a family's other variant stands in
    for the nearer one that is out of stock."""
    products = (
        Product("liked", "Pico lamp", "Lamps"),
        Product("red", "Aalto sofa", "Sofas", in_stock=False, shape="aalto"),
        Product("blue", "Aalto sofa", "Sofas", in_stock=True, shape="aalto"),
        Product("wide", "Aalto sofa", "Sofas", in_stock=True, shape="aalto-wide"),
    )
    taste = Taste(products, np.ones((4, 1), np.float32))
    assert taste.nearest(NO_HISTORY.add("liked", LIKED), 9) == ("blue", "wide")


@settings(deadline=None)
@given(history=HISTORIES)
def test_products_of_another_catalogue_neither_count_nor_age(history):
    ours = History(tuple(event for event in history.events if event.product_id in TASTE.row))
    assert np.array_equal(TASTE.scores(history), TASTE.scores(ours))


def test_a_profile_is_the_sum_by_sign_and_age():
    history = NO_HISTORY.add("p0", LIKED).add("p1", TURNED_DOWN).add("p2", OPENED)
    signs = (WEIGHTS[LIKED] * DECAY**2, WEIGHTS[TURNED_DOWN] * DECAY, WEIGHTS[OPENED])
    expected = sum(weight * VECTORS[row] for row, weight in enumerate(signs))
    assert TASTE.profile(history) == pytest.approx(expected, abs=1e-6)
    assert TASTE.scores(NO_HISTORY.add("p3", LIKED)) == pytest.approx(VECTORS @ VECTORS[3], abs=1e-6)
    assert TASTE.scores(NO_HISTORY.add("p3", TURNED_DOWN)) == pytest.approx(-VECTORS @ VECTORS[3], abs=1e-6)


def test_what_is_said_and_what_is_seen_count_half_each():
    states = np.eye(3, dtype=np.float32)[:, None].repeat(5, 1)
    catalog = Catalog(Path("nowhere"), PRODUCTS[:3])
    retriever = Retriever(catalog, Embedder(WordEncoder()), 2 * np.eye(3, dtype=np.float32)[[0, 0, 1]], states)
    taste = taste_of(retriever)
    assert np.linalg.norm(taste.vectors, axis=1) == pytest.approx(1, abs=1e-5)
    seen = retriever.picture_vectors @ retriever.picture_vectors[0]
    assert taste.scores(NO_HISTORY.add("p0", LIKED)) == pytest.approx([1, 0.5 + seen[1] / 2, seen[2] / 2], abs=1e-5)
