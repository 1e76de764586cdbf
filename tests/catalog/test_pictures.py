"""Pictures from strangers: right side up, in RGB, within limits, or refused in one sentence."""

import io
import os
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from lavic_chat.catalog import Product, blank_picture, missing_pictures, open_picture, pictures, read_picture
from lavic_chat.catalog.pictures import BLANK_COLOUR, picture_format
from lavic_chat.errors import PictureError


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture
def save(tmp_path):
    def put(data: bytes, name: str = "photo.jpg"):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return put


def png_header(width: int, height: int) -> bytes:
    """A PNG that only claims its size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    data = b"IDAT" + zlib.compress(b"")
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
def test_every_allowed_format_opens_whatever_its_name(save, kind):
    path = save(encoded(Image.new("RGB", (40, 30), (200, 30, 30)), kind), "upload.dat")
    picture = open_picture(path)
    assert (picture.mode, picture.size) == ("RGB", (40, 30))
    assert np.abs(np.asarray(picture)[5, 5].astype(int) - (200, 30, 30)).max() < 12
    assert picture_format(path) == kind


@pytest.mark.parametrize("kind", ["TIFF", "ICO", "PPM", "PDF", "EPS"])
def test_other_formats_are_refused(save, kind):
    with pytest.raises(PictureError, match="not a readable picture"):
        open_picture(save(encoded(Image.new("RGB", (32, 32)), kind), "photo.png"))


def test_first_frame_of_an_animation(save):
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    path = save(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert open_picture(path).getpixel((3, 3)) == (255, 0, 0)


def test_exif_turns_the_picture_upright(save):
    image = Image.new("RGB", (40, 20), "white")
    image.paste("black", (0, 0, 10, 20))  # left side
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: the left side belongs on top
    picture = open_picture(save(encoded(image, "JPEG", exif=exif, quality=95)))
    assert picture.size == (20, 40)
    assert picture.getpixel((10, 2))[0] < 60 < 200 < picture.getpixel((10, 37))[0]


def test_broken_exif_does_not_cost_the_picture(save):
    data = encoded(Image.new("RGB", (30, 20), "red"), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff" + b"\x01" * 40)
    assert open_picture(save(data)).size == (30, 20)


def test_transparency_becomes_white(save):
    clear = Image.new("RGBA", (10, 10), (255, 0, 0, 0))
    half = Image.new("LA", (10, 10), (0, 128))
    palette = Image.new("P", (10, 10), 0)
    assert open_picture(save(encoded(clear, "PNG"))).getpixel((1, 1)) == (255, 255, 255)
    assert 120 < open_picture(save(encoded(half, "PNG"))).getpixel((1, 1))[0] < 135
    assert open_picture(save(encoded(palette, "GIF", transparency=0))).getpixel((1, 1)) == (255, 255, 255)


def test_sixteen_bits_are_scaled_not_clipped(save):
    deep = Image.fromarray(np.full((8, 8), 0x8000, np.uint16))
    assert open_picture(save(encoded(deep, "PNG"))).getpixel((1, 1)) == (128, 128, 128)


@pytest.mark.parametrize(("width", "height"), [(7000, 7000), (11_000, 11_000), (30_000, 30_000)])
def test_decompression_bombs_are_refused_before_decoding(save, width, height, monkeypatch):
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(PictureError, match="40 million pixels"):
        open_picture(save(png_header(width, height), "bomb.png"))


def test_large_files_are_refused_unread(save, monkeypatch):
    monkeypatch.setattr(pictures, "MAX_BYTES", 100)
    with pytest.raises(PictureError, match="MB"):
        open_picture(save(encoded(Image.new("RGB", (64, 64)), "BMP")))


def test_broken_files_get_one_sentence_without_the_folder(save, tmp_path):
    whole = encoded(Image.effect_noise((64, 64), 50), "JPEG")
    cases = {
        "cut.jpg": whole[: len(whole) // 2],
        "empty.jpg": b"",
        "text.jpg": b"<svg onload='x'/>",
        "head.png": b"\x89PNG\r\n\x1a\n",
    }
    paths = [save(data, name) for name, data in cases.items()] + [tmp_path / "gone.jpg", tmp_path]
    for path in paths:
        with pytest.raises(PictureError) as caught:
            open_picture(path)
        sentence = str(caught.value)
        assert path.name in sentence and str(tmp_path) not in sentence.replace(tmp_path.name, "", 1)
        assert sentence.endswith(".") and "\n" not in sentence


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(PictureError, match="is not a file"):
        open_picture(tmp_path / "pipe.jpg")


def test_hostile_names_are_made_printable(tmp_path):
    with pytest.raises(PictureError) as caught:
        open_picture(tmp_path / ("\x1b[31m\n" + "x" * 200 + ".jpg"))
    assert str(caught.value).isprintable() and len(str(caught.value)) < 140


WHOLE = [encoded(Image.linear_gradient("L").resize((48, 32)), kind) for kind in ("JPEG", "PNG", "WEBP", "GIF", "BMP")]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(which=st.sampled_from(WHOLE), where=st.integers(0, 10_000), data=st.binary(min_size=1, max_size=8))
def test_damaged_bytes_open_or_are_refused_never_more(save, which, where, data):
    where %= len(which)
    path = save(which[:where] + data + which[where + len(data) :])
    try:
        assert open_picture(path).mode == "RGB"
    except PictureError as error:
        assert "photo.jpg" in str(error)


def test_blank_is_as_documented():
    assert blank_picture().size == (384, 384)
    assert blank_picture().getcolors() == [(384 * 384, BLANK_COLOUR)]


def test_bytes_are_read_as_the_file_is(tiny_catalog):
    path = tiny_catalog.picture_path(tiny_catalog["sofa-red"])
    assert read_picture(path.read_bytes()).tobytes() == open_picture(path).tobytes()
    for data in (b"", b"no picture", path.read_bytes()[:40]):
        with pytest.raises(PictureError, match=r"chair\.png is not a readable picture"):
            read_picture(data, "chair.png")


def test_missing_pictures_are_counted(tiny_catalog):
    assert missing_pictures(tiny_catalog) == []
    (tiny_catalog.folder / "images/lamp-blue.png").unlink()
    bare = Product("bare", "Bare shelf", "Shelves")
    two = replace(tiny_catalog["sofa-red"], id="two", images=("images/sofa-red.png", "images/none.png"))
    more = replace(tiny_catalog, products=(*tiny_catalog.products, bare, two))
    assert [problem.where for problem in missing_pictures(more)] == ["lamp-blue", "bare", "two"]
