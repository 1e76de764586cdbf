"""Where the pictures of a catalogue can be fetched from: `urls.jsonl`, one object a line with `image` and `url`."""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from lavic_chat.catalog.load import parse_image, picture_guard
from lavic_chat.catalog.web import may_be_fetched
from lavic_chat.errors import CatalogError
from lavic_chat.storage.files import read_jsonl, write_jsonl

URLS = "urls.jsonl"
PLAIN = re.compile(r"[A-Za-z0-9%/:=&?~+!$,;@()*\[\]#._-]*")  # what an address may hold as it is


def read_urls(folder: str | Path) -> dict[str, str]:
    """Image path to URL, none where the folder has no such file; raises CatalogError naming the first bad line."""
    folder = Path(folder)
    path = folder / URLS
    if not path.is_file():
        return {}
    lies_inside, urls = picture_guard(folder), {}
    for number, row in read_jsonl(path, CatalogError):
        where = f"{path}, line {number}"
        image, url = parse_image(row.get("image"), where), row.get("url")
        if not lies_inside(image):
            raise CatalogError(f"{where}: the picture {image!r} leads out of the folder.")
        if not isinstance(url, str) or not may_be_fetched(url):
            raise CatalogError(f"{where}: `url` must be the http or https address of a picture.")
        urls[image] = url
    return urls


def write_urls(folder: str | Path, urls: Mapping[str, str]) -> None:
    """Write image path -> URL; no file where there are none."""
    if urls:
        write_jsonl(Path(folder) / URLS, ({"image": image, "url": url} for image, url in urls.items()))


def clean_url(text: str) -> str:
    """An address as people write it, made one that may be asked for: entities read, spaces and letters of other
    alphabets percent-encoded, what is encoded left so; "" where it cannot be one."""
    address = text.strip().replace("&amp;", "&")
    address = f"https:{address}" if address.startswith("//") else address
    if not PLAIN.fullmatch(address):
        try:
            parts = urlsplit(address)
            host = (parts.hostname or "").encode("idna").decode("ascii")
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            return ""
        rest = (quote(part, safe="%/:=&?~+!$,;@()*[]") for part in parts[2:])
        address = urlunsplit((parts.scheme, "" if parts.username else host + port, *rest))
    scheme, mark, rest = address.partition(":")
    address = f"{scheme.lower()}{mark}{rest}"
    return address if may_be_fetched(address) else ""
