"""Who is there to read an answer."""

import asyncio

from lavic_chat.ui.presence import Everybody, Presence


def test_a_visitor_is_here_while_a_stream_is_open():
    presence = Presence()
    with presence.stream("one"):
        with presence.stream("one"):
            assert presence.is_here("one") and not presence.is_here("two")
        assert presence.is_here("one")
    assert not presence.is_here("one") and not presence._open
    assert Everybody().is_here("one")


def test_a_question_waits_for_who_asked_it():
    async def come(presence: Presence) -> tuple[bool, bool]:
        loop = asyncio.get_running_loop()
        stream = presence.stream("one")
        loop.call_later(0.05, stream.__enter__)
        return await presence.wait_for("one"), await presence.wait_for("nobody")

    assert asyncio.run(come(Presence(patience=0.3))) == (True, False)
    assert asyncio.run(Everybody().wait_for("nobody"))
