"""Short replies that fit what was said."""

import pytest

from lavic_chat.nlu import chatter as st
from lavic_chat.nlu.chatter import reply_to_chatter


@pytest.mark.parametrize(
    ("said", "before", "after"),
    [
        ("thanks, that's perfect!", st.GREETING, st.PLEASURE), ("hi there", st.GREETING, st.GREETING),
        ("help", st.HELP, st.HELP), ("how does this work?", st.HELP, st.HELP), ("x", st.GREETING, st.UNCLEAR),
        ("I want to kill myself", st.CARE, st.CARE), ("not a chair", st.INSTEAD, st.INSTEAD),
        ("anything but a chair", st.INSTEAD, st.INSTEAD), ("you are stupid", st.GREETING, st.UNCLEAR),
        ("no", st.GREETING, st.UNCLEAR), ("ok i buy it", st.GREETING, st.PLEASURE),
    ],
)  # fmt: skip
def test_replies(said, before, after):
    assert reply_to_chatter(said, False) == before and reply_to_chatter(said, True) == after


def test_a_kind_that_is_only_refused_is_not_picked(ask):
    for said in ("anything but a [kind:sofa]", "not a [kind:rug]"):
        assert ask(said)[0].act == "small_talk" and ask("a [kind:lamp]", said)[0].act == "small_talk"
    assert ask("no [kind:sofa], a [kind:rug]")[0].kinds == ("rug",)
