"""What was asked, what stood to choose from, and what was picked: hits and misses drawn at random, to look at."""

import random
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from PIL import Image, ImageDraw, ImageFont, ImageOps

from lavic_chat.catalog import Catalog
from lavic_chat.catalog.datacard.sheets import INK, QUIET, fitting, jpeg, tile
from lavic_chat.dialogue.reddit_amazon import Conversation
from lavic_chat.dialogue.turns import SEEKER
from lavic_chat.evaluation.metrics import Prediction

RIGHT, WRONG = "#2f8f5b", "#c24f33"
CONVERSATION, TILE, GAP, FRAME, HEAD = 330, 112, 10, 4, 76  # pixels
LINES, LETTERS = 6, 46  # of what was said
SHOWN = 10  # candidates
NOWHERE = "\U0010ffff"  # no font has it


def draw_gallery(
    predictions: Sequence[Prediction],
    conversations: Mapping[str, Conversation],
    catalog: Catalog,
    hits: bool,
    count: int = 10,
    seed: int = 0,
) -> bytes:
    """JPEG: a row a case, what was said and the candidates by score. None is chosen by hand: the seed draws them.

    conversations: by where they stand; cases whose conversation or products are not known are left out.
    """
    known = [
        item
        for item in predictions
        if item.is_hit == hits and item.where in conversations and all(product in catalog for product in item.ranking)
    ]
    drawn = random.Random(seed).sample(known, min(count, len(known)))
    step = TILE + 30 + GAP
    page = Image.new("RGB", (CONVERSATION + SHOWN * (TILE + GAP) + GAP, HEAD + max(1, len(drawn)) * step), "white")
    pen = ImageDraw.Draw(page)
    pen.text((GAP, 12), "Right picks" if hits else "Wrong picks", INK, ImageFont.load_default(22))
    note = "drawn at random; candidates by the model's score, best first; green: what was wanted, red: picked instead"
    pen.text((GAP, 44), note, QUIET, ImageFont.load_default(13))
    for row, item in enumerate(drawn):
        draw_case(page, pen, HEAD + row * step, item, conversations[item.where], catalog)
    return jpeg(page, quality=86)


def draw_case(
    page: Image.Image,
    pen: ImageDraw.ImageDraw,
    top: int,
    item: Prediction,
    conversation: Conversation,
    catalog: Catalog,
) -> None:
    """A row of the page: what was said, and the candidates with the pick and the wanted one framed."""
    said = " / ".join(turn.text for turn in conversation.dialogue.turns if turn.role == SEEKER)
    lines = textwrap.wrap(" ".join(drawable(said).split()), LETTERS)
    lines = lines if len(lines) <= LINES else [f"… {lines[-LINES]}", *lines[1 - LINES :]]
    pen.multiline_text((GAP, top), "\n".join(lines), INK, ImageFont.load_default(13), spacing=4)
    pen.text((GAP, top + TILE + 4), f"{item.set}, {item.confidence:.0%} sure", QUIET, ImageFont.load_default(12))
    for place, product in enumerate(catalog[name] for name in item.ranking[:SHOWN]):
        left, wanted = CONVERSATION + place * (TILE + GAP), product.id in item.gt_items
        picture = tile(catalog, product, TILE)
        if wanted or place == 0:
            picture = ImageOps.expand(ImageOps.crop(picture, FRAME), FRAME, RIGHT if wanted else WRONG)
        page.paste(picture, (left, top))
        appearance = product.attributes.get("shade") or product.attributes.get("colour") or product.category
        font = ImageFont.load_default(12)
        pen.text((left, top + TILE + 4), fitting(appearance, font, TILE), QUIET, font)


def drawable(text: str) -> str:
    """Without emoji and other signs that the font has only a box for: dashes become hyphens, accents are dropped."""
    return "".join(spelled(letter) for letter in text)


@lru_cache(maxsize=4096)
def spelled(letter: str) -> str:
    """The letter as the font can draw it, "" where it cannot."""
    if unicodedata.category(letter) == "Pd":
        return "-"
    parts = letter if has_glyph(letter) else unicodedata.normalize("NFKD", letter)
    return "".join(part for part in parts if has_glyph(part) and not unicodedata.combining(part))


def has_glyph(letter: str) -> bool:
    """Whether the font has more than its box for what it lacks."""
    return letter.isspace() or drawn(letter) not in (b"", drawn(NOWHERE))


def drawn(letter: str) -> bytes:
    """The letter's pixels."""
    mask: Any = ImageFont.load_default(13).getmask(letter)  # a sequence of bytes, which Pillow's types do not say
    return bytes(mask)
