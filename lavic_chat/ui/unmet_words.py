"""How a reply names what nothing here meets: "no dining chairs with armrests", "no blue sofa that is at most 120 cm
wide"."""

from collections.abc import Sequence

from lavic_chat.catalog.text import listed, singular
from lavic_chat.recommendation import GivenWay, Recommendation

PART, PATTERN = "part", "pattern"  # facets of what a thing has, rather than is; the latter where it is several, "dots"
SAME, OTHER = "the same ", "another "  # how a relation begins: a thing has that, too
ANYTHING = ("something", "anything", "nothing")  # a thing of which no more is said
BEHIND = frozenset(("of", "with", "without", "for", "in", "like", "from", "on", "to", "by"))  # its words go behind
ADJECTIVES = ("ed", "less", " up", " on")  # endings of words for a part that say how a thing is: "upholstered"
VOWELS = tuple("aeiou")
SINGULAR = ("ss", "us", "is", "as")  # endings of words that are none of several


def missing_thing(found: Recommendation) -> str:
    """What could not be met, said of the thing: "no sofa that is blue"; "nothing that is blue" where it has no name."""
    broken = [one for one in found.gave_way if one.name not in ("kind", "title")]
    name = " or ".join(found.intent.kinds) or found.intent.title
    if not name:
        return f"nothing{clause(broken, False)}"
    wanted = [(one.said, one.facet == PART) for one in found.intent.appearance if not one.unwanted]
    whole = named(name, [(said, is_part) for said, is_part in wanted if not in_any(said, broken)])
    if len(broken) < len(found.gave_way):  # there is no such thing at all
        return whole
    return whole + clause(broken, is_plural(name))


def in_any(said: str, broken: Sequence[GivenWay]) -> bool:
    """Whether words are among those of what is not met."""
    return any(said in one.said for one in broken)


def named(name: str, wanted: Sequence[tuple[str, bool]]) -> str:
    """No such thing, with the words for its look that are met, each where it belongs. wanted: these words, and whether
    they name a part."""
    words = [(said, part_of(said) if is_part else "") for said, is_part in wanted]
    behind = [f"with {part}" if part else said for said, part in words if part or is_phrase(said)]
    before = [said for said, part in words if not part and not is_phrase(said)]
    first, _, rest = name.partition(" ")
    if first.lower() in ANYTHING:
        return " ".join(("nothing", *before, *filter(None, (rest,)), *behind))
    return " ".join(("no", *before, name, *behind))


def is_phrase(said: str) -> bool:
    """Whether words stand behind a thing: "made of wood"."""
    return not BEHIND.isdisjoint(said.lower().split())


def clause(broken: Sequence[GivenWay], plural: bool) -> str:
    """What is not met, behind the thing: " that is blue and has armrests", " with armrests"; "" where nothing is."""
    parts = [one for one in broken if had_by(one)]
    others = [one.said for one in broken if not had_by(one)]
    if not others:
        return f" {listed([beside(one) for one in parts])}" if parts else ""
    is_so, has = ("are", "have") if plural else ("is", "has")
    owned = [had_by(one) for one in parts]
    return f" that {is_so} {listed(others)}" + (f" and {has} {listed(owned)}" if owned else "")


def had_by(one: GivenWay) -> str:
    """What a thing would have: "armrests", "no drawers", "the same shape"; "" of what it would be."""
    if one.said.startswith((SAME, OTHER)):
        return one.said
    said = one.said.removeprefix("not ")
    if one.name != PART and not (one.name == PATTERN and is_plural(said.split()[-1])):
        return one.said.removeprefix("with ") if one.said.startswith("with ") else ""
    part = part_of(said)
    return (f"no {bare_part(said)}" if said != one.said else part) if part else ""


def beside(one: GivenWay) -> str:
    """The same without a verb: "with armrests", "without drawers", "in another colour"."""
    said = had_by(one)
    if said.startswith((SAME, OTHER)):
        return f"in {said}"
    return f"without {said.removeprefix('no ')}" if said.startswith("no ") else f"with {said}"


def part_of(said: str) -> str:
    """A part as a thing has it, "armrests", "a high back"; "" of words that say how it is, "upholstered"."""
    bare = bare_part(said)
    if bare.endswith(ADJECTIVES):
        return ""
    if is_plural(bare) or bare.startswith(("a ", "an ", "the ")):
        return bare
    return f"{'an' if bare[:1].lower() in VOWELS else 'a'} {bare}"


def bare_part(said: str) -> str:
    """A part's own words, which may have been said with those before it."""
    for before in ("with ", "has ", "have "):
        said = said.removeprefix(before)
    return said


def is_plural(name: str) -> bool:
    """Whether words name several things: "dining chairs"."""
    word = name.lower().split()[-1] if name.split() else ""
    return not word.endswith(SINGULAR) and singular(word) != word
