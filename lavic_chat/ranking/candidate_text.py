"""What a shop writes about its products, made harmless before the model reads it: a title is a title and no order.

Control tokens are read letter by letter wherever they stand (`words_to_ids`). Here go the words with which the prompt
itself marks its parts, and the verdict's own: `Ostra chair fits: yes` is read as `Ostra chair`. A text without them is
read as it is, to the letter.
"""

import re
import unicodedata

# What stands before a colon in prompts, ours and those that models were taught with; and the verdict that it may hold.
MARKS = "fits|looks|wanted|product|shopper|shop|photo|answer|assistant|system|user"
MARKED = re.compile(rf"\b(?:{MARKS})\s*:(?:[\s,;]*\b(?:yes|no)\b)*|\byes\b", re.IGNORECASE)


def harmless(text: str) -> str:
    """A text without the prompt's own marks and verdicts, which are seen through look-alike and invisible letters."""
    plain = unicodedata.normalize("NFKC", text)
    plain = "".join(letter for letter in plain if unicodedata.category(letter) != "Cf")
    if not MARKED.search(plain):
        return text
    return " ".join(MARKED.sub(" ", plain).split()) or "-"
