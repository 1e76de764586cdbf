"""Augmented pictures: other framing and light, the same colours' names, nothing changed in place."""

import colorsys
import random

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lavic_chat.training.augment import LEAST_CROP, augment, crop


@given(st.integers(1, 80), st.integers(1, 80), st.integers(0, 999))
def test_any_picture_can_be_augmented(width, height, seed):
    picture = Image.new("RGB", (width, height), (180, 40, 40))
    found = augment(picture, random.Random(seed))
    assert found.mode == "RGB"
    assert LEAST_CROP * width - 1 <= found.width <= width and LEAST_CROP * height - 1 <= found.height <= height
    assert picture.getpixel((0, 0)) == (180, 40, 40) and picture.size == (width, height)


def test_hues_stay():
    for colour in ((190, 40, 40), (40, 140, 70), (40, 70, 180), (225, 190, 40)):
        hue = colorsys.rgb_to_hsv(*(part / 255 for part in colour))[0]
        for seed in range(20):
            picture = augment(Image.new("RGB", (40, 40), colour), random.Random(seed))
            found = colorsys.rgb_to_hsv(*(part / 255 for part in picture.getpixel((picture.width // 2, 5))))[0]
            assert min(abs(found - hue), 1 - abs(found - hue)) < 0.03


def test_pictures_come_out_different_and_a_seed_repeats_them():
    picture = Image.linear_gradient("L").convert("RGB")
    found = [augment(picture, random.Random(seed)).tobytes() for seed in range(10)]
    assert len(set(found)) == 10
    assert found[3] == augment(picture, random.Random(3)).tobytes()


def test_a_crop_lies_inside():
    picture = Image.new("RGB", (50, 30), "white")
    picture.paste("black", (10, 5, 40, 25))
    for seed in range(30):
        part = crop(picture, random.Random(seed))
        assert part.getextrema()[0] == (0, 255) or part.width < 50 or part.height < 30
