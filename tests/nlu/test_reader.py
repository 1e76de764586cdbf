"""One message after another: what goes on being turned down, what a comparison loosens, what belongs to a kind."""

import pytest
from helpers.listening import make_grounding

from lavic_chat.nlu import reading as r
from lavic_chat.nlu.kinds import DESCRIBED_SO, Kinds
from lavic_chat.nlu.reader import GUESSED_SO
from lavic_chat.nlu.reading import Reading, Span
from lavic_chat.nlu.references import is_plural
from lavic_chat.training.marked_turns import unmark


@pytest.fixture(scope="module")
def kinds() -> Kinds:
    return Kinds(make_grounding())


def kinds_of(kinds: Kinds, marked: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    text, spans = unmark(marked)
    return kinds.of(Reading(r.ASK, spans=spans), text)


def test_what_is_turned_down_goes_on(ask):
    intent, _ = ask("a [kind:rug]", ("not [unwanted:red]", {"act": "refine"}), ("or [wanted:beige]", {"act": "refine"}))
    assert [(one.said, one.unwanted) for one in intent.appearance] == [("red", True), ("beige", True)]
    intent, _ = ask("a [wanted:red] [kind:rug]", ("or [wanted:beige]", {"act": "refine"}))
    assert [(one.said, one.unwanted) for one in intent.appearance] == [("red", False), ("beige", False)]


def test_a_shade_goes_with_its_colour(ask):
    intent, _ = ask("a [wanted:navy] [kind:sofa]", ("not [unwanted:blue] at all", {"act": "refine"}))
    assert intent.wanted == () and [one.said for one in intent.appearance] == ["blue"]


def test_a_brand_only_names_what_is_compared(ask):
    cheaper = ("cheaper", {"act": "refine", "compare": ["price-"]})
    intent, ranked = ask("the [wanted:Bella] [kind:two-seat sofa] in [wanted:brown]", cheaper)
    assert "bella" not in [said.lower() for said in intent.wanted] and intent.title == ""
    assert [one.facet for one in intent.relations] == ["price"] and ranked[0] == "red-sofa"


def test_a_lighter_one_is_not_of_the_same_colour(ask):
    again = ("the same, but lighter", {"act": "refine", "compare": ["light+"], "same": ["colour"]})
    intent, _ = ask("a [wanted:navy] [kind:sofa]", again)
    assert [(one.facet, one.sign) for one in intent.relations] == [("light", "+")]


@pytest.mark.parametrize(
    ("marked", "now"),
    [
        ("a [kind:lamp] for the table", ("table lamp",)),
        ("a [kind:lamp] for my little sister", ("lamp",)),
        ("a [kind:rug] in front of the [kind:sofa]", ("rug",)),
        ("a [kind:rug] and a [kind:sofa]", ("rug",)),
        ("a [kind:corner sohpa]", ("corner sofa",)),
    ],
)
def test_which_thing_is_meant(kinds, marked, now):
    assert kinds_of(kinds, marked)[0] == now


def test_where_a_thing_shall_stand_is_not_for_later(kinds):
    assert kinds_of(kinds, "a [kind:rug] in front of the [kind:sofa]")[1] == ()
    assert kinds_of(kinds, "a [kind:rug] and a [kind:sofa]")[1] == ("sofa",)


def test_a_name_that_is_known_is_not_respelled(kinds):
    for text in ("sofa", "car", "bookcase"):
        assert kinds.respelled(Span(r.KIND, text, 0, len(text))).text == text


def by_use(kinds: Kinds, name: str) -> str:
    things = kinds.grounding.thesaurus.things
    return next(thing.by_use[2] for thing in things if thing.names[0] == name)


def test_a_thing_is_found_by_what_it_is_for_where_it_is_sold(kinds):
    assert kinds.described_in(by_use(kinds, "rug")) == "rug"
    assert kinds.described_in(by_use(kinds, "shower curtain")) == ""
    assert kinds.described_in("zzyzx qwerty") == ""


def test_what_no_name_says_is_looked_for_by_what_it_is_for(shop, ask):
    said = by_use(Kinds(shop[0].grounding), "rug")
    assert ask(f"[kind:thingamabob], {said}")[0].kinds == ("rug",)
    assert ask(said)[0].kinds == ("rug",)
    assert ask("a [kind:lamp]", said)[0].kinds == ("lamp",)
    assert ask(f"[kind:laptop], {said}")[0].act == "unavailable"


@pytest.mark.parametrize(("unsold", "least"), [(False, GUESSED_SO), (True, DESCRIBED_SO)])
def test_where_nobody_knows_what_is_named_a_guess_will_do_unless_it_is_not_sold(shop, ask, monkeypatch, unsold, least):
    asked, reader = [], shop[0].reader
    monkeypatch.setattr(reader.kinds, "described_in", lambda text, likely: asked.append(likely) or "")
    monkeypatch.setattr(reader.grounding, "describes_unsold", lambda texts: unsold)
    assert ask("where do people drape [kind:zzyzx over]")[0].act == "unavailable"
    assert asked == [least] and GUESSED_SO < DESCRIBED_SO


def test_words_that_are_no_name_give_way_to_what_is_described(ask):
    said = "a soft light for next to the bed"  # described so in the thesaurus
    assert ask(f"[kind:woolly whatsit]. {said}")[0].kinds == ("table lamp",)


def test_a_name_stays_whatever_else_is_described(kinds):
    assert kinds.is_no_name("woolly whatsit") and not kinds.is_no_name("winter coat")
    assert not kinds.is_no_name("sofa") and not kinds.is_no_name("floor lamp")  # of which there is none here


@pytest.mark.parametrize(
    ("marked", "now"),
    [
        ("a [kind:small sofa]", "sofa"),  # what only says how good, or big, is no part of a name
        ("a [kind:nice little rug]", "rug"),
        ("a [kind:corner sofa]", "corner sofa"),
        ("two [kind:tins] of rugs", "rugs"),
        ("two [kind:tins] of magnolia paint", "magnolia paint"),  # what fills it is wished for
        ("[kind:bags of plaster]", "plaster"),
        ("a [kind:bag of some kind]", "bag of some kind"),
        ("a [kind:sofa] for the guest house", "sofa"),  # and no house sofa
        ("a [kind:lamp] for the sofa", "lamp"),
        ("a [kind:lamp] that's for the [kind:table]", "table lamp"),
        ("something to sit on, a [kind:sofa]", "sofa"),
        ("any tips on a [kind:sofa]?", "sofa"),
        ("[kind:more] or less green, a [kind:rug]", "rug"),
        ("a [kind:machine that washes the plates], a [kind:lamp] I think", "lamp"),
        ("a [kind:rug], and it needs a [kind:lamp]", "rug"),
        ("the [kind:wall] is long, a [kind:sofa]", "sofa"),
        ("the money in the [kind:lamp] is for a [kind:rug]", "rug"),
    ],
)
def test_a_thing_by_its_own_name(kinds, marked, now):
    assert kinds_of(kinds, marked)[0] == (now,)


def test_a_rack_for_shoes_is_no_shoe(kinds):
    assert kinds.head_of("sofa rack") == "" and kinds.head_of("big sofa") == "sofa"
    assert kinds.head_of("rug for the sofa") == "rug"


def test_what_a_thing_is_for_and_its_parts_are_none(kinds):
    text, spans = unmark("for a [kind:sofa], yes")
    assert kinds.of(Reading(r.REFINE, spans=spans), text) == ((), ())
    text, spans = unmark("one with a [wanted:lamp]")
    assert kinds.of(Reading(r.REFINE, spans=spans), text) == ((), ())
    text, spans = unmark("I am looking for a [kind:sofa]")
    assert kinds.of(Reading(r.REFINE, spans=spans), text)[0] == ("sofa",)


def test_words_wanted_of_a_thing_make_a_longer_name(kinds):
    text, spans = unmark("a [wanted:corner] one")
    narrowed, read = kinds.narrowed((), ("sofa",), Reading(r.REFINE, spans=spans), text)
    assert narrowed == ("corner sofa",) and read.spans == ()
    text, spans = unmark("a [wanted:red] one")
    assert kinds.narrowed((), ("sofa",), Reading(r.REFINE, spans=spans), text)[0] == ()


def test_what_is_not_sold_stays_so(ask):
    intent, _ = ask("a [kind:piano]", ("one with [wanted:flowers]", {"act": "refine"}))
    assert intent.act == "unavailable" and intent.missing == ("piano",)


def test_the_thing_of_before_goes_before_one_that_is_only_named(ask):
    cheaper = ("for a [kind:lamp]? a [kind:sofa] that costs less", {"act": "ask", "compare": ["price-"]})
    intent, _ = ask("a [kind:sofa]", cheaper)
    assert intent.kinds == ("sofa",) and intent.relations


def test_a_title_is_known_by_its_words(ask):
    intent, ranked = ask("I had my eye on the Ostra wing armchair")
    assert intent.title == "" and ranked  # a wish in no words that are read
    intent, ranked = ask("show me the Ostra wing [kind:armchair]")
    assert intent.title == "Ostra wing armchair" and ranked[0] == "armchair"


def test_boots_that_are_turned_down_are_one_product(ask):
    intent, _ = ask("a [kind:rug]", ("not those", {"act": "reject"}))
    assert {"rug", "plain-rug"} <= intent.excluded
    assert is_plural("Kelda ankle boots") and is_plural("Fendra tulips in a vase") and not is_plural("Bella sofa")


def test_what_is_known_and_not_sold_goes_before_a_guess(kinds):
    text, spans = unmark("a [kind:bookcase] that goes with [kind:something blurry]")
    assert kinds.of(Reading(r.ASK, spans=spans), text)[0] == ("bookcase",)
    text, spans = unmark("a [kind:bookcase] or a [kind:rug]")
    assert kinds.of(Reading(r.ASK, spans=spans), text)[0] == ("rug",)


def test_what_is_described_at_length_is_no_name(kinds):
    assert kinds.name_of("piano") == "piano" and kinds.name_of("iron box where you turn wheels") != "iron box"


def test_a_look_that_was_taken_for_a_title_is_a_look(ask):
    intent, ranked = ask("the [title:navy] [kind:sofa]")
    assert intent.title == "" and intent.wanted == ("navy",) and ranked[0] == "blue-sofa"
