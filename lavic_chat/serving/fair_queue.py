"""A bounded queue that is fair to its owners: first come, first served for each, and next is whoever had least lately.

So owners with many items take turns, and one who comes seldom goes before all who are there all the time.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

KEPT = 0.95  # of what an owner was served, with every further item that anybody is served
FORGOTTEN = 0.01  # of an item: less is as if it had never been
Item = TypeVar("Item")


class FairQueue(Generic[Item]):
    """Items of owners, in turn. Not safe for threads: whoever shares it holds a lock.

    longest: how many items may wait. Where it is full, whoever has most waiting makes room for who has fewer, so that
    one owner's thousand items keep nobody out.
    """

    def __init__(self, longest: int):
        self.longest = longest
        self.waiting: dict[str, deque[Item]] = {}  # owners in the order of their turns, none without an item
        self.served: dict[str, float] = {}  # items that owners had, older ones counted for less

    def __len__(self) -> int:
        return sum(map(len, self.waiting.values()))

    def push(self, owner: str, item: Item) -> Item | None:
        """Add an item behind the owner's others; returns the one that finds no room: another owner's newest, the given
        one itself, or None."""
        refused = self.make_room(owner) if len(self) >= self.longest else None
        if len(self) >= self.longest:
            return item
        self.waiting.setdefault(owner, deque()).append(item)
        return refused

    def make_room(self, owner: str) -> Item | None:
        """Take the newest item from whoever has most, where that are at least two more than this owner's."""
        if not self.waiting:
            return None
        most = max(self.waiting, key=lambda name: len(self.waiting[name]))
        if len(self.waiting[most]) < len(self.waiting.get(owner, ())) + 2:
            return None
        return self.waiting[most].pop()

    def pop(self) -> Item:
        """The next item; its owner's next one comes after one of every other owner. Raises IndexError when empty."""
        if not self.waiting:
            raise IndexError("nothing waits")
        owner = next_owner(self.waiting, self.served)
        items = self.waiting.pop(owner)
        item = items.popleft()
        if items:
            self.waiting[owner] = items
        self.served = after_serving(self.served, owner, is_last=not self.waiting)
        return item

    def remove(self, owner: str, item: Item) -> None:
        """Forget an item, if it still waits."""
        items = self.waiting.get(owner, deque())
        if item in items:
            items.remove(item)
        if not items:
            self.waiting.pop(owner, None)

    def ahead(self, owner: str, item: Item) -> int | None:
        """How many items come before this one if nobody else comes; None where it does not wait."""
        if item not in self.waiting.get(owner, ()):
            return None
        left = self.waiting[owner].index(item)  # of the owner's own
        counts, served = {name: len(items) for name, items in self.waiting.items()}, self.served
        for ahead in range(len(self)):
            turn = next_owner(counts, served)
            if turn == owner and not left:
                return ahead
            left -= turn == owner
            if count := counts.pop(turn) - 1:
                counts[turn] = count
            served = after_serving(served, turn, is_last=not counts)
        raise AssertionError("every item has its turn")

    def items_of(self, owner: str) -> list[Item]:
        """What an owner has waiting, oldest first."""
        return list(self.waiting.get(owner, ()))

    def items(self) -> list[Item]:
        """All that wait, owner by owner."""
        return [item for items in self.waiting.values() for item in items]

    def clear(self) -> list[Item]:
        """Take everything, in the order of its turns."""
        return [self.pop() for _ in range(len(self))]


def next_owner(owners: Iterable[str], served: Mapping[str, float]) -> str:
    """Who had least; of equals the first."""
    return min(owners, key=lambda name: served.get(name, 0.0))


def after_serving(served: Mapping[str, float], owner: str, is_last: bool) -> dict[str, float]:
    """What owners had, after one more item; those who had hardly any are left out. The last item of all that waited
    does not count, for nobody waited longer for it."""
    faded = {name: KEPT * count for name, count in served.items() if KEPT * count > FORGOTTEN}
    return faded if is_last else {**faded, owner: faded.get(owner, 0.0) + 1}
