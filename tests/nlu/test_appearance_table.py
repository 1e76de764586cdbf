"""Probabilities of looks, by the words for them."""

import numpy as np
import pytest

from lavic_chat.nlu.appearance_table import AppearanceTable

TABLE = AppearanceTable(
    ("black", "white", "cotton", "wool"),
    ("colour", "colour", "material", "material"),
    np.array([[0.75, 0.25, 0.5, 0.5], [0.25, 0.75, 1.0, 0.0]], np.float16),
)


def test_scores_are_meant_over_each_attribute_and_the_best_one_counts():
    assert TABLE.expect(np.array([1.0, 0, 0, 0])) == pytest.approx([0.75, 0.25])
    assert TABLE.expect(np.array([1.0, 1.0, 0, 0])) == pytest.approx([1, 1])
    assert TABLE.expect(np.array([0.5, 0, 0, 1.0])) == pytest.approx([0.5, 0.125])
    assert TABLE.expect(np.zeros(4)) == pytest.approx([0, 0])


def test_values_are_meant_where_most_of_them_are_known():
    light = np.array([0.0, 100.0, np.nan, np.nan])
    assert TABLE.mean("colour", light) == pytest.approx([25, 75])
    assert np.isnan(TABLE.mean("material", light)).all() and np.isnan(TABLE.mean("style", light)).all()
    assert TABLE.mean("colour", np.array([50.0, np.nan, 1, 1]))[0] == pytest.approx(50)
    assert np.isnan(TABLE.mean("colour", np.array([50.0, np.nan, 1, 1]))[1])


def test_the_likeliest_word():
    assert TABLE.likeliest(0, "colour") == "black" and TABLE.likeliest(1, "material") == "cotton"
    assert TABLE.likeliest(0, "style") == ""
