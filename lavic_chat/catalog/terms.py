"""catalog.toml, beside a catalogue's products: what may be done with it.

    appearance = false     # attributes of looks (colour, material, ...) stay unread in search and choice
    currency = "EUR"       # of prices whose products name none; a code or a sign

A shop knows its materials, so that they are read unless it says otherwise; the home catalogue and what
`catalog.make.photos` writes say otherwise, for they are there to test looking.
"""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from lavic_chat.catalog.currencies import MAX_CURRENCY
from lavic_chat.errors import CatalogError

TERMS = "catalog.toml"


@dataclass(frozen=True)
class CatalogTerms:
    """appearance: whether attributes of looks may be read for search and choice. currency: of prices that name none."""

    appearance: bool = True
    currency: str = ""


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
    return CatalogTerms(**known)
