"""Tables of one's own: columns found by their usual names, or named with `--map`; all others become attributes."""

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice

from lavic_chat.catalog.currencies import split_header
from lavic_chat.catalog.importing.findings import Findings
from lavic_chat.catalog.importing.formats.item import Draft, Picture, is_url
from lavic_chat.catalog.importing.formats.layout import Row, read_stock, rows_of
from lavic_chat.catalog.importing.formats.table import FIRST, KEY, Table, fold, folded, known_text, last_part, text_of
from lavic_chat.catalog.importing.picture_cells import PICTURE, pictures_in
from lavic_chat.catalog.importing.prices import is_amount
from lavic_chat.catalog.text import printable
from lavic_chat.errors import CatalogError

NAMES: Mapping[str, tuple[str, ...]] = {  # of a product's fields, the surest first
    "id": ("id", "sku", "product id", "item id", "asin", "article id", "article number", "item number", "product code",
           "code", "handle", "artikelnummer", "art nr", "reference", "ref", "codigo", "codice"),
    "title": ("title", "name", "product name", "product title", "item name", "product", "bezeichnung", "artikel",
              "titel", "produktname", "nom", "titre", "nombre", "titulo", "nome", "titolo"),
    "category": ("category", "categories", "product type", "product category", "type", "department", "kategorie",
                 "categorie", "catégorie", "categoria", "categoría"),
    "image": ("image", "images", "image url", "image urls", "image link", "image links", "picture", "pictures", "photo",
              "photos", "img", "image src", "main image", "thumbnail", "bild", "bilder", "bild url", "imagen",
              "immagine"),
    "description": ("description", "body", "body html", "long description", "details", "beschreibung", "descripcion",
                    "descripción", "descrizione"),
    "price": ("price", "unit price", "sale price", "retail price", "amount", "preis", "prix", "precio", "prezzo"),
    "currency": ("currency", "price currency", "currency code", "währung", "devise", "moneda", "valuta"),
    "link": ("link", "product url", "product link", "url", "page", "page url", "permalink"),
    "stock": ("in stock", "availability", "available", "stock", "stock quantity", "inventory", "quantity", "bestand"),
    "shape": ("shape", "item group id", "group id", "parent id", "parent sku"),
    "source": ("source",), "creator": ("creator",), "license": ("license", "licence"),
}  # fmt: skip
NEEDED = "the header must name the columns id and title (or category)"
MOST_SHOWN, LONGEST_NAME = 30, 40
LONGEST_TYPED = 80  # characters of a column that is suggested for an option
HALF, LONG_TITLE = 0.5, 80  # a share; characters, on average
Columns = Mapping[str, list[str]]  # name -> the first values


def read(table: Table, findings: Findings, chosen: Mapping[str, str]) -> Iterator[Draft]:
    """A draft for each record. chosen: field -> column, which goes before what a column's name says. Raises
    CatalogError, with what would do, where it cannot be found out which column is the id or the title."""
    fields = find_fields(table, chosen)
    rows = rows_of(table, findings)
    if not table.columns:
        yield from (make_draft(row, {}, []) for row in rows)  # each of them is rejected
        return
    if "id" not in fields or not {"title", "category"} & set(fields):
        first = list(islice(rows, FIRST))
        raise CatalogError(f"{findings.where(table.place)}: {explain(table, fields, first)}")
    others = [column for column in table.columns if column and column not in fields.values()]
    for row in rows:
        yield make_draft(row, fields, others)


def make_draft(row: Row, fields: Mapping[str, str], others: list[str]) -> Draft:
    """Of one record; without a title it is called by its category."""
    values = row.record.values

    def value(name: str) -> object:
        return values.get(fields[name]) if name in fields else None

    def said(name: str) -> str:
        return known_text(value(name))

    category = last_part(said("category"))
    return Draft(
        row.place,
        id=said("id"),
        title=said("title") or category[:1].upper() + category[1:],
        category=category,
        pictures=tuple(map(Picture, pictures_in(value("image")))),
        description=said("description"),
        attributes=attributes_of(values, others),
        price=value("price"),
        currency=said("currency") or split_header(fields.get("price", ""))[1],
        link=said("link"),
        in_stock=read_stock(said("stock")),
        shape=said("shape"),
        source=said("source"),
        creator=said("creator"),
        license=said("license"),
    )


def attributes_of(values: Mapping, columns: Iterable[str]) -> dict[str, str]:
    """What columns say; of a JSON object in one of them what each of its names says."""
    found: dict[str, str] = {}
    for column in columns:
        inner = values.get(column)
        if not (text := text_of(inner)):
            continue
        if isinstance(inner, list) and any(isinstance(one, dict | list) for one in inner):
            continue  # things of their own, such as variants or reviews
        if isinstance(inner, dict):
            found |= {str(name): said for name, value in inner.items() if (said := text_of(value))}
        else:
            found[column] = text
    return found


def find_fields(table: Table, chosen: Mapping[str, str]) -> dict[str, str]:
    """Field -> column. Raises CatalogError for a field or a column that is not there."""
    names = folded(table.columns)
    fields = {}
    for name, column in chosen.items():
        if name not in NAMES:
            raise CatalogError(f"--map {name}={column}: there is no field {name!r}; choose among {', '.join(NAMES)}.")
        if fold(column) not in names:
            shown = ", ".join(repr(one[:LONGEST_NAME]) for one in table.columns[:MOST_SHOWN])
            raise CatalogError(f"--map {name}={column}: {table.source} has no such column; it has {shown}.")
        fields[name] = names[fold(column)]
    if table.keyed:
        fields.setdefault("id", KEY)
    for name, known in NAMES.items():
        free = (names[one] for one in known if one in names and names[one] not in fields.values())
        if name not in fields and (column := next(free, None)) is not None:
            fields[name] = column
    if "price" not in fields:  # "Price (EUR)"
        free = [column for column in table.columns if column not in fields.values() and split_header(column)[1]]
        bare = {fold(split_header(column)[0]): column for column in free}
        if known := [one for one in NAMES["price"] if one in bare]:
            fields["price"] = bare[known[0]]
    return fields


def explain(table: Table, fields: Mapping[str, str], rows: list[Row]) -> str:
    """The columns found, what each was taken for, and options that do; where no column can be the id or the title, what
    is wanted."""
    taken = {column: name for name, column in fields.items()}
    columns = [column for column in table.columns if column][:MOST_SHOWN]
    shown = ", ".join(
        f"{plain(column)} (taken for {taken[column]})" if column in taken else plain(column) for column in columns
    )
    writable = [column for column in table.columns if is_writable(column)]
    guessed = dict(fields)
    for name, fits in GUESSES.items():
        free = {one: [row.text(one) for row in rows] for one in writable if one not in guessed.values()}
        wanted = name not in guessed and not (name == "title" and "category" in guessed)
        if wanted and (guess := fits(free)):
            guessed[name] = guess
    options = {name: column for name, column in guessed.items() if name not in fields}
    if "id" in guessed and {"title", "category"} & set(guessed):
        ends = f"this may do: {' '.join(f'--map {name}={quoted(options[name])}' for name in ORDER if name in options)}"
    else:
        known = " ".join(f"--map {name}={quoted(guessed[name]) if name in guessed else 'COLUMN'}" for name in ORDER[:2])
        ends = f"say which is which: {known}; an id is a text that no two products share, a title a text of words"
    return f"{NEEDED}. There are {shown or 'no columns'}; {ends}"


def is_writable(column: str) -> bool:
    """Whether a column's name can be typed behind an option."""
    return bool(column.strip()) and " ".join(column.split()).isprintable() and len(column) <= LONGEST_TYPED


def find_id(columns: Columns) -> str:
    """The column that looks most like ids, "" where none does: short, without spaces, no two alike; no addresses, and
    with figures rather than without."""
    fit = {column: values for column, values in columns.items() if is_id(values) and not is_image(values)}
    return max(fit, key=lambda column: (not is_url(fit[column][0]), has_figures(fit[column])), default="")


def find_title(columns: Columns) -> str:
    """The column that looks most like titles, "" where none does: words, not too many; no whole sentences, several
    words rather than one, and each product's own rather than what many share."""
    fit = {column: values for column, values in columns.items() if is_title(values) and not is_image(values)}

    def likeness(column: str) -> tuple[bool, bool, float]:
        values = fit[column]
        is_short = sum(map(len, values)) <= LONG_TITLE * len(values)
        return is_short, sum(" " in one for one in values) >= HALF * len(values), len(set(values)) / len(values)

    return max(fit, key=likeness, default="")


def find_image(columns: Columns) -> str:
    """The first column of names or addresses of pictures."""
    return next((column for column, values in columns.items() if is_image(values)), "")


def find_price(columns: Columns) -> str:
    """The first column of amounts with cents or a currency."""
    return next((column for column, values in columns.items() if is_price(values)), "")


def is_id(values: list[str]) -> bool:
    """Short, without spaces, no two alike."""
    return (
        bool(values)
        and len(set(values)) == len(values)
        and all(0 < len(one) <= 40 and " " not in one for one in values)
    )


def has_figures(values: list[str]) -> bool:
    """Whether most of them have one."""
    return sum(any(one.isdecimal() for one in value) for value in values) >= HALF * len(values)


def is_title(values: list[str]) -> bool:
    """Words, not too many."""
    worded = sum(any(letter.isalpha() for letter in one) and 3 <= len(one) <= 200 and "/" not in one for one in values)
    return bool(values) and worded >= 0.8 * len(values) and not is_price(values)


def is_image(values: list[str]) -> bool:
    """Names or addresses of pictures."""
    return bool(values) and sum(bool(PICTURE.search(one)) for one in values) >= 0.5 * len(values)


def is_price(values: list[str]) -> bool:
    """Amounts with cents or a currency."""
    return bool(values) and sum(map(is_amount, values)) >= 0.8 * len(values)


GUESSES: Mapping[str, Callable[[Columns], str]] = {  # what is known the surest goes first
    "image": find_image, "price": find_price, "id": find_id, "title": find_title,
}  # fmt: skip
ORDER = ("id", "title", "image", "price")  # as they are told


def plain(column: str) -> str:
    """A column's name fit for a sentence."""
    return repr(printable(column[:LONGEST_NAME]))


def quoted(column: str) -> str:
    """A printable column's name as a shell takes it; spaces of any kind are plain ones, as `fold` has it."""
    name = " ".join(column.split())
    return name if name.isalnum() else shlex.quote(name)
