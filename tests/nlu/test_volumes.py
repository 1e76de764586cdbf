"""Amounts that no limit is about: variants are called so."""

import pytest
from helpers.listening import make_grounding

from lavic_chat.catalog.product import Product
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.conditions import called_variants
from lavic_chat.nlu.reading import Reading
from lavic_chat.nlu.volumes import is_volume, with_volumes
from lavic_chat.training.marked_turns import unmark


@pytest.mark.parametrize("said", ["450 ml", "450ml", "0.8 l", "2 litres", "1,5 kg", "60 W"])
def test_what_a_thing_holds_is_wanted_as_it_is_called(said):
    text, spans = unmark(f"a mug with [size~:{said}]")
    (span,) = with_volumes(Reading(spans=spans), text).spans
    assert (span.slot, span.text) == (r.WANTED, said) and is_volume(said)


def test_the_unit_may_stand_behind_what_was_read():
    text, spans = unmark("a mug with [size~:450] ml please")
    (span,) = with_volumes(Reading(spans=spans), text).spans
    assert (span.slot, span.text) == (r.WANTED, "450 ml")


@pytest.mark.parametrize("said", ["450 mm", "45 cm", "120", "$20"])
def test_other_amounts_stay(said):
    text, spans = unmark(f"a shelf of [width<:{said}]")
    assert with_volumes(Reading(spans=spans), text).spans == tuple(spans) and not is_volume(said)


def test_a_variant_is_found_by_its_title(ask):
    intent, _ = ask("a [kind:rug] of [size~:450 ml]")
    assert [(one.said, one.facet) for one in intent.appearance] == [("450 ml", "variant")] and not intent.limits


def test_a_variant_is_one_that_its_shop_states():
    sizes = [
        Product(str(place), "Nordhaven Mug", "Mugs", attributes={"size": size})
        for place, size in enumerate(("300 ml", "450ml"))
    ]
    for reads, called in ((True, [False, True]), (False, [False, False])):
        grounding = make_grounding(sizes, ["", ""])
        grounding.reads_attributes = reads
        assert called_variants("450 ml", grounding).tolist() == called
