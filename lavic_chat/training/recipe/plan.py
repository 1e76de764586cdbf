"""A recipe's stages as commands: variables filled in, what cannot run skipped, what each reads and makes."""

import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lavic_chat.errors import LavicError
from lavic_chat.training.recipe.recipe import OUT, PLACEHOLDER, Recipe, Stage, Value

# Options of the commands that are files or folders to read.
PATH_OPTIONS = {
    "adapter", "against", "also", "beside", "catalog", "descriptions", "dialogues", "from", "learn", "photo",
    "valid", "valid-catalog",
}  # fmt: skip


@dataclass(frozen=True)
class PlannedStage:
    """command: what follows `python -m`. template: the same with `{out}` as it stands in the recipe, so that another
    folder makes no other command. skipped: why it does not run, or nothing."""

    name: str
    command: tuple[str, ...] = ()
    template: tuple[str, ...] = ()
    reads: tuple[Path, ...] = ()
    makes: tuple[Path, ...] = ()
    minutes: float = 0.0
    skipped: str = ""


class LeftOut(Exception):
    """A value is not to be had, and why."""


def plan_recipe(recipe: Recipe, out: str | Path, variables: Mapping[str, str]) -> list[PlannedStage]:
    """Every stage in order. Raises LavicError for a variable that the recipe does not have, and for a file or folder
    that a stage reads, which is not there and which no stage before it makes."""
    if unknown := next((name for name in variables if name not in recipe.variables), ""):
        known = ", ".join(recipe.variables) or "none"
        raise LavicError(f"The recipe has no variable {unknown}; it has {known}.")
    planned: list[PlannedStage] = []
    for stage in recipe.stages:
        planned.append(plan_stage(stage, Filling(str(out), variables, recipe.variables, tuple(planned))))
    return planned


@dataclass(frozen=True)
class Filling:
    """What fills a stage's placeholders: the folder, what is set, what could be, and the stages before."""

    out: str
    variables: Mapping[str, str]
    about: Mapping[str, str]
    before: Sequence[PlannedStage]

    def template(self, value: str) -> str:
        """The value with all variables but `{out}`; raises LeftOut where one is not set."""
        for name in PLACEHOLDER.findall(value):
            if name not in self.known:
                raise LeftOut(f"it needs --set {name}=... ({self.about[name]})")
        return PLACEHOLDER.sub(lambda found: self.variables.get(found[1], found[0]), value)

    def fill(self, value: str) -> str:
        """The value with all variables."""
        return self.template(value).replace(f"{{{OUT}}}", self.out)

    @property
    def known(self) -> set[str]:
        """The variables that are set."""
        return {OUT, *self.variables}

    def check_path(self, path: Path) -> None:
        """Raises LeftOut where only skipped stages make it."""
        makers = [stage for stage in self.before if overlap([path], stage.makes)]
        if makers and all(stage.skipped for stage in makers):
            raise LeftOut(f"it reads what {makers[0].name} makes, which is skipped")


def plan_stage(stage: Stage, filling: Filling) -> PlannedStage:
    """One stage, or why it is skipped; raises LavicError where something that it reads is nowhere."""
    try:
        planned = fill_stage(stage, filling)
    except LeftOut as reason:
        makes = [one for one in stage.makes if all(name in filling.known for name in PLACEHOLDER.findall(one))]
        return PlannedStage(stage.name, makes=tuple(Path(filling.fill(one)) for one in makes), skipped=str(reason))
    for path in planned.reads:
        if not is_there(path) and not any(overlap([path], one.makes) for one in filling.before):
            raise LavicError(
                f"Stage {stage.name} reads {path}, which is not there and which no stage before it makes; check the "
                "name, and the folder that this is run in."
            )
    return planned


def fill_stage(stage: Stage, filling: Filling) -> PlannedStage:
    """One stage with its variables; raises LeftOut where it cannot run."""
    makes = tuple(Path(filling.fill(one)) for one in stage.makes)
    arguments = tuple(map(filling.template, stage.arguments))
    options = {name: fill_option(name, value, filling) for name, value in stage.options.items()}
    named = [one for one in arguments if "/" in one or is_there(Path(filling.fill(one)))]
    reads = [path for one in named if (path := Path(filling.fill(one))) not in makes]
    reads += [Path(filling.fill(one)) for one in stage.inputs]
    for path in reads:
        filling.check_path(path)
    for name, value in options.items():
        texts = [one for one in (value if isinstance(value, tuple) else (value,)) if isinstance(one, str)]
        paths = [Path(filling.fill(one)) for one in texts]
        reads += [path for path in paths if name in PATH_OPTIONS or (name == "model" and is_there(path))]
    template = (*stage.program, *arguments, *option_words(options))
    command = tuple(word.replace(f"{{{OUT}}}", filling.out) for word in template)
    return PlannedStage(stage.name, command, template, tuple(dict.fromkeys(reads)), makes, stage.minutes)


def fill_option(name: str, value: Value, filling: Filling) -> Value:
    """An option's value with all variables but `{out}`, a list without what is not to be had; raises LeftOut where a
    single one is not."""
    if not isinstance(value, tuple):
        return fill_single(name, value, filling)
    kept = []
    for one in value:
        with contextlib.suppress(LeftOut):
            kept.append(fill_single(name, one, filling))
    return tuple(kept)


def fill_single(name: str, value: float | str, filling: Filling) -> float | str:
    """A value that is no list; raises LeftOut where it is not to be had."""
    if not isinstance(value, str):
        return value
    if name in PATH_OPTIONS:
        filling.check_path(Path(filling.fill(value)))
    return filling.template(value)


def option_words(options: Mapping[str, Value]) -> list[str]:
    """Options as a command line has them: a list repeats its option, true stands alone, false is left out."""
    words: list[str] = []
    for name, value in options.items():
        for one in value if isinstance(value, tuple) else (value,):
            if one is not False:
                words += [f"--{name}"] if one is True else [f"--{name}", str(one)]
    return words


def is_there(path: Path) -> bool:
    """Whether there is such a file or folder; no name of one is none."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def overlap(some: Iterable[Path], others: Iterable[Path]) -> bool:
    """Whether a path of the first ones is, holds or lies in one of the others."""
    absolute = [Path(os.path.abspath(one)) for one in others]  # noqa: PTH100 - links stay as they are
    pairs = ((Path(os.path.abspath(one)), other) for one in some for other in absolute)  # noqa: PTH100
    return any(one.is_relative_to(other) or other.is_relative_to(one) for one, other in pairs)
