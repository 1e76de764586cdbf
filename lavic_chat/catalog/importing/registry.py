"""The formats by name, and how a file's is found: by what is in it, its name last."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lavic_chat.catalog.importing.findings import Findings
from lavic_chat.catalog.importing.formats import plain, url_list
from lavic_chat.catalog.importing.formats.amazon_berkeley import AMAZON_BERKELEY
from lavic_chat.catalog.importing.formats.amazon_reviews import AMAZON_2018, AMAZON_2023
from lavic_chat.catalog.importing.formats.csv import DELIMITERS, open_csv
from lavic_chat.catalog.importing.formats.excel import open_excel
from lavic_chat.catalog.importing.formats.google_merchant import GOOGLE
from lavic_chat.catalog.importing.formats.hm import HM
from lavic_chat.catalog.importing.formats.item import Draft, is_url
from lavic_chat.catalog.importing.formats.jsonl import LINES, open_json
from lavic_chat.catalog.importing.formats.kaggle_styles import KAGGLE_STYLES
from lavic_chat.catalog.importing.formats.layout import Layout
from lavic_chat.catalog.importing.formats.parquet import open_parquet
from lavic_chat.catalog.importing.formats.reddit_amazon import REDDIT_AMAZON
from lavic_chat.catalog.importing.formats.schema_org import SCHEMA_ORG, open_html
from lavic_chat.catalog.importing.formats.shopify import SHOPIFY
from lavic_chat.catalog.importing.formats.table import Table, folded
from lavic_chat.catalog.importing.formats.woocommerce import WOOCOMMERCE
from lavic_chat.catalog.importing.formats.xml import open_xml
from lavic_chat.errors import CatalogError

LAYOUTS = (  # the first that fits
    SHOPIFY, WOOCOMMERCE, AMAZON_BERKELEY, AMAZON_2023, AMAZON_2018, HM, KAGGLE_STYLES, REDDIT_AMAZON, SCHEMA_ORG,
    GOOGLE,
)  # fmt: skip
PLAIN, URL_LIST = "plain", "url-list"
FORMATS = (*(layout.name for layout in LAYOUTS), PLAIN)
CSV = (".csv", ".tsv", ".tab")
HEAD = 1_000  # bytes by which a file is known
SIGNATURES = {  # how files begin that are often named as tables
    b"%PDF": "a PDF", b"\xff\xd8\xff": "a JPEG picture", b"\x89PNG": "a PNG picture", b"GIF8": "a GIF picture",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file", b"\x1f\x8b": "a packed file", b"Rar!": "a packed file",
    b"7z\xbc\xaf": "a packed file", b"SQLite format 3": "a database",
}  # fmt: skip
UNKNOWN = (
    "is neither a table (.csv, .tsv, .xlsx, .parquet), JSON (.json, .jsonl), a feed (.xml), a page (.html), a zip of "
    "one of these nor a catalogue folder."
)


@dataclass(frozen=True)
class Choice:
    """What the user says of a source. format: one of FORMATS, "" to find it; columns: field -> column."""

    format: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Opened:
    """A file's drafts, still to be read, and the name of its format."""

    format: str
    drafts: Iterator[Draft]


def open_source(source: Path, bases: tuple[Path, ...], choice: Choice, findings: Findings) -> Opened:
    """A file's drafts by the format that it has, or is said to have. bases: folders in which what belongs to it may be.
    Raises CatalogError where it is of none."""
    table = replace(open_table(source, findings), bases=bases)
    if table.columns == (url_list.ADDRESS, url_list.TITLE):
        return Opened(URL_LIST, url_list.read(table, findings))
    layout = find_layout(table, choice)
    if layout is None:
        return Opened(PLAIN, plain.read(table, findings, choice.columns))
    return Opened(layout.name, layout.read(table, findings))


def find_layout(table: Table, choice: Choice) -> Layout | None:
    """The layout of a table; None for a plain one, which it is also where its columns are named."""
    if choice.format:
        return next((layout for layout in LAYOUTS if layout.name == choice.format), None)
    if choice.columns:
        return None
    if table.keyed:
        return REDDIT_AMAZON
    columns = frozenset(folded(table.columns))
    return next((layout for layout in LAYOUTS if layout.fits(columns)), None)


def open_table(source: Path, findings: Findings) -> Table:
    """The table in a file, whatever it is kept as; raises CatalogError for what is none."""
    with source.open("rb") as file:
        head = file.read(HEAD)
    kind, text = source.suffix.lower(), head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith(b"PAR1"):
        return open_parquet(source)
    if head.startswith(b"PK") or kind == ".xlsx":
        return open_excel(source)
    if kind in (*CSV, ".txt") and (what := binary_kind(head)):
        raise CatalogError(
            f"{source} holds {what} and is no table, whatever its name says; choose the table's own file."
        )
    if kind in CSV:
        return open_csv(source, findings)
    if text.startswith(b"<"):
        is_page = kind in (".html", ".htm") or b"<html" in text or text.startswith(b"<!doctype html")
        return open_html(source) if is_page else open_xml(source)
    if text[:1] in (b"{", b"[") or kind in (".json", *LINES):
        return open_json(source)
    if kind == ".txt":
        return open_text(source, findings)
    raise CatalogError(f"{source} {UNKNOWN}")


def binary_kind(head: bytes) -> str:
    """What a file's beginning holds that is no text, "a PDF"; "" of a text, which UTF-16 with its mark is, too."""
    if name := next((name for begin, name in SIGNATURES.items() if head.startswith(begin)), ""):
        return name
    is_text = head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" not in head
    return "" if is_text else "data that is no text"


def open_text(source: Path, findings: Findings) -> Table:
    """A table of a .txt file: a feed parted by tabs, or a list of addresses."""
    text = source.read_bytes().decode("utf-8-sig", errors="replace")
    lines = (line.strip() for line in text.splitlines())
    first = next((line for line in lines if line and not line.startswith("#")), "")
    if is_url(first):
        return Table(source, (url_list.ADDRESS, url_list.TITLE), url_list.url_records(text))
    if any(delimiter in first for delimiter in DELIMITERS):
        return open_csv(source, findings)
    raise CatalogError(f"{source} {UNKNOWN}")


def recognises(source: Path) -> str:
    """The name of a file's format, PLAIN where it is a table of no known layout; "" where it is none at all."""
    try:
        table = open_table(source, Findings(source.name))
        layout = find_layout(table, Choice())
        return layout.name if layout else PLAIN if {"id", "title"} <= set(plain.find_fields(table, {})) else ""
    except (CatalogError, OSError):
        return ""
