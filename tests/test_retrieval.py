"""Retrieval: the newest turn weighs most, what was turned down stays away, pictures and likenesses count."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from toys import WordEncoder, said

from lavic_chat import retrieval
from lavic_chat.catalog import Catalog, Product
from lavic_chat.catalog.filters import Filters
from lavic_chat.dialogue import OTHER, Dialogue, Turn
from lavic_chat.errors import DialogueError
from lavic_chat.files import hash_bytes
from lavic_chat.retrieval import Retriever, Search, TextEncoder, make_query, product_text, unit

THINGS = ["armchair with wings", "corner sofa", "floor lamp", "oak table", "wool rug", "wall mirror"]


def things() -> Catalog:
    """Six products without a word in common; ids "p0" to "p5"."""
    return Catalog(Path("nowhere"), tuple(Product(f"p{n}", title, f"kind{n}") for n, title in enumerate(THINGS)))


def retriever_of(catalog: Catalog) -> Retriever:
    """Each product's picture points its own way."""
    search = Search(WordEncoder())
    states = np.zeros((len(catalog), 5, len(catalog)), np.float32)
    for row in range(len(catalog)):
        states[row, :, row] = 1
    return Retriever(catalog, search, search.shelve(catalog.products), states)


@pytest.fixture
def shop() -> Retriever:
    return retriever_of(things())


def priced(*prices: float | None, kinds: Sequence[str] = ("",) * 6) -> Retriever:
    """The six things at these prices, and of these kinds."""
    rows = zip(things().products, prices, kinds, strict=True)
    made = (replace(product, price=price, attributes={"type": kind} if kind else {}) for product, price, kind in rows)
    return retriever_of(Catalog(Path("nowhere"), tuple(made)))


def ids(found) -> list[str]:
    return [candidate.product.id for candidate in found]


def test_the_nearest_come_first(shop):
    found = shop.search(said("I want a floor lamp"), 3)
    assert ids(found)[0] == "p2" and len(found) == 3
    similarities = [candidate.similarity for candidate in found]
    assert similarities == sorted(similarities, reverse=True) and similarities[0] > 0.5


def test_a_small_catalogue_gives_what_it_has(shop):
    assert sorted(ids(shop.search(said("rug"), 10))) == [f"p{n}" for n in range(6)]


def test_the_newest_turn_weighs_most(shop):
    assert ids(shop.search(said("wool rug", "oak table"), 2)) == ["p3", "p4"]
    assert ids(shop.search(said("oak table", "wool rug"), 2)) == ["p4", "p3"]


def test_weights_fall_with_age_and_for_others():
    talk = said("sofa").answer("Which colour?").say("green").say("for two")
    query = make_query(talk)
    assert query.texts == ("for two", "green", "Which colour?", "sofa")
    newest, middle, theirs, oldest = query.weights
    assert newest == 1 > middle > oldest > 0 and middle == pytest.approx(0.6) and theirs < oldest


def test_our_own_answers_are_no_wishes():
    talk = said("sofa").answer("My pick is the oak table.", ["p3"]).say("in wool")
    assert make_query(talk).texts == ("in wool", "sofa")


@pytest.mark.parametrize(
    "refusal", ["not that one", "Something else, please.", "no", "too expensive", "a bit cheaper than that, please"]
)
def test_a_bare_refusal_is_no_wish(refusal):
    assert make_query(said("oak table").answer("This?", ["p3"]).say(refusal)).texts == ("oak table",)


def test_a_refusal_with_a_wish_keeps_the_wish():
    talk = said("oak table").answer("This?", ["p3"]).say("something else, a wool rug")
    (newest, *_) = make_query(talk).texts
    assert "wool rug" in newest and "something else" not in newest


def test_a_comparison_of_prices_is_not_searched_for_but_what_stands_beside_it():
    talk = said("oak table").answer("This?", ["p3"]).say("something cheaper, in walnut and round")
    (newest, *_) = make_query(talk).texts
    assert "walnut" in newest and "cheaper" not in newest


def test_nothing_of_the_kind_at_that_price_is_told_from_nothing_at_all():
    """A lamp for the price of none is no answer to who wants a sofa; the nearest sofa is."""
    shop = priced(900, 800, 20, 300, 400, 500, kinds=("armchair", "sofa", "lamp", "table", "rug", "mirror"))
    assert ids(shop.search(said("a sofa under $100"), 1)) == ["p1"]
    assert ids(shop.search(said("a lamp under $100"), 9)) == ["p2"]
    talk = said("a lamp under $100").answer("This.", ["p2"]).say("now a sofa")
    assert not shop.budget(talk) and ids(shop.search(talk, 1)) == ["p1"]


def test_a_refusal_with_one_word_of_a_wish_keeps_it():
    talk = said("oak table").answer("This?", ["p3"]).say("something else in red")
    assert "in red" in make_query(talk).texts[0]


def test_a_change_of_the_pick_looks_for_its_like():
    twins = [Product(f"t{n}", "Jorano seat", "Seats", attributes={"type": "seat"}) for n in range(2)]
    shop = retriever_of(Catalog(Path("nowhere"), (*things().products, *twins)))
    talk = said("something for the hall").answer("This one.", ["t0", "p3"])
    assert set(ids(shop.search(talk.say("the same in wool"), 3))) == {"t0", "t1", "p4"}
    assert set(ids(shop.search(talk.say("the same in wool"), 2, without="t0"))) == {"t1", "p4"}
    assert "t1" not in ids(shop.search(talk.say("now something in wool"), 2))
    texts = make_query(talk.say("the same in wool"), None, "Jorano seat").texts
    assert texts == ("Jorano seat", "the same in wool", "something for the hall")


def test_what_was_turned_down_never_comes_back(shop):
    talk = said("oak table")
    for turned_down in range(5):
        found = shop.search(talk, 10)
        assert len(found) == 6 - turned_down
        talk = talk.answer("This?", ids(found)).say("not that one")
        assert talk.rejected.isdisjoint(ids(shop.search(talk, 10)))


def test_when_all_is_turned_down_a_sentence_says_so(shop):
    talk = Dialogue(said("oak table").turns, frozenset(f"p{n}" for n in range(6)))
    with pytest.raises(DialogueError, match="Every product has been turned down; start over"):
        shop.search(talk)


def test_words_about_money_bound_the_search():
    shop = priced(900, 800, 120, 300, None, 60)
    assert sorted(ids(shop.search(said("a corner sofa under $300"), 10))) == ["p2", "p3", "p4", "p5"]
    talk = said("an oak table").answer("This one.", ["p3", "p0"]).say("cheaper, please")
    assert sorted(ids(shop.search(talk, 10))) == ["p2", "p4", "p5"]  # that without a price may be


def test_where_nothing_is_at_that_price_the_nearest_is_found_at_any():
    shop = priced(900, 800, 120, 300, 70, 60)
    assert ids(shop.search(said("a corner sofa under $50"), 2))[0] == "p1"
    only = Filters(highest=100)  # what was set by hand still holds
    assert sorted(ids(shop.search(said("a corner sofa under $50"), 10, filters=only))) == ["p4", "p5"]


def test_more_like_this_leaves_itself_out(shop):
    found = shop.search(said("something for the hall"), 10, like="p5")
    assert "p5" not in ids(found) and len(found) == 5


def test_more_like_this_follows_text_and_picture():
    twins = Catalog(
        Path("nowhere"),
        (Product("lamp", "floor lamp", "x"), Product("twin", "floor lamp", "y"), Product("rug", "wool rug", "z")),
    )
    shop = retriever_of(twins)
    assert ids(shop.search(said("hello there"), like="lamp"))[0] == "twin"
    states = np.zeros((3, 5, 2), np.float32)
    states[[0, 2], :, 0] = states[1, :, 1] = 1  # by the look of it, the rug is the lamp's twin
    by_look = Retriever(twins, Search(WordEncoder()), np.ones((3, WordEncoder.size), np.float32), states)
    assert ids(by_look.search(said("hello there"), like="lamp"))[0] == "rug"


def test_a_product_of_another_catalogue_is_like_nothing_here(shop):
    assert ids(shop.search(said("oak table"), 1, like="unknown")) == ["p3"]


def test_a_photo_leads_to_its_likeness(shop):
    photo = np.zeros((5, 6), np.float32)
    photo[:, 4] = 1
    assert ids(shop.search(Dialogue((Turn("seeker", "", Path("p.jpg")),)), 1, photo)) == ["p4"]
    assert ids(shop.search(said("something nice"), 1, photo)) == ["p4"]


def test_the_looks_are_not_read():
    product = Product("p", "Mill chair", "Chairs", description="For a corner.", attributes={"colour": "red"})
    assert product_text(product) == "Mill chair. Chairs. For a corner."


def test_nothing_said_gives_no_error(shop):
    for talk in (Dialogue(), said("🛋️"), Dialogue((Turn(OTHER, "Hello!"),))):
        assert len(shop.search(talk, 4)) == 4


def test_searching_changes_nothing(shop):
    before = shop.shelf.copy(), shop.picture_vectors.copy()
    first = shop.search(said("oak table"), like="p1", photo_states=np.ones((5, 6), np.float32))
    assert shop.search(said("oak table"), like="p1", photo_states=np.ones((5, 6), np.float32)) == first
    assert np.array_equal(shop.shelf, before[0]) and np.array_equal(shop.picture_vectors, before[1])


def test_a_vector_of_zeros_stays_one():
    assert np.array_equal(unit(np.zeros((2, 3))), np.zeros((2, 3)))


# ---- the encoder ----


class Sentences:
    """In the place of SentenceTransformer."""

    encoded = 0

    def get_embedding_dimension(self):
        return 4

    def encode(self, texts, normalize_embeddings, show_progress_bar):
        Sentences.encoded += len(texts)
        return np.array([[len(text), 1, 2, 3] for text in texts], np.float32)


def test_products_are_read_once(tmp_path, monkeypatch):
    monkeypatch.setattr(retrieval, "load_text_encoder", lambda home, adapter: (Sentences(), "sentences"))
    monkeypatch.setattr(Sentences, "encoded", 0)
    texts = [f"product {'x' * number}" for number in range(70)]
    first = TextEncoder(tmp_path).encode_cached([*texts, texts[0]])
    assert Sentences.encoded == 70 and first.shape == (71, 4)
    assert np.array_equal(TextEncoder(tmp_path).encode_cached([*texts, texts[0]]), first)
    assert Sentences.encoded == 70
    assert np.array_equal(first[0], first[70])
    assert hash_bytes(texts[3]) in TextEncoder(tmp_path).cache.get([hash_bytes(texts[3])])
