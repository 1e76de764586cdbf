"""The data card of a catalogue: its README.md, written from what the folder holds."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from lavic_chat.catalog.checks.audit import ATTRIBUTION, given_away, is_cc_by
from lavic_chat.catalog.checks.dialogues import DIALOGUES, dialogue_files, first_word
from lavic_chat.catalog.datacard.markdown import count, plain, table
from lavic_chat.catalog.datacard.stats import AttributeStats, CatalogStats
from lavic_chat.catalog.product import PRODUCTS, Catalog
from lavic_chat.catalog.splits import SPLITS
from lavic_chat.catalog.text import listed
from lavic_chat.errors import CatalogError
from lavic_chat.storage.files import write_atomic

CARD = "README.md"
MARK = "<!-- Written by `lavic-chat catalog stats --card`; changes by hand are lost with the next run. -->"
MADE = "make/README.md"  # where a catalogue of renderings says how it is made again
LICENSES = ("cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0")  # on the hub
SIZES = ((1e3, "n<1K"), (1e4, "1K<n<10K"), (1e5, "10K<n<100K"), (1e6, "100K<n<1M"))
KNOWN_FROM = {  # attributes of a catalogue of renderings
    "type": "chosen by hand for each shape",
    "colour": "the plain name of the shade",
    "shade": "the finish that was rendered; for a model's own look its paint or, where textured, most of its pixels",
    "material": "the finish that was rendered; for a model's own look what the model's files name",
    "accent": "a second colour on a notable part of the object",
    "style": "chosen by hand for each shape",
    "pattern": "the finish that was rendered, or the model's own texture",
    "size": "the measures that the model is stretched to",
}


UNEVEN = ("colour", "material", "style")
SETS = {  # sets of conversations in a catalogue of renderings
    "visual": "ten candidates of one type, which only their pictures tell apart",
    "mixed": "candidates of several types, as a retriever would bring them",
    "handwritten": "conversations written one by one, without a template, in view of the wanted product's picture",
}


MEANINGS = {  # file or folder: what it holds
    PRODUCTS: "one product a line: id, title, category, pictures, description, attributes, price, source, licence",
    "images": "the pictures, JPEG or PNG, the main view of a product first in its list",
    SPLITS: "split -> shape -> product ids",
    DIALOGUES: "conversations in the Reddit-Amazon format, one a line",
    ATTRIBUTION: "who made what, and under which licence it is used",
    "make": "the pipeline that made all this",
}


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
    is_made = (catalog.folder / MADE).is_file()
    name = "LaViC home catalogue" if is_made else f"Catalogue {catalog.folder.resolve().name}"
    parts = [
        front_matter(catalog, stats, name, is_made),
        MARK,
        f"# {plain(name)}",
        introduction(catalog, stats),
        f"![Some of the products]({overview})" if overview else "",
        contents(catalog.folder),
        example(catalog),
        splits_part(stats),
        taxonomy(catalog, stats),
        attributes_part(catalog, stats, is_made),
        dialogues_part(stats, is_made),
        licences(catalog, stats),
        limits(catalog, stats, is_made),
        remaking(catalog, is_made),
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


def introduction(catalog: Catalog, stats: CatalogStats) -> str:
    """What it is, in a paragraph."""
    types = f" and {count(len(stats.types), 'type')}" if stats.types else ""
    text = f"{count(stats.products, 'product')} in {count(len(stats.categories), 'category', 'categories')}{types}, "
    text += f"with {count(stats.pictures - stats.missing, 'picture')} ({stats.bytes / 1e6:,.1f} MB)"
    conversations = sum(dialogues.conversations for dialogues in stats.dialogues)
    text += f" and {count(conversations, 'conversation')} about them." if conversations else "."
    shared = Counter(product.title for product in catalog)
    twins = sum(shared[product.title] > 1 for product in catalog)
    looks = [name for name in ("colour", "shade", "material", "pattern") if name in stats.attributes]
    if twins:
        text += f" {twins:,} of the products share their title with another one"
        tells = any(given_away(product, f"{product.title} {product.description}") for product in catalog)
        silent = f"; neither titles nor descriptions tell the {listed(looks)}, so that only pictures tell them apart"
        text += f"{silent if looks and not tells else ''}."
    return text


def contents(folder: Path) -> str:
    rows = [(f"`{name}`", text) for name, text in MEANINGS.items() if (folder / name).exists()]
    return "## What is here\n\n" + table(("file or folder", "what it holds"), rows)


def example(catalog: Catalog) -> str:
    """One product as its line has it, with line breaks."""
    fullest = max(catalog.products[:500], key=lambda product: len(product.attributes), default=None)
    row = json.dumps(fullest.to_row(), indent=2, ensure_ascii=False).replace("`", "'") if fullest else ""
    return f"A product:\n\n```json\n{row}\n```" if 0 < len(row) < 2_000 else ""


def splits_part(stats: CatalogStats) -> str:
    if not stats.splits:
        return ""
    conversations = Counter()
    for dialogues in stats.dialogues:
        conversations[first_word(Path(dialogues.file))] += dialogues.conversations
    rows = [
        (name, f"{s.shapes:,}", f"{s.products:,}", f"{conversations[name]:,}" if conversations[name] else "")
        for name, s in stats.splits.items()
    ]
    total = (
        f"{stats.shapes:,}",
        f"{sum(s.products for s in stats.splits.values()):,}",
        f"{sum(conversations.values()):,}",
    )
    text = (
        f"The splits are by shape. All finishes of a shape are in the same split, so that a model is tested on shapes "
        f"that it has never seen; `{SPLITS}` lists them."
    )
    return f"## Splits\n\n{text}\n\n" + table(
        ("split", "shapes", "products", "conversations"), [*rows, ("all", *total)]
    )


def taxonomy(catalog: Catalog, stats: CatalogStats) -> str:
    kinds: dict[str, Counter] = defaultdict(Counter)
    for product in catalog:
        kinds[product.category].update(filter(None, [product.attributes.get("type")]))
    rows = [
        (
            plain(name) or "(none)",
            f"{n:,}",
            ", ".join(f"{plain(kind)} {k:,}" for kind, k in kinds[name].most_common(40)),
        )
        for name, n in list(stats.categories.items())[:60]
    ]
    heads = ("category", "products", "types")
    if not stats.types:
        rows, heads = [row[:2] for row in rows], heads[:2]
    return "## Taxonomy\n\n" + table(heads, rows)


def attributes_part(catalog: Catalog, stats: CatalogStats, is_made: bool) -> str:
    if not stats.attributes:
        return ""
    names = sorted(
        stats.attributes, key=lambda name: (list(KNOWN_FROM).index(name) if name in KNOWN_FROM else 99, name)
    )
    rows = []
    for name in names[:40]:
        attribute = stats.attributes[name]
        common = ", ".join(
            f"{plain(value)} {n:,}" for value, n in list(attribute.values.items())[:4] if n >= attribute.products / 50
        )
        row = (plain(name), f"{attribute.products:,}", f"{attribute.distinct:,}", common)
        rows.append((*row, KNOWN_FROM.get(name, "")) if is_made else row)
    heads = ("attribute", "products", "values", "commonest") + (("how it is known",) if is_made else ())
    text = table(heads, rows)
    prices = [product.price for product in catalog if product.price]
    if prices:
        low, middle, high = np.percentile(prices, [5, 50, 95])
        text += f"\n\nPrices have a median of {middle:,.0f}; nine in ten lie between {low:,.0f} and {high:,.0f}."
    return f"## Attributes\n\n{text}"


def dialogues_part(stats: CatalogStats, is_made: bool) -> str:
    if not stats.dialogues:
        return ""
    rows = [
        (
            f"`{plain(dialogues.file)}`",
            plain(dialogues.set),
            f"{dialogues.conversations:,}",
            f"{dialogues.turns:.1f}",
            f"{dialogues.words:.0f}",
        )
        for dialogues in stats.dialogues
    ]
    text = (
        "Each line has the conversation so far (`context`: `<submission>` is the shopper, `<comment>` the other side), "
        "the right products (`gt_items`) and, for the choice, the candidates in no order."
    )
    found = dict.fromkeys(dialogues.set for dialogues in stats.dialogues)
    meanings = [f"- `{name}`: {SETS[name]};" for name in found if is_made and name in SETS]
    if meanings:
        text += "\n\n" + "\n".join([*meanings[:-1], meanings[-1].rstrip(";") + "."])
    return f"## Dialogues\n\n{text}\n\n" + table(("file", "set", "conversations", "mean turns", "mean words"), rows)


def licences(catalog: Catalog, stats: CatalogStats) -> str:
    if not stats.licenses:
        return ""
    text = table(("licence", "products"), [(plain(name), f"{n:,}") for name, n in stats.licenses.items()])
    if any(map(is_cc_by, stats.licenses)):
        names = f"; [{ATTRIBUTION}]({ATTRIBUTION}) names them all" if (catalog.folder / ATTRIBUTION).is_file() else ""
        text += f"\n\nWho shows or changes pictures under a CC BY licence must name their creators{names}."
    return f"## Licences\n\n{text}"


def limits(catalog: Catalog, stats: CatalogStats, is_made: bool) -> str:
    """What to keep in mind: what renderings cannot show, and what the counts say."""
    lines = []
    if is_made:
        lines = [
            "The pictures are rendered, not photographed: one studio, one light, a plain backdrop, no rooms, no people "
            "and no wear. What works on them must be measured again on photographs.",
            "Many finishes are put on the main part of a model by rule, and some are such as nobody sells.",
            "Titles, descriptions and prices are invented; prices say nothing about any market.",
            "The shapes come from one free library and show what its authors liked to model, not what homes hold.",
            "Types and styles are one person's judgement; styles in particular overlap.",
            "All texts are English. The conversations for training and validation are put together by rules, and a "
            "model can learn their habits.",
        ]
    lines += imbalance({name: stats.attributes[name] for name in UNEVEN if name in stats.attributes})
    few = [plain(kind) for kind, n in stats.types.items() if n < 10]
    if few:
        lines.append(f"{count(len(few), 'type has', 'types have')} fewer than ten products: {listed(few, 12)}.")
    if stats.missing or stats.without_picture:
        lines.append(
            f"{stats.missing:,} listed pictures are missing, and {stats.without_picture:,} products list none."
        )
    return "## Limits and known biases\n\n" + "\n".join(f"- {line}" for line in lines) if lines else ""


def imbalance(attributes: Mapping[str, AttributeStats]) -> list[str]:
    """How far the commonest value of each attribute is ahead, and which values are rare."""
    common, rare = [], []
    for name, attribute in attributes.items():
        (first, most), *rest = attribute.values.items()
        common.append(f"{plain(first)} ({most / attribute.products:.0%} of those with a {name})")
        rare += [plain(value) for value, n in rest if n < attribute.products / 100]
    lines = [f"Looks are uneven. Commonest are {listed(common)}."] if common else []
    return lines + ([f"Rare, on under 1% of the products each, are {listed(rare, 12)}."] if len(rare) > 1 else [])


def remaking(catalog: Catalog, is_made: bool) -> str:
    text = f"[{MADE}]({MADE}) has the command that makes the catalogue again. " if is_made else ""
    folder = catalog.folder.name or "DIR"
    return (
        f"## Made and checked\n\n{text}`lavic-chat catalog check {plain(folder)}` proves files, ids, pictures, words, "
        f"splits, dialogues and credits; `lavic-chat catalog stats {plain(folder)} --card` writes this card."
    )
