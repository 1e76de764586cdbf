"""The engine with recommenders that wait until they are let through: order, bound, leaving, failing, closing."""

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import pytest
from helpers.fakes import FakeRecommender, make_catalog
from helpers.gated import PATIENCE, Gated

from lavic_chat.catalog import Catalog
from lavic_chat.catalog.filters import Filters
from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.errors import BusyError, LavicError
from lavic_chat.recommendation import Place, RecommendationRequest, Ticket
from lavic_chat.serving.engine import CLOSING, FULL, LOST, Engine, EngineConfig
from lavic_chat.ui.session import Session


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return make_catalog(tmp_path / "catalog")


@pytest.fixture
def gated(catalog: Catalog) -> Gated:
    return Gated(catalog)


@pytest.fixture
def engine(gated: Gated) -> Iterator[Engine]:
    engine = Engine(gated, EngineConfig(batch=1, longest=6, patience=PATIENCE))
    yield engine
    gated.let(1000)
    engine.close()


def ask(engine: Engine, text: str, shopper: str = "") -> Ticket:
    return engine.submit(RecommendationRequest(Dialogue().say(text)), shopper)


def hold(engine: Engine, gated: Gated) -> Ticket:
    """A request that is being answered until the gate lets it through, so that others wait."""
    ticket = ask(engine, "a red lamp", "first")
    gated.wait_until_asked()
    return ticket


def pick(ticket: Ticket) -> str:
    return ticket.future.result(PATIENCE).pick.product.id


def test_it_answers_as_the_recommender_behind_it(engine: Engine, gated: Gated):
    gated.let(1000)
    dialogue = Dialogue().say("a red armchair")
    alone = FakeRecommender(gated.catalog)
    assert engine.recommend(dialogue) == alone.recommend(dialogue)
    lamps = Filters(frozenset({"lamp"}))
    assert engine.recommend(dialogue, filters=lamps) == alone.recommend(dialogue, filters=lamps)
    assert engine.more_like(dialogue, "red-sofa") == alone.more_like(dialogue, "red-sofa")
    assert (engine.catalog, engine.model_hash, engine.full_tokens) == (gated.catalog, gated.model_hash, 1312)
    session = Session().ask("a red armchair").answer(engine)
    assert session.pick.id == "red-armchair" and session.something_else().answer(engine).pick.id != "red-armchair"


def test_a_recommender_that_takes_one_at_a_time_will_do(catalog: Catalog):
    with Engine(FakeRecommender(catalog), EngineConfig(batch=4)) as engine:
        dialogue = Dialogue().say("a red armchair")
        shown = engine.recommend(dialogue)
        assert shown.pick.product.id == "red-armchair" and engine.more_like(dialogue, "red-sofa")
        assert engine.without_looking(dialogue, shown).pick == FakeRecommender(catalog).without_looking(
            dialogue, shown
        ).pick  # fmt: skip
        with pytest.raises(LavicError, match="Nothing on the shelves"):
            engine.recommend(Dialogue().say("sorry"))


def test_shoppers_take_turns(engine: Engine, gated: Gated):
    assert engine.next_place() == Place(0)
    hold(engine, gated)
    tickets = [ask(engine, f"a lamp {n}", "greedy") for n in range(3)] + [ask(engine, "a sofa", "late")]
    assert [engine.place(ticket).ahead for ticket in tickets] == [1, 3, 4, 2]
    assert engine.next_place() == Place(3)
    gated.let(5)
    assert all(map(pick, tickets))
    assert gated.batches == [["a red lamp"], ["a lamp 0"], ["a sofa"], ["a lamp 1"], ["a lamp 2"]]


def test_the_place_moves_up_and_the_wait_is_estimated_once_it_is_known(engine: Engine, gated: Gated):
    first = hold(engine, gated)
    ticket, last = ask(engine, "a sofa", "second"), ask(engine, "a lamp", "third")
    assert engine.place(first) is None and engine.place(ticket).ahead == 1
    assert engine.place(last).ahead == 2 and engine.place(last).seconds is None
    gated.let(1)
    pick(first)
    gated.wait_until_asked()  # the second one is being answered
    assert engine.place(ticket) is None and engine.place(last).ahead == 1
    assert engine.place(last).seconds == pytest.approx(2 * engine.pace)
    gated.let(2)
    assert pick(last) and engine.place(last) is None


def test_past_the_bound_one_is_told(engine: Engine, gated: Gated):
    hold(engine, gated)
    greedy = [ask(engine, "a lamp", "greedy") for _ in range(6)]
    with pytest.raises(BusyError, match="very busy"):
        ask(engine, "a lamp", "greedy")
    late = ask(engine, "a sofa", "late")  # the greedy one's last gives way
    assert str(greedy[-1].future.exception(PATIENCE)) == FULL
    gated.let(1000)
    assert pick(late).endswith("sofa") and all(map(pick, greedy[:-1]))


def test_several_are_answered_together_and_each_gets_its_own(gated: Gated):
    with Engine(gated, EngineConfig(batch=3)) as engine:
        hold(engine, gated)
        texts = ["a red lamp", "sorry", "a blue sofa", "break down", "a green armchair"]
        tickets = [ask(engine, text, f"shopper {n}") for n, text in enumerate(texts)]
        gated.let(1000)
        assert [pick(tickets[n]) for n in (0, 2, 4)] == ["red-lamp", "blue-sofa", "green-armchair"]
        assert "Nothing on the shelves" in str(tickets[1].future.exception(PATIENCE))
        assert isinstance(tickets[3].future.exception(PATIENCE), ZeroDivisionError)
        assert gated.batches == [["a red lamp"], texts[:3], texts[3:]]


def test_who_has_left_is_not_answered(engine: Engine, gated: Gated):
    running = hold(engine, gated)
    gone = [ask(engine, "a lamp", "gone"), ask(engine, "a sofa", "gone")]
    stays, cancelled = ask(engine, "a red sofa", "stays"), ask(engine, "a lamp", "stays")
    nobody = ask(engine, "an armchair")
    engine.leave("gone")
    engine.leave("")
    engine.leave("first")  # what is being answered is answered, for nobody
    assert running.left.is_set() and not stays.left.is_set()
    assert cancelled.future.cancel() and engine.place(cancelled) is None
    assert engine.place(stays).ahead == 1 and engine.place(nobody).ahead == 2
    gated.let(1000)
    assert pick(running) == "red-lamp" and pick(stays) == "red-sofa" and pick(nobody)
    for ticket in (*gone, cancelled):
        with pytest.raises(CancelledError):
            ticket.future.result(0)
    assert gated.batches == [["a red lamp"], ["a red sofa"], ["an armchair"]]


def test_a_worker_that_dies_is_replaced_and_only_its_own_shoppers_are_told(
    gated: Gated, caplog: pytest.LogCaptureFixture
):
    with Engine(gated, EngineConfig(batch=2)) as engine:
        hold(engine, gated)
        tickets = [ask(engine, text, text) for text in ("die", "a sofa", "a red lamp")]
        gated.let(1000)
        assert [str(ticket.future.exception(PATIENCE)) for ticket in tickets[:2]] == [LOST, LOST]
        assert pick(tickets[2]) == "red-lamp" and engine.recommend(Dialogue().say("a blue sofa"))
        assert "died of SystemExit" in caplog.text and "secret" not in caplog.text
        with engine.changed:
            assert len(engine.workers) == 1 and not engine.running


def test_closing_finishes_what_runs_and_tells_who_waits(gated: Gated):
    engine = Engine(gated, EngineConfig(batch=1, patience=PATIENCE))
    running, waiting = hold(engine, gated), ask(engine, "a sofa", "second")
    closer = threading.Thread(target=engine.close)
    closer.start()
    assert str(waiting.future.exception(PATIENCE)) == CLOSING
    with pytest.raises(BusyError, match="closing"):
        ask(engine, "a lamp")
    assert not running.future.done()
    gated.let(1)
    assert pick(running) == "red-lamp"
    closer.join(PATIENCE)
    assert not closer.is_alive() and not engine.workers and gated.batches == [["a red lamp"]]


def test_closing_does_not_wait_for_ever(gated: Gated):
    engine = Engine(gated, EngineConfig(patience=0.01))
    hold(engine, gated)
    engine.close()
    gated.let(1)


def test_several_workers_answer_side_by_side(gated: Gated):
    with Engine(gated, EngineConfig(workers=2, batch=1)) as engine:
        first, second = hold(engine, gated), hold(engine, gated)
        assert len(engine.workers) == 2 and engine.place(ask(engine, "a sofa")).ahead == 2
        gated.let(1000)
        assert pick(first) == pick(second) == "red-lamp"


def test_many_threads_get_their_own_answers(catalog: Catalog):
    kinds, colours, wrong = ("lamp", "sofa", "armchair"), ("red", "blue", "green"), []

    def shop(number: int, engine: Engine) -> None:
        for n in range(20):
            wanted = f"{colours[(number + n) % 3]}-{kinds[n % 3]}"
            found = pick(ask(engine, wanted.replace("-", " "), f"shopper {number}"))
            if found != wanted:
                wrong.append((wanted, found))

    with Engine(FakeRecommender(catalog), EngineConfig(workers=2, batch=4)) as engine:
        threads = [threading.Thread(target=shop, args=(number, engine)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert wrong == [] and not engine.running and len(engine.queue) == 0


def test_the_batch_suits_the_device(catalog: Catalog):
    for device, most in (("cpu", 1), ("cuda:0", 8)):
        with Engine(FakeRecommender(catalog, device=device)) as engine:
            assert engine.batch == most
