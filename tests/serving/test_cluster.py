"""The recommender as a cluster: what its client does with answers, errors and deaths; a replica alone; real ones."""

import asyncio
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import types
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner
from helpers.fakes import FakeRecommender, make_catalog
from helpers.replicated import load_echo

from lavic_chat.catalog import Catalog
from lavic_chat.cli import main
from lavic_chat.dialogue.history import LIKED, NO_HISTORY
from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.errors import LavicError, PictureError
from lavic_chat.recommendation import Recommendation, RecommendationRequest
from lavic_chat.serving import replica as replicas
from lavic_chat.serving.cluster import ClusterConfig, ClusterRecommender, open_cluster
from lavic_chat.serving.engine import LOST, Engine, EngineConfig
from lavic_chat.serving.ray_runtime import NO_RAY, check_address
from lavic_chat.serving.replica import Question, Replica, ReplicaCard, ReplicaConfig, ReplicaError
from lavic_chat.settings import Settings
from lavic_chat.ui.session import Session

CARD = ReplicaCard("cpu", "fake-model", "0123456789abcdef", 1312)


class DiedError(Exception):
    """In the place of Ray's own."""


@dataclass
class FakeHandle:
    """Ray Serve's handle: `reply` answers a question, or raises; answers are pickled as on their way."""

    reply: Callable[[Question], object]
    asked: list[str] = field(default_factory=list)
    cancelled: int = 0

    @property
    def answer(self) -> "FakeHandle":
        return self

    def remote(self, question: Question) -> "FakeResponse":
        self.asked.append(question.request.dialogue.turns[-1].text)
        return FakeResponse(self, pickle.loads(pickle.dumps(question)))


@dataclass
class FakeResponse:
    handle: FakeHandle
    question: Question

    def result(self, timeout_s: float) -> object:
        return pickle.loads(pickle.dumps(self.handle.reply(self.question)))

    def cancel(self) -> None:
        self.handle.cancelled += 1


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return make_catalog(tmp_path / "catalog")


def make_client(reply: Callable[[Question], object], catalog: Catalog) -> ClusterRecommender:
    return ClusterRecommender(FakeHandle(reply), catalog, CARD, (DiedError,))


def requests_of(*texts: str) -> list[RecommendationRequest]:
    return [RecommendationRequest(Dialogue().say(text)) for text in texts]


def dying(times: int, recommender: FakeRecommender, text: str = "die") -> Callable[[Question], object]:
    """Answers as the recommender, but dies so many times at a text."""
    left = [times]

    def reply(question: Question) -> object:
        if text in question.request.dialogue.turns[-1].text and left[0]:
            left[0] -= 1
            raise DiedError
        try:
            return recommender.recommend(question.request.dialogue)
        except LavicError as error:
            return error

    return reply


def test_answers_come_in_order_and_an_error_stays_with_its_shopper(catalog: Catalog):
    fake = FakeRecommender(catalog)
    client = make_client(dying(0, fake), catalog)
    found = client.recommend_many(requests_of("a red lamp", "sorry", "a blue sofa"))
    assert [found[0].pick.product.id, found[2].pick.product.id] == ["red-lamp", "blue-sofa"]
    assert isinstance(found[1], LavicError) and "Nothing on the shelves" in str(found[1])
    assert client.handle.asked == ["a red lamp", "sorry", "a blue sofa"]  # our own errors are not asked again
    with pytest.raises(LavicError, match="Nothing on the shelves"):
        client.recommend(Dialogue().say("sorry"))


LAMPS = NO_HISTORY.add("red-lamp", LIKED)


def test_a_history_goes_along(catalog: Catalog):
    seen = []

    def reply(question: Question) -> object:
        seen.append(question.request.history)
        return FakeRecommender(catalog).recommend(question.request.dialogue)

    make_client(reply, catalog).ask(RecommendationRequest(Dialogue().say("a lamp"), history=LAMPS))
    assert seen == [LAMPS]


@pytest.mark.usefixtures("no_batches")
def test_a_replica_knows_what_one_may_also_like(catalog: Catalog):
    class Handle:
        """Of `also_like` alone, answered by a replica."""

        def __init__(self, replica: Replica):
            self.replica, self.also_like = replica, self

        def remote(self, *values: object) -> "Handle":
            self.values = pickle.loads(pickle.dumps(values))
            return self

        def result(self, timeout_s: float) -> object:
            return pickle.loads(pickle.dumps(asyncio.run(self.replica.also_like(*self.values))))

    client = ClusterRecommender(Handle(make_replica(catalog)), catalog, CARD, (DiedError,))
    with Engine(client) as engine:
        assert engine.also_like(LAMPS, 2, {"blue-lamp"}) == ("green-lamp", "yellow-lamp")
    other = ClusterRecommender(Handle(make_replica(catalog, fingerprint="x")), catalog, CARD, (DiedError,))
    with pytest.raises(ReplicaError):
        other.also_like(LAMPS, 2)
    silent = ClusterRecommender(None, catalog, CARD, (DiedError,))
    with pytest.raises(LavicError, match="lost"):
        silent.also_like(LAMPS, 2)


@pytest.mark.usefixtures("no_batches")
def test_a_replica_searches_and_knows_captions(catalog: Catalog):
    replica = make_replica(catalog)
    with Engine(FakeRecommender(catalog)) as engine:
        request = RecommendationRequest(Dialogue().say("a blue lamp"))
        assert asyncio.run(replica.search(request, 2)) == engine.search(request, 2)
        assert (
            asyncio.run(replica.captions(("red-lamp", "x"))) == engine.captions(["red-lamp", "x"]) == ("red lamp", "")
        )
    broken = asyncio.run(replica.search(RecommendationRequest(Dialogue().say("break down")), 2))
    assert isinstance(broken, ReplicaError) and "secret" not in str(broken)


def test_a_request_whose_replica_dies_is_asked_once_more(catalog: Catalog, caplog: pytest.LogCaptureFixture):
    client = make_client(dying(1, FakeRecommender(catalog)), catalog)
    found = client.recommend_many(requests_of("a red lamp to die for", "a blue sofa"))
    assert [one.pick.product.id for one in found] == ["red-lamp", "blue-sofa"]
    assert client.handle.asked == ["a red lamp to die for", "a blue sofa", "a red lamp to die for"]
    assert "red lamp" not in caplog.text


def test_but_not_twice(catalog: Catalog, caplog: pytest.LogCaptureFixture):
    client = make_client(dying(9, FakeRecommender(catalog)), catalog)
    lost, found = client.recommend_many(requests_of("die", "a blue sofa"))
    assert (type(lost), str(lost)) == (LavicError, LOST) and found.pick.product.id == "blue-sofa"
    assert client.handle.asked.count("die") == 2


@pytest.mark.parametrize(("error", "cancelled"), [(TimeoutError(), 1), (OSError("secret: a red lamp"), 0)])
def test_whatever_else_goes_wrong_is_one_sentence(catalog: Catalog, error: Exception, cancelled: int, caplog):
    def reply(question: Question) -> object:
        raise error

    client = make_client(reply, catalog)
    (lost,) = client.recommend_many(requests_of("a red lamp"))
    assert (type(lost), str(lost)) == (LavicError, LOST) and len(client.handle.asked) == 1
    assert client.handle.cancelled == cancelled and "secret" not in caplog.text


def test_the_page_and_the_engine_take_it_for_a_recommender(catalog: Catalog):
    client = make_client(dying(0, FakeRecommender(catalog)), catalog)
    with Engine(client, EngineConfig(workers=2, batch=1)) as engine:
        session = Session().ask("a red armchair").answer(engine)
        assert session.pick.id == "red-armchair" and (engine.device, engine.full_tokens) == ("cpu", 1312)
        assert engine.more_like(Dialogue().say("more"), "red-sofa") and session.answer_blind(engine).blind
        tickets = [engine.submit(request) for request in requests_of("a red lamp", "sorry", "a blue lamp")]
        assert [str(tickets[1].future.exception(9))[:7], tickets[2].future.result(9).pick.product.id] == [
            "Nothing", "blue-lamp",
        ]  # fmt: skip


def test_a_photo_goes_along_and_one_that_is_gone_is_told(catalog: Catalog, tmp_path: Path):
    seen = []

    def reply(question: Question) -> object:
        with replicas.unpacked([question]) as (request,):
            seen.append((request.dialogue.photo, request.dialogue.photo.read_bytes()))
        return FakeRecommender(catalog).recommend(question.request.dialogue)

    photo = tmp_path / "chair.jpg"
    photo.write_bytes(b"a picture")
    dialogue = Dialogue().say("this", photo).answer("That one?").say("in red")
    client = make_client(reply, catalog)
    assert client.recommend(dialogue)
    ((path, data),) = seen
    assert (path.name, data) == ("chair.jpg", b"a picture") and path != photo and not path.exists()
    photo.unlink()
    (gone,) = client.recommend_many([RecommendationRequest(dialogue)])
    assert isinstance(gone, PictureError) and "chair.jpg is missing" in str(gone) and len(seen) == 1


# ---- a replica alone, with a stand-in for Ray Serve's batches ----


@pytest.fixture
def no_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    async def alone(many: Callable, one: object) -> object:
        return (await many([one]))[0]

    serve = types.ModuleType("ray.serve")
    serve.batch = lambda **_: lambda many: lambda one: alone(many, one)
    ray = types.ModuleType("ray")
    ray.serve = serve
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.setitem(sys.modules, "ray.serve", serve)
    monkeypatch.setattr(replicas, "set_threads", lambda threads: None)


def make_replica(catalog: Catalog, load: Callable | None = None, fingerprint: str | None = None) -> Replica:
    settings = Settings(home=catalog.folder, catalog=catalog.folder)
    load = load or (lambda _: FakeRecommender(catalog))
    return Replica(ReplicaConfig(settings, 1, 2, fingerprint or catalog.fingerprint, load))


@pytest.mark.usefixtures("no_batches")
def test_a_replica_returns_exceptions_that_can_be_sent(catalog: Catalog):
    replica = make_replica(catalog)
    questions = [Question(request) for request in requests_of("a red lamp", "sorry", "break down")]
    found = asyncio.run(replica.answer_many(questions))
    assert isinstance(found[0], Recommendation) and isinstance(found[1], LavicError)
    assert isinstance(found[2], ReplicaError) and str(found[2]).startswith("ZeroDivisionError at fakes.py:")
    assert pickle.loads(pickle.dumps(found[1:]))[1].args == found[2].args
    assert asyncio.run(replica.answer(questions[0])) == found[0]
    assert asyncio.run(replica.card()) == CARD


@pytest.mark.usefixtures("no_batches")
def test_a_replica_tests_itself_only_after_a_fault_or_a_while(catalog: Catalog, monkeypatch: pytest.MonkeyPatch):
    fake = FakeRecommender(catalog)
    replica = make_replica(catalog, lambda _: fake)
    asyncio.run(replica.check_health())
    assert fake.calls == []
    asyncio.run(replica.answer(Question(*requests_of("break down"))))
    asyncio.run(replica.check_health())
    assert len(fake.calls) == 2 and replica.is_sound
    replica.answered -= replicas.FRESH
    asyncio.run(replica.check_health())
    assert len(fake.calls) == 3
    monkeypatch.setattr(replicas, "SELF_TEST", *requests_of("break down"))
    replica.is_sound = False
    with pytest.raises(ReplicaError):
        asyncio.run(replica.check_health())
    replica.began = time.monotonic() - replicas.HUNG - 1
    with pytest.raises(ReplicaError, match="stuck"):
        asyncio.run(replica.check_health())


@pytest.mark.usefixtures("no_batches")
def test_a_replica_that_cannot_load_says_why(catalog: Catalog):
    def refuse(settings: Settings) -> None:
        raise LavicError("There is no such model.")

    for replica, why in [
        (make_replica(catalog, refuse), "There is no such model."),
        (make_replica(catalog, fingerprint="another"), replicas.OTHER_CATALOG),
    ]:
        assert asyncio.run(replica.card()).fault == why
        with pytest.raises(ReplicaError):
            asyncio.run(replica.check_health())


# ---- the command ----


def test_without_ray_it_says_how_to_get_it(catalog: Catalog, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("LAVIC_HOME", str(tmp_path))
    monkeypatch.setenv("RAY_ADDRESS", "nowhere:1")  # so that the environment of the tests stays as it is
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setitem(sys.modules, "ray", None)
    done = CliRunner().invoke(main, ["serve", "--ray", "--catalog", str(catalog.folder), "--port", "7999"])
    assert done.exit_code == 1 and done.output.splitlines()[-1] == f"Error: {NO_RAY}"


def test_options_of_the_cluster_need_it():
    done = CliRunner().invoke(main, ["serve", "--replicas", "3"])
    assert done.exit_code == 1 and "add --ray" in done.output


@pytest.mark.parametrize("address", ["127.0.0.1:1", "auto", "nowhere.invalid:6379", "127.0.0.1:99999999"])
def test_a_cluster_that_is_not_there_is_told_at_once(address: str):
    with pytest.raises(LavicError, match="no Ray cluster at RAY_ADDRESS"):
        check_address(address)


# ---- real replicas ----


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The replicas find the tests' helpers, and what is set for Ray is taken back."""
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    root = Path(__file__).parents[2]
    monkeypatch.setenv("PYTHONPATH", f"{root}:{root / 'tests'}")
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def processes() -> dict[int, str]:
    """Number -> command of what this process has started."""
    lines = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in lines.splitlines()]
    found = {os.getpid(): ""}
    for _ in range(4):  # as deep as Ray goes
        found |= {int(pid): args for pid, parent, args in rows if int(parent) in found}
    return {pid: args for pid, args in found.items() if args and not args.startswith("ps ")}


def ports_outside(pids: Iterable[int]) -> list[str]:
    """Addresses other than this machine's own that the processes listen on."""
    lines = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True, check=True).stdout.splitlines()
    ours = [line for line in lines if any(f"pid={pid}," in line for pid in pids)]
    assert ours
    return [line for line in ours if "127.0.0.1" not in line.split()[3]]


# Not `importorskip`: Ray reads its settings when it is imported.
@pytest.mark.skipif(not find_spec("ray"), reason="needs the extra `cluster`")
@pytest.mark.skipif(sys.platform != "linux" or not shutil.which("ss"), reason="its processes and ports are looked at")
@pytest.mark.usefixtures("environment")
def test_real_replicas_survive_the_death_of_one_and_leave_nothing(catalog: Catalog, tmp_path: Path):
    settings, before = Settings(home=tmp_path, catalog=catalog.folder), set(processes())
    folders = set(Path(tempfile.gettempdir()).glob("lavic-*"))
    with open_cluster(settings, ClusterConfig(2, 1, 2), load_echo) as (client, at_once):
        assert at_once == 4 and client.device == "cpu"
        assert ports_outside(set(processes()) - before) == []
        assert sum("dashboard" in args.lower() and "8265" in args for args in processes().values()) <= 1
        photo = tmp_path / "seen.jpg"
        photo.write_text("!")
        assert client.recommend(Dialogue().say("this", photo)).pick.caption == "this!"
        odd = client.recommend_many(requests_of("break down", "x"))
        assert isinstance(odd[0], ReplicaError) and "secret" not in str(odd[0]) and odd[1].pick.caption == "x"
        with Engine(client, EngineConfig(workers=at_once, batch=1)) as engine:
            texts = [f"a thing {'x' * n}." for n in range(40)]
            tickets = [engine.submit(request, f"{n}") for n, request in enumerate(requests_of(*texts))]
            answers = [tickets[n].future.result(60) for n in range(4)]
            os.kill(answers[0].visual_tokens, signal.SIGKILL)
            told = [ticket.future.exception(60) for ticket in tickets]
            assert {str(error) for error in told if error} <= {LOST}
            found = [
                None if error else ticket.future.result().pick.caption
                for ticket, error in zip(tickets, told, strict=True)
            ]
            assert [one or text for one, text in zip(found, texts, strict=True)] == texts and found.count(None) <= 4
            fatal = RecommendationRequest(Dialogue().say("die", photo))  # which leaves no photo behind
            assert str(engine.submit(fatal).future.exception(60)) == LOST
            assert engine.submit(*requests_of("after")).future.result(60).pick.caption == "after"
    until = time.monotonic() + 15
    while set(processes()) - before and time.monotonic() < until:
        time.sleep(0.2)
    assert {pid: args for pid, args in processes().items() if pid not in before} == {}
    assert set(Path(tempfile.gettempdir()).glob("lavic-*")) <= folders
