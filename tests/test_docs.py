"""The documents: true to the commands, the files and each other."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

from lavic_chat.cli import main

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "lavic_chat"
WRITTEN_BY_PROGRAMS = ("assets/reports/", "catalog/dialogues/")  # their links are the programs' tests' concern


def documents() -> list[str]:
    """Every Markdown file of the repository that people write."""
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.splitlines() if not name.startswith(WRITTEN_BY_PROGRAMS)]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def without_code(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def anchors(text: str) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", without_code(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_readme_is_short():
    assert len(read("README.md").splitlines()) < 200


@pytest.mark.parametrize("columns", ["40", "200"])
def test_the_commands_are_written_as_they_are(columns, tmp_path):
    """In a process of its own, for click keeps a command's help option as whoever asked first had it."""
    run = [sys.executable, "-m", "lavic_chat.cli.command_docs", tmp_path / "commands.md"]
    subprocess.run(run, cwd=ROOT, check=True, env=os.environ | {"COLUMNS": columns})
    written = (tmp_path / "commands.md").read_text(encoding="utf-8")
    assert read("docs/commands.md") == written, "python -m lavic_chat.cli.command_docs writes it again"


@pytest.mark.parametrize("name", documents())
def test_links_lead_somewhere(name):
    text, missing = without_code(read(name)), []
    for link in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)", text):
        path, _, anchor = unquote(link).partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            missing.append(link)
    assert missing == []


def test_every_page_of_docs_is_linked_from_the_readme():
    pages = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")} | {"CONTRIBUTING.md", "CHANGELOG.md"}
    assert pages <= set(re.findall(r"\]\(([^)#]+)", read("README.md")))


def tree_lines() -> list[tuple[str, str]]:
    """The README's file tree as (path, what it is)."""
    tree = re.search(r"```text\n(app\.py .*?)```", read("README.md"), re.DOTALL).group(1)
    found, folder = [], ""
    for line in tree.splitlines():
        indent, name, told = re.fullmatch(r"( *)(\S+) {2,}(\S.*)", line).groups()
        folder = name if not indent and name.endswith("/") else folder if indent else ""
        found.append((name if not indent else folder + name, told))
    return found


def test_the_tree_names_every_room_and_nothing_else():
    named = {path for path, _ in tree_lines()}
    assert [path for path in named if not (ROOT / path).exists()] == []
    rooms = {path.name + "/" for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    rooms |= {path.name for path in PACKAGE.glob("*.py")} - {"__init__.py"}
    assert {f"lavic_chat/{room}" for room in rooms} == {path for path in named if path.startswith("lavic_chat/")} - {
        "lavic_chat/"
    }


OURS = re.compile(r"`((?:lavic_chat|tests|assets|docs|catalog|findings)/[\w./-]+|[a-z_]+/[\w/]+\.py|[a-z_]+/)`")
ELSEWHERE = {"llm/", "vision/", "retriever/", "list/", "moda/", "talk/"}  # folders of an adapter
ELSEWHERE |= {"cache/", "downloads/", "journal/", "models/", "runtimes/"}  # of $LAVIC_HOME


@pytest.mark.parametrize("name", documents())
def test_the_files_that_are_named_exist(name):
    paths = {path for path in OURS.findall(read(name)) if "NAME" not in path and path not in ELSEWHERE}
    assert [path for path in sorted(paths) if not ((ROOT / path).exists() or (PACKAGE / path).exists())] == []


def test_the_figure_names_files_that_exist():
    words = re.findall(r"[\w/]+(?:\.py|/)(?=[\s,<])", re.sub(r"<(?!/?t)[^>]*>", "", read("docs/architecture.svg")))
    names = {path.name + "/" * path.is_dir() for path in PACKAGE.rglob("*")}
    assert len(words) > 40
    assert [word for word in words if word not in names and not (PACKAGE / word).exists()] == []


def shell_lines(text: str) -> list[str]:
    """The command lines of a document's shell blocks, those that go over several lines joined."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    shell = [block for language, block in blocks if language in ("", "bash", "sh")]
    return [line for block in shell for line in re.sub(r"\\\n\s*", "", block).splitlines()]


def parse_call(line: str) -> tuple[click.Command, list[str]] | None:
    """The command of ours that a shell line calls, and its options; None where it calls none. A module that is run as
    one stage, `-m lavic_chat.training.tune`, counts as that stage's command."""
    words = shlex.split(re.sub(r"-m lavic_chat\.training\.(\w+)", r"lavic-chat \1", line), comments=True)
    if "lavic-chat" not in words:
        return None
    command, rest = main, words[words.index("lavic-chat") + 1 :]
    while isinstance(command, click.Group) and rest and rest[0] in command.commands:
        command, rest = command.commands[rest[0]], rest[1:]
    return command, [word.partition("=")[0] for word in rest if word.startswith("-")]


@pytest.mark.parametrize("name", documents())
def test_documented_calls_fit_the_commands(name):
    faults = []
    for line in shell_lines(read(name)):
        if call := parse_call(line):
            command, options = call
            known = {option for one in command.params for option in one.opts} | {"--help", "--version"}
            if isinstance(command, click.Group) or not set(options) <= known:
                faults.append(line)
    assert faults == []


def test_the_stages_are_those_of_the_recipe():
    stages = tomllib.loads(read("assets/lavic-mini/recipe.toml"))["stage"]
    wanted = [(one["name"], one.get("command") or one["module"], str(one["minutes"])) for one in stages]
    assert re.findall(r"^\| `([\w-]+)` \| `([\w .-]+)` \| (\d+) \|", read("docs/training.md"), re.MULTILINE) == wanted


def test_the_settings_of_the_environment_are_all_told():
    names = re.compile(r"\b(?:LAVIC|GRADIO|HF)_[A-Z_]+\b")
    assert set(names.findall(read("lavic_chat/settings.py"))) == set(names.findall(read("docs/serving.md")))


def test_every_finding_has_its_row_and_can_be_read_by_a_shell():
    scripts = sorted((ROOT / "findings").glob("*.sh"))
    rows = read("findings/README.md")
    assert scripts
    for script in scripts:
        assert f"| [{script.stem}]({script.name}) |" in rows
        assert "set -euo pipefail" in script.read_text()
        subprocess.run(["bash", "-n", script], check=True)
