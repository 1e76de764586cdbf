"""What is said in place of a pick: what the shop knows, what the pictures show, and where neither does."""

from dataclasses import replace

import pytest
from helpers.listening import CAPTIONS, PRODUCTS, make_grounding, make_listener

from lavic_chat.catalog.measures import facts_of
from lavic_chat.catalog.product import Product
from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.answers import LANGUAGE, NOTHING_SHOWN, SERVICE, Answers
from lavic_chat.nlu.chatter import GREETING, UNCLEAR
from lavic_chat.nlu.intent import UNAVAILABLE, Intent

SOFAS = ["brown-sofa", "red-sofa", "blue-sofa", "armchair"]


def answers_of(products=PRODUCTS, captions=CAPTIONS) -> Answers:
    return Answers(make_grounding(products, captions), captions, [facts_of(product) for product in products], "€")


@pytest.fixture(scope="module")
def answers() -> Answers:
    return answers_of()


def ask(answers: Answers, asks: str, shown=SOFAS, **given) -> str:
    return answers.reply(Intent(r.QUESTION, asks=asks, **given), shown)


@pytest.mark.parametrize(
    ("asks", "told"),
    [
        ("price", "costs €800."), ("width", "160 cm wide"), ("depth", "80 cm deep"), ("height", "80 cm high"),
        ("size", "160 x 80 x 80 cm"), ("colour", "brown (cognac)"), ("material", "leather"), ("pattern", "plain"),
        ("title", "Bella two-seat sofa"), ("type", "Bella two-seat sofa"), ("other_colours", "red (scarlet) velvet"),
        ("other", "Bella two-seat sofa"),
    ],
)  # fmt: skip
def test_questions_about_the_pick_are_answered(answers, asks, told):
    assert told in ask(answers, asks)


def test_a_question_about_another_is_about_that_one(answers):
    assert "1,200" in ask(answers, "price", reference="blue-sofa") and "striped" in ask(
        answers, "pattern", reference="blue-sofa"
    )


@pytest.mark.parametrize(
    ("asks", "title"),
    [
        ("cheapest", "Ostra wing armchair"), ("dearest", "Marlo corner sofa"), ("widest", "Marlo corner sofa"),
        ("narrowest", "Ostra wing armchair"), ("tallest", "Ostra wing armchair"), ("smallest", "Ostra wing armchair"),
        ("biggest", "Marlo corner sofa"),
    ],
)  # fmt: skip
def test_the_extremes_are_those_of_what_was_shown(answers, asks, title):
    assert title in ask(answers, asks)
    assert "Bella" in ask(answers, asks, SOFAS[:2])


def test_what_pictures_tell_is_said_to_be_seen(answers):
    for asks in ("colour", "material", "pattern"):
        assert "picture" in ask(answers, asks)
    assert "picture" not in ask(answers, "price")


@pytest.mark.parametrize("asks", [name for name in r.ASKS if name not in ("", "count", "goes_with")])
def test_what_nobody_knows_is_said_so_and_nothing_is_made_up(asks):
    bare = answers_of([Product("x", "Zorg", "x"), Product("y", "Zorg", "x")], ["", ""])
    said = ask(bare, asks, ["x", "y"])
    assert said and "None" not in said and "nan" not in said and not any(mark.isdigit() for mark in said)


@pytest.mark.parametrize("asks", r.ASKS)
def test_every_question_has_an_answer_even_before_anything_was_shown(answers, asks):
    for shown in ([], SOFAS, ["gone"]):
        said = ask(answers, asks, shown)
        assert said and said[-1] in ".!?", said
    assert asks == "count" or ask(answers, asks, []) == ask(answers, asks, ["gone"]) == NOTHING_SHOWN


def test_kinds_are_counted(answers):
    assert "7 products" in ask(answers, "count") and "There are 3 " in ask(answers, "count", kinds=("sofa",))
    assert "There are 2 " in ask(answers, "count", kinds=("rug",))
    assert "There are 0 " in ask(answers, "count", kinds=("winter tyres",))


def test_prices_are_written_as_prices():
    priced = [replace(PRODUCTS[0], price=price) for price in (1234.5, 40.0, 0.99)]
    said = [ask(answers_of([one], ["red"]), "price", [one.id]) for one in priced]
    assert ["1,234.50" in said[0], "40." in said[1] and "40.00" not in said[1], "0.99" in said[2]] == [True] * 3


def test_the_only_look_is_told_from_others(answers):
    assert "in this look only" in ask(answers, "other_colours", ["lamp"])


@pytest.mark.parametrize(
    ("act", "shown", "said"),
    [
        (r.CHATTER, [], GREETING), (r.CHATTER, SOFAS, UNCLEAR), (r.OTHER_LANGUAGE, [], LANGUAGE),
        (UNAVAILABLE, SOFAS, SERVICE),
    ],
)  # fmt: skip
def test_talk_has_its_short_replies(answers, act, shown, said):
    assert answers.reply(Intent(act), shown) == said


def test_what_is_not_sold_is_named(answers):
    assert "winter tyres or skis" in answers.reply(Intent(UNAVAILABLE, missing=("winter tyres", "skis")), [])


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("what does it weigh?", "weight: 2 kg"),
        ("is it waterproof?", "It is waterproof and warm."),
        ("does it have a hood", "That I do not know"),
        ("", "That I do not know"),
    ],
)
def test_other_questions_are_answered_by_what_the_shop_states(said, told):
    text = "Made with care. It is waterproof and warm."
    coat = Product("c", "Walking coat", "Coats", description=text, attributes={"weight": "2 kg"})
    answers = answers_of([coat], [""])
    assert told in answers.reply(Intent(r.QUESTION, asks="other"), ["c"], said)


def test_answers_have_no_empty_parts():
    answers = answers_of([Product("c", "Coat", "Coats")], [""])
    for asks in ("other", "title", "size", "price", "colour"):
        reply = answers.reply(Intent(r.QUESTION, asks=asks), ["c"])
        assert reply.endswith(".") and ": ." not in reply and ": ;" not in reply and "  " not in reply


def test_the_shop_knows_its_materials_where_they_may_be_read():
    sofa = Product("s", "Sofa", "Sofas", attributes={"material": "leather"})
    known = make_grounding([sofa], ["red velvet"])
    told = Answers(known, ["red velvet"], [{}]).reply(Intent(r.QUESTION, asks="material"), ["s"])
    assert "As far as I can see" in told and "velvet" in told
    known.reads_attributes = True
    assert "material: leather" in Answers(known, ["red velvet"], [{}]).reply(Intent(r.QUESTION, asks="material"), ["s"])


@pytest.mark.parametrize(
    ("product", "said"),
    [
        (Product("m", "Mug Heide", "Mugs", description="A mug for tea. Thrown by hand of stoneware. Safe."),
         "The shop says of the Mug Heide: Thrown by hand of stoneware."),
        (Product("m", "Mug", "Mugs", attributes={"tags": "stoneware"}), "The shop says of the Mug: stoneware"),
        (Product("m", "Linen cloth", "Cloths"), "The shop says of the Linen cloth: Linen cloth"),
        (Product("m", "Mug", "Mugs", description="A mug."), "As far as I can see in the picture"),
    ],
)  # fmt: skip
def test_a_shops_own_words_for_a_material_go_before_the_picture(product, said):
    known = make_grounding([product], ["blue plastic"])
    known.reads_attributes = True
    told = Answers(known, ["blue plastic"], [{}]).reply(Intent(r.QUESTION, asks="material"), ["m"])
    assert told.startswith(said)


def test_whether_it_is_in_stock_is_said_where_it_is_known():
    products = tuple(
        replace(one, in_stock=known) for one, known in zip(PRODUCTS, (True, False, None) * 3, strict=False)
    )
    shop = answers_of(products)
    asked = Intent(r.QUESTION, asks="other")
    assert shop.reply(asked, ["red-sofa"], "is it in stock?") == "The Bella two-seat sofa is in stock."
    assert "is out of stock at the moment" in shop.reply(asked, ["brown-sofa"], "still available?")
    assert "stock" not in shop.reply(asked, ["blue-sofa"], "is it in stock?")


def test_the_variant_that_is_out_of_stock_is_named():
    sizes = tuple(
        replace(one, attributes={"size": size}, in_stock=known, shape="bella")
        for one, size, known in zip(PRODUCTS[:2], ("450 ml", "300 ml"), (False, True), strict=True)
    )
    shop = answers_of((*sizes, *PRODUCTS[2:]))
    asked = Intent(r.QUESTION, asks="other")
    shop.grounding.reads_attributes = True
    told = shop.reply(asked, ["red-sofa"], "is the 450 ml one in stock?")
    assert told.startswith("The Bella two-seat sofa in 450 ml is out of stock at the moment.")
    assert told.endswith("In stock: the Bella two-seat sofa in 300 ml.")


def test_a_price_is_told_in_its_own_currency():
    shop = answers_of((replace(PRODUCTS[0], currency="CHF"), *PRODUCTS[1:]))
    assert "costs CHF\u00a0500." in ask(shop, "price", ["red-sofa"]) and "costs €800." in ask(
        shop, "price", ["brown-sofa"]
    )


def test_variants_are_of_one_shape_whatever_they_are_called():
    products = [replace(one, shape="s", title=f"{one.title} {n}") for n, one in enumerate(PRODUCTS[:2])]
    assert "also here in brown" in ask(answers_of((*products, *PRODUCTS[2:])), "other_colours", ["red-sofa"])


def measured(size: str, asks: str, **given) -> str:
    one = Product("x", "Zorg", "x", attributes={"size": size} if size else {}, **given)
    return ask(answers_of([one], [""]), asks, ["x"])


def test_what_hangs_or_stands_is_as_long_as_all_its_measures_say():
    assert measured("90 x 29 x 190 cm", "length") == "The Zorg is 90 cm wide, 29 cm deep and 190 cm high."
    assert measured("217 x 53 x 200 cm", "length") == "The Zorg is 217 cm long."


@pytest.mark.parametrize(
    ("asks", "description", "said"),
    [
        ("height", "Tall floor vase, 42 cm, in green.", "Tall floor vase, 42 cm, in green."),
        ("size", "A plate. 27 cm plate", "27 cm plate."),
        (r.CAPACITY, "0.8 l jug for milk. Nice.", "0.8 l jug for milk."),
        (r.CAPACITY, "Keeps butter spreadable. Fits 250 g.", "Fits 250 g."),
        (r.CAPACITY, "A teapot, 1.1 litre.", "A teapot, 1.1 litre."),
        (r.WEIGHT, "Cast iron. 3.5 kg", "3.5 kg."),
    ],
)
def test_a_measure_is_looked_for_in_the_description(asks, description, said):
    assert measured("", asks, description=description) == f"The shop says of the Zorg: {said}"


@pytest.mark.parametrize("description", ["", "For 3 cm candles.", "A thing of beauty in 3 colours."])
def test_a_description_without_the_measure_says_nothing_of_it(description):
    assert measured("", "height", description=description) == "The shop does not say that of the Zorg."


def test_all_that_is_known_has_the_shops_words():
    said = measured("20 x 20 x 20 cm", "other", description="For milk and honey. 20 x 20 x 20 cm.", price=5.0)
    assert "the shop says: For milk and honey;" in f"{said};".replace(".;", ";")


MUGS = tuple(
    Product(f"{colour}-{size}", "Heide Mug", "Mugs", attributes={"colour": colour, "size": size}, shape="mug",
            in_stock=(colour, size) != ("sand", "450 ml"), price=18.0)
    for colour in ("sage", "sand") for size in ("300 ml", "450 ml")
)  # fmt: skip


@pytest.fixture(scope="module")
def mugs():
    """A listener over mugs of which one variant is sold out, and its tagger."""
    listener, tagger = make_listener(MUGS, [""] * len(MUGS))
    listener.grounding.reads_attributes = True
    return listener, tagger


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        (
            "is the sand one in 450 ml in stock?",
            "The Heide Mug in sand, 450 ml is out of stock at the moment. In stock:",
        ),
        ("is the sand one in 450ml in stock?", "The Heide Mug in sand, 450 ml is out of stock"),
        ("is it in stock?", "The Heide Mug in sage, 300 ml is in stock."),
        ("is sage available?", "The Heide Mug in sage, 300 ml and Heide Mug in sage, 450 ml are in stock."),
        (
            "is it available in sand?",
            "In stock: the Heide Mug in sand, 300 ml. Out of stock at the moment: the Heide Mug",
        ),
    ],
)
def test_the_variant_that_is_asked_about_is_in_stock_or_not(mugs, question, begins):
    listener, tagger = mugs
    dialogue = Dialogue().say(tagger.say("a [kind:mug]")).answer("words", [one.id for one in MUGS])
    dialogue = dialogue.say(tagger.say(question, act="question", asks="other"))
    assert listener.reply(dialogue, listener.read(dialogue)).startswith(begins)


def test_what_nobody_knows_of_the_stock_is_said_so(answers):
    assert ask(answers, r.STOCK, ["red-sofa"]) == "Whether the Bella two-seat sofa is in stock, the shop does not say."


def test_a_gift_alone_is_asked_back(answers):
    assert "what kind of thing" in answers.reply(Intent(r.CHATTER), [], "a birthday present")
