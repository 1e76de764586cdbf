"""Products from the Reddit-Amazon metadata (LaViC, section 5.1): item2meta_train.json and item2meta_valid.jsonl."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lavic_chat.catalog.importing.formats.item import SUFFIXES, Item, Notes, is_url
from lavic_chat.catalog.load import MAX_IMAGES, MAX_PRODUCTS, MAX_TEXT, MAX_TITLE, parse_product, picture_guard
from lavic_chat.errors import CatalogError
from lavic_chat.storage.files import read_jsonl


@dataclass(frozen=True)
class RedditRow:
    """A product of the Reddit-Amazon metadata as one row tells it. images: the pictures' names, and their URLs where
    these are told, else "". texts: by name what was written of a picture."""

    where: str
    asin: str
    title: str
    category: str
    images: Mapping[str, str]
    texts: Mapping[str, str]
    description: str


def read_reddit_amazon(source: Path, notes: Notes, pictures: Path | None = None) -> list[Item]:
    """The items of the metadata, .json (item2meta_train) or .jsonl (item2meta_valid).

    Pictures are looked for as `pictures`/<image name>, images/ beside the source without it; where they are not, the
    product lists them all the same. Raises CatalogError naming the first bad row.
    """
    pictures = pictures or source.parent / "images"
    rows = train_rows(source) if source.suffix.lower() == ".json" else valid_rows(source)
    lies_inside, items = picture_guard(pictures), {}
    for row in rows:
        if row.asin in items:
            notes["products are there more than once; the first was kept"].append(row.asin)
            continue
        if not row.title:
            notes["products without a title were left out"].append(row.asin)
            continue
        if any("/" in name or Path(name).suffix.lower() not in SUFFIXES for name in row.images):
            raise CatalogError(f"{row.where}: an image name must end as .jpg or another picture, without slashes.")
        fields: dict[str, Any] = {"id": row.asin, "title": row.title[:MAX_TITLE], "category": row.category}
        fields |= {"description": row.description[:MAX_TEXT]}
        fields |= {"images": [f"images/{name}" for name in list(row.images)[:MAX_IMAGES]]}
        product = parse_product(fields, row.where)
        files = (pictures / Path(image).name for image in product.images)
        inside = (file if lies_inside(file.name) and file.is_file() else None for file in files)
        urls = {image: url for image in product.images if is_url(url := row.images[Path(image).name])}
        written = {image: text[:MAX_TEXT] for image in product.images if (text := row.texts.get(Path(image).name))}
        items[row.asin] = Item(product, tuple(inside), urls, written)
        if len(items) > MAX_PRODUCTS:
            raise CatalogError(f"{source} holds more than {MAX_PRODUCTS:,} products; split it.")
    return list(items.values())


def valid_rows(source: Path) -> Iterator[RedditRow]:
    """A line a picture: the ASIN is what comes before the last "_" of its name."""
    for number, row in read_jsonl(source, CatalogError):
        where = f"{source}, line {number}"
        name, title = row.get("image_name"), row.get("title")
        caption = row.get("image_description_llava_cleaned") or ""
        if not isinstance(name, str) or not name.rpartition("_")[0]:
            raise CatalogError(f"{where}: `image_name` must be a text such as B000000000_0.jpg.")
        if not isinstance(title, str | None) or not isinstance(caption, str):
            raise CatalogError(f"{where}: the title and the description of the picture must be texts.")
        asin, images = name.rpartition("_")[0], {name: row.get("image") or ""}
        yield RedditRow(where, asin, (title or "").strip(), "", images, {name: caption.strip()}, caption)


def train_rows(source: Path) -> Iterator[RedditRow]:
    """One object, ASIN -> metadata; the main picture's caption describes it, else Amazon's own words."""
    try:
        table = json.loads(source.read_bytes())
    except (ValueError, RecursionError) as error:
        line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise CatalogError(f"{source}{line}: not valid JSON; fetch or mend the file.") from error
    if not isinstance(table, dict):
        raise CatalogError(f"{source}: a JSON object from ASIN to metadata was expected.")
    for asin, meta in table.items():
        where = f"{source}, {asin[:80]!r}"
        if not isinstance(meta, dict):
            raise CatalogError(f"{where}: a JSON object was expected.")
        captions = meta.get("image_descriptions_llava_cleaned") or {}
        if not isinstance(captions, dict) or not isinstance(meta.get("title"), str | None):
            raise CatalogError(f"{where}: the title must be a text, the descriptions of pictures an object.")
        words = [next(iter(captions.values()), None), meta.get("description"), meta.get("features")]
        description = next((text for text in map(joined, words) if text), "")
        category = joined((texts(meta.get("categories")) or [""])[-1])
        images, written = image_urls(asin, meta, captions), {name: joined(text) for name, text in captions.items()}
        yield RedditRow(where, asin, (meta.get("title") or "").strip(), category, images, written, description)


def image_urls(asin: str, meta: dict, names: Iterable[str]) -> dict[str, str]:
    """Picture names with their URLs: ASIN_3.jpg is number 3 of `images`. Without names, all of `images`."""
    images = meta["images"] if isinstance(meta.get("images"), list) else []
    urls = {f"{asin}_{index}": image_url(image) for index, image in enumerate(images)}
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
