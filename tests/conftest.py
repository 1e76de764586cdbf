"""Shared fixtures: a catalogue of twelve drawn products, small enough for every test to have its own."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tiny models are no faster on more, and far slower beside a busy process
os.environ.setdefault(
    "LAVIC_RUNTIME", "torch"
)  # exporting the real model takes a minute; what tests the export asks for it

from pathlib import Path

import hypothesis
import pytest
from helpers.drawn import draw_catalog

from lavic_chat.catalog import Catalog, load_catalog
from lavic_chat.storage import troubles
from lavic_chat.storage.files import write_jsonl

# The suite tries the same examples each time, so that what passed once fails for a change alone; what nobody has
# thought of yet is searched for by HYPOTHESIS_PROFILE=search.
CALM = [hypothesis.HealthCheck.too_slow]
hypothesis.settings.register_profile("suite", deadline=None, suppress_health_check=CALM, derandomize=True)
hypothesis.settings.register_profile("search", deadline=None, suppress_health_check=CALM)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


@pytest.fixture(autouse=True)
def no_troubles():
    """What another test did to a disk is no trouble of this one's."""
    troubles._troubles.clear()


@pytest.fixture
def tiny_catalog_folder(tmp_path: Path) -> Path:
    """products.jsonl and images/ with three shapes in four colours; ids such as "sofa-red"."""
    catalog = draw_catalog(tmp_path / "tiny")
    write_jsonl(catalog.folder / "products.jsonl", (product.to_row() for product in catalog))
    return catalog.folder


@pytest.fixture(scope="session")
def base(tmp_path_factory) -> Path:
    """The tiny model as a folder that `load_model` opens; to read, never to write."""
    from helpers.tiny import save_tiny  # here, so that what needs no model loads none

    return save_tiny(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture
def tiny_catalog(tiny_catalog_folder: Path) -> Catalog:
    return load_catalog(tiny_catalog_folder)
