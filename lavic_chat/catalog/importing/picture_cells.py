"""Cells with pictures: one or several paths or addresses, in whatever the file parts them by."""

import ast
import json
import re
from pathlib import PurePosixPath
from typing import Any

from lavic_chat.catalog.importing.formats.item import is_address

ADDRESSES = re.compile(r"(?<![\s,;|])[\s,;|]++(?=(?:https?:)?//)", re.IGNORECASE)
PARTS = re.compile(r"[|;\n\r\t]+")
KEYS = ("hi_res", "large", "url", "contentUrl", "src", "@id", "link", "thumb")  # of an object that is a picture
PICTURE = re.compile(r"\.(?:jpe?g|png|webp|gif|bmp|avif|tiff?|hei[cf])(?:[?#].*)?\Z", re.IGNORECASE)
MOST, LONGEST, DEEPEST = 200, 50_000, 6  # pictures of a cell; characters; lists and objects in each other


def pictures_in(value: Any) -> list[str]:
    """The paths and addresses in a cell, or in what JSON has instead: a text, an object, a list of them; each once."""
    return list(dict.fromkeys(found))[:MOST] if (found := [one for one in parts_of(value) if one]) else []


def parts_of(value: Any, depth: int = 0) -> list[str]:
    """See `pictures_in`, of one value."""
    if depth > DEEPEST:
        return []
    if isinstance(value, dict):
        if lists := [value[key] for key in KEYS if isinstance(value.get(key), list)]:  # one list a size
            rows = [[part for part in row if isinstance(part, str) and part] for row in zip(*lists, strict=False)]
            return [row[0] for row in rows if row]
        return next((parts_of(value[key], depth + 1) for key in KEYS if value.get(key)), [])
    if isinstance(value, list | tuple):
        return [part for one in value[:MOST] for part in parts_of(one, depth + 1)]
    if not isinstance(value, str):
        return []
    text = value[:LONGEST].strip()
    if text[:1] in "[{" and text[-1:] in "]}" and (listed := literal(text)) is not None:
        return parts_of(listed, depth + 1)
    if is_address(text):
        return [part.strip(" \t\r\n,;|") for part in ADDRESSES.split(text)]
    parts = [part.strip() for part in PARTS.split(text) if part.strip()]
    with_commas = [part.strip() for part in text.split(",")]
    if len(parts) == 1 and len(with_commas) > 1 and all(map(PICTURE.search, with_commas)):
        return with_commas
    return [one for part in parts for one in (parts_of(part, depth + 1) if "//" in part and part != text else [part])]


def literal(text: str) -> Any:
    """A list or object as JSON or Python writes it; None for anything else."""
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return None


def name_in(address: str) -> str:
    """The file name at the end of a path or an address, without what follows it."""
    return PurePosixPath(re.split(r"[?#]", address.replace("\\", "/"))[0]).name
