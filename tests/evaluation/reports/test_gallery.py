"""The gallery: rows of what was asked and picked, hits and misses apart, the same for the same seed."""

import io

from PIL import Image

from lavic_chat.dialogue.reddit_amazon import Conversation
from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.evaluation.metrics import Prediction
from lavic_chat.evaluation.reports.gallery import CONVERSATION, HEAD, RIGHT, WRONG, draw_gallery, drawable, has_glyph


def drawn(predictions, conversations, catalog, hits):
    return Image.open(io.BytesIO(draw_gallery(predictions, conversations, catalog, hits))).convert("RGB")


def near(picture, spot, colour) -> bool:
    wanted = tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return all(abs(got - want) < 40 for got, want in zip(picture.getpixel(spot), wanted, strict=True))


def test_rows_show_the_pick_and_what_was_wanted(tiny_catalog):
    conversations = {
        f"d {n}": Conversation(Dialogue().say("a red sofa " * 60), ("sofa-red",), where=f"d {n}") for n in range(3)
    }
    right = Prediction("visual", ("sofa-red",), ("sofa-red", "sofa-blue"), 0.9, True, "d 0")
    wrong = Prediction("visual", ("sofa-red",), ("sofa-blue", "sofa-red"), 0.6, True, "d 1")
    gone = Prediction("visual", ("x",), ("x", "sofa-red"), 0.6, True, "d 2")  # not in the catalogue
    unknown = Prediction("visual", ("sofa-red",), ("sofa-red",), 0.6, True, "elsewhere")
    everything = [right, wrong, gone, unknown]
    hits, misses = (drawn(everything, conversations, tiny_catalog, kind) for kind in (True, False))
    assert hits.size == misses.size  # one row each
    first, second = (CONVERSATION + 1, HEAD + 1), (CONVERSATION + 123, HEAD + 1)
    assert near(hits, first, RIGHT) and not near(hits, second, RIGHT)
    assert near(misses, first, WRONG) and near(misses, second, RIGHT)
    assert draw_gallery(everything, conversations, tiny_catalog, True) == draw_gallery(
        everything, conversations, tiny_catalog, True
    )


def test_nothing_to_show_is_an_empty_page(tiny_catalog):
    assert drawn([], {}, tiny_catalog, True).size[0] > 1000


def test_signs_that_the_font_lacks_are_not_drawn():
    assert drawable("ruby red 🙏🏽 please – “café” …\n") == "ruby red  please - “cafe” …\n"
    assert all(has_glyph(letter) for letter in drawable("Łódź ﬁn → 深绿 ½ \u200d"))
