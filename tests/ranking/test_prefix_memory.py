"""What was read of conversations: found by its tokens and pictures, within its bounds."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.ranking.prefix_memory import PrefixMemory, common_length, name_tokens

names = st.lists(st.integers(-3, 3), max_size=8).map(lambda row: np.array(row, np.int64))


def past_of(row: np.ndarray) -> torch.Tensor:
    """[2, 1, 1, P, 1]: in the place of keys and values the names themselves."""
    return torch.tensor(row, dtype=torch.float32).view(1, 1, 1, -1, 1).repeat(2, 1, 1, 1, 1)


@given(rows=st.lists(names, max_size=6), asked=names)
def test_the_longest_known_beginning_is_found(rows, asked):
    memory = PrefixMemory()
    for row in rows:
        memory.keep(row, past_of(row))
    longest = max([common_length(row, asked) for row in rows], default=0)
    found = memory.recall(asked)
    assert (found is None) == (longest == 0)
    if found is not None:
        assert found[0, 0, 0, :, 0].tolist() == asked[:longest].tolist()


@given(rows=st.lists(names, min_size=1, max_size=12))
def test_it_never_holds_more_than_its_limit(rows):
    memory = PrefixMemory(limit=200)
    for row in rows:
        memory.keep(row, past_of(row))
        assert memory.size <= 200


def test_what_was_asked_for_last_stays():
    one, other, new = (np.array(row, np.int64) for row in ([1, 1, 1], [2, 2, 2], [3, 3, 3]))
    memory = PrefixMemory(limit=100)  # of two
    memory.keep(one, past_of(one))
    memory.keep(other, past_of(other))
    memory.recall(one)
    memory.keep(new, past_of(new))
    assert memory.recall(one) is not None and memory.recall(other) is None


def test_a_conversation_that_went_on_is_kept_once():
    memory = PrefixMemory()
    for length in range(1, 5):
        row = np.arange(1, 1 + length)
        memory.keep(row, past_of(row))
    assert memory.size == 4 * 8 + 2 * 4 * 4


def test_another_picture_is_another_name():
    ids = torch.tensor([5, 9, 9, 7])
    one, other = torch.zeros(2, 3), torch.ones(2, 3)
    first, second = name_tokens(ids, 9, one), name_tokens(ids, 9, other)
    assert first[0] == second[0] == 5 and first[3] == second[3] == 7
    assert (first[1:3] < 0).all() and (first[1:3] != second[1:3]).all()
    assert np.array_equal(first, name_tokens(ids, 9, one))
