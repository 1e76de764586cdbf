"""The tiny catalogue made into one to measure on: with splits by shape, dialogues and credits."""

import json
from dataclasses import replace
from pathlib import Path

from lavic_chat.catalog import load_catalog
from lavic_chat.storage.files import write_json, write_jsonl

SPLITS = {"train": "sofa", "valid": "chair", "test": "lamp"}
COLOURS = ("red", "green", "blue", "yellow")
CREATORS = {"sofa": "Ada Loom", "chair": "Bo Carpenter", "lamp": "Cy (Light) Ltd."}


def make_measured(folder: Path) -> Path:
    """Add what a generated catalogue has to the folder of `tiny_catalog_folder`; nothing is amiss with it."""
    for product in load_catalog(folder):
        shape = product.attributes["shape"]
        change(folder, product.id, category="Home", creator=CREATORS[shape], source=f"https://models.example/{shape}")
    write_json(
        folder / "splits.json",
        {split: {f"kl/{shape}": [f"{shape}-{colour}" for colour in COLOURS]} for split, shape in SPLITS.items()},
    )
    for split, shape in SPLITS.items():
        write_jsonl(folder / f"dialogues/{split}.jsonl", [talk(shape, colour, "visual") for colour in COLOURS])
    lines = [f"- a {shape} by {name}, <https://models.example/{shape}>" for shape, name in CREATORS.items()]
    (folder / "ATTRIBUTION.md").write_text("# Attribution\n\n" + "\n".join(lines))
    return folder


def talk(shape: str, colour: str, name: str) -> dict:
    return {
        "context": f"<submission>I want a {shape}.</submission>\n<comment>Which?</comment>\n"
        f"<submission>A {colour} one</submission>\n",
        "gt": "This one.",
        "gt_items": [f"{shape}-{colour}"],
        "candidates": [f"{shape}-{other}" for other in COLOURS],
        "set": name,
    }


def change(folder: Path, product_id: str, **fields) -> None:
    """Rewrite one product's line with other fields."""
    products = load_catalog(folder)
    rows = [(replace(product, **fields) if product.id == product_id else product).to_row() for product in products]
    write_jsonl(folder / "products.jsonl", rows)


def edit_json(path: Path, edit) -> None:
    value = json.loads(path.read_text())
    edit(value)
    write_json(path, value)


def edit_line(path: Path, number: int, **fields) -> None:
    """Change fields of one line (from 1) of a JSONL file."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows[number - 1] |= fields
    write_jsonl(path, rows)
