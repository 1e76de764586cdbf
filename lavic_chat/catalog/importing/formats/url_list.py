"""A list of pictures' addresses, one a line, with a title behind a tab where there is one."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from lavic_chat.catalog.importing.findings import Findings
from lavic_chat.catalog.importing.formats.item import Draft, Picture
from lavic_chat.catalog.importing.formats.table import Record, Table
from lavic_chat.catalog.importing.urls import clean_url
from lavic_chat.storage.files import hash_bytes

ADDRESS, TITLE = "address", "title"


def url_records(text: str) -> Iterator[Record]:
    """A record a line that is neither blank nor a remark."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            address, _, title = line.partition("\t")
            yield Record(f"line {number}", {ADDRESS: address.strip(), TITLE: title.strip()})


def read(table: Table, findings: Findings) -> Iterator[Draft]:
    """A draft for each address; what has no title is called by its file's name."""
    for record in table.records:
        address, title = record.values[ADDRESS], record.values[TITLE]
        if not (url := clean_url(address)):
            findings.reject(record.place, "not an http or https address.")
            continue
        stem = PurePosixPath(unquote(urlsplit(url).path)).stem
        words = " ".join(stem.replace("_", " ").replace("-", " ").split())
        yield Draft(record.place, id=hash_bytes(url)[:12], title=title or words or url, pictures=(Picture(url),))
