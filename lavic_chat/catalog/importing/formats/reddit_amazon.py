"""Products from the Reddit-Amazon metadata (LaViC, section 5.1): item2meta_train.json and item2meta_valid.jsonl."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lavic_chat.catalog.importing.findings import Findings, reason_of
from lavic_chat.catalog.importing.formats.amazon_reviews import details_of
from lavic_chat.catalog.importing.formats.item import SUFFIXES, Draft, Picture, is_url
from lavic_chat.catalog.importing.formats.layout import Layout, Row, first_of_each, rows_of
from lavic_chat.catalog.importing.formats.table import KEY, Table
from lavic_chat.catalog.load import parse_id
from lavic_chat.errors import CatalogError

CAPTION, CAPTIONS = "image_description_llava_cleaned", "image_descriptions_llava_cleaned"


def fits(columns: Collection[str]) -> bool:
    """By the fields of a line of the second file; the first is an object of objects."""
    return "image name" in columns and "title" in columns


def read(table: Table, findings: Findings) -> Iterator[Draft]:
    """A draft for each ASIN, its pictures under their own names; the first of an ASIN counts, and one without a title
    does not."""
    return first_of_each(named_drafts(table, findings), findings)


def named_drafts(table: Table, findings: Findings) -> Iterator[Draft]:
    """A draft for each row that names its product and its pictures as it should; the others are rejected."""
    for row in rows_of(table, findings):
        try:
            draft = train_draft(row) if table.keyed else valid_draft(row)
            parse_id(draft.id, "")
            if any("/" in one.name or Path(one.name).suffix.lower() not in SUFFIXES for one in draft.pictures):
                raise CatalogError("an image name must end as .jpg or another picture, without slashes.")
        except CatalogError as error:
            findings.reject(row.place, reason_of(error))
            continue
        yield draft


def valid_draft(row: Row) -> Draft:
    """Of a picture's line: the ASIN is what comes before the last "_" of its name."""
    values = row.record.values
    name, title, caption = values.get("image_name"), values.get("title"), values.get(CAPTION) or ""
    if not isinstance(name, str) or not name.rpartition("_")[0]:
        raise CatalogError("`image_name` must be a text such as B000000000_0.jpg.")
    if not isinstance(title, str | None) or not isinstance(caption, str):
        raise CatalogError("the title and the description of the picture must be texts.")
    address = values.get("image")
    return Draft(
        row.place,
        id=name.rpartition("_")[0],
        title=(title or "").strip(),
        pictures=(Picture(name, name, address if is_url(address) else "", caption.strip()),),
        description=caption,
        attributes=details_of(row),
        price=row.value("price"),
    )


def train_draft(row: Row) -> Draft:
    """Of an ASIN's metadata; the main picture's caption describes it, else Amazon's own words."""
    meta = row.record.values
    captions = meta.get(CAPTIONS) or {}
    if not isinstance(captions, dict) or not isinstance(meta.get("title"), str | None):
        raise CatalogError("the title must be a text, the descriptions of pictures an object.")
    words = [next(iter(captions.values()), None), meta.get("description"), meta.get("features")]
    return Draft(
        row.place,
        id=meta[KEY],
        title=(meta.get("title") or "").strip(),
        category=joined((texts(meta.get("categories")) or [""])[-1]),
        pictures=tuple(
            Picture(name, name, url, joined(captions.get(name))) for name, url in image_urls(meta, captions).items()
        ),
        description=next((text for text in map(joined, words) if text), ""),
        attributes=details_of(row),
        price=row.value("price"),
    )


def image_urls(meta: Mapping[str, Any], names: Iterable[str]) -> dict[str, str]:
    """Picture names with their URLs: ASIN_3.jpg is number 3 of `images`. Without names, all of `images`."""
    images = meta["images"] if isinstance(meta.get("images"), list) else []
    urls = {f"{meta[KEY]}_{index}": image_url(image) for index, image in enumerate(images)}
    return {name: urls.get(Path(name).stem, "") for name in list(names) or [f"{stem}.jpg" for stem in urls]}


def image_url(image: object) -> str:
    """An entry of `images`: a URL, or an object with one URL a size, of which the middle one is taken."""
    sizes = [image.get(size) for size in ("large", "hi_res", "thumb")] if isinstance(image, dict) else [image]
    return next((url for url in sizes if is_url(url)), "")


def texts(value: object) -> list[str]:
    """A text or a list of texts as a list; anything else is left out."""
    values = value if isinstance(value, list) else [value]
    return [text.strip() for text in values if isinstance(text, str) and text.strip()]


def joined(value: object) -> str:
    """A text or a list of texts as lines."""
    return "\n".join(texts(value))


REDDIT_AMAZON = Layout("reddit-amazon", "the Reddit-Amazon metadata", fits, read)
