"""catalog.toml, beside a catalogue's products: what may be done with it.

    appearance = false     # attributes of looks (colour, material, ...) stay unread in search and choice
    currency = "EUR"       # of prices whose products name none; a code or a sign
    link = "https://my-shop.example/products/{id}"     # of the pages of products whose files name none, for imports

A shop knows its materials, so that they are read unless it says otherwise; the home catalogue and what
`catalog.make.photos` writes say otherwise, for they are there to test looking.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from lavic_chat.catalog.currencies import MAX_CURRENCY
from lavic_chat.catalog.web import is_page_address
from lavic_chat.errors import CatalogError

TERMS = "catalog.toml"


@dataclass(frozen=True)
class CatalogTerms:
    """appearance: whether attributes of looks may be read for search and choice. currency: of prices that name none.
    link: an address of products' pages with {id} in it, by which an import makes the links that its file lacks."""

    appearance: bool = True
    currency: str = ""
    link: str = ""


USUAL = CatalogTerms()


def read_terms(folder: str | Path) -> CatalogTerms:
    """Of a catalogue folder; the usual ones where it has no such file. Raises CatalogError for one that cannot be."""
    path = Path(folder) / TERMS
    if not path.is_file():
        return USUAL
    try:
        known = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CatalogError(f"{path} cannot be read ({error}); mend it, or delete it.") from error
    names = {field.name for field in fields(CatalogTerms)}
    if unknown := sorted(set(known) - names):
        raise CatalogError(f"{path} says {unknown[0]!r}, which means nothing; it may say {', '.join(sorted(names))}.")
    if not isinstance(known.get("appearance", True), bool):
        raise CatalogError(f"{path}: `appearance` is true or false.")
    currency = known.get("currency", "")
    if not isinstance(currency, str) or len(currency) > MAX_CURRENCY:
        raise CatalogError(f"{path}: `currency` is a code or a sign, such as EUR or $.")
    link = known.get("link", "")
    if not isinstance(link, str) or (link and not is_page_address(link)):
        raise CatalogError(f"{path}: `link` is the http or https address of a product's page, with {{id}} in it.")
    return CatalogTerms(**known)


def change_terms(text: str, changes: Mapping[str, str]) -> str:
    """The text of a `catalog.toml` that can be read, with other values; all else in it stays, remarks too."""
    import tomlkit

    document = tomlkit.parse(text)
    document.update(changes)
    return tomlkit.dumps(document).rstrip() + "\n"
