"""The house itself: what is installed, what the README promises, and who may import what."""

import ast
import json
import re
import subprocess
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import click
import pytest
from packaging.requirements import Requirement
from safetensors.torch import load_file

import lavic_chat
from lavic_chat.features.captions import Captioner

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "lavic_chat"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def requirements() -> dict[str, Requirement]:
    """requirements.txt, package name -> requirement."""
    lines = [line.split("#")[0].strip() for line in read("requirements.txt").splitlines()]
    return {found.name: found for found in map(Requirement, filter(None, lines))}


def test_the_space_installs_what_the_package_needs():
    wanted = {found.name: found for found in map(Requirement, PROJECT["dependencies"])}
    listed = requirements()
    assert listed.keys() == wanted.keys()
    for name, requirement in wanted.items():
        if name != "torch":
            assert listed[name].specifier == requirement.specifier, name


def test_one_torch_is_pinned_everywhere():
    pinned = str(requirements()["torch"])
    version = pinned.partition("==")[2]
    assert version and f"TORCH ?= {pinned}\n" in read("Makefile")
    wanted = next(found for found in map(Requirement, PROJECT["dependencies"]) if found.name == "torch")
    assert wanted.specifier.contains(version)


def test_requirements_work_before_the_repository_is_there():
    lines = [line for line in read("requirements.txt").splitlines() if not line.startswith("#")]
    assert not [line for line in lines if line.startswith(("-", ".", "/")) or "://" in line]


def test_a_wheel_brings_the_shipped_adapter_but_not_those_to_compare_it_with():
    build = tomllib.loads(read("pyproject.toml"))["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    folder = ROOT / "assets" / "lavic-mini"
    tracked = subprocess.run(["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=True)
    parts = {Path(line).relative_to("assets/lavic-mini").parts[0] for line in tracked.stdout.splitlines()}
    compared = {name for name in parts if (folder / name / "adapter.json").exists()}
    brought = {Path(name).name for name in build if name.startswith("assets/lavic-mini/")}
    assert brought == parts - compared - {"training.png", "recipe.toml"}
    assert all(target == f"lavic_chat/shipped/{source}" for source, target in build.items())


def test_what_the_shipped_adapter_sees_it_has_also_described():
    """Else a first start would look for an hour for words that are there already, under other keys."""
    folder = ROOT / "assets" / "lavic-mini"
    described = {json.loads(line)["key"] for line in (folder / "descriptions.jsonl").read_text().splitlines()}
    states = load_file(folder / "states.safetensors").values()
    assert {Captioner._key(state) for state in states} == described


def test_one_version_everywhere():
    assert PROJECT["version"] == lavic_chat.__version__
    assert PROJECT["version"] in read("CHANGELOG.md")


def test_the_console_script_is_the_command_line():
    from lavic_chat.cli import main

    (script,) = entry_points(group="console_scripts", name="lavic-chat")
    assert script.load() is main
    assert isinstance(main, click.Group)


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command that does something, as its words after `lavic-chat`."""
    if not isinstance(command, click.Group):
        return [path]
    return [leaf for name, child in command.commands.items() for leaf in leaves(child, (*path, name))]


def test_every_command_helps():
    from click.testing import CliRunner

    from lavic_chat.cli import main

    for words in [(), *leaves(main)]:
        result = CliRunner().invoke(main, [*words, "--help"])
        assert result.exit_code == 0 and "Usage:" in result.output, words


def test_the_readme_is_a_spaces_head():
    """A Space takes its Gradio from the head, so it must be one that the requirements allow."""
    import yaml

    head = yaml.safe_load(read("README.md").split("---")[1])
    assert head["sdk"] == "gradio" and requirements()["gradio"].specifier.contains(head["sdk_version"])
    assert (ROOT / head["app_file"]).is_file() and len(head["short_description"]) <= 60


ROWS = {  # of the tables for readers -> of assets/reports/metrics.json
    "**lavic-mini**": "looking",
    "its language model alone": "no-search",
    "its retriever alone": "search",
    "without stage 1 (distillation)": "no-distill",
    "its language model, `--decode list` as in the paper": "list",
    "pictures shuffled among the ten": "shuffled-images",
    "pictures taken away": "no-images",
    "two-tower over the same visual states": "two-tower",
    "MiniLM sentence vectors": "sbert",
    "BM25 on titles and descriptions": "bm25",
    "random": "random",
}


@pytest.mark.parametrize("file", ["README.md", "assets/lavic-mini/README.md"])
def test_the_figures_are_those_of_the_report(file):
    measured = json.loads(read("assets/reports/metrics.json"))
    rows = [line.strip("| ").split(" | ") for line in read(file).splitlines() if line.startswith("| ")]
    told = {row[0]: row[1:4] for row in rows if row[0] in ROWS}
    assert len(told) == len(ROWS)
    for label, cells in told.items():
        sets = [measured.get(ROWS[label], {}).get(name) for name in ("visual", "mixed", "handwritten")]
        figures = ("{:.2f} ({:.2f} to {:.2f})".format(one["hr@1"], *one["hr@1_95"]) if one else "" for one in sets)
        assert cells == [figure or "not measured yet" for figure in figures], label


@pytest.mark.parametrize("goal", ["app", "test"])
def test_make_explains_and_plans(goal):
    run = {"cwd": ROOT, "capture_output": True, "text": True, "check": True}
    assert f"make {goal}" in subprocess.run(["make"], **run).stdout
    assert ".venv/bin/" in subprocess.run(["make", "--dry-run", goal], **run).stdout


def test_integration_runs_the_same_command():
    script = ROOT / ".ci" / "run"
    assert "set -euo pipefail" in script.read_text() and script.read_text().rstrip().endswith("make test")


def imports(path: Path) -> set[str]:
    """Top-level packages that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
    return found


def importers(*packages: str) -> set[str]:
    """First-level names under lavic_chat whose files import one of the packages."""
    files = [path for path in PACKAGE.rglob("*.py") if imports(path) & set(packages)]
    return {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in files}


def test_the_walls_of_the_house_stand():
    assert importers("transformers", "peft") <= {"model"}
    assert importers("gradio") <= {"ui"}
    assert "ui" not in importers("torch")


def test_only_the_model_knows_its_insides():
    paths = re.compile(r"\.(network|core|lm_head|linear_[12]|language_model|vision_tower)\b|lora_")
    for path in PACKAGE.rglob("*.py"):
        if "model" not in path.relative_to(PACKAGE).parts:
            assert not paths.search(path.read_text(encoding="utf-8")), path


def test_nothing_unpickles_or_runs_code_of_a_model():
    assert importers("pickle", "dill", "joblib", "cloudpickle", "shelve") == set()
    for path in PACKAGE.rglob("*.py"):
        assert not re.search(r"trust_remote_code=True|torch\.load\(|allow_pickle=True", path.read_text()), path
