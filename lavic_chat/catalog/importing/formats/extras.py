"""Readers that not every installation has: the packages of the extra `import`."""

import importlib
from typing import Any

from lavic_chat.errors import CatalogError


class MissingPackage(CatalogError):
    """A package that reading needs is not installed: no row's fault."""


EXTRA = "pip install 'lavic-chat[import]'"


def need(module: str, reads: str) -> Any:
    """A module; raises MissingPackage with the command that installs it where it is missing."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise MissingPackage(f"Reading {reads} needs the package {module.partition('.')[0]}: {EXTRA}") from None
