"""What was made under the home, compared with what was written byte by byte, and made anew where it is not the same."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from lavic_chat.model.lavic_mini.assemble import Recipe, encoder_recipe, ensure, mini_recipe
from lavic_chat.model.runtimes import ModelSource, is_there, is_wanted
from lavic_chat.settings import MINI
from lavic_chat.storage.manifest import ANY, complete_manifest, damaged_files

# Below cache/, what damaged weights may have computed: their name does not tell it from what whole ones would.
BY_MODEL, BY_ENCODER = ("visual/*", "descriptions/*", "branches.sqlite", "scores.sqlite", "items/*"), ("text/*",)


def heal(source: ModelSource) -> list[Path]:
    """Read everything that the model is opened from. Returns the folders that were damaged, which are made anew, or in
    the case of exports removed, for whoever finds none has one made.

    Raises ModelError, which names the folder, where one cannot be made anew.
    """
    healed = [source.home / "models" / recipe.name for recipe in recipes_of(source) if renew(recipe, source.home)]
    return healed + [folder for folder in exports_of(source) if not is_whole(folder)]


def exports_of(source: ModelSource) -> list[Path]:
    """The exports that are there, whatever they are of."""
    if not is_wanted(source):
        return []
    return sorted(folder for folder in (source.home / "runtimes").glob("[!.]*-*") if folder.is_dir())


def is_whole(folder: Path) -> bool:
    """Whether an export is what was written; else it is removed."""
    complete_manifest(folder)
    return is_there(folder, ANY)


def recipes_of(source: ModelSource) -> Iterator[Recipe]:
    """Of the folders that are made under the home."""
    if source.name == MINI:
        yield mini_recipe()
    yield encoder_recipe()


def renew(recipe: Recipe, home: Path) -> bool:
    """Make a model's folder anew where it is damaged, and forget what came of it; whether it was."""
    folder = home / "models" / recipe.name
    if not folder.is_dir():
        return False
    complete_manifest(folder)
    if not damaged_files(folder, ANY):
        return False
    ensure(recipe, home, ANY)
    for path in (path for name in derived_of(recipe) for path in home.glob(name)):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                path.unlink()
    return True


def derived_of(recipe: Recipe) -> list[str]:
    """Patterns below the home of what a model's weights have computed."""
    caches = BY_MODEL if recipe.name == MINI else BY_ENCODER
    return [*(f"cache/{name}" for name in caches), "runtimes/*-*/"]
