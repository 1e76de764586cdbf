"""A dialogue -> its newest Intent: each message of the shopper is read, and the readings follow each other."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from lavic_chat.dialogue.turns import MORE_LIKE, SEEKER, Dialogue, Turn
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.acts import settle_act
from lavic_chat.nlu.changes import Changes
from lavic_chat.nlu.comparisons import to_compare, with_comparisons, with_extreme
from lavic_chat.nlu.grounding import Grounding
from lavic_chat.nlu.intent import UNAVAILABLE, Intent, with_limit
from lavic_chat.nlu.kinds import CLEARLY, DESCRIBED_SO, Kinds, sureness
from lavic_chat.nlu.mixed_spans import with_things_apart
from lavic_chat.nlu.multiples import with_multiple
from lavic_chat.nlu.negations import denies_pick, refuses_kinds, with_negations
from lavic_chat.nlu.pointing import points, said_anew, without_neighbours
from lavic_chat.nlu.questions import Questions
from lavic_chat.nlu.reading import Reading
from lavic_chat.nlu.references import References
from lavic_chat.nlu.shown import Shown
from lavic_chat.nlu.subjects import place_in
from lavic_chat.nlu.volumes import with_volumes

ANOTHER = 0.7  # probability of a thing that is not sold, from which on it is wished for in place of an earlier one
GUESSED_SO = 0.62  # likeness to what a thing is for, at least, where nobody knows what is named
LIKE_NOTHING = 0.4  # of a whole message, below which it is like nothing here
BESIDE = (r.QUESTION, r.CHATTER, r.SERVICE, r.OTHER_LANGUAGE)  # acts of messages that later ones do not go on from


class Tagger(Protocol):
    """Whatever reads a message alone, after the shopper's earlier ones."""

    def read(self, before: Sequence[str], text: str) -> Reading:
        """Of one message."""
        ...


class IntentReader:
    """Reads intents in the words of one catalogue."""

    def __init__(self, tagger: Tagger, grounding: Grounding):
        self.tagger, self.grounding, self.row = tagger, grounding, grounding.row
        self.references, self.kinds, self.changes = References(grounding), Kinds(grounding), Changes(grounding)
        self.questions = Questions(grounding, self.kinds, self.references)

    def read(self, dialogue: Dialogue) -> Intent:
        """The newest turn's intent."""
        intent, shown, before, text = Intent(), Shown(), [], ""
        by_ids = any(turn.shown for turn in dialogue.turns)  # then words alone show nothing
        for place, turn in enumerate(dialogue.turns):
            if turn.role != SEEKER:
                known = tuple(item for item in turn.shown if item in self.row)
                named = () if by_ids else self.references.named_in(turn)
                shown.add(known or named, intent, text)
                shown.by_title.add(named)
                continue
            text = turn.text
            shown.choose(turn.about if turn.about in self.row else None)
            if turn.text and not turn.text.startswith(MORE_LIKE):  # a button says that, not the shopper
                read, text = self.understand(before, turn.text)
                if read.act in (r.REFINE, r.RECALL) and denies_pick(read, text):
                    read = replace(read, act=r.REJECT)
                if read.act == r.CHATTER and turn.photo:  # "hello": what is wanted is in the photo
                    intent = intent.by_photo()
                else:
                    read = self.references.taken(read, text, shown)
                    accepted = self.questions.accepted(intent, text, place)
                    intent = accepted or self.follow(intent, read, replace(turn, text=text), shown, place)
                    shown.speak_of(intent.reference if intent.act == r.QUESTION else None)
                if read.act not in BESIDE:
                    before.append(text)
            elif turn.photo:
                intent = intent.by_photo()
            for key in sorted(key for at, key in dialogue.dropped if at in (place, place + 1)):
                intent = intent.drop(key)
        return replace(intent, excluded=intent.excluded | dialogue.rejected)

    def understand(self, before: Sequence[str], text: str) -> tuple[Reading, str]:
        """A message's reading, and the text that was read: mended, unless it is of another language."""
        read = self.tagger.read(tuple(before), text)
        mended = self.grounding.speller.mend_text(text)
        if mended != text and (read.act != r.OTHER_LANGUAGE or self.grounding.is_thing(mended)):
            read, text = self.tagger.read(tuple(before), mended), mended
        if before and points(read) and not (read.place and place_in(text) == read.place):
            read = said_anew(read, self.tagger.read((), text))
        read = self.kinds.with_appearance(with_things_apart(read, self.grounding), text)
        read = settle_act(read, text, self.kinds, not before)
        read = with_comparisons(to_compare(read, text), text) if before else read
        if refuses_kinds(read, text):
            read = replace(read, act=r.CHATTER, spans=())
        return without_neighbours(with_negations(with_volumes(read, text), text), text), text

    def follow(self, last: Intent, read: Reading, turn: Turn, shown: Shown, place: int) -> Intent:
        """The intent after one more message."""
        text = turn.text
        reference = self.references.find(read, text, shown)
        if self.questions.asks_for_extreme(read, text, last, shown):
            read = self.questions.as_request(read, text)
        if read.act == r.QUESTION and reference == shown.current and self.questions.refuses(read, text, reference):
            read = replace(read, act=r.REJECT, asks=r.NOTHING)
        if read.act in BESIDE:
            return self.questions.follow(last, read, text, shown, place, reference)
        if relative := self.changes.relative_limit(last, text, reference or shown.current):
            read = with_multiple(read, text, relative.quantity)
        title = self.title_of(read, text)
        kinds, later = self.kinds_in(read, turn, last, bool(title))
        kinds, read = self.kinds.narrowed(kinds, last.kinds, read, text)
        if missing := () if title else self.missing(kinds, read, last):
            return replace(last, act=UNAVAILABLE, missing=missing, asks="", reference=None)
        if kinds and not title and not self.kinds.is_sold(kinds):
            kinds, later = (), ()  # a part, or a place, that is no thing of its own
        if not turn.photo and self.is_like_nothing(read, text, last):
            return replace(last, act=r.CHATTER, missing=(), asks="", reference=None)
        base = Intent(excluded=last.excluded, since=place) if self.is_another(kinds, title, last) else last
        if read.act == r.RECALL and reference:  # what it was an answer to comes back with it
            base = replace(shown.intent_for(reference), excluded=last.excluded)
        if "all" in read.lifted:
            base = Intent(kinds=base.kinds, excluded=base.excluded, since=place)
        goes_on = read.act == r.REFINE and not kinds and not read.compared
        asks, read = with_extreme(read, text)
        intent = replace(
            base, act=read.act, kinds=kinds or base.kinds, later=later, missing=(), also=(), subjects=(),
            title=title or (base.title if goes_on else ""),
            sure=sureness(read, kinds) if kinds else base.sure,
            asks=asks or (base.asks if goes_on and base.asks in r.EXTREMES else ""),
            reference=reference if read.act == r.RECALL else None,
        )  # fmt: skip
        intent = self.changes.apply(intent, read, text, reference or shown.current)
        intent = replace(intent, limits=with_limit(intent.limits, relative)) if relative else intent
        if read.act == r.REJECT and shown.lists:
            intent = intent.without(self.references.turned_down(read, text, reference, shown))
        return self.references.resolve(intent, read, text, shown)

    def kinds_in(
        self, read: Reading, turn: Turn, last: Intent, is_titled: bool
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The kinds that a message wishes for, and those for later; where it names none that anybody knows, and no
        title (is_titled), the thing that it describes by what it is for."""
        kinds, later = self.kinds.of(read, turn.text)
        compares = read.compared or read.act == r.REJECT
        if compares and (same := self.kinds.same_again((*kinds, *later), last.kinds)):
            return same, ()
        if read.act != r.ASK or is_titled or turn.photo:
            return kinds, later
        named = ""
        is_unknown = bool(kinds) and not self.kinds.is_sold(kinds) and not any(map(self.grounding.is_thing, kinds))
        if is_unknown:
            is_unsold = self.grounding.describes_unsold([turn.text.lower()])
            named = self.kinds.described_in(turn.text, DESCRIBED_SO if is_unsold else GUESSED_SO)
        elif not (kinds or last.kinds):
            named = self.kinds.described_in(turn.text)
        elif kinds and all(map(self.kinds.is_no_name, kinds)):
            named = self.kinds.described_in(turn.text, CLEARLY)
        return ((named,), ()) if named else (kinds, later)

    def missing(self, kinds: Sequence[str], read: Reading, last: Intent) -> tuple[str, ...]:
        """What a message wishes for and nobody sells here, also where it goes on with that, a mirror "in gold"."""
        if not kinds:
            return last.missing if read.act == r.REFINE and not last.kinds else ()
        if last.kinds and all(map(self.kinds.is_plain_word, kinds)):
            return ()
        is_meant = read.act == r.ASK and (not last.kinds or sureness(read, kinds) >= ANOTHER)
        return self.kinds.missing(kinds, last.kinds) if is_meant and not self.kinds.is_sold(kinds) else ()

    def is_another(self, kinds: Sequence[str], title: str, last: Intent) -> bool:
        """Whether another thing is wished for than before; a budget that was said before any thing stays."""
        if not (kinds or title) or not (last.kinds or last.title):
            return False
        return not (kinds and last.kinds and self.kinds.is_alike(kinds, last.kinds))

    def is_like_nothing(self, read: Reading, text: str, last: Intent) -> bool:
        """Whether an opening message names nothing that is known, and means nothing that is sold here."""
        says_nothing = not read.spans and not last.kinds and not last.appearance
        return read.act == r.ASK and says_nothing and self.grounding.nearest_of(text) < LIKE_NOTHING

    def title_of(self, read: Reading, text: str) -> str:
        """A product as it is called by name, which is more than a brand; what any such thing is called is no name."""
        known = self.grounding
        names = (one for one in read.words(r.TITLE) if one not in known.brands and not known.is_thing(one))
        title = " ".join(one for one in names if one.lower() not in known.thesaurus.words)
        whole = known.titles.named_in(text) if not title and read.act in (r.ASK, r.RECALL) else ""
        return title or ("" if known.is_thing(whole) else whole)
