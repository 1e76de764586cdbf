"""What every reader of a format gives: products as they will be listed, and where their pictures come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeGuard

from lavic_chat.catalog.product import Product

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp")  # of pictures
Notes = dict[str, list[str]]  # what was noticed -> the cases


@dataclass(frozen=True)
class Item:
    """A product as it will be listed; of each of its `images` the file (None: there is none), and by name the URLs
    and the descriptions of those that have one."""

    product: Product
    files: tuple[Path | None, ...]
    urls: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


def is_url(value: object) -> TypeGuard[str]:
    """Whether a value is a web address rather than a path."""
    return isinstance(value, str) and value.lower().startswith(("http://", "https://"))
