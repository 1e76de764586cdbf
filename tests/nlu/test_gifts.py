"""A gift is no kind of thing, but anything that suits."""

import pytest
from helpers.listening import CAPTIONS, ENGLISH, PRODUCTS, make_grounding, word_prototypes
from helpers.toys import WordEncoder

from lavic_chat.catalog.product import Product
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.english import load_lexicon, load_thesaurus
from lavic_chat.nlu.gifts import WORD, without_gifts
from lavic_chat.nlu.grounding import English, Grounding
from lavic_chat.nlu.reading import Reading, Span


@pytest.fixture(scope="module")
def tagged():
    """A shop whose own words call some things gifts."""
    bowl = Product("bowl", "Heide bowl", "Bowls", attributes={"tags": "kitchen, gift"}, price=20.0)
    products = [bowl, Product("card", "Gift Card", "Gift Card", price=25.0), Product("jug", "Jug", "Jugs")]
    english = English(load_lexicon(), load_thesaurus(), ENGLISH.__contains__, prototypes=word_prototypes())
    return Grounding(products, ["", "", ""], WordEncoder(), english, read_attributes=True)


def read(text: str, *marked: tuple[str, str], act: str = r.ASK) -> Reading:
    spans = tuple(Span(slot, words, text.index(words), text.index(words) + len(words)) for slot, words in marked)
    return Reading(act, spans)


def kinds(found: Reading) -> tuple[str, ...]:
    return found.words(r.KIND)


@pytest.mark.parametrize("text", ["a gift under 40 euros", "a present, at most 40 euros", "some gifts for 40 euros"])
def test_a_gift_is_no_kind_of_thing(text):
    word = next(word for word in ("gifts", "gift", "present") if word in text)
    found = without_gifts(read(text, (r.KIND, word), (r.PRICE, "40 euros")), text, make_grounding(PRODUCTS, CAPTIONS))
    assert not kinds(found) and found.words(r.PRICE) == ("40 euros",) and found.act == r.REFINE


def test_what_the_shop_calls_a_gift_is_wanted(tagged):
    found = without_gifts(read("a birthday present", (r.KIND, "birthday present")), "a birthday present", tagged)
    assert found.words(r.WANTED) == (WORD,) and found.act == r.REFINE
    assert (tagged.appearance(WORD) >= 0.5).tolist() == [True, True, False]


def test_a_gift_and_nothing_else_is_asked_back(tagged):
    text = "gift"
    assert without_gifts(read(text, act=r.CHATTER), text, make_grounding(PRODUCTS, CAPTIONS)).act == r.CHATTER
    assert without_gifts(read(text, act=r.CHATTER), text, tagged).act == r.REFINE


@pytest.mark.parametrize("text", ["a gift card", "a gift box", "the present one", "a sofa", "wrapping paper"])
def test_other_things_stay(tagged, text):
    given = read(text, (r.KIND, text.split(maxsplit=1)[-1]))
    assert without_gifts(given, text, tagged) is given


def test_a_thing_that_is_to_be_a_gift_stays_that_thing(tagged):
    text = "a vase as a gift"
    found = without_gifts(read(text, (r.KIND, "vase")), text, tagged)
    assert kinds(found) == ("vase",) and found.act == r.ASK and not found.words(r.WANTED)
    text = "a place setting as a gift"
    assert kinds(without_gifts(read(text, (r.KIND, text[2:])), text, tagged)) == (text[2:],)
    text = "something as a gift"
    assert not kinds(without_gifts(read(text, (r.KIND, text)), text, tagged))
