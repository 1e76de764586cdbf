"""A bounded queue that is fair to its owners: first come, first served for each, and each in turn."""

from collections import deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class FairQueue(Generic[Item]):
    """Items of owners, round-robin over the owners. Not safe for threads: whoever shares it holds a lock.

    longest: how many items may wait. Where it is full, whoever has most waiting makes room for who has fewer, so that
    one owner's thousand items keep nobody out.
    """

    def __init__(self, longest: int):
        self.longest = longest
        self.waiting: dict[str, deque[Item]] = {}  # owners in the order of their turns, none without an item

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
        owner = next(iter(self.waiting))
        items = self.waiting.pop(owner)
        item = items.popleft()
        if items:
            self.waiting[owner] = items
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
        place = self.waiting[owner].index(item)
        owners = list(self.waiting)
        before = owners.index(owner)
        rounds = (place + 1 if rank < before else place for rank in range(len(owners)))
        return sum(min(len(self.waiting[name]), most) for name, most in zip(owners, rounds, strict=True))

    def items_of(self, owner: str) -> list[Item]:
        """What an owner has waiting, oldest first."""
        return list(self.waiting.get(owner, ()))

    def clear(self) -> list[Item]:
        """Take everything, in the order of its turns."""
        return [self.pop() for _ in range(len(self))]
