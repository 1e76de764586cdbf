"""Readers that not every installation has: the packages of the extra `import`."""

import importlib
from typing import Any

from lavic_chat.errors import CatalogError

EXTRA = "pip install 'lavic-chat[import]'"


def need(module: str, reads: str) -> Any:
    """A module; raises CatalogError with the command that installs it where it is missing."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise CatalogError(f"Reading {reads} needs the package {module.partition('.')[0]}: {EXTRA}") from None
