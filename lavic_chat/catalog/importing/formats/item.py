"""What every reader of a format gives: drafts of products as the source tells them, and the items made of these."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

from lavic_chat.catalog.product import Product

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp")  # of pictures, as a catalogue keeps them


@dataclass(frozen=True)
class Picture:
    """A picture as a source tells it. at: a path or an address. name: under which it must be kept, "" for one of the
    product's own; url: where it can be fetched, where `at` is a path; text: what the source says that it shows."""

    at: str
    name: str = ""
    url: str = ""
    text: str = ""


@dataclass(frozen=True)
class Draft:
    """A product before its texts are cleaned and its price is read. place: "line 3". price: an amount as it is
    written, or a number. page: what stands for the product in addresses of its page, where that is not its id.
    repeats: what is noted where the id was there before; without it, that is a fault."""

    place: str
    id: str
    title: str
    category: str = ""
    pictures: tuple[Picture, ...] = ()
    description: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    price: Any = None
    currency: str = ""
    link: str = ""
    in_stock: bool | None = None
    shape: str = ""
    page: str = ""
    repeats: str = ""
    source: str = ""
    creator: str = ""
    license: str = ""


@dataclass(frozen=True)
class Item:
    """A product as it will be listed; of each of its `images` the file (None: there is none), and by name the URLs
    and the descriptions of those that have one, and what the source calls them."""

    product: Product
    files: tuple[Path | None, ...]
    urls: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    originals: Mapping[str, str] = field(default_factory=dict)


def is_url(value: object) -> TypeGuard[str]:
    """Whether a value is a web address rather than a path."""
    return isinstance(value, str) and value.lower().startswith(("http://", "https://"))


def is_address(at: str) -> bool:
    """Whether a picture is named by a web address, with its scheme or without."""
    return is_url(at) or at.startswith("//")
