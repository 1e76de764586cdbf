"""What a question offers instead of an unsure pick: never what that is already, nor two words for one thing."""

from lavic_chat.catalog import Product
from lavic_chat.nlu.alternatives import alternatives_of, is_same
from lavic_chat.nlu.english import load_lexicon
from lavic_chat.nlu.intent import Appearance, Intent, Relation
from lavic_chat.nlu.word_tables import find_entry

NOTHING = Intent()


def find(word: str):
    return find_entry(load_lexicon(), word)


def things(facet: str, *values: str) -> list[Product]:
    return [Product(str(n), "Thing", "Things", attributes={facet: value}) for n, value in enumerate(values)]


def test_the_pick_is_no_alternative_of_itself():
    assert alternatives_of(things("colour", "purple", "pink", "purple", "black"), "", NOTHING, find) == (
        "pink",
        "black",
    )
    assert alternatives_of(things("colour", "red", "blue"), "blue (navy) wool", NOTHING, find) == ()  # seen as blue
    assert alternatives_of(things("colour", "red", "red"), "", NOTHING, find) == ()
    assert alternatives_of(things("colour", "red", "", "blue"), "", NOTHING, find) == ("blue",)


def test_a_material_and_its_own_kind_are_no_alternatives():
    wood = things("material", "teak", "wood", "cotton", "painted wood", "linen")
    assert alternatives_of(wood, "", NOTHING, find) == ("cotton", "painted wood", "linen")
    fabric = things("material", "metal", "fabric", "velvet", "linen")
    assert alternatives_of(fabric, "", NOTHING, find) == ("fabric",)
    assert is_same("oak", "wood", find) and is_same("painted wood", "wood", find) and not is_same("oak", "teak", find)


def test_what_was_spoken_of_is_not_asked_again():
    products = [
        Product(str(n), "Thing", "Things", attributes={"colour": colour, "material": material})
        for n, (colour, material) in enumerate([("red", "oak"), ("blue", "metal"), ("green", "glass")])
    ]
    blue, darker = Intent(appearance=(Appearance("blue", "colour"),)), Intent(relations=(Relation("light", "-", "0"),))
    assert alternatives_of(products, "", NOTHING, find) == ("blue", "green")
    assert (
        alternatives_of(products, "", blue, find) == alternatives_of(products, "", darker, find) == ("metal", "glass")
    )
    assert alternatives_of(products, "", Intent(kinds=("green lamp",)), find) == ("metal", "glass")


def test_one_style_alone_is_no_question():
    assert alternatives_of(things("style", "modern", "casual"), "", NOTHING, find) == ()
    assert alternatives_of(things("style", "modern", "casual", "classic"), "", NOTHING, find) == ("casual", "classic")
    assert alternatives_of([], "", NOTHING, find) == alternatives_of(things("colour", "", "7"), "", NOTHING, find)[1:]
