"""One `Intent` a turn: what the newest turn asks for, in the light of the conversation.

Read once, in `Recommender`, and handed down: nothing behind it reads the shopper's language again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lavic_chat.nlu import reading as r

UNITS = {
    r.WIDTH: " cm wide", r.DEPTH: " cm deep", r.HEIGHT: " cm high", r.LENGTH: " cm long", r.SIZE: " cm",
}  # fmt: skip
COMPARATIVES = {
    "price": ("cheaper", "dearer"), "width": ("narrower", "wider"), "depth": ("less deep", "deeper"),
    "height": ("lower", "taller"), "size": ("smaller", "bigger"), "light": ("darker", "lighter"),
    "pattern": ("plainer", "bolder"),
}  # fmt: skip
BRAND, VARIANT = "brand", "variant"  # facets: a variant is called so in a title, "450 ml"
UNAVAILABLE = "unavailable"  # an act beyond those of a message alone: a thing that is not sold here, or a service


@dataclass(frozen=True)
class Limit:
    """Bounds of a price, a measure in centimetres, or seats; both ends inclusive, open where None."""

    quantity: str
    least: float | None = None
    most: float | None = None

    def admits(self, value: float) -> bool:
        """Whether a known value lies within."""
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


@dataclass(frozen=True)
class Appearance:
    """Words for how a thing looks, the facet that they are of, and whether it shall not look so. sure: how probably
    that was meant; against: how probably the opposite was."""

    said: str
    facet: str
    unwanted: bool = False
    sure: float = 1.0
    against: float = 0.0


@dataclass(frozen=True)
class Relation:
    """To a product that was shown. facet: what is compared ("price", "light"); sign: "-" less, "+" more, "=" the same,
    "!" another."""

    facet: str
    sign: str
    product: str


@dataclass(frozen=True)
class Intent:
    """What is wanted after a turn; empty where nothing was said.

    act: of the newest message. kinds: what the thing is called, any of these; sure: how probably that was meant.
    later: a second kind of thing, announced for afterwards. appearance, limits, relations: conditions, the oldest
    first. title: a product as it is called by name. reference: id of the shown product that the message points at.
    asks: what a question is about, or compares ("price-"), or the superlative of a wish; also: what else it is about.
    subjects: ids of the products that a question is about, where these are several. proposed: a kind of thing, or a
    title, of which the answer to a question asks whether to show some. missing: kinds of thing that are
    not sold here. excluded: ids that were turned down. since: the turn with which this wish begins, by its place in the
    dialogue.
    """

    act: str = r.ASK
    kinds: tuple[str, ...] = ()
    sure: float = 1.0
    later: tuple[str, ...] = ()
    appearance: tuple[Appearance, ...] = ()
    limits: tuple[Limit, ...] = ()
    relations: tuple[Relation, ...] = ()
    title: str = ""
    reference: str | None = None
    asks: str = ""
    also: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    proposed: str = ""
    missing: tuple[str, ...] = ()
    excluded: frozenset[str] = frozenset()
    since: int = 0

    @property
    def wanted(self) -> tuple[str, ...]:
        """Words for how it shall look."""
        return tuple(one.said for one in self.appearance if not one.unwanted)

    @property
    def unwanted(self) -> tuple[str, ...]:
        """Words for how it shall not look."""
        return tuple(one.said for one in self.appearance if one.unwanted)

    def limit(self, quantity: str) -> Limit | None:
        """What bounds a price, a measure or seats; None where nothing does."""
        return next((limit for limit in self.limits if limit.quantity == quantity), None)

    @property
    def measures(self) -> tuple[str, ...]:
        """Those that are bounded."""
        return tuple(one.quantity for one in self.limits if one.quantity in r.MEASURES)

    @property
    def price(self) -> Limit | None:
        """What bounds the price."""
        return self.limit(r.PRICE)

    @property
    def wants_pick(self) -> bool:
        """Whether an answer is a product, rather than words alone."""
        return self.act in (r.ASK, r.REFINE, r.REJECT, r.RECALL)

    @property
    def chips(self) -> dict[str, str]:
        """What was understood as conditions, in a few words each, by a key with which `drop` takes it back."""
        found = {f"kind {kind}": kind for kind in self.kinds}
        found |= {f"title {self.title}": self.title} if self.title else {}
        found |= {f"look {one.said}": f"not {one.said}" if one.unwanted else one.said for one in self.appearance}
        found |= {f"limit {one.quantity}": limit_words(one) for one in self.limits}
        return found | {f"relation {one.facet}": relation_words(one) for one in self.relations}

    def drop(self, key: str) -> "Intent":
        """Without a condition, by its key in `chips`."""
        sort, _, name = key.partition(" ")
        return replace(
            self,
            kinds=tuple(kind for kind in self.kinds if key != f"kind {kind}"),
            title="" if key == f"title {self.title}" else self.title,
            appearance=tuple(one for one in self.appearance if key != f"look {one.said}"),
            limits=tuple(one for one in self.limits if (sort, name) != ("limit", one.quantity)),
            relations=tuple(one for one in self.relations if (sort, name) != ("relation", one.facet)),
        )

    @property
    def sentence(self) -> str:
        """The wish in plain words, "blue velvet sofa with drawers": what is searched for, and what the model reads."""
        appearance = " ".join(self.wanted)
        kind = self.title or " or ".join(self.kinds)
        return " ".join(filter(None, (appearance, kind)))

    def alike(self) -> "Intent":
        """The wish for a thing that is like one that was shown: of the same kind, within the same limits, and without
        what is unwanted; how it shall look beyond that, the one that was shown says."""
        unwanted = tuple(one for one in self.appearance if one.unwanted)
        limits = Intent(r.REFINE, self.kinds, self.sure, appearance=unwanted, limits=self.limits)
        return replace(limits, excluded=self.excluded, since=self.since)

    def without(self, items: Iterable[str]) -> "Intent":
        """With more products turned down, by their ids."""
        return replace(self, excluded=self.excluded.union(items))

    def by_photo(self) -> "Intent":
        """The wish as it was, for a thing like the one in a photo that came without words for it."""
        return replace(self, act=r.ASK, asks="", reference=None, missing=())

    def to_json(self) -> dict:
        """As `ask --json` and the API return it; what is empty is left out."""
        limits = {}
        for one in self.limits:
            bounds = (("least", one.least), ("most", one.most))
            limits[one.quantity] = {name: value for name, value in bounds if value is not None}
        relations = [f"{one.facet}{one.sign}" for one in self.relations]
        row = {
            "act": self.act, "kinds": list(self.kinds), "later": list(self.later), "wanted": list(self.wanted),
            "unwanted": list(self.unwanted), "limits": limits, "title": self.title, "asks": self.asks,
            "also": list(self.also), "missing": list(self.missing), "relations": relations, "reference": self.reference,
        }  # fmt: skip
        return {name: value for name, value in row.items() if value}


def limit_words(limit: Limit) -> str:
    """ "at most 120 cm wide", "100 to 200", "for 2"."""
    if limit.quantity == r.SEATS:
        return f"for {limit.least:g}"
    unit = UNITS.get(limit.quantity, "")
    least, most = (None if end is None else f"{rounded(end):g}" for end in (limit.least, limit.most))
    if least is not None and most is not None:
        return f"{least} to {most}{unit}"
    return f"at most {most}{unit}" if least is None else f"at least {least}{unit}"


def rounded(number: float) -> float:
    """As it is said: whole above a hundred, unless it was said with a fraction."""
    return round(number) if number >= 100 and abs(number * 100 - round(number * 100)) > 1e-6 else round(number, 2)


def relation_words(relation: Relation) -> str:
    """ "cheaper", "another colour"."""
    if relation.sign in "=!":
        return f"{'the same' if relation.sign == '=' else 'another'} {relation.facet}"
    return COMPARATIVES[relation.facet][relation.sign == "+"]


def with_limits(limits: Sequence[Limit], new: Sequence[Limit]) -> tuple[Limit, ...]:
    """Limits after those of a message. A size whose direction nobody said does not stay beside a new measure, nor older
    measures beside a new size, where these are about so much, or contradict it."""
    is_whole = {r.WIDTH, r.DEPTH} <= {one.quantity for one in new}
    kept = tuple(
        old for old in limits
        if not any(takes_place(one, old) for one in new) and not (is_whole and old.quantity in (r.SIZE, r.LENGTH))
    )  # fmt: skip
    for one in new:
        kept = with_limit(kept, one)
    return kept


def takes_place(new: Limit, old: Limit) -> bool:
    """Whether a new limit of a measure is said in place of an older one, of another name."""
    is_size = r.SIZE in (new.quantity, old.quantity) and new.quantity != old.quantity
    if not is_size or not {new.quantity, old.quantity} <= set(r.MEASURES):
        return False
    is_about = None not in (old.least, old.most)
    return is_about or (new.least is not None and old.most is not None and new.least > old.most)


def with_limit(limits: Sequence[Limit], new: Limit) -> tuple[Limit, ...]:
    """Limits after one more of a quantity; an older bound stays where the new one leaves it open and does not
    contradict it. A range is one thought, "around 300": a bound that comes after it takes its place."""
    old = next((limit for limit in limits if limit.quantity == new.quantity), None)
    if old and None in (old.least, old.most):
        least = old.least if new.least is None else new.least
        most = old.most if new.most is None else new.most
        if least is None or most is None or least <= most:
            new = replace(new, least=least, most=most)
    return (*(limit for limit in limits if limit.quantity != new.quantity), new)
