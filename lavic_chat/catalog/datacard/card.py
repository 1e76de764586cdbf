"""The data card of a catalogue: its README.md, written from what the folder holds."""

import json
import re
from pathlib import Path

from lavic_chat.catalog.checks.dialogues import DIALOGUES, dialogue_files, first_word
from lavic_chat.catalog.datacard import sections
from lavic_chat.catalog.datacard.markdown import plain
from lavic_chat.catalog.datacard.stats import CatalogStats
from lavic_chat.catalog.product import PRODUCTS, Catalog
from lavic_chat.errors import CatalogError
from lavic_chat.storage.files import write_atomic

CARD = "README.md"
MARK = "<!-- Written by `lavic-chat catalog stats --card`; changes by hand are lost with the next run. -->"
LICENSES = ("cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0")  # on the hub
SIZES = ((1e3, "n<1K"), (1e4, "1K<n<10K"), (1e5, "10K<n<100K"), (1e6, "100K<n<1M"))


def write_card(catalog: Catalog, stats: CatalogStats, overview: str = "") -> Path:
    """Write the card into the catalogue's folder and return its path; `overview` is a picture's path to show in it.

    Raises CatalogError rather than overwrite a README.md that is not such a card.
    """
    path = catalog.folder / CARD
    if path.exists() and MARK not in path.read_text("utf-8", errors="replace"):
        raise CatalogError(f"{path} was written by someone else; move it away, then ask for the card again.")
    write_atomic(path, card_text(catalog, stats, overview))
    return path


def card_text(catalog: Catalog, stats: CatalogStats, overview: str = "") -> str:
    """The whole card as Markdown; overview: see `write_card`."""
    is_made = (catalog.folder / sections.MADE).is_file()
    name = "LaViC home catalogue" if is_made else f"Catalogue {catalog.folder.resolve().name}"
    parts = [
        front_matter(catalog, stats, name, is_made),
        MARK,
        f"# {plain(name)}",
        sections.introduction(catalog, stats),
        f"![Some of the products]({overview})" if overview else "",
        sections.contents(catalog.folder),
        sections.example(catalog),
        sections.splits_part(stats),
        sections.taxonomy(catalog, stats),
        sections.attributes_part(catalog, stats, is_made),
        sections.dialogues_part(stats, is_made),
        sections.licences(catalog, stats),
        sections.limits(catalog, stats, is_made),
        sections.remaking(catalog, is_made),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def front_matter(catalog: Catalog, stats: CatalogStats, name: str, is_made: bool) -> str:
    """The YAML head that Hugging Face reads; JSON texts are YAML texts."""
    lines = ["---", f"pretty_name: {json.dumps(name)}"]
    if is_made:
        lines += ["language:", "- en"]
    if stats.licenses:
        lines += ["license:", *(f"- {name}" for name in sorted({hub_license(name) for name in stats.licenses}))]
    tasks = ["image-text-to-text", "text-retrieval"] if stats.dialogues else []
    tasks += ["image-classification"] if "colour" in stats.attributes else []
    if tasks:
        lines += ["task_categories:", *(f"- {task}" for task in tasks)]
    size = next((label for limit, label in SIZES if stats.products < limit), "n>1M")
    lines += ["size_categories:", f"- {size}", "configs:", "- config_name: products", f"  data_files: {PRODUCTS}"]
    files = dialogue_files(catalog.folder)
    if files:
        lines += ["- config_name: dialogues", "  data_files:"]
        for split in dict.fromkeys(map(first_word, files)):
            paths = [json.dumps(f"{DIALOGUES}/{path.name}") for path in files if first_word(path) == split]
            lines += [f"  - split: {json.dumps(split)}", f"    path: [{', '.join(paths)}]"]
    return "\n".join([*lines, "---"])


def hub_license(name: str) -> str:
    """The hub's name of a licence, without a country; "other" where it has none."""
    plain_name = re.sub(r"[ _]+", "-", name.strip().lower())
    return next(
        (known for known in LICENSES if re.fullmatch(rf"{re.escape(known)}(-[a-z]{{2}})?", plain_name)), "other"
    )
