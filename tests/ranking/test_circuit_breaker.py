"""The circuit breaker: longer pauses, one trial at a time."""

from lavic_chat.ranking.circuit_breaker import FIRST, LONGEST, CircuitBreaker


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def make() -> tuple[Clock, CircuitBreaker]:
    clock = Clock()
    return clock, CircuitBreaker(clock)


def test_what_fails_is_left_alone_for_a_while():
    clock, breaker = make()
    assert breaker.allow() and breaker.is_closed
    breaker.fail()
    assert not breaker.allow() and not breaker.is_closed
    clock.now += FIRST - 0.1
    assert not breaker.allow()
    clock.now += 0.2
    assert breaker.allow()


def test_one_tries_and_the_others_wait():
    clock, breaker = make()
    breaker.fail()
    clock.now += FIRST
    assert breaker.allow() and not breaker.allow()
    breaker.succeed()
    assert breaker.allow() and breaker.allow()


def test_each_failed_trial_doubles_the_pause_up_to_the_longest():
    clock, breaker = make()
    breaker.fail()
    pauses = []
    for _ in range(10):
        pauses.append(breaker.pause)
        clock.now += breaker.pause
        assert breaker.allow()
        breaker.fail()
    assert pauses[:4] == [FIRST, 2 * FIRST, 4 * FIRST, 8 * FIRST] and pauses[-1] == LONGEST
    clock.now += LONGEST
    assert breaker.allow()
    breaker.succeed()
    breaker.fail()
    assert breaker.pause == FIRST


def test_calls_that_fail_together_count_once():
    clock, breaker = make()
    assert breaker.allow() and breaker.allow() and breaker.allow()
    for _ in range(3):
        breaker.fail()
    assert breaker.pause == FIRST
    clock.now += FIRST
    assert breaker.allow()


def test_an_endless_outage_overflows_nothing():
    clock, breaker = make()
    for _ in range(3000):
        breaker.fail()
        clock.now += LONGEST
        assert breaker.allow()
    assert breaker.pause == LONGEST
