"""A lent GPU, with a stand-in for the package that lends it: each call in a forked process, plain data in and out."""

import multiprocessing
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.fakes import FakeRecommender, make_catalog

from lavic_chat.dialogue.history import LIKED, NO_HISTORY
from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.recommendation import RecommendationRequest
from lavic_chat.serving.zero_gpu import TURN, ZeroGpuRecommender, find_lender, owned
from lavic_chat.ui.session import Session

STAND_IN = """
import multiprocessing, pickle
lent = []
def GPU(duration):
    def mark(call):
        lent.append(duration)
        def run(*values, **named):
            ours, theirs = multiprocessing.get_context("fork").Pipe()
            sent = pickle.dumps((values, named))
            def work():
                values, named = pickle.loads(sent)
                theirs.send_bytes(pickle.dumps(call(*values, **named)))
            child = multiprocessing.get_context("fork").Process(target=work)
            child.start()
            answer = pickle.loads(ours.recv_bytes())
            child.join()
            return answer
        return run
    return mark
"""


@pytest.fixture
def lend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "spaces.py").write_text(STAND_IN)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    yield find_lender()
    sys.modules.pop("spaces")


def test_who_has_a_machine_borrows_none(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SPACES_ZERO_GPU", raising=False)
    assert find_lender() is owned and owned(len, 5) is len


def test_a_visit_goes_on_with_a_model_in_another_process(lend, tmp_path: Path):
    inner = FakeRecommender(make_catalog(tmp_path / "catalog"))
    inner.lock = multiprocessing.Lock()  # like a model, nothing that could be copied
    with pytest.raises((RuntimeError, TypeError)):
        pickle.dumps(inner)
    recommender = ZeroGpuRecommender(inner, lend)
    session = Session().ask("a red armchair").answer(recommender)
    assert session.pick.id == "red-armchair" and inner.calls == []  # it was the other process that was asked
    assert session.more_like_this().answer(recommender).pick.id != "red-armchair"
    assert session.answer_blind(recommender).blind
    assert recommender.also_like(NO_HISTORY.add("red-lamp", LIKED), 1) == ("blue-lamp",)
    assert recommender.captions(["red-lamp"]) == ("red lamp",)
    found = recommender.search(RecommendationRequest(Dialogue().say("a red sofa")), 1)
    assert [one.product.id for one in found.products] == ["red-sofa"]
    assert sys.modules["spaces"].lent == [TURN]


def test_the_entry_point_asks_for_the_lender_before_torch(tmp_path: Path):
    (tmp_path / "spaces.py").write_text("import sys\nassert 'torch' not in sys.modules\nprint('asked')\n")
    code = "import sys; sys.path.insert(0, sys.argv[1]); import app; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True,
        cwd=Path(__file__).parents[2], env={"SPACES_ZERO_GPU": "1", "PATH": "", "HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.stdout.split() == ["asked", "True"]
