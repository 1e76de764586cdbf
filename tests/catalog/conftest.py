"""Shared by the tests of the catalogue's room."""

from pathlib import Path

import pytest
from helpers.measured import make_measured


@pytest.fixture
def measured(tiny_catalog_folder: Path) -> Path:
    """The drawn catalogue with everything that a check asks for."""
    return make_measured(tiny_catalog_folder)
