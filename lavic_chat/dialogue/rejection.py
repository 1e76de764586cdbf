"""Words that turn down what was shown: "not that one", "something else", "none of these"."""

import re
from collections.abc import Sequence

# What turns the last pick down. The words need an end or a noun after them, for "not that one" and "I don't
# want it" do, while "not that dark" and "I don't want it too dark" only add a wish.
NOUN = r"(?:one|pick|product|item|thing|option|suggestion|colou?r|style|shape|design|look)s?\b"
MORE = r"(?:please|thanks|thank|either|again|at all|any ?more|because|since|but|though|and)\b"
END = rf"(?![’']?\w)(?!\s+(?!{MORE})\w)"
OBJECT = rf"(?:it|that|this|these|those|them)(?:\s+{NOUN}|{END})"
REJECTION = re.compile(
    r"(?<!\bfor )(?<!n['’]t need )(?<!n['’]t want )\b(?:something|anything)\s+(?:else|other|different)\b"
    r"|\bany\s+(?:other|different)\b"
    r"|\bwhat\s+else\b|\bshow\s+me\s+(?:another|others?|(?:an?|some)\s+(?:other|different))\b"
    rf"|(?<!why )\bnot\s+(?:the\s+(?:first|last|previous)\s+{NOUN}|{OBJECT})"
    rf"|\b(?:another|a\s+different)\s+{NOUN}|\bnone\s+of\s+(?:these|those|them)\b"
    rf"|\b(?:do|did)(?:\s*not|n['’]?t)\s+(?:really\s+)?(?:like|love|want)\s+{OBJECT}"
    rf"|(?<!n['’]t )\b(?:hate|dislike|can['’]?t\s+stand)\s+{OBJECT}"
    r"|\A\W*(?:no|nope|nah)(?:\W+(?:thanks|thank\s+you))?\W*\Z",
    re.IGNORECASE,
)
ALL_REJECTED = re.compile(r"\bnone\s+of\s+(?:these|those|them)\b|\bnot\s+(?:these|those)\b", re.IGNORECASE)


def turned_down(text: str, shown: Sequence[str]) -> Sequence[str]:
    """Ids that a message turns down of those last shown, the pick first: the pick, or with "none of these" all."""
    if ALL_REJECTED.search(text):
        return shown
    return shown[:1] if REJECTION.search(text) else ()
