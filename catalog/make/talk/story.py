"""What a conversation is about, and the shop that it happens in."""

from collections.abc import Sequence
from dataclasses import dataclass

from lavic_chat.dialogue.turns import Dialogue

from .looks import Look
from .nouns import Noun
from .wishes import Wish


@dataclass(frozen=True)
class Story:
    """One wanted product and what leads to it.

    `seen` are products suggested on the way: turned down for the `reason`, or one of them (`pointed` is its place)
    referred to. `olds` are wishes that the seeker takes back, in order; `decoy` is a colour that other things in the
    room have; `mood` and `budget` (0: none) are true of the target and decide nothing.
    """

    scene: str
    target: Look
    wishes: tuple[Wish, ...]
    seen: tuple[Look, ...] = ()
    reason: str = ""
    olds: tuple[Wish, ...] = ()
    decoy: str = ""
    pointed: int = 0
    mood: Wish | None = None
    budget: int = 0

    @property
    def firm(self) -> tuple[Wish, ...]:
        """The single conditions that decide."""
        return tuple(part for wish in self.wishes for part in wish.parts)

    @property
    def listed(self) -> bool:
        """Whether one of several products shown at once is pointed at."""
        return self.scene == "listed" or (self.scene == "compared" and len(self.seen) > 1)

    @property
    def same_shape(self) -> bool:
        """Whether the target is wanted as a product that was shown, in another look."""
        return self.scene in ("same shape", "listed")


@dataclass(frozen=True)
class Asked:
    """How a conversation asks: the noun, where the thing goes ("" where it is not said), and what decides nothing."""

    noun: Noun
    place: str
    mood: Wish | None = None
    budget: int = 0
    bulky: bool = False  # furniture, which has to fit and be put together


@dataclass(frozen=True)
class Draft:
    """A conversation in words; `chosen` are the other candidates, which a mixed set gets only after ranking."""

    set: str
    story: Story
    dialogue: Dialogue
    gt: str
    scope: str  # what the noun names: the wanted "thing", "type", "group" or "field", or "any" thing
    chosen: tuple[Look, ...] = ()


@dataclass(frozen=True)
class Shop:
    """The looks of one split, and those of one type, sort or shape, for drawing from."""

    looks: Sequence[Look]
    by_type: dict[str, list[Look]]
    by_sort: dict[str, list[Look]]
    by_shape: dict[str, list[Look]]

    @staticmethod
    def of(looks: Sequence[Look]) -> "Shop":
        shop = Shop(looks, {}, {}, {})
        for look in looks:
            shop.by_type.setdefault(look.type, []).append(look)
            shop.by_sort.setdefault(look.sort, []).append(look)
            shop.by_shape.setdefault(look.shape, []).append(look)
        return shop

    def near(self, target: Look) -> list[Look]:
        """What might be suggested instead of the target."""
        return [look for look in self.by_sort[target.sort] if look.id != target.id]
