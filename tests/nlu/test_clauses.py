"""Things that a message only mentions."""

import pytest

from lavic_chat.nlu.clauses import without_owned
from lavic_chat.training.marked_turns import unmark


@pytest.mark.parametrize(
    ("marked", "kept"),
    [
        ("we have a [wanted:brown leather] [kind:sofa] and need a [kind:coffee table]", ["coffee table"]),
        ("we have a [wanted:brown leather] sofa and need a [kind:coffee table]", ["coffee table"]),
        ("my bed is [width~:160] wide, [kind:bedside table] please", ["bedside table"]),
        ("my budget is [price<:100], a [kind:lamp] please", ["100", "lamp"]),
        ("we have [width<:90 cm], a [kind:desk] please", ["90 cm", "desk"]),
        ("the gap between my bed and the wall is [width<:50 cm], a [kind:bookcase]", ["50 cm", "bookcase"]),
        ("our [kind:chairs] are [wanted:green], so a [kind:table] to match", ["table"]),
        ("I have a [wanted:white] [kind:desk]", ["white", "desk"]),
        ("do we have a [wanted:white] [kind:desk] here", ["white", "desk"]),
        ("a [kind:rug], I already own a [wanted:red] [kind:sofa]", ["rug"]),
    ],
)
def test_what_is_owned_is_not_wanted(marked, kept):
    text, spans = unmark(marked)
    assert [span.text for span in without_owned(spans, text)] == kept
