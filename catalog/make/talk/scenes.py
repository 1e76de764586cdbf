"""The turns of a conversation: who says what, so that together they say what is wanted and nothing else tells."""

import re
from dataclasses import dataclass

from .kinds import Noun
from .looks import Look, Wish
from .voice import Teller, lower_first, paragraph, sentence, slur, tidy
from .wording import adjective, colour_name, seen_in, short_name, word_wish

GREETED = re.compile(r"\b(hi|hey|hello|hiya|morning|evening|afternoon)\b", re.IGNORECASE)
Turn = tuple[str, str]  # ("seeker" or "other", text)


@dataclass(frozen=True)
class Story:
    """What a conversation is about. `seen` are products suggested on the way, each turned down for its reason.

    `old` is a wish that the seeker takes back, `decoy` a colour that other things in the room have.
    """

    scene: str
    target: Look
    wishes: tuple[Wish, ...]
    seen: tuple[Look, ...] = ()
    reason: str = ""
    old: Wish | None = None
    decoy: str = ""


@dataclass(frozen=True)
class Asked:
    """The noun that a conversation uses and where the thing goes ("" where it is not said)."""

    noun: Noun
    place: str


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
        turns.append(("other", sentence(teller.say("aside"))))
        if teller.chance(0.6):
            turns.append(("seeker", sentence(teller.say("reply aside"))))
    return turns


def drip(teller: Teller, story: Story, asked: Asked) -> list[Turn]:
    """The look comes out bit by bit, because someone asks."""
    early, late = split(teller, story.wishes)
    turns = [("seeker", request(teller, asked, early))]
    if teller.chance(0.22):
        turns += [
            ("other", sentence(teller.say("aside"))),
            ("seeker", paragraph(teller.say("reply aside"), *answers(teller, late[:1], asked, story.decoy))),
        ]
        late = late[1:]
    while late:
        now, late = split_answer(teller, late)
        question = "ask more" if early or len(turns) > 1 else f"ask {asked_about(teller, now[0])}"
        turns.append(("other", sentence(teller.say(question))))
        turns.append(("seeker", paragraph(*answers(teller, now, asked, story.decoy, opened=True))))
    return turns


def rejected(teller: Teller, story: Story, asked: Asked) -> list[Turn]:
    """Something is suggested first and turned down."""
    early, late = split(teller, story.wishes)
    if teller.chance(0.35):  # all was said at once, and the helper did not listen
        early, late = story.wishes, story.wishes[:1]
    turns = [("seeker", request(teller, asked, early, story.decoy))]
    if not early and teller.chance(0.3):
        turns.append(("other", sentence(teller.say(f"ask {asked_about(teller, late[0])}"))))
        turns.append(("seeker", paragraph(*answers(teller, late[:1], asked, opened=True))))
        early = late[:1]
    for number, look in enumerate(story.seen):
        last = number == len(story.seen) - 1
        turns.append(("other", sentence(teller.say("suggest again" if number else "suggest", title=look.title))))
        words = refusal(teller, look, story.reason if last else "shape")
        then = repeat(teller, late, early, asked) if last else ()
        turns.append(("seeker", paragraph(words, *then)))
    return turns


def same_shape(teller: Teller, story: Story, asked: Asked) -> list[Turn]:
    """A suggestion has the right shape but not the right look."""
    shape = story.seen[0]
    opening = request(teller, asked, story.wishes if teller.chance(0.2) else ())
    turns = [("seeker", opening), ("other", sentence(teller.say("suggest", title=shape.title)))]
    bank_name = "right shape"
    for other in story.seen[1:]:
        turns.append(("seeker", sentence(refusal(teller, shape, "colour"))))
        turns.append(("other", sentence(teller.say("suggest again", title=other.title))))
        bank_name = "right shape earlier"
    first, *rest = story.wishes
    words = word_wish(teller, first, "in", asked.noun.part)
    said = teller.say(bank_name, title=shape.title, x=words)
    turns.append(("seeker", paragraph(said, *clauses(teller, rest, asked))))
    return turns


def changed(teller: Teller, story: Story, asked: Asked) -> list[Turn]:
    """The seeker asks for one look and then wants another."""
    first, *rest = story.wishes
    if teller.chance(0.3):
        turns = [("seeker", request(teller, asked, ())), ("other", sentence(teller.say("ask colour")))]
        turns.append(("seeker", paragraph(*answers(teller, (story.old,), asked, opened=True))))
    else:
        turns = [("seeker", request(teller, asked, (story.old,)))]
    if teller.chance(0.7):
        turns.append(("other", sentence(teller.say("ack" if teller.chance(0.6) else "aside"))))
    want = clauses(teller, (first,), asked)[0]
    text = teller.say("change", old=short_name(story.old), want=want, lower=lower_first(want))
    turns.append(("seeker", paragraph(text, *clauses(teller, rest, asked))))
    return turns


SCENES = {"single": single, "drip": drip, "rejected": rejected, "same shape": same_shape, "changed": changed}


def split(teller: Teller, wishes: tuple[Wish, ...]) -> tuple[tuple[Wish, ...], tuple[Wish, ...]]:
    """What is said at once and what only later; at least one wish comes later."""
    early = wishes[1:] if len(wishes) > 1 and teller.chance(0.4) else ()
    return early, tuple(wish for wish in wishes if wish not in early)


def split_answer(teller: Teller, wishes: tuple[Wish, ...]) -> tuple[tuple[Wish, ...], tuple[Wish, ...]]:
    count = 1 if len(wishes) > 1 and teller.chance(0.5) else len(wishes)
    return wishes[:count], wishes[count:]


def asked_about(teller: Teller, wish: Wish) -> str:
    if teller.chance(0.3):
        return "open"
    return "material" if wish.kind == "material" and not wish.negated else "colour" if not wish.negated else "open"


def request(teller: Teller, asked: Asked, wishes: tuple[Wish, ...], decoy: str = "") -> str:
    """The message that asks for the thing, with these wishes in it."""
    register = teller.voice.register
    packed = teller.chance({"terse": 0.75, "slang": 0.65, "plain": 0.6, "polite": 0.6}.get(register, 0.45))
    before, after, loose = place_wishes(teller, wishes, asked.noun) if packed else ("", "", list(wishes))
    if asked.place and "for " not in asked.noun.word and teller.chance(0.5 if register != "terse" else 0.25):
        after = f"{after} {asked.place}".strip()
    need = ask(teller, f"need {register}", asked.noun, before, after)
    if register in ("terse", "slang"):
        return short_request(teller, need, loose, asked)
    said = clauses(teller, loose, asked)
    if decoy and said and wishes[0] in loose:
        said = (walls(teller, wishes[0], decoy) or said[0], *said[1:])
    body = [*said, need] if said and teller.chance(0.15) else [need, *said]
    return dress(teller, asked, body, before)


def place_wishes(teller: Teller, wishes: tuple[Wish, ...], noun: Noun) -> tuple[str, str, list[Wish]]:
    """Put wishes before or after the noun as far as they fit; the rest is returned."""
    before, after, loose = [], "", []
    part = noun.part
    for wish in wishes:
        word = "" if part else adjective(teller, wish) if not wish.negated else ""
        if word and len(before) < noun.room and teller.chance(0.65):
            before.append((wish.kind == "material", word))
        elif not after and teller.chance(0.8):
            after = word_wish(teller, wish, "post", part)
        else:
            loose.append(wish)
    return " ".join(word for _, word in sorted(before)), after, loose


def ask(teller: Teller, name: str, noun: Noun, before: str = "", after: str = "") -> str:
    bare, phrase = noun.bare(before, after), noun.phrase(before, after)
    capital = {"Bare": bare[0].upper() + bare[1:], "Np": phrase[0].upper() + phrase[1:]}
    return teller.say(name, np=phrase, bare=bare, nps=noun.many(before, after), noun=noun.short, **capital)


def short_request(teller: Teller, need: str, loose: list[Wish], asked: Asked) -> str:
    """A few words: the need and tags, in either order."""
    tags = [word_wish(teller, wish, "tag", asked.noun.part) for wish in loose]
    if not tags:
        return sentence(need)
    if teller.voice.register == "slang" or need.rstrip().endswith((".", "?", "!")):
        return paragraph(need, *tags)
    joint = teller.rng.choice((", ", ", ", " -- ", ". ", "; ", " ("))
    if joint == " (":
        return f"{sentence(need).rstrip('.')} ({', '.join(tags)})"
    return sentence(joint.join((need, *tags)))


def clauses(teller: Teller, wishes: tuple[Wish, ...] | list[Wish], asked: Asked) -> tuple[str, ...]:
    """Each wish as a sentence of its own, or as a tag by people who do not make sentences."""
    blunt = teller.voice.register in ("terse", "slang")
    return tuple(
        word_wish(teller, wish, "tag" if blunt and teller.chance(0.6) else "clause", asked.noun.part) for wish in wishes
    )


def walls(teller: Teller, wish: Wish, decoy: str) -> str:
    want = adjective(teller, wish)
    return teller.say("walls", decoy=decoy, want=want) if want and wish.kind != "material" else ""


def dress(teller: Teller, asked: Asked, body: list[str], before: str) -> str:
    """Greeting, headline, chatter and closing around what is asked, by register."""
    register, parts = teller.voice.register, list(body)
    talk = {"chatty": 1.3, "rambling": 3.0, "plain": 0.35, "polite": 0.3}.get(register, 0.0)
    while talk > 0 and teller.chance(talk):
        topic = teller.rng.choice(("home", "people", "mood", "practical"))
        parts.insert(teller.rng.choice((0, len(parts))), teller.say(f"chatter {topic}"))
        talk -= 1
    if teller.chance({"chatty": 0.4, "polite": 0.35, "rambling": 0.35}.get(register, 0.15)):
        parts.append(teller.say("closing"))
    text = paragraph(*parts)
    if teller.chance({"chatty": 0.3, "plain": 0.1, "rambling": 0.2}.get(register, 0.0)):
        greeting = "" if GREETED.search(text) else teller.say("greeting")
        text = f"{greeting} {text if greeting.endswith(('.', '!')) else lower_first(text)}" if greeting else text
    if teller.chance({"rambling": 0.45, "plain": 0.12, "chatty": 0.12}.get(register, 0.0)):
        name = "headline vague" if asked.noun.vague else "headline"
        text = f"{tidy(ask(teller, name, asked.noun, before))}  {text}"
    return text


def answers(teller, wishes, asked: Asked, decoy: str = "", opened: bool = False) -> tuple[str, ...]:
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
    return teller.say(f"wrong {reason}", seen=colour_name(teller, look), stuff=look.material or "that stuff")


def repeat(teller, late: tuple[Wish, ...], early: tuple[Wish, ...], asked: Asked) -> tuple[str, ...]:
    """After a refusal: what was wanted, again or for the first time."""
    first, *rest = late
    if late[0] in early and teller.chance(0.5):
        return (f"{teller.say('repeat')} {lower_first(word_wish(teller, first, 'tag', asked.noun.part))}",)
    if not first.negated and teller.chance(0.45):
        said = teller.say("do you have one", x=word_wish(teller, first, "in", asked.noun.part))
    else:
        said = clauses(teller, (first,), asked)[0]
    return (said, *clauses(teller, [wish for wish in rest if wish not in early], asked))


def answer(teller: Teller, target: Look, asked: Asked) -> str:
    """The sentence that names the pick, as the last word of the conversation."""
    the = f"the {target.title}"
    text = teller.say("answer", the=the, The=the[0].upper() + the[1:], **{"in": seen_in(teller, target)})
    name = "answer for" if asked.place.startswith(("for ", "as ")) else "answer place"
    more = teller.say(name, place=asked.place) if asked.place and teller.chance(0.4) else ""
    return paragraph(text, more)
