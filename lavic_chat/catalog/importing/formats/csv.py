"""Products from a CSV file: columns id, title, category, image and more, pictures as paths beside it or as URLs."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from lavic_chat.catalog.amounts import read_money
from lavic_chat.catalog.importing.formats.item import SUFFIXES, Item, Notes, is_url
from lavic_chat.catalog.load import MAX_PRODUCTS, parse_image, parse_product, picture_guard
from lavic_chat.errors import CatalogError
from lavic_chat.storage.files import hash_bytes

COLUMNS = ("id", "title", "category", "image", "description", "price", "source", "creator", "license")


def read_csv(source: Path, notes: Notes) -> list[Item]:
    """The items of a file, one a row; a row without a title is called by its category. Raises CatalogError naming the
    first bad line."""
    lies_inside, lines, taken, items = picture_guard(source.parent), {}, set(), []
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
        if product.id in lines:
            raise CatalogError(f"{where}: the id {product.id!r} is already used by {lines[product.id]}.")
        lines[product.id] = where.rpartition(", ")[2]
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
    """The columns' names in lower case; raises CatalogError where one is needed or comes twice."""
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
    """A price with or without its currency, 1,299.50 or 9,90; raises CatalogError for anything else."""
    try:
        return read_money(text)
    except ValueError:
        raise CatalogError(f"{where}: the price {text[:40]!r} is not a number.") from None


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
