"""What words between the marked ones settle: turned down outright, taken back, alternatives."""

import pytest

from lavic_chat.nlu import reading as r
from lavic_chat.nlu.intent import Appearance
from lavic_chat.nlu.negations import join_alternatives, refuses_kinds, with_negations
from lavic_chat.nlu.reading import Reading
from lavic_chat.training.marked_turns import unmark


def slots(marked: str) -> list[tuple[str, str]]:
    text, spans = unmark(marked)
    return [(span.slot, span.text) for span in with_negations(Reading(spans=spans), text).spans]


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("a [wanted:leather]-free [kind:sofa]", [("unwanted", "leather"), ("kind", "sofa")]),
        ("not [wanted:red], [wanted:blue] or [wanted:white]", [("unwanted", one) for one in ("red", "blue", "white")]),
        (
            "[wanted:leather-free] [wanted:brown] [kind:armchair]",
            [("unwanted", "leather"), ("wanted", "brown"), ("kind", "armchair")],
        ),
        (
            "[wanted:leather-free brown] [kind:armchair]",
            [("unwanted", "leather"), ("wanted", "brown"), ("kind", "armchair")],
        ),
        ("not [wanted:red], [wanted:blue] please", [("unwanted", "red"), ("wanted", "blue")]),
        (
            "anything but [unwanted:red], [wanted:blue] or [kind:white mugs]",
            [("unwanted", "red"), ("unwanted", "blue"), ("kind", "white mugs")],
        ),
        ("all but [wanted:white]", [("unwanted", "white")]),
        ("[wanted:non-leather black] [kind:sofa]", [("unwanted", "leather"), ("wanted", "black"), ("kind", "sofa")]),
        ("not [unwanted:leather], my cat scratches [wanted:leather]", [("unwanted", "leather")]),
        ("sorry, I said [wanted:red] but I meant [wanted:yellow]", [("wanted", "yellow")]),
        ("no [kind:bookcases], a [kind:sideboard]", [("unwanted", "bookcases"), ("kind", "sideboard")]),
        ("I don't want one that isn't [unwanted:green]", [("wanted", "green")]),
        ("nothing that is not [wanted:wood], [wanted:white]", [("wanted", "wood"), ("wanted", "white")]),
        ("still after [unwanted:brown], just not this", [("wanted", "brown")]),
        ("has to be [unwanted:purple], everything there is", [("wanted", "purple")]),
        ("our hearts are set on a [unwanted:white] one", [("wanted", "white")]),
        ("it doesn't have to be [unwanted:purple]", [("unwanted", "purple")]),
        ("it's still [unwanted:brown]", [("wanted", "brown")]),
        ("still no [wanted:brown]", [("unwanted", "brown")]),
        ("scrap [kind:hats] for now, [kind:tees]", [("unwanted", "hats"), ("kind", "tees")]),
        ("forget about the [kind:hat], a [kind:tee]", [("unwanted", "hat"), ("kind", "tee")]),
        ("[kind:scrap hats] for now, [kind:tees]", [("unwanted", "scrap hats"), ("kind", "tees")]),
        ("[wanted:Cane] or [wanted:rattan] we do not want", [("unwanted", "Cane"), ("unwanted", "rattan")]),
        ("[wanted:rattan] I can't stand, [wanted:cane]", [("unwanted", "rattan"), ("wanted", "cane")]),
        ("[wanted:rattan], I don't want to pay much", [("wanted", "rattan")]),
        ("a [kind:keyboard]. Not a [kind:piano]", [("kind", "keyboard"), ("unwanted", "piano")]),
        ("no [kind:bookcases]", [("kind", "bookcases")]),
        ("she is dead set against [wanted:white], a [kind:loo]", [("unwanted", "white"), ("kind", "loo")]),
        (
            "an [kind:orchid] no wait not an [kind:orchid] a [kind:bonsai tree]",
            [("unwanted", "orchid"), ("kind", "bonsai tree")],
        ),
        ("not one of them kiddie [kind:potties], a [kind:toilet]", [("unwanted", "potties"), ("kind", "toilet")]),
        ("no [unwanted:doormats] or [kind:bath mats]", [("unwanted", "doormats"), ("unwanted", "bath mats")]),
    ],
)
def test_what_is_turned_down(marked, expected):
    assert slots(marked) == expected


@pytest.mark.parametrize(
    ("marked", "refused"),
    [
        ("no [kind:screen] in green", True),
        ("still no [kind:screen] in green", False),
        ("we have no [kind:desk], oak please", False),
    ],
)
def test_what_one_lacks_still_is_wished_for(marked, refused):
    text, spans = unmark(marked)
    assert refuses_kinds(Reading(r.ASK, spans=spans), text) is refused


def test_alternatives_are_of_one_facet():
    pair = [Appearance("brass", "material"), Appearance("gold", "colour")]
    assert [one.facet for one in join_alternatives(pair, "a lamp, brass or gold")] == ["material", "material"]
    assert [one.facet for one in join_alternatives(pair, "a lamp, brass and gold")] == ["material", "colour"]
