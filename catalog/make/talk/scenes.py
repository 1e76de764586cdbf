"""The turns of a conversation: who says what, so that together they say what is wanted and nothing else tells."""

from collections.abc import Callable, Sequence

from .looks import Look
from .requests import clauses, request, walls
from .story import Asked, Story
from .voice import Teller, lower_first, paragraph, sentence, slur
from .wishes import Wish
from .wording import colour_name, seen_in, short_name, word_wish

Turn = tuple[str, str]  # ("seeker" or "other", text)
ORDINALS = ("first", "second", "third")
TOPICS, BULKY = ("tip", "cheer", "money", "home", "use", "time"), ("room", "build")  # of small talk


def tell(teller: Teller, story: Story, asked: Asked) -> list[Turn]:
    """The turns of a story in the teller's voice."""
    turns = SCENES[story.scene](teller, story, asked)
    titles = {look.title for look in story.seen}
    told = []
    for role, text in filter(lambda turn: turn[1], turns):
        if role == "seeker":
            text = teller.voice.write(text, teller.rng)
        elif teller.chance(0.2) and not any(title in text for title in titles):
            text = slur(text, teller.rng)
        told.append((role, text))
    return told


def single(teller: Teller, story: Story, asked: Asked) -> list[Turn]:
    turns = [("seeker", request(teller, asked, story.wishes, story.decoy))]
    if teller.chance(0.09):
        turns += small_talk(teller, asked)[: 2 if teller.chance(0.6) else 1]
    return turns


def drip(teller: Teller, story: Story, asked: Asked) -> list[Turn]:
    """The look comes out bit by bit, because someone asks."""
    early, late = split(teller, story.wishes)
    turns = [("seeker", request(teller, asked, early))]
    if teller.chance(0.22):
        turns += small_talk(teller, asked, *answers(teller, late[:1], asked, story.decoy))
        late = late[1:]
    while late:
        now, late = split_answer(teller, late)
        question = "ask more" if early or len(turns) > 1 else f"ask {asked_about(teller, now[0])}"
        turns.append(other(teller, question))
        turns.append(seeker(*answers(teller, now, asked, story.decoy, opened=True)))
    return turns


def rejected(teller: Teller, story: Story, asked: Asked) -> list[Turn]:
    """Something is suggested first and turned down."""
    early, late = split(teller, story.wishes)
    if teller.chance(0.35):  # all was said at once, and the helper did not listen
        early, late = story.wishes, story.wishes[:1]
    turns = [("seeker", request(teller, asked, early, story.decoy))]
    if not early and teller.chance(0.3):
        turns.append(other(teller, f"ask {asked_about(teller, late[0])}"))
        turns.append(seeker(*answers(teller, late[:1], asked, opened=True)))
        early = late[:1]
    then = repeat(teller, late, early, asked)
    if len(story.seen) == 2 and teller.chance(0.4):  # both at once
        return [*turns, listing(teller, story.seen), seeker(teller.say("neither"), *then)]
    return turns + refusals(teller, story, then)


def refusals(teller: Teller, story: Story, then: Sequence[str]) -> list[Turn]:
    """The suggestions and how each is turned down; `then` follows the last."""
    turns = []
    for number, look in enumerate(story.seen):
        last = number == len(story.seen) - 1
        turns.append(other(teller, "suggest again" if number else "suggest", title=shown(teller, look)))
        words = refusal(teller, look, story.reason if last else "shape")
        turns.append(seeker(words, *(then if last else ())))
    return turns


def same_shape(teller: Teller, story: Story, asked: Asked) -> list[Turn]:
    """A suggestion has the right shape but not the right look."""
    shape = story.seen[0]
    opening = request(teller, asked, story.wishes if teller.chance(0.2) else ())
    turns = [("seeker", opening), other(teller, "suggest", title=shown(teller, shape))]
    bank_name = "right shape"
    for look in story.seen[1:]:
        turns.append(seeker(refusal(teller, shape, "colour" if fails_by_colour(story) else "look")))
        turns.append(other(teller, "suggest again", title=shown(teller, look)))
        bank_name = "right shape earlier"
    first, *rest = story.wishes
    words = word_wish(teller, first, "in", asked.noun.part)
    said = teller.say(bank_name, title=shape.title, series=shape.series, x=words)
    return [*turns, seeker(said, *clauses(teller, rest, asked))]


def listed(teller: Teller, story: Story, asked: Asked) -> list[Turn]:
    """Two or three are listed at once, and one of them has the right shape."""
    choice, later = story.seen[:3], story.seen[3:]
    opening = request(teller, asked, story.wishes if teller.chance(0.15) else ())
    turns = [("seeker", opening), listing(teller, choice)]
    for look in later:
        turns.append(seeker(teller.say("anything else")))
        turns.append(other(teller, "suggest again", title=shown(teller, look)))
    first, *rest = story.wishes
    shape = story.seen[story.pointed]
    nth = pointing(teller, story.pointed, len(choice), shape)
    words = word_wish(teller, first, "in", asked.noun.part)
    said = teller.say("point back" if later else "point", nth=nth, title=shape.title, x=words)
    return [*turns, seeker(said, *clauses(teller, rest, asked))]


def compared(teller: Teller, story: Story, asked: Asked) -> list[Turn]:
    """Something is shown, and the wanted thing is darker or lighter than that."""
    wish, *rest = story.wishes
    early = tuple(rest) if teller.chance(0.5) else ()
    turns = [("seeker", request(teller, asked, early))]
    if teller.chance(0.25) and not rest:
        turns += [other(teller, "ask open"), seeker(teller.say("no idea"))]
    look = story.seen[story.pointed]
    if len(story.seen) > 1:
        turns.append(listing(teller, story.seen))
        than = pointing(teller, story.pointed, len(story.seen), look)
    else:
        turns.append(other(teller, "suggest", title=shown(teller, look, 0.7)))
        than = teller.rng.choice(
            ("that", "that one", "that one", f"the {look.series}", f"the {look.title}", "this one")
        )
    how = wish.value.partition(":")[0]
    said = teller.say(f"compare {how}", than=than)
    return [*turns, seeker(said, *clauses(teller, () if early else rest, asked))]


def changed(teller: Teller, story: Story, asked: Asked) -> list[Turn]:
    """The seeker asks for one look, then wants another, and perhaps another again."""
    if teller.chance(0.3):
        turns = [("seeker", request(teller, asked, ())), other(teller, "ask colour")]
        turns.append(seeker(*answers(teller, story.olds[:1], asked, opened=True)))
    else:
        turns = [("seeker", request(teller, asked, story.olds[:1]))]
    steps = [*story.olds[1:], story.wishes[0]]
    for number, (old, new) in enumerate(zip(story.olds, steps, strict=True)):
        if teller.chance(0.7):
            turns.append(other(teller, "ack" if teller.chance(0.6) else "aside tip"))
        want = clauses(teller, (new,), asked)[0]
        name = "change again" if number else "change"
        text = teller.say(name, old=short_name(teller, old), want=want, lower=lower_first(want))
        rest = story.wishes[1:] if number == len(steps) - 1 else ()
        turns.append(seeker(text, *clauses(teller, rest, asked)))
    return turns


def corrected(teller: Teller, story: Story, asked: Asked) -> list[Turn]:
    """A slip or a misunderstanding, put right."""
    old, (first, *rest) = story.olds[0], story.wishes
    right = word_wish(teller, first, "right", asked.noun.part)
    if teller.chance(0.5):  # the seeker's own slip
        turns, name = [("seeker", request(teller, asked, (old,)))], "correct myself"
    else:
        turns = [("seeker", request(teller, asked, ())), other(teller, "misread", old=short_name(teller, old))]
        name = "correct"
    said = teller.say(name, old=short_name(teller, old), right=right)
    return [*turns, seeker(said, *clauses(teller, rest, asked))]


def long(teller: Teller, story: Story, asked: Asked) -> list[Turn]:
    """Four or five messages: small talk, perhaps a colour taken back, suggestions turned down."""
    turns = [("seeker", request(teller, asked, ()))]
    first, *rest = story.wishes
    if story.olds:
        turns += [other(teller, "ask colour"), seeker(*answers(teller, story.olds, asked, opened=True))]
        want = clauses(teller, (first,), asked)[0]
        text = teller.say("change", old=short_name(teller, story.olds[0]), want=want, lower=lower_first(want))
        turns += [other(teller, "ack"), seeker(text)]
        return turns + refusals(teller, story, repeat(teller, story.wishes, (first,), asked))
    turns += small_talk(teller, asked)
    if rest and teller.chance(0.5):
        turns += [other(teller, "ask more"), seeker(*answers(teller, rest, asked, opened=True))]
        return turns + refusals(teller, story, repeat(teller, (first,), (), asked))
    turns += [
        other(teller, f"ask {asked_about(teller, first)}"),
        seeker(*answers(teller, (first,), asked, opened=True)),
    ]
    return turns + refusals(teller, story, repeat(teller, story.wishes, (first,), asked))


SCENES: dict[str, Callable[[Teller, Story, Asked], list[Turn]]] = {
    "single": single,
    "drip": drip,
    "rejected": rejected,
    "same shape": same_shape,
    "listed": listed,
    "compared": compared,
    "changed": changed,
    "corrected": corrected,
    "long": long,
}


def seeker(*parts: str) -> Turn:
    """A message made of sentences; `request` has made its own."""
    return "seeker", paragraph(*parts)


def other(teller: Teller, bank_name: str, **slots: str) -> Turn:
    return "other", sentence(teller.say(bank_name, **slots))


def small_talk(teller: Teller, asked: Asked, *further: str) -> list[Turn]:
    """A remark or a question beside the point, and the reply to it, with what the seeker says `further`."""
    topic = teller.rng.choice(TOPICS + (BULKY if asked.bulky else ()))
    return [other(teller, f"aside {topic}"), seeker(teller.say(f"reply {topic}"), *further)]


def listing(teller: Teller, looks: Sequence[Look]) -> Turn:
    """Two or three products in one message."""
    titles = dict(zip("abc", (shown(teller, look, 0.15) for look in looks), strict=False))
    return other(teller, f"list {len(looks)}", **titles)


def shown(teller: Teller, look: Look, share: float = 0.25) -> str:
    """A product's title, now and then with the look that it is shown in."""
    return f"{look.title} {seen_in(teller, look)}" if teller.chance(share) else look.title


def pointing(teller: Teller, place: int, count: int, look: Look) -> str:
    """How one of several is pointed at: "the second one", "the last one", "the Mira"."""
    ways = [f"the {ORDINALS[place]} one", f"the {ORDINALS[place]} one", f"your {ORDINALS[place]} suggestion"]
    ways += [f"number {('one', 'two', 'three')[place]}", f"the {look.series}"]
    if count == 3 and place == 1:
        ways.append("the middle one")
    if place == count - 1:
        ways.append("the last one")
    return teller.rng.choice(ways)


def fails_by_colour(story: Story) -> bool:
    return story.wishes[0].kind in ("colour", "shade", "either")


def split(teller: Teller, wishes: tuple[Wish, ...]) -> tuple[tuple[Wish, ...], tuple[Wish, ...]]:
    """What is said at once and what only later; at least one wish comes later."""
    early = wishes[1:] if len(wishes) > 1 and teller.chance(0.4) else ()
    return early, tuple(wish for wish in wishes if wish not in early)


def split_answer(teller: Teller, wishes: tuple[Wish, ...]) -> tuple[tuple[Wish, ...], tuple[Wish, ...]]:
    count = 1 if len(wishes) > 1 and teller.chance(0.5) else len(wishes)
    return wishes[:count], wishes[count:]


def asked_about(teller: Teller, wish: Wish) -> str:
    """Which question the wish answers."""
    if teller.chance(0.3) or wish.negated:
        return "open"
    return {"material": "material", "pattern": "pattern", "print": "open"}.get(wish.kind, "colour")


def answers(
    teller: Teller, wishes: Sequence[Wish], asked: Asked, decoy: str = "", opened: bool = False
) -> tuple[str, ...]:
    """What a seeker says when asked how it should be."""
    if not wishes:
        return ()
    part, blunt = asked.noun.part, teller.chance(0.45)
    first, *rest = wishes
    said = word_wish(teller, first, "tag" if blunt else "clause", part)
    if decoy and not blunt:
        said = walls(teller, first, decoy) or said
    if opened and teller.chance(0.3):
        opening = teller.say("answering")
        said = f"{opening} {lower_first(said) if opening.endswith(',') else said}"
    return (said, *clauses(teller, rest, asked))


def refusal(teller: Teller, look: Look, reason: str) -> str:
    """Why a suggested product is not it."""
    figures = teller.say(f"figures {look.face.pattern}") if reason == "pattern" else ""
    seen, stuff = colour_name(teller, look), look.material or "that stuff"
    seen, stuff, figures = (teller.mark("unwanted", words) for words in (seen, stuff, figures))
    return teller.say(f"wrong {reason}", seen=seen, stuff=stuff, figures=figures)


def repeat(teller: Teller, late: Sequence[Wish], early: Sequence[Wish], asked: Asked) -> tuple[str, ...]:
    """After a refusal: what was wanted, again or for the first time."""
    first, *rest = late
    if first in early and teller.chance(0.5):
        said = f"{teller.say('repeat')} {lower_first(word_wish(teller, first, 'tag', asked.noun.part))}"
    elif not first.negated and teller.chance(0.45):
        said = teller.say("do you have one", x=word_wish(teller, first, "in", asked.noun.part))
    else:
        said = clauses(teller, (first,), asked)[0]
    return (said, *clauses(teller, [wish for wish in rest if wish not in early], asked))
