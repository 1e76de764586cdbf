"""Wishes in words: as an adjective, after the noun, as a tag for terse people, as a sentence of its own."""

import re
from functools import partial

from .banks import bank, spin
from .looks import NAMED, PLAIN, Look
from .materials import family
from .voice import Teller, article, paragraph
from .wishes import Wish

ADJECTIVE_ONLY = re.compile(r"(y|ish|ed|golden)$|^(more or less|pretty much|black or)")
NOUNS = {"navy", "ivory", "burgundy", "grey", "mulberry", "mahogany", "ebony", "honey", "red"}  # for all their endings
LIKE = "like "  # a wish's text that begins so is a comparison


def slots_of(teller: Teller, wish: Wish, part: str = "") -> dict[str, str]:
    """Every slot that a wish's fragments may ask for."""
    text, mark = wish.text or wish.value, partial(teller.mark, "unwanted" if wish.negated else "wanted")
    marked = mark(text)
    slots = {
        "c": marked, "ac": f"{article(text).partition(' ')[0]} {marked}", "tint": tint(text).replace(text, marked),
        "x": mark(text.removeprefix(LIKE)), "part": part,
    }  # fmt: skip
    if wish.kind == "either":
        slots["a"], slots["b"] = map(mark, wish.value.split("/"))
    if wish.kind in ("pattern", "print"):
        name = wish.value.partition(":")[0]
        slots["figures"] = mark(teller.pick(bank(f"figures {name}")))
        slots["a"] = mark(teller.pick(bank(f"stuff {name}")))
        slots["an"] = article(f"{marked} {slots['a']}" if wish.kind == "print" else slots["a"])
    if wish.kind == "material":
        no = "not " if wish.negated else ""  # nobody rules out "solid" wood alone
        slots["m"] = "" if wish.negated else teller.pick(bank(f"noun {wish.value}"))
        slots["m"] = mark(slots["m"] or wish.value)
        slots["a"] = mark(wish.value) if wish.negated else adjective(teller, wish)
        why = bank(f"why {no}{wish.value}", f"why {no}{family(wish.value)}", f"why {no}any")
        slots["why"] = spin(teller.rng, teller.pick(why))
    return slots


def tint(colour: str) -> str:
    """A colour's name as it follows "in": "navy", but "something mustardy"."""
    adjective_only = ADJECTIVE_ONLY.search(colour) and re.split(r"[ -]", colour)[-1] not in NOUNS
    return f"something {colour}" if adjective_only else colour


def section(wish: Wish, part: str = "") -> str:
    """The name under which the banks keep the fragments for a wish."""
    no = "not " if wish.negated else ""
    if wish.kind == "tone":
        return f"{no or 'tone '}{wish.value}"
    if wish.kind == "pattern":
        return no + (wish.value if wish.value in ("plain", "patterned") else "pattern")
    if wish.kind in ("colour", "shade"):
        like = wish.text.startswith(LIKE)
        name = ("part like" if like else "part") if part else ("like" if like else "colour")
        return f"{no}{name}"
    return f"{no}{wish.kind}"


def word_wish(teller: Teller, wish: Wish, form: str, part: str = "") -> str:
    """A wish in a form: "post" (after a noun), "tag", "key" (a search word), "clause", "in" ("the
    same one in") or "right" ("no, I meant")."""
    name = section(wish, part)
    text = teller.say(f"{name} {form}", f"{name} post", f"{name} tag", **slots_of(teller, wish, part))
    return teller.mark_tone(wish, text) if has_own_words(wish) else text


def has_own_words(wish: Wish) -> bool:
    """Whether fragments say it without a place to fill."""
    return wish.kind == "tone" or (wish.kind == "pattern" and wish.value in (PLAIN, "patterned"))


def adjective(teller: Teller, wish: Wish) -> str:
    """A wish as an adjective before a noun; "" where it cannot be one."""
    words = choose_adjective(teller, wish)
    if wish.kind == "tone":
        return teller.mark_tone(wish, words)
    return teller.mark("unwanted" if wish.negated else "wanted", words)


def choose_adjective(teller: Teller, wish: Wish) -> str:
    """Its words."""
    if wish.kind == "material":
        return teller.pick(bank(f"stuff {wish.value}", f"stuff {family(wish.value)}")) or wish.value
    if wish.negated:
        return ""
    if wish.kind in ("colour", "shade", "style") and not wish.text.startswith(LIKE):
        return wish.text or wish.value
    if wish.kind == "pattern":
        return teller.pick(bank(f"stuff {wish.value}"))
    if wish.kind == "print":
        name = wish.value.partition(":")[0]
        return f"{wish.text} {teller.pick(bank(f'stuff {name}'))}"
    return teller.pick(bank(f"before {wish.value}")) if wish.kind == "tone" else ""


def short_name(teller: Teller, wish: Wish) -> str:
    """A wish in a word or two, to take it back: "not green after all"."""
    return teller.mark("unwanted", (wish.text or wish.value).removeprefix(LIKE))


def colour_name(teller: Teller, look: Look) -> str:
    """A colour adjective for a look, plain or by its shade."""
    return look.colour if teller.chance(0.4) else teller.pick(bank(f"names {look.shade}")) or look.colour


def seen_in(teller: Teller, look: Look) -> str:
    """How an answer tells of a look: "in emerald velvet", "with a navy pot", "in striped navy cotton"."""
    colour = look.shade if teller.chance(0.6) else look.colour
    if look.part:
        return f"with {article(f'{colour} {look.part}')}"
    if look.face.pattern in NAMED:
        name, stuff = look.face.pattern, look.material
        figures = teller.pick(bank(f"figures {name}"))
        told = (f"with {colour} {figures}", f"in {colour} {figures}", f"in {name} {colour} {stuff}".strip())
        return teller.rng.choice(told)
    if not look.material or teller.chance(0.35) or look.shade in (look.material, "brass", "chrome"):
        return f"in {colour}"
    return f"in {colour} {look.material}"


def answer(teller: Teller, target: Look, place: str = "") -> str:
    """The sentence that names the pick, as the last word of the conversation; `place` where the seeker named one."""
    the = f"the {target.title}"
    text = teller.say("answer", the=the, The=the[0].upper() + the[1:], **{"in": seen_in(teller, target)})
    name = "answer for" if place.startswith(("for ", "as ")) else "answer place"
    yours = re.sub(r"\b(my|our)\b", "your", re.sub(r"\bI'm\b", "you're", place))
    return paragraph(text, teller.say(name, place=yours) if place and teller.chance(0.4) else "")
