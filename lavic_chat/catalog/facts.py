"""What is known of products, as JSON for programs that ask: of one, and of several side by side."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from lavic_chat.catalog.product import Catalog, Product
from lavic_chat.errors import CatalogError

LEAST_COMPARED, MOST_COMPARED = 2, 3
COMPARED = ("title", "category", "price", "currency", "in_stock", "caption", "description")


def brief_facts(product: Product, currency: str = "", caption: str = "") -> dict[str, Any]:
    """What stands beside a product in every answer. currency: of a price whose product names none, a code or a sign.
    in_stock is None where nobody says; picture: its address, from the chat's own on; image: its file in the catalogue.
    """
    return {
        "id": product.id,
        "title": product.title,
        "category": product.category,
        "price": product.price,
        "currency": (product.currency or currency or None) if product.price is not None else None,
        "in_stock": product.in_stock,
        "link": product.link or None,
        "image": product.images[0] if product.images else None,
        "picture": f"pictures/{quote(product.id, safe='')}" if product.images else None,
        "caption": caption,
        "attributes": {str(name): str(value) for name, value in product.attributes.items()},
    }


def all_facts(catalog: Catalog, product: Product, currency: str = "", caption: str = "") -> dict[str, Any]:
    """Everything that the catalogue says of a product, the addresses of all its pictures, and where its price stands
    among those of its category: how many of it are cheaper."""
    columns, own = catalog.columns, brief_facts(product, currency, caption)
    same = columns.categories == columns.categories[columns.row[product.id]]
    place = None if product.price is None else int((columns.prices[same] < product.price).sum())
    return {
        **reachable(catalog, own),
        "description": product.description,
        "pictures": [
            f"{own['picture']}?view={view}" if view else own["picture"]
            for view in range(len(product.images))
            if catalog.picture_path(product, view)
        ],
        "shape": product.shape or None,
        "source_id": product.source_id or product.id,
        "source": product.source or None,
        "creator": product.creator or None,
        "license": product.license or None,
        "cheaper_in_category": place,
        "in_category": int(same.sum()),
    }


def reachable(catalog: Catalog, facts: dict[str, Any]) -> dict[str, Any]:
    """Facts of a product of the catalogue without the address of a picture that is not there."""
    product_id = facts["id"]
    if product_id in catalog and catalog.picture_path(catalog[product_id]):
        return facts
    return {**facts, "picture": None}


def compare_facts(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Facts of two or three products side by side: what is the same in all, and what differs, a value for each in
    their order, None where it is not known."""
    flat = [flat_facts(row) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    values = {name: [row.get(name) for row in flat] for name in names}
    same = {name: each[0] for name, each in values.items() if all(one == each[0] for one in each)}
    differs = {name: each for name, each in values.items() if name not in same}
    return {"products": list(rows), "same": same, "differs": differs}


def flat_facts(row: dict[str, Any]) -> dict[str, Any]:
    """What can be compared, by name; an attribute that is called as a fact is takes "attribute " before its name."""
    facts = {name: row[name] for name in COMPARED if row.get(name) not in (None, "")}
    named = ((f"attribute {name}" if name in COMPARED else name, value) for name, value in row["attributes"].items())
    return {**facts, **dict(named)}


def chosen_products(catalog: Catalog, ids: object) -> list[Product]:
    """Two or three different products by their ids. Raises CatalogError."""
    if not isinstance(ids, Sequence) or isinstance(ids, str) or not all(isinstance(one, str) for one in ids):
        raise CatalogError('The ids must be a list of texts, such as ["red-sofa", "blue-sofa"].')
    if not LEAST_COMPARED <= len(set(ids)) <= MOST_COMPARED or len(set(ids)) < len(ids):
        raise CatalogError(f"Give {LEAST_COMPARED} or {MOST_COMPARED} different ids to compare.")
    return [product_of(catalog, one) for one in ids]


def product_of(catalog: Catalog, product_id: object) -> Product:
    """A product that is sold now, by its id. Raises CatalogError where there is none."""
    if not isinstance(product_id, str) or product_id not in catalog.columns.row:
        name = str(product_id)[:80]
        raise CatalogError(f"There is no product {name!r} in this catalogue; take an id from an answer.")
    return catalog[product_id]


def currency_in(catalog: Catalog, usual: str) -> str:
    """The currency of prices whose products name none: the terms', else that of most products, else the usual one."""
    return catalog.terms.currency or catalog.columns.currency or usual
