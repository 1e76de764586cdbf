"""The fair queue: nobody waits for another's whole list, the places told are the places had, and it is bounded."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.serving.fair_queue import FairQueue

OWNERS = st.lists(st.sampled_from("abcde"), max_size=40)


def filled(owners: list[str], longest: int = 1000) -> FairQueue[tuple[str, int]]:
    queue: FairQueue[tuple[str, int]] = FairQueue(longest)
    for item in enumerate(owners):
        queue.push(item[1], item[::-1])
    return queue


@given(OWNERS)
def test_each_owner_is_served_in_order_and_in_turn(owners: list[str]):
    served = filled(owners).clear()
    assert sorted(served) == sorted((owner, place) for place, owner in enumerate(owners))
    for owner in set(owners):
        assert [place for name, place in served if name == owner] == sorted(
            place for name, place in served if name == owner
        )
    done = Counter()
    for owner, _ in served:  # nobody is served twice more often than somebody who still waits
        done[owner] += 1
        waiting = [name for name in set(owners) if done[name] < owners.count(name)]
        assert all(done[owner] <= done[name] + 1 for name in waiting)


@given(OWNERS, st.integers(0, 10))
def test_the_place_told_is_the_place_had(owners: list[str], taken: int):
    queue = filled(owners)
    for _ in range(min(taken, len(queue))):
        queue.pop()
    items = [item for owner in set(owners) for item in queue.items_of(owner)]
    told = {item: queue.ahead(item[0], item) for item in items}
    assert {item: place for place, item in enumerate(queue.clear())} == told
    assert all(queue.ahead(item[0], item) is None for item in items)


@given(OWNERS, st.integers(1, 12))
def test_a_full_queue_favours_who_has_least(owners: list[str], longest: int):
    queue: FairQueue[tuple[str, int]] = FairQueue(longest)
    refused = set()
    for place, owner in enumerate(owners):
        most = max((len(items) for items in queue.waiting.values()), default=0)
        mine, was_full = len(queue.items_of(owner)), len(queue) == longest
        out = queue.push(owner, (owner, place))
        assert len(queue) <= longest and (out is None) == (not was_full)
        if out is not None:
            refused.add(out)
            assert (out == (owner, place)) == (most < mine + 2)
    assert {item for owner in set(owners) for item in queue.items_of(owner)} | refused == {
        (owner, place) for place, owner in enumerate(owners)
    }


def test_one_owners_many_items_keep_nobody_out():
    queue = filled(["greedy"] * 10, longest=10)
    assert queue.push("late", ("late", 0)) == ("greedy", 9)
    assert queue.pop() == ("greedy", 0) and queue.pop() == ("late", 0)
    assert queue.push("greedy", ("greedy", 10)) is None


def test_who_comes_seldom_goes_before_those_who_are_there_all_the_time():
    queue = filled(["a", "b", "c"] * 4)
    for _ in range(6):
        queue.pop()
    queue.push("seldom", ("seldom", 0))
    assert queue.ahead("seldom", ("seldom", 0)) == 0 and queue.pop() == ("seldom", 0)
    assert [queue.pop()[0] for _ in range(3)] == ["a", "b", "c"]
    queue.push("seldom", ("seldom", 1))  # had less than the others still
    assert queue.pop()[0] == "seldom"


def test_what_was_had_while_nobody_waited_does_not_count():
    queue = filled([])
    for place in range(50):
        queue.push("alone", ("alone", place))
        queue.pop()
    for owner in ("a", "b", "alone", "c"):
        queue.push(owner, (owner, 100))
    assert [queue.pop()[0] for _ in range(4)] == ["a", "b", "alone", "c"]


@given(st.lists(st.integers(0, 500), max_size=400))
def test_what_owners_had_is_not_kept_for_ever(names: list[int]):
    queue: FairQueue[int] = FairQueue(10)
    queue.push("always", -1)
    for place, name in enumerate(names):
        queue.push(str(name), place)
        queue.pop()
    assert len(queue.served) <= 100


def test_what_is_removed_is_not_served():
    queue = filled(["a", "a", "b"])
    queue.remove("a", ("a", 0))
    queue.remove("b", ("b", 2))
    queue.remove("b", ("b", 2))
    queue.remove("nobody", ("nobody", 0))
    assert queue.clear() == [("a", 1)] and len(queue) == 0
    with pytest.raises(IndexError):
        queue.pop()
