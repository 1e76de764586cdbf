"""The message that asks for the thing: the need, the wishes in it and around it, and the talk that goes with them."""

import re

from .banks import bank
from .nouns import Noun
from .story import Asked
from .voice import Teller, lower_first, paragraph, sentence, tidy
from .wishes import Wish
from .wording import adjective, word_wish

GREETED = re.compile(r"\b(hi|hey|hello|hiya|morning|evening|afternoon)\b", re.IGNORECASE)
ORDER = {"style": 0, "pattern": 2, "print": 2, "material": 3}  # of adjectives; colours and tones are 1
PACKED = {"terse": 0.75, "slang": 0.65, "plain": 0.6, "polite": 0.6}  # share with the wishes in the asking sentence
TALK = {"chatty": 1.3, "rambling": 3.0, "plain": 0.35, "polite": 0.3}  # pieces of chatter
TOPICS = ("home", "people", "mood", "practical", "life")  # of chatter
PLACE_WORDS = re.compile(r"^(?:for|in|by|under|next to|above|over|behind|as|on) (?:the |my |our |a |an )?")


def request(teller: Teller, asked: Asked, wishes: tuple[Wish, ...], decoy: str = "") -> str:
    """The message that asks for the thing, with these wishes in it."""
    register = teller.voice.register
    wishes = (*wishes, asked.mood) if asked.mood else wishes
    if register == "keyword":
        return keywords(teller, asked, wishes)
    packed = teller.chance(PACKED.get(register, 0.45))
    before, after, loose = place_wishes(teller, wishes, asked.noun) if packed else ("", "", list(wishes))
    if asked.place and "for " not in asked.noun.word and teller.chance(0.5 if register != "terse" else 0.25):
        after = f"{after} {asked.place}".strip()
    need = ask(teller, f"need {register}", asked.noun, before, after)
    if teller.voice.blunt:
        return short_request(teller, need, loose, asked)
    said = clauses(teller, loose, asked)
    if decoy and said and wishes[0] in loose:
        said = (walls(teller, wishes[0], decoy) or said[0], *said[1:])
    body = [*said, need] if said and teller.chance(0.15) else [need, *said]
    return dress(teller, asked, body, before)


def keywords(teller: Teller, asked: Asked, wishes: tuple[Wish, ...]) -> str:
    """What people type into a search box: "armchair navy velvet"."""
    words = [word_wish(teller, wish, "key", asked.noun.part) for wish in wishes]
    if asked.place and teller.chance(0.35):
        words.append(PLACE_WORDS.sub("", asked.place))
    noun = asked.noun.bare()
    if len(words) < 3 and teller.chance(0.4) and not asked.noun.vague:
        words.append(noun)
    else:
        words.insert(0, noun)
    joint = " " if all(len(word.split()) < 3 for word in words) and teller.chance(0.7) else ", "
    return tidy(joint.join(words))


def place_wishes(teller: Teller, wishes: tuple[Wish, ...], noun: Noun) -> tuple[str, str, list[Wish]]:
    """Put wishes before or after the noun as far as they fit; the rest is returned."""
    before, after, loose = [], "", []
    part = noun.part
    for wish in wishes:
        word = "" if part else adjective(teller, wish) if not wish.negated else ""
        if word and len(before) < noun.room and teller.chance(0.65):
            before.append((ORDER.get(wish.kind, 1), word))
        elif not after and teller.chance(0.8):
            after = word_wish(teller, wish, "post", part)
        else:
            loose.append(wish)
    return " ".join(word for _, word in sorted(before)), after, loose


def ask(teller: Teller, name: str, noun: Noun, before: str = "", after: str = "") -> str:
    bare, phrase = noun.bare(before, after), noun.phrase(before, after)
    capital = {"Bare": bare[0].upper() + bare[1:], "Np": phrase[0].upper() + phrase[1:]}
    further = () if noun.vague else bank(f"{name} noun")
    return teller.settle(
        (*bank(name), *further), np=phrase, bare=bare, nps=noun.many(before, after), noun=noun.short, **capital
    )


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
    blunt = teller.voice.blunt
    said = []
    for wish in wishes:
        form = "tag" if blunt and teller.chance(0.6) else "clause"
        text = word_wish(teller, wish, form, asked.noun.part)
        if not blunt and teller.chance(0.16):
            text = f"{teller.say('opener')} {lower_first(text)}"
        said.append(text)
        if not blunt and wish.kind in ("colour", "shade") and not wish.negated and teller.chance(0.12):
            said.append(teller.say("why colour"))
    return tuple(said)


def walls(teller: Teller, wish: Wish, decoy: str) -> str:
    want = adjective(teller, wish)
    return teller.say("walls", decoy=decoy, want=want) if want and wish.kind != "material" else ""


def dress(teller: Teller, asked: Asked, body: list[str], before: str) -> str:
    """Greeting, headline, chatter and closing around what is asked, by register."""
    register, parts = teller.voice.register, list(body)
    talk = TALK.get(register, 0.0)
    while talk > 0 and teller.chance(talk):
        topic = teller.rng.choice((*TOPICS, "bulky") if asked.bulky else TOPICS)
        parts.insert(teller.rng.choice((0, len(parts))), teller.say(f"chatter {topic}"))
        talk -= 1
    if asked.budget:
        parts.append(teller.say("budget", n=teller.mark("price<", str(asked.budget))))
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
