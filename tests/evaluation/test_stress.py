"""More candidates, longer conversations: seeded, the right answer untouched."""

from lavic_chat.dialogue.reddit_amazon import Conversation
from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.evaluation.cases import Case
from lavic_chat.evaluation.stress import fill, lengthen


def conversations(count: int) -> list[Conversation]:
    return [Conversation(Dialogue().say(f"wish {n}").say("and big"), (f"p{n}",), where=f"d {n}") for n in range(count)]


def test_candidates_are_filled_from_what_others_are_offered():
    cases = [Case(one, (f"p{n}", f"q{n}")) for n, one in enumerate(conversations(6))]
    filled = fill(cases, 5, seed=1)
    assert filled == fill(cases, 5, seed=1) != fill(cases, 5, seed=2)
    for case, before in zip(filled, cases, strict=True):
        assert len(case.ids) == len(set(case.ids)) == 5 and set(before.ids) < set(case.ids)
    assert {case.ids.index(f"p{n}") for n, case in enumerate(filled)} != {0}  # the place says nothing
    assert {len(case.ids) for case in fill(cases, 50, seed=1)} == {12}  # all that there are
    assert [set(case.ids) for case in fill(cases, 2, seed=1)] == [set(case.ids) for case in cases]


def test_a_ground_truth_that_is_not_offered_is_not_filled_in():
    cases = [Case(one, ids) for one, ids in zip(conversations(2), [("p1", "q1"), ("p0", "q0")], strict=True)]
    assert all(case.conversation.gt_items[0] not in case.ids for case in fill(cases, 10, seed=0))


def test_conversations_are_lengthened_by_earlier_turns():
    given = conversations(5)
    long = lengthen(given, 7, seed=0)
    assert [len(one.dialogue.turns) for one in long] == [7] * 5
    for one, before in zip(long, given, strict=True):
        assert one.dialogue.turns[-2:] == before.dialogue.turns and one.gt_items == before.gt_items
        assert before.dialogue.turns[0] not in one.dialogue.turns[:-2]
    assert long == lengthen(given, 7, seed=0) != lengthen(given, 7, seed=1)
    assert lengthen(given[:1], 7, seed=0) == given[:1]  # nobody else has spoken
    assert [len(one.dialogue.turns) for one in lengthen(given, 1, seed=0)] == [2] * 5
