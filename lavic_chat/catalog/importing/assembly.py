"""Drafts made items: texts cleaned, prices read, ids made safe, pictures found. What cannot be one is rejected."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from os.path import splitext
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lavic_chat.catalog.importing.findings import Findings, reason_of
from lavic_chat.catalog.importing.formats.extras import MissingPackage
from lavic_chat.catalog.importing.formats.item import SUFFIXES, Draft, Item, Picture, is_address
from lavic_chat.catalog.importing.html_text import to_text
from lavic_chat.catalog.importing.picture_cells import name_in
from lavic_chat.catalog.importing.picture_files import PictureFiles
from lavic_chat.catalog.importing.prices import read_prices
from lavic_chat.catalog.importing.urls import clean_url
from lavic_chat.catalog.load import (
    CONTROL,
    MAX_ATTRIBUTES,
    MAX_ID,
    MAX_IMAGES,
    MAX_PRODUCTS,
    MAX_TEXT,
    MAX_TITLE,
    parse_product,
)
from lavic_chat.catalog.web import ID
from lavic_chat.errors import CatalogError
from lavic_chat.storage.files import hash_bytes

USUAL_NAMES = {  # of attributes, for what is asked and answered goes by them
    "color": "colour", "colors": "colour", "colours": "colour", "farbe": "colour", "couleur": "colour",
    "materials": "material", "fabric": "material", "sizes": "size", "größe": "size", "manufacturer": "brand",
    "vendor": "brand", "marke": "brand",
}  # fmt: skip
UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff/\\]+")


@dataclass
class Names:
    """Of pictures: those that are taken, in lower case, and those of addresses."""

    taken: set[str] = field(default_factory=set)
    by_address: dict[str, str] = field(default_factory=dict)


def assemble(
    drafts: Sequence[Draft], files: PictureFiles, findings: Findings, decimal: str = "", link: str = ""
) -> list[Item]:
    """The items that the drafts become. decimal: see `read_prices`; link: an address of pages with {id} in it, for
    products that name none. Raises CatalogError for more products than a catalogue may have."""
    lines: dict[str, str] = {}
    names = Names()
    items = []
    for draft, (price, currency) in zip(drafts, read_prices(drafts, findings, decimal), strict=True):
        where = findings.where(draft.place)
        page = draft.link or (page_of(link, draft.page or draft.id) if link else "")
        draft = replace(draft, link=usable_page(page, findings))
        draft, refused = without_strays(draft, files)
        try:
            item = make_item(draft, {"price": price, "currency": currency}, files, names, where)
        except MissingPackage:
            raise
        except CatalogError as error:
            findings.reject(draft.place, reason_of(error, where), draft.id)
            continue
        first = lines.get(item.product.id)
        if first and draft.repeats:
            findings.note(draft.repeats, draft.id)
            continue
        if first:
            findings.reject(draft.place, f"the id {draft.id!r} is already used by {first}.", draft.id)
            continue
        if len(items) == MAX_PRODUCTS:
            raise CatalogError(f"{findings.source} holds more than {MAX_PRODUCTS:,} products; split it.")
        lines[item.product.id] = draft.place
        items.append(item)
        for reason in refused:
            findings.refuse(draft.place, reason, draft.id)
    return items


def without_strays(draft: Draft, files: PictureFiles) -> tuple[Draft, list[str]]:
    """A draft without the pictures that lead out of the source's folders, and why each of these does."""
    kept, reasons = [], []
    for picture in draft.pictures:
        try:
            files.find(picture.at)
            kept.append(picture)
        except CatalogError as error:
            reasons.append(reason_of(error))
    return (replace(draft, pictures=tuple(kept)), reasons) if reasons else (draft, reasons)


def make_item(draft: Draft, priced: dict[str, Any], files: PictureFiles, names: Names, where: str) -> Item:
    """Of one draft; raises CatalogError for what cannot be a product."""
    product_id = safe_id(draft.id)
    pictures = list(pictures_of(draft, product_id, files, names))[:MAX_IMAGES]
    fields: dict[str, Any] = {
        "id": product_id,
        "title": to_text(draft.title)[:MAX_TITLE],
        "category": to_text(draft.category)[:MAX_TITLE],
        "images": [image for image, _, _ in pictures],
        "description": to_text(draft.description)[:MAX_TEXT],
        "attributes": clean_attributes(draft),
        "link": draft.link,
        "in_stock": draft.in_stock,
        "shape": to_text(draft.shape)[:MAX_TITLE],
        "source_id": draft.id[:MAX_TITLE] if draft.id != product_id else "",
        "source": draft.source,
        "creator": draft.creator,
        "license": draft.license,
    }
    product = parse_product(fields | priced, where)
    by_name = {image: (picture, file) for image, picture, file in pictures}
    addresses = {
        image: clean_url(one.url or one.at) for image, (one, _) in by_name.items() if one.url or is_address(one.at)
    }
    return Item(
        product,
        tuple(by_name[image][1] for image in product.images),
        {image: url for image, url in addresses.items() if url},
        {image: one.text[:MAX_TEXT] for image, (one, _) in by_name.items() if one.text},
        {image: one.at for image, (one, _) in by_name.items()},
    )


def pictures_of(
    draft: Draft, product_id: str, files: PictureFiles, names: Names
) -> Iterator[tuple[str, Picture, Path | None]]:
    """Of each picture the path in the catalogue, what the source says, and the file."""
    for picture in draft.pictures:
        file = files.find(picture.at)
        if picture.name:
            name = f"images/{picture.name}"
        elif is_address(picture.at):  # many variants show one and the same
            name = names.by_address.get(picture.at) or safe_name(product_id, picture.at, names.taken)
            names.by_address[picture.at] = name
        else:
            name = safe_name(product_id, picture.at, names.taken)
        yield name, picture, file


def clean_attributes(draft: Draft) -> dict[str, str]:
    """As many as a product may have, each as plain text of a length that it may be, under the names that are known."""
    found: dict[str, str] = {}
    for name, value in draft.attributes.items():
        key, text = name.strip().casefold(), to_text(str(value))[:MAX_TITLE]
        if text and len(found) < MAX_ATTRIBUTES:
            found.setdefault(USUAL_NAMES.get(key, key), text)
    return found


def safe_id(own: str) -> str:
    """A product's own id where it can stand in a path, else one in plain letters that no other product gets."""
    plain = " ".join(UNSAFE.sub(" ", own).split())
    if not own.strip() or (
        own == own.strip() and own not in (".", "..") and len(own) <= MAX_ID and not UNSAFE.search(own)
    ):
        return own
    return f"{re.sub(r'[^A-Za-z0-9_-]+', '-', plain).strip('-')[:80] or 'product'}-{hash_bytes(own)[:8]}"


def safe_name(product_id: str, original: str, taken: set[str]) -> str:
    """A path under images/ in plain letters, made from the product's id, that no other picture has."""
    suffix = splitext(name_in(original))[1].lower()  # noqa: PTH122 - a hundred thousand times
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


def page_of(template: str, name: str) -> str:
    """The address of a product's page, by an address with {id} in it and what stands for the product there."""
    return template.replace(ID, quote(CONTROL.sub("", name), safe=""))


def usable_page(page: str, findings: Findings) -> str:
    """An address as it can be linked to; "" for none, and for what cannot be one, which is noted."""
    address = clean_url(page) if page else ""
    if page and not address:
        findings.note("{address of a page|addresses of pages} cannot be used and {was|were} left out", page[:80])
    return address


def with_page(item: Item, template: str, findings: Findings) -> Item:
    """An item of another catalogue with a link to its page, where it has none."""
    product = item.product
    if product.link:
        return item
    page = usable_page(page_of(template, product.source_id or product.id), findings)
    return replace(item, product=replace(product, link=page))
