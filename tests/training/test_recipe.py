"""Recipes: what is written is what is run, once; what is wrong is said before anything runs."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from helpers.toys import with_dialogues
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.cli import main
from lavic_chat.errors import LavicError
from lavic_chat.training.recipe.plan import option_words, plan_recipe
from lavic_chat.training.recipe.recipe import parse_recipe, read_recipe
from lavic_chat.training.recipe.record import hash_tree
from lavic_chat.training.recipe.run import RecipeRequest, RecipeResult, run_recipe

ROOT = Path(__file__).parents[2]
SHIPPED = [ROOT / "assets" / name / "recipe.toml" for name in ("lavic-mini", "reports")]

# ---- what is written ----

TEXTS = st.text(max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(["name", "command", "module", "use", "arguments", "makes", "inputs", "minutes", "options", "x"])
STAGES = st.dictionaries(KEYS, VALUES | st.sampled_from(["tune", "a.b", "{out}/x"]), max_size=7)


@given(st.fixed_dictionaries({}, optional={"about": VALUES, "variables": VALUES, "options": VALUES, "stage": VALUES}))
def test_whatever_is_no_recipe_is_a_value_error(rows):
    try:
        parse_recipe(rows)
    except ValueError as error:
        assert str(error)


@given(st.lists(STAGES, min_size=1, max_size=2))
def test_whatever_is_no_stage_is_a_value_error(stages):
    try:
        recipe = parse_recipe({"stage": stages})
    except ValueError as error:
        assert str(error)
    else:
        assert len(recipe.stages) == len(stages)


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="{}\0", exclude_categories=["Cs"]), max_size=12)
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True).filter(lambda name: name not in ("out", "model"))


@given(st.dictionaries(NAMES, WORDS | st.integers() | st.lists(WORDS, max_size=3), max_size=4))
def test_options_arrive_as_they_are_written_and_a_shell_reads_them_back(options):
    row = {"name": "s", "command": "tune", "makes": "{out}/t", "options": options}
    (stage,) = plan_recipe(parse_recipe({"stage": [row]}), "o", {})
    if stage.skipped or stage.reads:  # named as options that are files, which are not there
        return
    assert stage.command == ("lavic_chat", "tune", *option_words(parse_recipe({"stage": [row]}).stages[0].options))
    assert shlex.split(shlex.join(stage.command)) == list(stage.command)
    texts = [str(one) for value in options.values() for one in (value if isinstance(value, list) else [value])]
    assert list(stage.command[3::2]) == texts


def write(folder: Path, text: str) -> Path:
    (folder / "recipe.toml").write_text(text)
    return folder / "recipe.toml"


STAGE = '[[stage]]\nname = "a"\ncommand = "tune"\n'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[[stage", "is no readable TOML"),
        ("", "it has no \\[\\[stage\\]\\]"),
        ("stages = []\n" + STAGE, "'stages' at the top is not known; known are about, options, stage, variables"),
        (STAGE + 'makse = "x"', "'makse' in stage a is not known"),
        (STAGE, "stage a does not say what it makes"),
        ('[[stage]]\nname = "a"\nmakes = "x"', "stage a needs either a command of lavic-chat or a module"),
        (STAGE + 'module = "m"\nmakes = "x"', "stage a needs either"),
        (STAGE + 'makes = "x"\nuse = "home"', "stage a uses options.home, which is not there"),
        (STAGE + 'makes = "{x}"', "stage a names {x}, which is not among the variables"),
        (STAGE + 'makes = "x"\n' + STAGE + 'makes = "x"', "two stages are called a"),
        (STAGE + 'makes = "x"\nminutes = "ten"', "minutes in stage a must be a number"),
        (STAGE + 'makes = "x"\n[stage.options]\nlr = [true]', "option lr in stage a must be"),
        (STAGE + 'makes = "x"\n[stage.options]\n--lr = 1', "'--lr' in stage a cannot be the name of an option"),
        ('[variables]\nout = "x"\n' + STAGE + 'makes = "x"', "'out' cannot be the name of a variable"),
    ],
)
def test_what_is_wrong_with_a_recipe_is_one_sentence(tmp_path, text, sentence):
    with pytest.raises(LavicError, match=sentence) as error:
        read_recipe(write(tmp_path, text))
    assert "\n" not in str(error.value) and str(error.value).endswith(".")


def test_a_recipe_that_is_not_there(tmp_path):
    with pytest.raises(LavicError, match=r"There is no recipe .*none.toml"):
        read_recipe(tmp_path / "none.toml")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.parent.name)
@pytest.mark.parametrize("photos", [(), ("--set", "photos=catalog")], ids=["home", "photos"])
def test_the_shipped_recipes_are_what_the_command_line_takes(path, photos, tmp_path, monkeypatch):
    """Every command and option is known, every file is there or made before it is read."""
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(main, ["train", str(path), "--out", str(tmp_path / "out"), "--dry-run", *photos])
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert len(lines) == len(read_recipe(path).stages)
    assert any(line.startswith("#") for line in lines) == (not photos) and not (tmp_path / "out").exists()


# ---- what is run ----

JOIN = """
import sys
from pathlib import Path
*sources, out = (word for word in sys.argv[1:] if not word.startswith("--"))
if any("fail" in Path(source).read_text() for source in sources):
    sys.exit("cannot go on")
text = "".join(Path(source).read_text() for source in sources)
if "--into" in sys.argv:
    text = Path(out).read_text() + text
Path(out).write_text(text)
with open("ran.txt", "a") as file:
    print(Path(out).name, file=file)
"""
JOINS = """
[variables]
extra = "one more text"
[[stage]]
name = "first"
module = "join"
arguments = ["./source.txt", "{out}/first.txt"]
makes = "{out}/first.txt"
[[stage]]
name = "more"
module = "join"
arguments = ["{extra}", "{out}/more.txt"]
makes = "{out}/more.txt"
[[stage]]
name = "second"
module = "join"
arguments = ["{out}/first.txt", "{out}/second.txt"]
makes = "{out}/second.txt"
[[stage]]
name = "into"
module = "join"
arguments = ["./other.txt", "{out}/second.txt"]
makes = "{out}/second.txt"
[stage.options]
into = true
[[stage]]
name = "third"
module = "join"
arguments = ["{out}/second.txt", "{out}/third.txt"]
makes = "{out}/third.txt"
inputs = ["./source.txt"]
[[stage]]
name = "all"
module = "join"
arguments = ["{out}/more.txt", "{out}/all.txt"]
makes = "{out}/all.txt"
"""


@pytest.fixture
def kitchen(tmp_path, monkeypatch) -> Path:
    """A folder with a recipe of stages that join texts, and that write down that they ran."""
    (tmp_path / "join.py").write_text(JOIN)
    (tmp_path / "source.txt").write_text("s")
    (tmp_path / "other.txt").write_text("o")
    monkeypatch.chdir(tmp_path)
    write(tmp_path, JOINS)
    return tmp_path


def cook(kitchen: Path, **how) -> RecipeResult:
    return run_recipe(RecipeRequest(kitchen / "recipe.toml", "out", **how))


def test_every_stage_runs_once_and_again_where_what_it_reads_has_changed(kitchen, capfd):
    result = cook(kitchen)
    assert result == RecipeResult(("first", "second", "into", "third"), (), ("more", "all"))
    said = capfd.readouterr().err
    assert "Stage 1 of 6, first." in said and "more: skipped, for it needs --set extra=... (one more text)." in said
    assert "all: skipped, for it reads what more makes, which is skipped." in said
    assert Path("out/third.txt").read_text() == "so"
    assert cook(kitchen).ran == () and len(Path("ran.txt").read_text().split()) == 4

    Path("other.txt").write_text("O")  # what a later stage writes into `second` is not what `second` depends on
    assert cook(kitchen).ran == ("into", "third")
    Path("source.txt").write_text("S")
    assert cook(kitchen).ran == ("first", "second", "into", "third")
    assert Path("out/third.txt").read_text() == "SO"

    Path("out/first.txt").unlink()  # made again as it was, so what reads it may stay
    assert cook(kitchen).ran == ("first",)
    Path("out/second.txt").unlink()  # and here what was written into it is gone with it
    assert cook(kitchen).ran == ("second", "into")
    Path("out/first.txt").write_text("by hand")
    assert cook(kitchen).ran == ("second", "into", "third")
    assert cook(kitchen, start_from="into").ran == ("into", "third")
    assert cook(kitchen, variables={"extra": "./other.txt"}).ran == ("more", "all")


def test_a_recipe_that_changes_runs_what_has_changed(kitchen):
    cook(kitchen)
    write(kitchen, JOINS.replace('["./other.txt", "{out}', '["./source.txt", "{out}'))
    assert cook(kitchen).ran == ("into", "third")
    Path("out").rename("elsewhere")  # another folder is no other command
    assert run_recipe(RecipeRequest("recipe.toml", "elsewhere")).ran == ()


def test_a_stage_that_fails_is_named_and_the_next_run_goes_on_there(kitchen, capfd):
    Path("other.txt").write_text("fail")
    with pytest.raises(
        LavicError,
        match=r"Stage into ended with code 1; mend .* goes on there\.",
    ):
        cook(kitchen)
    assert "cannot go on" in capfd.readouterr().err
    Path("other.txt").write_text("fine")
    assert cook(kitchen).ran == ("into", "third")
    write(kitchen, JOINS.replace('makes = "{out}/third.txt"', 'makes = "{out}/fourth.txt"'))
    with pytest.raises(LavicError, match=r"Stage third ended well but has not made out/fourth\.txt"):
        cook(kitchen)


def test_what_a_stopped_run_has_left_is_kept_for_the_same_settings_alone(kitchen):
    write(kitchen, JOINS.replace('"./other.txt"', '"./other.txt", "./third.txt"'))
    Path("third.txt").write_text("fail")
    left = Path("out/second.txt.progress")

    def fail() -> None:
        with pytest.raises(LavicError):
            cook(kitchen)

    fail()
    left.write_text("half of it")
    fail()
    assert left.exists()
    Path("other.txt").write_text("other")
    fail()
    assert not left.exists()
    left.write_text("half of it")
    with pytest.raises(LavicError):
        cook(kitchen, start_from="into")
    assert not left.exists()


def test_a_dry_run_prints_what_would_run_and_runs_nothing(kitchen, capsys):
    assert cook(kitchen, dry_run=True).ran == ("first", "second", "into", "third") and not Path("out").exists()
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == f"{shlex.quote(sys.executable)} -m join ./source.txt out/first.txt"
    assert printed[1].startswith("# more: skipped")
    cook(kitchen)
    Path("other.txt").write_text("O")
    assert cook(kitchen, dry_run=True) == RecipeResult(("into", "third"), ("first", "second"), ("more", "all"))
    assert cook(kitchen, dry_run=True, start_from="second").ran == ("second", "into", "third")
    (kitchen / "a place").mkdir()
    run_recipe(RecipeRequest("recipe.toml", "a place/out", dry_run=True))
    assert "'a place/out/first.txt'" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"start_from": "fourth"}, "The recipe has no stage fourth; it has first, more, second, into, third, all."),
        ({"variables": {"photos": "x"}}, "The recipe has no variable photos; it has extra."),
        ({"variables": {"extra": "./none.txt"}}, r"Stage more reads none\.txt, which is not there and which no stage"),
    ],
)
def test_what_cannot_be_run_is_said_before_anything_runs(kitchen, how, sentence):
    with pytest.raises(LavicError, match=sentence):
        cook(kitchen, **how)
    assert not Path("out").exists()


def test_a_damaged_record_is_told(kitchen):
    cook(kitchen)
    for text in ("", "[]", '{"done": {"first": {}}, "begun": {}}', '{"done": 3, "begun": {}}'):
        Path("out/recipe.json").write_text(text)
        with pytest.raises(LavicError, match=r"recipe\.json is damaged; delete it"):
            cook(kitchen)


def test_only_one_run_writes_into_a_folder(kitchen):
    from filelock import FileLock

    Path("out").mkdir()
    with FileLock("out/.recipe.lock"), pytest.raises(LavicError, match="Another recipe is being run into out"):
        cook(kitchen)


def test_a_folder_is_hashed_by_what_stages_read_of_it(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.png").write_bytes(b"a")
    before = hash_tree(tmp_path)
    for name in ("README.md", "make.py", ".hidden", "recipe.toml"):
        (tmp_path / name).write_text("for people")
    assert hash_tree(tmp_path) == before
    (tmp_path / "images" / "a.png").write_bytes(b"b")
    assert hash_tree(tmp_path) != before != hash_tree(tmp_path / "none") == ""


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('command = "tunes"', "The recipe says `tunes"),
        ('command = "tune"', "`tune --stepz 3`: No such option"),
        ('command = "catalog make"', "No such command 'make'"),
    ],
)
def test_the_command_line_is_asked_before_anything_runs(tmp_path, line, sentence):
    path = write(tmp_path, f'[[stage]]\nname = "a"\n{line}\nmakes = "{{out}}/a"\n[stage.options]\nstepz = 3\n')
    result = CliRunner().invoke(main, ["train", str(path), "--out", str(tmp_path / "out")])
    assert result.exit_code == 1 and sentence in result.output and "Traceback" not in result.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("pair", ["photos", "=x", "photos="])
def test_a_variable_needs_a_name_and_a_value(tmp_path, pair):
    result = CliRunner().invoke(main, ["train", "r.toml", "--out", str(tmp_path), "--set", pair])
    assert result.exit_code == 2 and "--set takes NAME=VALUE" in result.output


def test_help_and_recipes_need_no_torch():
    code = "import sys, lavic_chat.cli, lavic_chat.training.recipe.run; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True).stdout == "False\n"


def test_what_cannot_be_read_or_started_is_one_sentence(kitchen):
    write(kitchen, JOINS.replace('["./source.txt", "{out}/f', '["./source.txt", "a\\u0000b", "{out}/f'))
    with pytest.raises(LavicError, match=r"Stage first could not be started: embedded null byte\."):
        cook(kitchen)
    write(kitchen, JOINS.replace('["./source.txt", "{out}/f', f'["{"x" * 300}", "{{out}}/f'))
    with pytest.raises(LavicError, match="Stage first ended with code 1"):
        cook(kitchen)
    Path("file").write_text("no folder")
    with pytest.raises(LavicError, match="Could not write file"):
        run_recipe(RecipeRequest("recipe.toml", "file"))


# ---- from nothing to a tuned adapter ----

TINY = """
[variables]
base = "a model folder"
catalog = "a catalogue"
talks = "conversations"
[options.all]
catalog = "{catalog}"
model = "{base}"
batch = 2
[[stage]]
name = "align"
command = "align"
use = ["all"]
[stage.options]
out = "{out}/aligned"
word-steps = 2
caption-steps = 2
caption-batch = 2
[[stage]]
name = "tune"
command = "tune"
use = ["all"]
[stage.options]
dialogues = "{talks}"
valid = "{talks}"
from = "{out}/aligned"
out = "{out}/tuned"
steps = 4
valid-every = 2
decode = "branch"
epochs = 0
"""


@pytest.mark.timeout(900)  # a machine that is busy takes half a minute to load torch and transformers
def test_a_tiny_recipe_is_stopped_goes_on_and_is_done(base, tiny_catalog_folder, tmp_path):
    talks = with_dialogues(tiny_catalog_folder)
    sets = {"base": base, "catalog": tiny_catalog_folder, "talks": talks}
    words = [sys.executable, "-m", "lavic_chat", "train", write(tmp_path, TINY), "--out", tmp_path / "out", "--json"]
    words += [word for name, value in sets.items() for word in ("--set", f"{name}={value}")]
    environment = {**os.environ, "LAVIC_HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environment}
    record, until = tmp_path / "out" / "recipe.json", time.monotonic() + 280
    with subprocess.Popen([str(word) for word in words], **how) as stopped:
        while '"align": {' not in (record.read_text() if record.is_file() else ""):
            assert stopped.poll() is None and time.monotonic() < until, stopped.communicate()
            time.sleep(0.05)
        stopped.send_signal(signal.SIGTERM)
        assert stopped.wait(120) == 128 + signal.SIGTERM
    assert not (tmp_path / "out" / "tuned").exists()
    for ran in (["tune"], []):
        ended = subprocess.run([str(word) for word in words], **how, timeout=280)
        assert ended.returncode == 0, ended.stderr
        assert json.loads(ended.stdout)["ran"] == ran and "Stage 1 of 2, align: done already." in ended.stderr
    card = json.loads((tmp_path / "out" / "tuned" / "adapter.json").read_text())
    assert card["training"].keys() == {"align", "tune"} and card["training"]["tune"]["config"]["steps"] == 4
