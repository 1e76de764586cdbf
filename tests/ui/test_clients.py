"""What one client may do: so much and no more, told with the time to wait; and who is one client."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.errors import LavicError
from lavic_chat.serving.app import make_clients
from lavic_chat.settings import LIMITS, read_settings
from lavic_chat.ui.clients import MOST_KNOWN, NO_LIMITS, Allowance, ClientLimits, Clients, LimitError, say_wait


class Clock:
    """Stands still until it is moved."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def ask(clients: Clients, client: str = "one") -> None:
    with clients.question(client):
        pass


def test_the_settings_know_the_limits_by_name():
    assert set(LIMITS) == set(vars(ClientLimits())) and all(vars(ClientLimits()).values())
    assert not any(vars(NO_LIMITS).values())


# ---- so much and no more ----


@given(st.integers(1, 50), st.floats(1, 5000), st.lists(st.tuples(st.floats(0, 100), st.booleans()), max_size=200))
def test_no_client_gets_more_than_its_allowance_in_any_period(most, period, moves):
    clock = Clock()
    allowance, taken = Allowance(most, period, clock), []
    for pause, _ in moves:
        clock.now += pause
        if not allowance.wait("one"):
            allowance.take("one")
            taken.append(clock.now)
    for start in taken:  # a burst of all of it, and what comes back during the period
        assert sum(start <= at < start + period for at in taken) <= 2 * most + 1


@given(st.integers(1, 50), st.floats(1, 5000), st.integers(1, 200))
def test_whoever_waits_as_told_gets_it(most, period, already):
    clock = Clock()
    allowance = Allowance(most, period, clock)
    allowance.take("one", already)
    wait = allowance.wait("one")
    assert (wait == 0) == (already + 1 <= most)
    clock.now += wait
    assert allowance.wait("one") == 0


def test_clients_do_not_share_and_are_forgotten_in_the_end():
    allowance = Allowance(1, 60, Clock())
    allowance.take("one")
    assert allowance.wait("one") == 60 and allowance.wait("two") == 0
    for number in range(MOST_KNOWN):
        allowance.take(str(number))
    assert len(allowance.used) == MOST_KNOWN and allowance.wait("one") == 0


def test_questions_are_bounded_at_once_and_by_the_minute():
    clock = Clock()
    clients = Clients(ClientLimits(questions_at_once=2, questions_a_minute=4), clock=clock)
    with clients.question("one"), clients.question("one"):
        with pytest.raises(LimitError, match=r"2 of your questions .* again in 5 seconds\.") as refused:
            ask(clients)
        assert refused.value.seconds == 5
        ask(clients, "two")
    ask(clients)
    ask(clients)
    with pytest.raises(
        LimitError, match=r"too many questions in a minute; please try again in 15 seconds\."
    ) as refused:
        ask(clients)
    assert refused.value.seconds == 15
    clock.now += 15
    ask(clients)


def test_a_question_that_fails_is_over_too():
    clients = Clients(ClientLimits(questions_at_once=1))
    with pytest.raises(KeyError), clients.question("one"):
        raise KeyError
    ask(clients)
    assert not clients._asking


def test_flags_uploads_and_wrong_passwords_are_bounded():
    clients = Clients(ClientLimits(2, 2, 2, 2, 1, 2), clock=Clock())
    moves = {
        "flags in a minute": lambda: clients.flag("one"),
        "photos in an hour": lambda: clients.upload("one", 1000),
        "wrong passwords in a minute": lambda: (clients.password("one"), clients.wrong_password("one")),
    }
    for what, move in moves.items():
        move()
        move()
        with pytest.raises(LimitError, match=what):
            move()
    clients.upload("two", 700_000)
    with pytest.raises(LimitError, match=r"by their size, in an hour; please try again in 24 minutes"):
        clients.upload("two", 700_000)
    clients.upload("two", 300_000)  # what was refused took nothing
    clients.upload("three", 5_000_000)  # larger than all of it: once
    clients.password("two")


def test_without_limits_nobody_is_held_back():
    clients = Clients(NO_LIMITS)
    for _ in range(2000):
        ask(clients)
        clients.flag("one")
        clients.upload("one", 10**9)
        clients.wrong_password("one")
        clients.password("one")


def test_an_office_and_an_honest_visitor_meet_no_limit_as_they_come():
    clock = Clock()
    clients = Clients(ClientLimits(), clock=clock)
    for minute in range(120):  # twenty who each ask twice, and flag once, a minute; half of them show photos
        for _ in range(20):
            ask(clients)
            clock.now += 1.5
            ask(clients)
            clients.flag("one")
            clock.now += 1.5
        clients.upload("one", 4_000_000) if minute % 2 else None
    for _ in range(16):  # all at once
        clients._asking["two"] += 1
    with pytest.raises(LimitError):
        ask(clients, "two")


@given(st.integers(1, 100_000))
def test_the_time_is_told_in_words(seconds):
    told = say_wait(seconds)
    number, unit = re.fullmatch(r"(\d+) (second|seconds|minutes)", told).groups()
    assert int(number) * (60 if unit == "minutes" else 1) >= seconds


# ---- who is one client ----


def test_an_address_is_kept_as_a_salted_hash_alone():
    clients, others = Clients(), Clients()
    name = clients.name("192.0.2.7", {})
    assert name == clients.name("192.0.2.7", {"x-real-ip": "192.0.2.9"}) != clients.name("192.0.2.8", {})
    assert name != others.name("192.0.2.7", {}) and re.fullmatch("[0-9a-f]{24}", name)
    assert clients.name("", {}) == ""


def test_a_network_of_ipv6_is_one_client():
    clients = Clients()
    one = clients.name("2001:db8:1:2::1", {})
    assert one == clients.name("2001:db8:1:2:ffff::9%eth0", {}) != clients.name("2001:db8:1:3::1", {})
    assert clients.name("::ffff:192.0.2.7", {}) == clients.name("192.0.2.7", {})


def test_a_header_counts_only_where_it_is_configured():
    headers = {"x-forwarded-for": "8.8.8.8"}
    assert Clients().origin("192.0.2.1", headers) == "192.0.2.1"
    behind = Clients(header=" X-Forwarded-For ")
    assert behind.origin("192.0.2.1", headers) == "8.8.8.8"
    assert behind.origin("192.0.2.1", {}) == "192.0.2.1"
    assert behind.origin("192.0.2.1", {"x-forwarded-for": " , "}) == "192.0.2.1"


@pytest.mark.parametrize(
    ("said", "asker"),
    [
        ("1.1.1.1, 8.8.8.8", "8.8.8.8"),  # what stands first, the client may have sent itself
        ("1.1.1.1, 8.8.8.8, 10.1.2.3, 172.16.0.9", "8.8.8.8"),
        ("10.0.0.7", "10.0.0.7"),
        ("10.0.0.7, 10.0.0.8", "10.0.0.8"),
        ("a token", "a token"),
        ("x" * 5000, "x" * 200),
    ],
)
def test_the_last_address_outside_is_who_asked(said, asker):
    assert Clients(header="x-forwarded-for").origin("192.0.2.1", {"x-forwarded-for": said}) == asker


def test_a_proxy_without_its_header_is_told_once(caplog):
    clients = Clients()
    for _ in range(3):
        clients.name("10.0.0.1", {"x-forwarded-for": "8.8.8.8"})
    assert len(caplog.messages) == 1 and "LAVIC_CLIENT_HEADER" in caplog.text and "8.8.8.8" not in caplog.text


# ---- settings ----


def test_the_environment_sets_limits_and_the_header(monkeypatch):
    for variable in (*LIMITS.values(), "LAVIC_CLIENT_HEADER"):
        monkeypatch.delenv(variable, raising=False)
    assert read_settings().limits == {} and read_settings().client_header == ""
    monkeypatch.setenv("LAVIC_QUESTIONS_A_MINUTE", " 7 ")
    monkeypatch.setenv("LAVIC_FLAGS_A_MINUTE", "0")
    monkeypatch.setenv("LAVIC_CLIENT_HEADER", " X-Real-IP")
    clients = make_clients(read_settings())
    assert clients.limits == ClientLimits(questions_a_minute=7, flags_a_minute=0) and clients.header == "x-real-ip"


@pytest.mark.parametrize(
    ("variable", "value"),
    [("LAVIC_UPLOADS_AN_HOUR", value) for value in ("many", "-1", "1.5", "٣", "1" * 10)]
    + [("LAVIC_CLIENT_HEADER", value) for value in ("a b", "x:", "é", "x" * 101)],
)
def test_what_is_no_limit_or_header_is_told_with_its_variable(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(LavicError, match=variable):
        read_settings()


def test_the_mcp_server_is_switched_on(monkeypatch):
    monkeypatch.delenv("LAVIC_MCP", raising=False)
    assert not read_settings().mcp and not read_settings(mcp=False).mcp and read_settings(mcp=True).mcp
    for value, is_on in (("1", True), (" TRUE ", True), ("0", False), ("off", False), ("", False)):
        monkeypatch.setenv("LAVIC_MCP", value)
        assert read_settings(mcp=False).mcp is is_on
    monkeypatch.setenv("LAVIC_MCP", "perhaps")
    with pytest.raises(LavicError, match="LAVIC_MCP is 'perhaps'; give 1 or 0"):
        read_settings()
