"""The kinds of files that a catalogue is imported from: a CSV with pictures, the Reddit-Amazon metadata."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from lavic_chat.catalog.load import (
    MAX_IMAGES,
    MAX_PRODUCTS,
    MAX_TEXT,
    MAX_TITLE,
    parse_image,
    parse_product,
    picture_guard,
)
from lavic_chat.catalog.product import Product
from lavic_chat.errors import CatalogError
from lavic_chat.storage.files import hash_bytes, read_jsonl

COLUMNS = ("id", "title", "category", "image", "description", "price", "source", "creator", "license")
PRICE = re.compile(r"[$€£]?\s*(\d+(?:\.\d+)?|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+,\d{1,2})\s*[$€£]?")
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp")
Notes = dict[str, list[str]]  # what was noticed -> the cases


@dataclass(frozen=True)
class Item:
    """A product as it will be listed; of each of its `images` the file (None: there is none), and by name the URLs
    and the descriptions of those that have one."""

    product: Product
    files: tuple[Path | None, ...]
    urls: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


def read_csv(source: Path, notes: Notes) -> list[Item]:
    """Rows of id, title, category, image and more; a row without a title is called by its category."""
    lies_inside, seen, taken, items = picture_guard(source.parent), {}, set(), []
    for where, row in csv_rows(source, notes):
        category = row.get("category", "")
        fields: dict = {name: row[name] for name in COLUMNS if row.get(name)}
        fields["title"] = row.get("title") or category[:1].upper() + category[1:]
        if "price" in fields:
            fields["price"] = read_price(fields["price"], where)
        fields["attributes"] = {name: text for name, text in row.items() if name not in COLUMNS and text}
        cells = [cell.strip() for cell in fields.pop("image", "").split("|") if cell.strip()]
        originals = [cell if is_url(cell) else parse_image(cell, where) for cell in cells]
        for original in originals:
            if not (is_url(original) or lies_inside(original)):
                raise CatalogError(f"{where}: the picture {original!r} leads out of the folder.")
        fields["images"] = [safe_name(row.get("id", ""), original, taken) for original in originals]
        product = parse_product(fields, where)
        if product.id in seen:
            raise CatalogError(f"{where}: the id {product.id!r} is already used by {seen[product.id]}.")
        seen[product.id] = where.rpartition(", ")[2]
        files = (None if is_url(original) else source.parent / original for original in originals)
        urls = {name: cell for name, cell in zip(product.images, originals, strict=True) if is_url(cell)}
        items.append(Item(product, tuple(file if file and file.is_file() else None for file in files), urls))
        if len(items) > MAX_PRODUCTS:
            raise CatalogError(f"{source} holds more than {MAX_PRODUCTS:,} products; split it.")
    return items


def csv_rows(source: Path, notes: Notes) -> Iterator[tuple[str, dict[str, str]]]:
    """("file, line n", row) with column names in lower case; the line is where the row begins."""
    text = decode(source, notes)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)  # the comma where all are absent
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    begins = 1
    try:
        for cells in reader:
            where, begins = f"{source}, line {begins}", reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = csv_header(cells, where)
            elif len(cells) > len(header):
                raise CatalogError(f"{where}: {len(cells)} cells under {len(header)} columns; mend its quotes.")
            else:
                yield where, {name: cell.strip() for name, cell in zip(header, cells, strict=False) if name}
    except csv.Error as error:
        raise CatalogError(f"{source}, line {begins}: not valid CSV ({error}); mend its quotes.") from error


def csv_header(cells: list[str], where: str) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    names = [{"images": "image", "licence": "license"}.get(name, name) for name in names]
    if "id" not in names or not {"title", "category"} & set(names):
        raise CatalogError(f"{where}: the header must name the columns id, title, category and image.")
    if twice := sorted({name for name in names if name and names.count(name) > 1}):
        raise CatalogError(f"{where}: the header names the column {twice[0]!r} twice.")
    return names


def decode(source: Path, notes: Notes) -> str:
    """The file's text: UTF-8, UTF-16 with its mark, else Latin-1, which fits any bytes."""
    data = source.read_bytes()
    try:
        marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        return data.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError:
        notes["file is not UTF-8 and was read as Latin-1"].append(source.name)
        return data.decode("latin-1")


def read_price(text: str, where: str) -> float:
    match = PRICE.fullmatch(text)
    if not match:
        raise CatalogError(f"{where}: the price {text[:40]!r} is not a number.")
    number = match[1]
    decimal_comma = re.fullmatch(r"\d+,\d{1,2}", number)
    return float(number.replace(",", "." if decimal_comma else ""))


def safe_name(product_id: str, original: str, taken: set[str]) -> str:
    """A path under images/ in plain letters, made from the product's id, that no other picture has."""
    suffix = Path(urlsplit(original).path if is_url(original) else original).suffix.lower()
    suffix = suffix if suffix in SUFFIXES else ".jpg"  # never .html or .svg, which a browser would run
    base = re.sub(r"[^A-Za-z0-9_-]+", "-", product_id).strip("-")[:80] or "picture"
    if base != product_id:  # two ids may read alike in plain letters
        base = f"{base}-{hash_bytes(product_id)[:8]}"
    name, number = f"{base}{suffix}", 1
    while name.lower() in taken:
        number += 1
        name = f"{base}-{number}{suffix}"
    taken.add(name.lower())
    return f"images/{name}"


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


def read_reddit(source: Path, pictures: Path, notes: Notes) -> list[Item]:
    """The Reddit-Amazon metadata, .json (item2meta_train) or .jsonl (item2meta_valid).

    Pictures are looked for as `pictures`/<image name>; where they are not, the product lists them all the same.
    """
    rows = reddit_train(source) if source.suffix.lower() == ".json" else reddit_valid(source)
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
        fields = {"id": row.asin, "title": row.title[:MAX_TITLE], "category": row.category}
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


def reddit_valid(source: Path) -> Iterator[RedditRow]:
    """A line a picture: the ASIN is what comes before the last "_" of its name."""
    for number, row in read_jsonl(source, CatalogError):
        where = f"{source}, line {number}"
        name, title = row.get("image_name"), row.get("title")
        caption = row.get("image_description_llava_cleaned") or ""
        if not isinstance(name, str) or not name.rpartition("_")[0]:
            raise CatalogError(f"{where}: `image_name` must be a text such as B000000000_0.jpg.")
        if not isinstance(title, str | None) or not isinstance(caption, str):
            raise CatalogError(f"{where}: the title and the description of the picture must be texts.")
        asin, images = name.rpartition("_")[0], {name: row.get("image")}
        yield RedditRow(where, asin, (title or "").strip(), "", images, {name: caption.strip()}, caption)


def reddit_train(source: Path) -> Iterator[RedditRow]:
    """One object, ASIN -> metadata; the main picture's caption describes it, else the shop's own words."""
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
        description = next((text for text in map(plain, words) if text), "")
        category = plain((texts(meta.get("categories")) or [""])[-1])
        images, written = reddit_images(asin, meta, captions), {name: plain(text) for name, text in captions.items()}
        yield RedditRow(where, asin, (meta.get("title") or "").strip(), category, images, written, description)


def reddit_images(asin: str, meta: dict, names: Iterable[str]) -> dict[str, str]:
    """Picture names with their URLs: ASIN_3.jpg is number 3 of `images`. Without names, all of `images`."""
    images = meta.get("images") if isinstance(meta.get("images"), list) else []
    urls = {f"{asin}_{index}": image_url(image) for index, image in enumerate(images)}
    return {name: urls.get(Path(name).stem, "") for name in list(names) or [f"{stem}.jpg" for stem in urls]}


def image_url(image: object) -> str:
    """An entry of `images`: a URL, or an object with one URL a size, of which the middle one is taken."""
    sizes = [image.get(size) for size in ("large", "hi_res", "thumb")] if isinstance(image, dict) else [image]
    return next((url for url in sizes if is_url(url)), "")


def is_url(value: object) -> bool:
    return isinstance(value, str) and value.lower().startswith(("http://", "https://"))


def texts(value: object) -> list[str]:
    """A text or a list of texts as a list; anything else is left out."""
    values = value if isinstance(value, list) else [value]
    return [text.strip() for text in values if isinstance(text, str) and text.strip()]


def plain(value: object) -> str:
    return "\n".join(texts(value))
