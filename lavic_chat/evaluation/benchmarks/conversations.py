"""Everyday conversations to time turns with: a first message and a follow-up each.

A dozen are written out. Beyond them the same are asked again by others, who say their number first: a conversation is
new from its first words on, so that no memory of an earlier one makes it quicker than a shopper would find it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count


@dataclass(frozen=True)
class Script:
    """What a shopper says first, and after the first answer."""

    message: str
    follow_up: str


DOZEN = (
    Script("I am looking for something green for the reading corner, not too dark", "Nice, but rather in blue"),
    Script("a red sofa", "the same in grey"),
    Script("Do you have a floor lamp under 150 dollars? The living room is gloomy in the evening.", "cheaper please"),
    Script("We need a dining table for six, light wood, nothing with glass", "not that one"),
    Script("white wardrobe with sliding doors", "Do you have it with drawers as well?"),
    Script("My son starts school in September and needs a desk that does not take up the whole room", "in white?"),
    Script("An armchair in leather, brown or black, that looks as if it came from a club", "Something less bulky"),
    Script("Show me bedside tables that go with an oak bed", "darker wood"),
    Script("I want to give my sister a plant pot, she loves bright colours", "Yellow would be lovely"),
    Script("a striped rug for the hallway, blue and white if possible", "plain is fine too"),
    Script("Bookshelf, black metal and wood, industrial style, I have about 200 dollars", "Is there a wider one?"),
    Script("kitchen stools with a back, please, we sit there for hours", "I like it, what about red?"),
)
WARM_UP = Script("Good morning, what do you have for a small balcony?", "Thank you")


def conversation(number: int) -> Script:
    """The conversation of this number, from 0; no two numbers begin alike."""
    script = DOZEN[number % len(DOZEN)]
    if number < len(DOZEN):
        return script
    return Script(f"Hello, this is visitor {number}. {script.message}", script.follow_up)


def new_conversations() -> Iterator[Script]:
    """Conversations without end, none of which begins as another did."""
    return map(conversation, count())
