"""The walls of the house: who may import whom, how long files and functions may be, what things may be called."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "lavic_chat"
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST_MODULE, LONGEST_FUNCTION, MOST_PARAMETERS = 299, 39, 6

# A room may import those before it. `ui` knows what is answered and kept, never how; `serving/app.py`, which puts both
# together, and the benchmark of many shoppers are the only ones that know `ui`.
ORDER = (
    "errors", "storage", "settings", "dialogue", "model", "catalog", "nlu", "features", "recommendation", "retrieval",
    "ranking", "feedback", "ui", "serving", "training", "evaluation", "sda", "cli", "__main__",
)  # fmt: skip
NOT_ALLOWED = {  # beyond the order, as docs/architecture.md has it
    "settings": {"storage"},
    "dialogue": {"settings"},
    "model": {"dialogue"},
    "catalog": {"settings", "model"},
    "nlu": {"storage", "settings", "model"},
    "features": {"settings", "dialogue", "nlu"},
    "recommendation": {"storage", "settings", "model", "features"},
    "ranking": {"recommendation", "retrieval"},
    "feedback": {"settings", "model", "catalog", "nlu", "features", "recommendation", "retrieval", "ranking"},
    "ui": {"storage", "settings", "model", "nlu", "features", "retrieval", "ranking"},
    "training": {"feedback", "ui", "serving"},
    "sda": {"dialogue", "nlu", "recommendation", "retrieval", "ranking", "feedback", "ui", "serving"},
}
KNOWS_UI = {"serving/app.py", "evaluation/benchmarks/load_test.py"}

OLD_WORDS = {
    "sight", "sights", "shelf", "shelve", "shelved", "chooser", "shop", "shops", "spread", "surprise", "nearness",
    "trust", "trusts", "wish", "wishes", "offer", "offers", "course", "pupil", "team", "talk", "talks", "story",
    "stories", "desk", "journal", "lent", "crowd", "told", "judged", "looks", "lesson", "lessons", "exam", "exams",
}  # fmt: skip
FROZEN = {  # names that are keys elsewhere: command options, records, SQLite
    "wish_weight",
}


@cache
def modules() -> dict[str, Path]:
    """Dotted name -> file."""
    return {".".join(("lavic_chat", *path.relative_to(PACKAGE).with_suffix("").parts)): path for path in FILES}


def room_of(module: str) -> str:
    """The first name below the package, "" for the package itself."""
    return [*module.split("."), ""][1].removesuffix("__init__")


@cache
def imported(path: Path) -> frozenset[str]:
    """Modules of the package that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "lavic_chat":
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            found |= {one if one in modules() or f"{one}.__init__" in modules() else node.module for one in names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] == "lavic_chat"}
    return frozenset(found)


@cache
def arrows() -> dict[str, set[str]]:
    """Room -> rooms that it imports."""
    found: dict[str, set[str]] = {}
    for name, path in modules().items():
        found.setdefault(room_of(name), set()).update(map(room_of, imported(path)))
    return {room: others - {room, ""} for room, others in found.items() if room}


def test_every_room_has_its_place():
    assert sorted(arrows()) == sorted(ORDER)


@pytest.mark.parametrize("room", ORDER)
def test_imports_point_towards_the_start(room):
    before = set(ORDER[: ORDER.index(room)]) - NOT_ALLOWED.get(room, set())
    assert arrows()[room] - before == set()


def test_only_two_files_know_the_pages():
    found = {
        path.relative_to(PACKAGE).as_posix()
        for name, path in modules().items()
        if room_of(name) != "ui" and any(room_of(other) == "ui" for other in imported(path))
    }
    assert found == KNOWS_UI


def test_no_module_imports_in_a_circle():
    graph = {name.removesuffix(".__init__"): set(imported(path)) for name, path in modules().items()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail[trail.index(name) :], name))
        if name not in done:
            for other in graph.get(name, ()):
                if not f"{name}.".startswith(f"{other}."):  # a package's own front door
                    visit(other, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_modules_and_functions_are_short(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= LONGEST_MODULE
    long = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first, given = node.body[0], node.args
            lines = node.end_lineno - first.lineno + 1
            if isinstance(first, ast.Expr) and isinstance(getattr(first, "value", None), ast.Constant):
                lines -= first.end_lineno - first.lineno + 1  # the docstring
            names = [arg.arg for arg in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
            count = len([name for name in names if name not in ("self", "cls")])
            is_command = any("click" in ast.unparse(decorator) for decorator in node.decorator_list)
            if lines > LONGEST_FUNCTION or (count > MOST_PARAMETERS and not is_command):
                long[node.name] = (lines, count)
    assert long == {}


def words_of(name: str) -> set[str]:
    """The words of an identifier, in either style."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def identifiers(tree: ast.AST) -> Iterator[str]:
    """Every name that a module gives or uses: variables, attributes, parameters, functions, classes, modules."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.arg | ast.keyword) and node.arg:
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).rpartition(".")[2]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_nothing_has_a_name_of_the_old_vocabulary(path):
    names = {*identifiers(ast.parse(path.read_text(encoding="utf-8"))), path.stem} - FROZEN
    assert sorted(name for name in names if words_of(name) & OLD_WORDS) == []


def test_the_words_of_a_name_are_found():
    assert words_of("make_wishes") == {"make", "wishes"} and words_of("LentGPUStore") == {"lent", "gpu", "store"}
    assert all(first != second for first, second in pairwise(ORDER))
