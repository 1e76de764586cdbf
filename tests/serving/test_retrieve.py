"""Intent and retrieval together: what was turned down stays away, limits hold, pictures and likenesses count."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.listening import make_listener
from helpers.toys import WordEncoder, item_features, said

from lavic_chat.catalog import Catalog, Product
from lavic_chat.catalog.filters import NO_FILTERS, Filters
from lavic_chat.dialogue.turns import OTHER, Dialogue, Turn
from lavic_chat.errors import DialogueError, LavicError
from lavic_chat.recommendation import RecommendationRequest
from lavic_chat.retrieval.embedder import Embedder
from lavic_chat.retrieval.retriever import Retriever
from lavic_chat.serving.recommender import Recommender
from lavic_chat.storage.troubles import current_troubles, end_trouble

THINGS = ["armchair with wings", "corner sofa", "floor lamp", "oak table", "wool rug", "wall mirror"]


def things() -> Catalog:
    """Six products without a word in common; ids "p0" to "p5"."""
    return Catalog(Path("nowhere"), tuple(Product(f"p{n}", title, f"kind{n}") for n, title in enumerate(THINGS)))


def shop_of(catalog: Catalog, captions: Sequence[str] = ()) -> Recommender:
    """A recommender that only retrieves; each product's picture points its own way."""
    embedder, count = Embedder(WordEncoder()), len(catalog)
    states = np.zeros((count, 5, count), np.float32)
    for row in range(count):
        states[row, :, row] = 1
    retriever = Retriever(catalog, embedder, embedder.embed_items(catalog.products), states)
    return recommender_of(catalog, retriever, torch.from_numpy(states), captions)


def recommender_of(catalog: Catalog, retriever: Retriever, states, captions: Sequence[str] = ()) -> Recommender:
    listener, _ = make_listener(catalog.products, captions or [""] * len(catalog))
    return Recommender(catalog, None, retriever, item_features(states, captions), listener)


def search(shop: Recommender, dialogue: Dialogue, k: int = 10, photo=None, like=None, filters=NO_FILTERS):
    intent = shop.listener.read(dialogue)
    request = RecommendationRequest(dialogue, like, filters)
    weights = shop.listener.weigh(shop.listener.conditions(intent))
    return shop.retrieve(request, intent, weights, photo, k)


def marked(shop: Recommender, text: str, **keys) -> str:
    """The plain text of a marked message, which this shop will read so; it reads no other."""
    return shop.listener.reader.tagger.say(text, **keys)


@pytest.fixture
def shop() -> Recommender:
    return shop_of(things())


def priced(*prices: float | None, kinds: Sequence[str] = ("",) * 6) -> Recommender:
    """The six things at these prices, and of these kinds."""
    rows = zip(things().products, prices, kinds, strict=True)
    made = (replace(product, price=price, attributes={"type": kind} if kind else {}) for product, price, kind in rows)
    return shop_of(Catalog(Path("nowhere"), tuple(made)))


def ids(found) -> list[str]:
    return [candidate.product.id for candidate in found]


def test_the_nearest_come_first(shop):
    found = search(shop, said("I want a floor lamp"), 3)
    assert ids(found)[0] == "p2" and len(found) == 3
    similarities = [candidate.similarity for candidate in found]
    assert similarities == sorted(similarities, reverse=True) and similarities[0] > 0.5


def test_a_small_catalogue_gives_what_it_has(shop):
    assert sorted(ids(search(shop, said("rug"), 10))) == [f"p{n}" for n in range(6)]


def test_the_newest_turn_weighs_most(shop):
    """Where no wish was understood in it: what names a thing that is sold here begins a wish of its own."""
    assert ids(search(shop, said("of wool", "of oak"), 2)) == ["p3", "p4"]
    assert ids(search(shop, said("of oak", "of wool"), 2)) == ["p4", "p3"]
    assert ids(search(shop, said("wool rug", "oak armchair"), 2))[0] == "p0"


def test_nothing_of_the_kind_at_that_price_is_told_from_nothing_at_all():
    """A lamp for the price of none is no answer to who wants a sofa; the nearest sofa is."""
    shop = priced(900, 800, 20, 300, 400, 500, kinds=("armchair", "sofa", "lamp", "table", "rug", "mirror"))
    cheap = "a [kind:{}] under [price<:$100]"
    assert ids(search(shop, said(marked(shop, cheap.format("sofa"))), 1)) == ["p1"]
    assert ids(search(shop, said(marked(shop, cheap.format("lamp"))), 1)) == ["p2"]
    talk = said(marked(shop, cheap.format("lamp"))).answer("This.", ["p2"]).say(marked(shop, "now a [kind:sofa]"))
    assert not shop.listener.read(talk).limits and ids(search(shop, talk, 1)) == ["p1"]


def test_a_change_of_the_pick_looks_for_its_like():
    twins = [Product(f"t{n}", "Jorano seat", "Seats", attributes={"type": "seat"}) for n in range(2)]
    catalog = Catalog(Path("nowhere"), (*things().products, *twins))
    shop = shop_of(catalog, ["linen"] * 6 + ["leather", "wool"])
    talk = said("something for the hall").answer("This one.", ["t0", "p3"])
    found = ids(search(shop, talk.say(marked(shop, "[ref:the same] in [wanted:wool]", act="recall")), 9))
    assert found[0] == "t1" and "t0" not in found
    assert "t0" in ids(search(shop, talk.say(marked(shop, "now something in [wanted:wool]")), 9))


def test_what_was_turned_down_never_comes_back(shop):
    talk = said("oak table")
    for turned_down in range(5):
        found = search(shop, talk, 10)
        assert len(found) == 6 - turned_down
        talk = talk.answer("This?", ids(found)).say(marked(shop, "not that one", act="reject"))
        left = shop.listener.read(talk)
        assert len(left.excluded) == turned_down + 1 and left.excluded.isdisjoint(ids(search(shop, talk, 10)))


def test_what_a_button_turned_down_never_comes_back(shop):
    talk = said("oak table").reject("p3").reject("p1")
    assert set(ids(search(shop, talk))) == {"p0", "p2", "p4", "p5"}


def test_when_all_is_turned_down_a_sentence_says_so(shop):
    talk = Dialogue(said("oak table").turns, frozenset(f"p{n}" for n in range(6)))
    with pytest.raises(DialogueError, match="Every product has been turned down; start over"):
        search(shop, talk)


@pytest.mark.parametrize("filters", [NO_FILTERS, Filters(frozenset({"kind3"}))])
def test_vectors_that_are_no_numbers_are_not_taken_for_products_turned_down(shop, filters):
    shop.retriever.item_embeddings[:] = np.nan
    with pytest.raises(LavicError, match=r"No product can be compared with your message; .*start it again") as told:
        search(shop, said("oak table").reject("p1"), filters=filters)
    assert not isinstance(told.value, DialogueError)
    assert len(current_troubles(shop.catalog.root)) == 1
    end_trouble(shop.catalog.root)


def test_where_all_is_out_of_stock_nothing_was_turned_down():
    gone = Catalog(Path("nowhere"), tuple(replace(one, in_stock=False) for one in things()))
    with pytest.raises(DialogueError, match="Everything here is out of stock"):
        search(shop_of(gone), said("oak table"))


def test_what_is_within_the_limits_comes_first():
    shop = priced(900, 800, 120, 300, None, 60)
    found = ids(search(shop, said(marked(shop, "a corner thing under [price<:$300]")), 10))
    assert set(found[:3]) == {"p2", "p3", "p5"} and set(found[4:]) == {"p0", "p1"}
    assert found[3] == "p4"  # that without a price may be
    talk = said("an oak table").answer("This one.", ["p3", "p0"])
    cheaper = ids(search(shop, talk.say(marked(shop, "cheaper, please", act="refine", compare=["price-"])), 10))
    assert set(cheaper[:2]) == {"p2", "p5"} and cheaper[2] == "p4" and "p3" not in cheaper


def test_where_nothing_is_at_that_price_the_nearest_is_found_at_any():
    shop = priced(900, 800, 120, 300, 70, 60)
    cheap = said(marked(shop, "a [kind:corner sofa] under [price<:$50]"))
    assert ids(search(shop, cheap, 2))[0] == "p1"
    only = Filters(highest=100)  # what was set by hand still holds
    assert sorted(ids(search(shop, cheap, 10, filters=only))) == ["p4", "p5"]


def test_a_wish_is_met_by_captions():
    shop = shop_of(
        things(), ["red wool", "blue linen", "black steel", "brown oak", "red wool, striped", "silver glass"]
    )
    found = ids(search(shop, said(marked(shop, "something [wanted:red] but not [unwanted:striped]")), 6))
    assert found[0] == "p0"
    assert ids(search(shop, said(marked(shop, "something [wanted:blue]")), 1)) == ["p1"]


def test_more_like_this_leaves_itself_out(shop):
    found = search(shop, said("something for the hall"), 10, like="p5")
    assert "p5" not in ids(found) and len(found) == 5


def test_more_like_this_follows_text_and_picture():
    twins = Catalog(
        Path("nowhere"),
        (Product("lamp", "floor lamp", "x"), Product("twin", "floor lamp", "y"), Product("rug", "wool rug", "z")),
    )
    shop = shop_of(twins)
    assert ids(search(shop, said("hello there"), like="lamp"))[0] == "twin"
    states = np.zeros((3, 5, 2), np.float32)
    states[[0, 2], :, 0] = states[1, :, 1] = 1  # by the look of it, the rug is the lamp's twin
    retriever = Retriever(twins, Embedder(WordEncoder()), np.ones((3, WordEncoder.size), np.float32), states)
    by_look = recommender_of(twins, retriever, torch.from_numpy(states))
    assert ids(search(by_look, said("hello there"), like="lamp"))[0] == "rug"


def test_a_product_of_another_catalogue_is_like_nothing_here(shop):
    assert ids(search(shop, said("oak table"), 1, like="unknown")) == ["p3"]


def test_a_photo_leads_to_its_likeness(shop):
    photo = torch.zeros(5, 6)
    photo[:, 4] = 1
    assert ids(search(shop, Dialogue((Turn("seeker", "", Path("p.jpg")),)), 1, photo)) == ["p4"]
    assert ids(search(shop, said("something nice"), 1, photo)) == ["p4"]


def test_nothing_said_gives_no_error(shop):
    for talk in (Dialogue(), said("🛋️"), Dialogue((Turn(OTHER, "Hello!"),))):
        assert len(search(shop, talk, 4)) == 4


def test_searching_changes_nothing(shop):
    retriever = shop.retriever
    before = retriever.item_embeddings.copy(), retriever.picture_vectors.copy()
    first = search(shop, said("oak table"), like="p1", photo=torch.ones(5, 6))
    again = search(shop, said("oak table"), like="p1", photo=torch.ones(5, 6))
    assert [one.similarity for one in again] == pytest.approx([one.similarity for one in first], abs=1e-5)
    assert {one.product.id: one.query_score for one in again} == pytest.approx(
        {one.product.id: one.query_score for one in first}, abs=1e-5
    )
    assert np.array_equal(retriever.item_embeddings, before[0]) and np.array_equal(retriever.picture_vectors, before[1])


def test_search_keeps_to_the_filters(tiny_catalog):
    shop = shop_of(tiny_catalog)
    lamps = Filters(frozenset({"Lamps"}))
    assert all(item.startswith("lamp") for item in ids(search(shop, said("a harbour sofa"), 10, filters=lamps)))
    assert len(search(shop, said("a harbour sofa"), 10, filters=lamps)) == 4
    with pytest.raises(DialogueError, match="fits the filters; widen them"):
        search(shop, said("a sofa"), filters=Filters(highest=1))


def test_what_is_out_of_stock_is_not_found():
    products = [replace(one, in_stock=False) if one.id == "p2" else one for one in things()]
    shop = shop_of(Catalog(Path("nowhere"), tuple(products)))
    assert "p2" not in {one.product.id for one in search(shop, Dialogue().say("floor lamp"))}
