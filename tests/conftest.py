"""Shared fixtures: a catalogue of twelve drawn products, small enough for every test to have its own."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tiny models are no faster on more, and far slower beside a busy process

from pathlib import Path

import hypothesis
import pytest
from helpers.drawn import COLOURS, SHAPES, make_product

from lavic_chat.catalog import Catalog, load_catalog
from lavic_chat.storage.files import write_jsonl

hypothesis.settings.register_profile(
    "busy machines", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("busy machines")


@pytest.fixture
def tiny_catalog_folder(tmp_path: Path) -> Path:
    """products.jsonl and images/ with three shapes in four colours; ids such as "sofa-red"."""
    folder = tmp_path / "tiny"
    (folder / "images").mkdir(parents=True)
    products = [make_product(folder, shape, colour) for shape in SHAPES for colour in COLOURS]
    write_jsonl(folder / "products.jsonl", (product.to_row() for product in products))
    return folder


@pytest.fixture
def tiny_catalog(tiny_catalog_folder: Path) -> Catalog:
    return load_catalog(tiny_catalog_folder)
