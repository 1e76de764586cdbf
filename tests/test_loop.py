"""The loop: a pick is flagged and corrected, the correction exported and learned; the next pick is the right one."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tiny import save_tiny
from toys import WordEncoder

from lavic_chat.cli import main
from lavic_chat.desk import Desk
from lavic_chat.recommender import load_recommender
from lavic_chat.settings import read_settings
from lavic_chat.ui.flagging import make_flag
from lavic_chat.ui.visit import Visit

WISH = "a harbour sofa for the corner"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LAVIC_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("lavic_chat.retrieval.TextEncoder", WordEncoder)
    return tmp_path / "home"


def run(*arguments: object) -> dict:
    done = CliRunner().invoke(main, [*map(str, arguments), "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_corrected_pick_is_learned(home: Path, tiny_catalog_folder: Path, tmp_path: Path):
    base = save_tiny(tmp_path / "base")
    shop = {"catalog": tiny_catalog_folder, "model": str(base)}
    recommender = load_recommender(read_settings(**shop), progress=False)
    visit = Visit().ask(WISH).answered(recommender)
    desk, right = Desk(home / "flags.sqlite"), visit.others[-1].product.id
    desk.add(make_flag(visit, recommender, None, ["Wrong colour"], ""))
    [task] = desk.queue("ada")
    assert desk.judge(task.turn.turn_id, "ada", right).verdict == "ranking"

    talks, adapter = tmp_path / "talks.jsonl", tmp_path / "adapter"
    assert run("flags", "export", talks)["written"] == 1
    options = [f"--{name}={value}" for name, value in shop.items()]
    run(
        "tune", *options, "--dialogues", talks, "--valid", talks, "--out", adapter, "--steps", 6, "--valid-every", 6,
        "--batch", 4, "--lr", 0.02, "--plain-steps", 0, "--plain-share", 0, "--fewest", 10, "--noise", 0,
    )  # fmt: skip
    again = load_recommender(read_settings(**shop, adapter=adapter), progress=False)
    assert visit.pick.id != right == Visit().ask(WISH).answered(again).pick.id
