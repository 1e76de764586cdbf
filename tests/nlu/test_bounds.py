"""Which way an amount bounds, by the words beside it."""

import pytest

from lavic_chat.nlu.bounds import bound_before, bound_behind, bound_right_behind


@pytest.mark.parametrize(
    ("before", "bound"),
    [
        ("not beige, less than ", "<"), ("more than $", ">"), ("no more than ", "<"), ("nothing under ", ">"),
        ("not over ", "<"), ("don't come in under ", ">"),
        ("mustn't stick out more than ", "<"), ("it can't be over ", "<"),
        ("not paying more then ", "<"), ("at least about ", ">"), ("it cannot be deeper than ", "<"),
        ("max height ", "<"), ("up to ", "<"), ("no wider than ", "<"), ("wider than ", ">"), ("a tall lamp, ", ""),
        ("over the table, ", ""), ("anything over ", ""), ("must not exceed ", "<"), ("for ", ""), ("", ""),
    ],
)  # fmt: skip
def test_before(before, bound):
    assert bound_before(before) == bound


@pytest.mark.parametrize(
    ("after", "right", "anywhere"),
    [
        (" or more", ">", ">"), (" dollars tops", "<", "<"), (" inches high or taller", "", ">"),
        (" wide at most", "", "<"),
        (" and a rug", "", ""),
    ],
)  # fmt: skip
def test_behind(after, right, anywhere):
    assert (bound_right_behind(after), bound_behind(after)) == (right, anywhere)
