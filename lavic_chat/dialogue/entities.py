"""HTML entities in texts that are no HTML: conversations and product texts of exports hold `&amp;` and `&#x200B;`."""

import html
import re

ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
TIMES = 2  # some exports escape what was escaped before


def read_entities(text: str) -> str:
    """The text with its entities as the characters that they stand for; "R&D" and "?a=1&copy=2" stay as they are."""
    for _ in range(TIMES):
        if "&" not in text:
            break
        text = ENTITY.sub(lambda found: html.unescape(found[0]), text)
    return text
