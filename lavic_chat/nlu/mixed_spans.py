"""Looks that were read together with the thing itself, each apart."""

from dataclasses import replace

from lavic_chat.nlu import reading as r
from lavic_chat.nlu.grounding import Grounding
from lavic_chat.nlu.reading import Reading, Span


def with_things_apart(read: Reading, grounding: Grounding) -> Reading:
    """A reading that names no thing, with the thing that a look was read with as one: of "leather sofa", unwanted, the
    leather is, and a sofa is wished for."""
    if read.words(r.KIND):
        return read
    return replace(read, spans=tuple(part for span in read.spans for part in taken_apart(span, grounding)))


def taken_apart(span: Span, grounding: Grounding) -> list[Span]:
    """A span as it is; of looks before the name of a thing that is sold here both."""
    words, appearance = span.text.split(), grounding.appearance_in(span.text)
    name = " ".join(words[len(appearance) :])
    is_mixed = span.slot in r.APPEARANCES and appearance and name and not grounding.meant(span.text)
    if not is_mixed or grounding.things_in(name)[:1] != (name.lower(),):
        return [span]
    start = span.end - len(name)
    look = replace(span, text=" ".join(words[: len(appearance)]), end=start - 1)
    return [look, Span(r.KIND, name, start, span.end, sure=span.sure)]
