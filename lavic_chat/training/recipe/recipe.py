"""Recipes: stages in their order, as data (TOML), so that a training or a report can be made again as a whole.

    about = "What it makes."
    [variables]                      # what may be set: --set photos=DIR
    photos = "what it should be"
    [options.home]                   # options that several stages share
    dialogues = "catalog/dialogues/train.jsonl"
    also = ["{out}/photos"]
    [[stage]]
    name = "tune"                    # in the order in which they run
    command = "tune"                 # of lavic-chat; or module = "catalog.make.tint", as `python -m` runs it
    use = ["home"]
    arguments = []                   # without a name, before the options
    makes = "{out}/tuned"            # files or folders; without it what `out` says
    inputs = ["catalog"]             # files or folders that it reads besides those in its options
    minutes = 85
    about = "Why it is there."
    [stage.options]
    out = "{out}/tuned"
    steps = 1200

`{out}` is the folder that the recipe is run into. A single value that names a variable which is not set, or what only
skipped stages make, takes its stage with it: that is skipped. In a list only that value is left out.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lavic_chat.errors import LavicError

Value = bool | int | float | str | tuple[int | float | str, ...]
RECIPE_KEYS = {"about", "variables", "options", "stage"}
STAGE_KEYS = {"name", "command", "module", "use", "arguments", "makes", "inputs", "minutes", "about", "options"}
NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")
PLACEHOLDER = re.compile(r"\{([a-z0-9_-]+)\}")
OUT = "out"  # the one variable that is always set


@dataclass(frozen=True)
class Stage:
    """One stage as the recipe has it, its variables not yet filled in.

    program: what `python -m` runs. options: by name without dashes, shared ones included. makes, inputs: paths.
    """

    name: str
    program: tuple[str, ...]
    arguments: tuple[str, ...]
    options: Mapping[str, Value]
    makes: tuple[str, ...]
    inputs: tuple[str, ...]
    minutes: float = 0.0


@dataclass(frozen=True)
class Recipe:
    """variables: by name, what they should be; none has to be set."""

    stages: tuple[Stage, ...]
    variables: Mapping[str, str] = field(default_factory=dict)


def read_recipe(path: str | Path) -> Recipe:
    """Raises LavicError in one sentence for a file that is no recipe."""
    path = Path(path)
    if not path.is_file():
        raise LavicError(f"There is no recipe {path}; check the name.")
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LavicError(f"{path} is no readable TOML ({error}); mend it.") from error
    try:
        return parse_recipe(rows)
    except ValueError as error:
        raise LavicError(f"{path} is no recipe: {error}.") from error


def parse_recipe(rows: Mapping) -> Recipe:
    """A recipe from its TOML; raises ValueError saying what is wrong."""
    check_keys(rows, RECIPE_KEYS, "at the top")
    text_of(rows.get("about", ""), "about")  # for those who read the file
    variables = {name: text_of(value, f"variable {name}") for name, value in table_of(rows, "variables").items()}
    if bad := next((name for name in variables if name == OUT or not PLACEHOLDER.fullmatch(f"{{{name}}}")), None):
        raise ValueError(f"{bad!r} cannot be the name of a variable")
    shared = {name: parse_options(options, f"options.{name}") for name, options in table_of(rows, "options").items()}
    listed = rows.get("stage", [])
    if not isinstance(listed, list) or not listed or not all(isinstance(row, dict) for row in listed):
        raise ValueError("it has no [[stage]]")
    stages = tuple(parse_stage(row, shared) for row in listed)
    names = [stage.name for stage in stages]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise ValueError(f"two stages are called {twice}")
    for stage in stages:
        if unknown := next((name for name in placeholders(stage) if name not in {OUT, *variables}), ""):
            raise ValueError(f"stage {stage.name} names {{{unknown}}}, which is not among the variables")
    return Recipe(stages, variables)


def parse_stage(row: Mapping, shared: Mapping[str, Mapping[str, Value]]) -> Stage:
    """A stage from its table, shared options filled in; raises ValueError saying what is wrong."""
    name = row.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot be the name of a stage")
    where = f"stage {name}"
    check_keys(row, STAGE_KEYS, f"in {where}")
    text_of(row.get("about", ""), f"about in {where}")
    options: dict[str, Value] = {}
    for one in texts_of(row.get("use", []), f"use in {where}"):
        if one not in shared:
            raise ValueError(f"{where} uses options.{one}, which is not there")
        options |= shared[one]
    options |= parse_options(row.get("options", {}), where)
    default = options[OUT] if isinstance(options.get(OUT), str) else []
    makes = texts_of(row.get("makes", default), f"makes in {where}")
    if not makes:
        raise ValueError(f"{where} does not say what it makes; give it an option out, or makes")
    minutes = row.get("minutes", 0)
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not 0 <= minutes < 1e6:
        raise ValueError(f"minutes in {where} must be a number")
    return Stage(
        name,
        parse_program(row, where),
        texts_of(row.get("arguments", []), f"arguments in {where}"),
        options,
        makes,
        texts_of(row.get("inputs", []), f"inputs in {where}"),
        minutes,
    )


def parse_program(row: Mapping, where: str) -> tuple[str, ...]:
    """What `python -m` runs of a stage: ("lavic_chat", "tune") or ("catalog.make.tint",)."""
    if ("command" in row) == ("module" in row):
        raise ValueError(f"{where} needs either a command of lavic-chat or a module")
    words = text_of(row.get("command", row.get("module")), f"command in {where}").split()
    if not words or any(word.startswith("-") for word in words) or ("module" in row and len(words) > 1):
        raise ValueError(f"{where} names no command or module; options have a table of their own")
    return ("lavic_chat", *words) if "command" in row else tuple(words)


def parse_options(rows: object, where: str) -> dict[str, Value]:
    """Options from their table; raises ValueError saying what is wrong."""
    if not isinstance(rows, dict):
        raise ValueError(f"options of {where} must be a table")
    options: dict[str, Value] = {}
    for name, value in rows.items():
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} in {where} cannot be the name of an option; write it without dashes before it")
        values = value if isinstance(value, list) else [value]
        simple = (int, float, str) if isinstance(value, list) else (bool, int, float, str)
        if not all(isinstance(one, simple) and (one is value or not isinstance(one, bool)) for one in values):
            raise ValueError(f"option {name} in {where} must be a text, a number, true, or a list of texts and numbers")
        options[name] = tuple(value) if isinstance(value, list) else value
    return options


def check_keys(row: Mapping, known: Iterable[str], where: str) -> None:
    """Raises ValueError for the first unknown key."""
    if unknown := next((key for key in row if key not in known), ""):
        raise ValueError(f"{unknown!r} {where} is not known; known are {', '.join(sorted(known))}")


def table_of(rows: Mapping, key: str) -> Mapping:
    """A table of the recipe, empty where it has none."""
    table = rows.get(key, {})
    if not isinstance(table, dict):
        raise ValueError(f"{key} must be a table")
    return table


def text_of(value: object, where: str) -> str:
    """The value, if it is a text."""
    if not isinstance(value, str):
        raise ValueError(f"{where} must be a text")
    return value


def texts_of(value: object, where: str) -> tuple[str, ...]:
    """One text or a list of them."""
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, Sequence) or not all(isinstance(one, str) for one in values):
        raise ValueError(f"{where} must be a text or a list of texts")
    return tuple(values)


def placeholders(stage: Stage) -> list[str]:
    """The variables that a stage names anywhere."""
    values: list[object] = [*stage.arguments, *stage.makes, *stage.inputs]
    for value in stage.options.values():
        values += value if isinstance(value, tuple) else [value]
    return [name for value in values if isinstance(value, str) for name in PLACEHOLDER.findall(value)]
