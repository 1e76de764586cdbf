"""The sections of a data card, each written from the catalogue and its counts; "" where there is nothing to say.

is_made: the catalogue is one of renderings, made by the pipeline beside it.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from lavic_chat.catalog.checks.dialogues import DIALOGUES, first_word
from lavic_chat.catalog.checks.records import ATTRIBUTION, is_cc_by, leaked_words
from lavic_chat.catalog.datacard.markdown import plain, table
from lavic_chat.catalog.datacard.stats import AttributeStats, CatalogStats
from lavic_chat.catalog.product import PRODUCTS, Catalog
from lavic_chat.catalog.splits import SPLITS
from lavic_chat.catalog.text import count, listed

MADE = "make/README.md"  # where a catalogue of renderings says how it is made again
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


def introduction(catalog: Catalog, stats: CatalogStats) -> str:
    """What it is, in a paragraph."""
    types = f" and {count(len(stats.types), 'type')}" if stats.types else ""
    text = f"{count(stats.products, 'product')} in {count(len(stats.categories), 'category', 'categories')}{types}, "
    text += f"with {count(stats.pictures - stats.missing, 'picture')} ({stats.bytes / 1e6:,.1f} MB)"
    conversations = sum(dialogues.conversations for dialogues in stats.dialogues)
    text += f" and {count(conversations, 'conversation')} about them." if conversations else "."
    shared = Counter(product.title for product in catalog)
    twins = sum(shared[product.title] > 1 for product in catalog)
    appearance = [name for name in ("colour", "shade", "material", "pattern") if name in stats.attributes]
    if twins:
        text += f" {twins:,} of the products share their title with another one"
        leaks = any(leaked_words(product, f"{product.title} {product.description}") for product in catalog)
        silence = (
            f"; neither titles nor descriptions tell the {listed(appearance)}, so that only pictures tell them apart"
        )
        text += f"{silence if appearance and not leaks else ''}."
    return text


def contents(folder: Path) -> str:
    """The files and folders that are there, and what each holds."""
    rows = [(f"`{name}`", text) for name, text in MEANINGS.items() if (folder / name).exists()]
    return "## What is here\n\n" + table(("file or folder", "what it holds"), rows)


def example(catalog: Catalog) -> str:
    """One product as its line has it, with line breaks."""
    fullest = max(catalog.products[:500], key=lambda product: len(product.attributes), default=None)
    row = json.dumps(fullest.to_row(), indent=2, ensure_ascii=False).replace("`", "'") if fullest else ""
    return f"A product:\n\n```json\n{row}\n```" if 0 < len(row) < 2_000 else ""


def splits_part(stats: CatalogStats) -> str:
    """Shapes, products and conversations of each split."""
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
    """Products and types of each category."""
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
    """Attributes with their commonest values; of a catalogue of renderings also how they are known; prices."""
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
    """Conversations by file and set."""
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
    """Products by licence."""
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
    """How it is made and checked."""
    text = f"[{MADE}]({MADE}) has the command that makes the catalogue again. " if is_made else ""
    folder = catalog.folder.name or "DIR"
    return (
        f"## Made and checked\n\n{text}`lavic-chat catalog check {plain(folder)}` proves files, ids, pictures, words, "
        f"splits, dialogues and credits; `lavic-chat catalog stats {plain(folder)} --card` writes this card."
    )
