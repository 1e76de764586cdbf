"""The folder that an import makes: what it remembers of imports before, and whether too much of it would go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lavic_chat.catalog.importing.findings import Findings
from lavic_chat.catalog.importing.formats.item import Item
from lavic_chat.catalog.product import Product
from lavic_chat.catalog.terms import TERMS, USUAL, CatalogTerms, change_terms, read_terms
from lavic_chat.catalog.text import count
from lavic_chat.errors import CatalogError

FEW = 10  # products that may go unasked
LOST_LINKS = (
    "{product that had a link to its page has|products that had a link to their pages have} none in this file; "
    "--link makes one of the id"
)


@dataclass(frozen=True)
class Target:
    """folder: to be made, or updated. terms: what its `catalog.toml` will say, text: that file, None where there will
    be none. may_lose: whether most of its products may go."""

    folder: Path
    terms: CatalogTerms = USUAL
    text: str | None = None
    may_lose: bool = False


def open_target(folder: Path, source: Path, chosen: Mapping[str, str], may_lose: bool) -> Target:
    """A folder with the terms that it has, else those that come along with another catalogue. chosen: terms to be
    remembered from now on, "" for those that nobody names. Raises CatalogError for a `catalog.toml` that cannot be
    read."""
    place = next((one for one in (folder, source) if (one / TERMS).is_file()), None)
    terms = read_terms(place) if place else USUAL
    text = (place / TERMS).read_bytes().decode() if place else None
    changes = {name: value for name, value in chosen.items() if value and value != getattr(terms, name)}
    if changes:
        text = change_terms(text or "", changes)
    return Target(folder, replace(terms, **changes), text, may_lose)


def check_losses(target: Target, before: Mapping[str, Product], items: Sequence[Item], findings: Findings) -> None:
    """Raises CatalogError where more than half of the products would go, and more than a few, which nobody has allowed:
    a file that was cut short, or one of another folder. Links that would go are noted."""
    kept = {item.product.id for item in items}
    gone = [name for name in before if name not in kept]
    if len(gone) > max(FEW, len(before) / 2) and not target.may_lose:
        raise CatalogError(
            f"{findings.source} lacks {len(gone):,} of the {count(len(before), 'product')} that are in {target.folder} "
            f"({', '.join(gone[:3])}, ...), and they would be gone; nothing was changed. Add --yes to go on."
        )
    for item in items:
        if item.product.id in before and before[item.product.id].link and not item.product.link:
            findings.note(LOST_LINKS, item.product.id)
