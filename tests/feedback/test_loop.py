"""The loop: a pick is flagged and corrected, the correction exported and learned; the next pick is the right one."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from helpers.listening import use_silent_tagger
from helpers.toys import use_word_encoder

from lavic_chat.cli import main
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.serving.recommender import load_recommender
from lavic_chat.settings import read_settings
from lavic_chat.ui.flag_form import make_flag
from lavic_chat.ui.session import Session

WISH = "something for the corner"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LAVIC_HOME", str(tmp_path / "home"))
    use_word_encoder(monkeypatch)
    use_silent_tagger(monkeypatch)  # the model reads the message itself, as it does in training
    return tmp_path / "home"


def run(*arguments: object) -> dict:
    done = CliRunner().invoke(main, [*map(str, arguments), "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_corrected_pick_is_learned(home: Path, base: Path, tiny_catalog_folder: Path, tmp_path: Path):
    shop = {"catalog": tiny_catalog_folder, "model": str(base)}
    recommender = load_recommender(read_settings(**shop), progress=False)
    session = Session().ask(WISH).answer(recommender)
    annotations, right = AnnotationStore(home / "flags.sqlite"), session.others[-1].product.id
    annotations.add(make_flag(session, recommender, None, ["Wrong colour"], ""))
    [task] = annotations.queue("ada")
    assert annotations.judge(task.turn.turn_id, "ada", right).verdict == "ranking"

    talks, adapter = tmp_path / "talks.jsonl", tmp_path / "adapter"
    assert run("flags", "export", talks)["written"] == 1
    options = [f"--{name}={value}" for name, value in shop.items()]
    run(
        "tune", *options, "--dialogues", talks, "--valid", talks, "--out", adapter, "--steps", 6, "--valid-every", 6,
        "--batch", 4, "--lr", 0.02, "--plain-steps", 0, "--plain-share", 0, "--fewest", 10, "--noise", 0,
    )  # fmt: skip
    again = load_recommender(read_settings(**shop, adapter=adapter), progress=False)
    assert session.pick.id != right == Session().ask(WISH).answer(again).pick.id
