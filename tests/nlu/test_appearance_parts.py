"""What words for a look say, each by itself."""

import pytest
from helpers.listening import make_grounding

from lavic_chat.nlu import reading as r
from lavic_chat.nlu.appearance_parts import parts_of
from lavic_chat.nlu.grounding import Grounding
from lavic_chat.nlu.reading import Span


@pytest.fixture(scope="module")
def grounding() -> Grounding:
    return make_grounding()


@pytest.mark.parametrize(
    ("said", "parts"),
    [
        ("comfy green", ["green", "comfy"]), ("made of wood", ["wood"]), ("red velvet", ["red", "velvet"]),
        ("black straps", ["black straps"]), ("navy blue", ["navy blue"]), ("checks nor stripes", ["checks", "stripes"]),
        ("450 ml", ["450 ml"]), ("dark metal", ["dark metal"]), ("bright blue", ["bright blue"]),
        ("stone grey", ["stone grey"]),
    ],
)  # fmt: skip
def test_parts(grounding, said, parts):
    assert parts_of(Span(r.WANTED, said, 0, len(said)), grounding) == parts
