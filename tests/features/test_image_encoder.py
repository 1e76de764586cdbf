"""Looking: nothing is seen twice, what cannot be seen is the blank, a stopped run goes on, shipped states are taken."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.tiny import tiny_model
from PIL import Image
from safetensors.torch import load_file, save_file

from lavic_chat.catalog import Catalog, Product, blank_picture
from lavic_chat.errors import LavicError, PictureError
from lavic_chat.features import image_encoder as module
from lavic_chat.features import picture_keys
from lavic_chat.features.image_encoder import ImageEncoder, WholeImageEncoder, chunks
from lavic_chat.model import VIEWS


class Counting:
    """A tiny model that counts the pictures its tower has looked at, and can be made to stop."""

    def __init__(self):
        self.model, self.seen, self.stop_after = tiny_model(), 0, None
        encode = self.model.encode_views

        def count(views):
            if self.stop_after is not None and self.seen >= self.stop_after:
                raise KeyboardInterrupt
            self.seen += len(views)
            return encode(views)

        self.model.encode_views = count


@pytest.fixture
def eye() -> Counting:
    return Counting()


@pytest.fixture
def image_encoder(eye, tmp_path) -> ImageEncoder:
    return ImageEncoder(eye.model, tmp_path / "home")


def blank_states(eye) -> torch.Tensor:
    return eye.model.encode_views(eye.model.make_views([blank_picture()]))[0]


def test_the_second_look_computes_nothing(eye, image_encoder, tiny_catalog, tmp_path):
    first = image_encoder.encode_products(tiny_catalog, tiny_catalog.products)
    assert eye.seen == 12 and first.shape == (12, VIEWS, eye.model.state_size)
    for again in (image_encoder, ImageEncoder(eye.model, tmp_path / "home")):
        assert torch.equal(again.encode_products(tiny_catalog, tiny_catalog.products), first)
    assert eye.seen == 12


def test_the_states_are_the_towers_in_the_products_order(eye, image_encoder, tiny_catalog):
    products = tiny_catalog.products[5::-2]
    states = image_encoder.encode_products(tiny_catalog, products)
    for product, row in zip(products, states, strict=True):
        picture = Image.open(tiny_catalog.folder / product.images[0])
        assert torch.allclose(row, eye.model.encode_views(eye.model.make_views([picture]))[0], atol=1e-4)


def test_a_whole_picture_alone_is_a_fifth_of_the_work(eye, tiny_catalog, tmp_path, monkeypatch):
    known, rest = tiny_catalog.products[:4], tiny_catalog.products[4:]
    all_views = ImageEncoder(eye.model, tmp_path / "home").encode_products(tiny_catalog, known)
    seen, encode = [], eye.model.encode_view
    monkeypatch.setattr(eye.model, "encode_view", lambda views: seen.append(len(views)) or encode(views))
    monkeypatch.setattr(eye.model, "encode_views", None)
    for _ in range(2):
        states = WholeImageEncoder(eye.model, tmp_path / "home").encode_products(tiny_catalog, tiny_catalog.products)
        assert states.shape == (12, 1, eye.model.state_size)
        assert sum(seen) == len(rest)  # neither what all views are known of, nor the rest a second time
    assert torch.equal(states[:4], all_views[:, :1])
    monkeypatch.undo()
    later = ImageEncoder(eye.model, tmp_path / "home").encode_products(tiny_catalog, rest)
    assert torch.allclose(states[4:], later[:, :1], atol=1e-4)


def test_no_products_are_no_states(image_encoder, tiny_catalog, eye):
    assert image_encoder.encode_products(tiny_catalog, []).shape == (0, VIEWS, eye.model.state_size)


def test_the_states_may_be_written_to(image_encoder, tiny_catalog):
    products = tiny_catalog.products[:2]
    image_encoder.encode_products(tiny_catalog, products).zero_()
    assert image_encoder.encode_products(tiny_catalog, products).abs().sum() > 0


def test_a_changed_picture_is_seen_anew(eye, image_encoder, tiny_catalog):
    product = tiny_catalog.products[0]
    before = image_encoder.encode_products(tiny_catalog, [product])
    Image.new("RGB", (60, 60), "purple").save(tiny_catalog.folder / product.images[0])
    assert not torch.allclose(image_encoder.encode_products(tiny_catalog, [product]), before, atol=1e-3)
    assert eye.seen == 2


def test_other_weights_do_not_share_states(eye, tmp_path, tiny_catalog):
    ImageEncoder(eye.model, tmp_path).encode_products(tiny_catalog, tiny_catalog.products[:1])
    eye.model.vision_hash = "a vision adapter's"
    ImageEncoder(eye.model, tmp_path).encode_products(tiny_catalog, tiny_catalog.products[:1])
    assert eye.seen == 2


def test_the_same_picture_of_two_products_is_seen_once(eye, image_encoder, tiny_catalog):
    first = tiny_catalog.products[0]
    states = image_encoder.encode_products(tiny_catalog, [first, replace(first, id="twin")])
    assert eye.seen == 1 and torch.equal(states[0], states[1])


@pytest.mark.parametrize("case", ["not listed", "missing", "corrupt", "outside", "a folder", "too large", "forbidden"])
def test_what_cannot_be_seen_is_the_blank(eye, image_encoder, tiny_catalog, monkeypatch, case):
    folder = tiny_catalog.folder
    images = {"not listed": (), "missing": ("images/none.png",), "outside": ("../secret.png",), "a folder": ("images",)}
    product = Product("odd", "Odd one", "Things", images.get(case, ("images/odd.png",)))
    Image.new("RGB", (60, 60), "purple").save(folder.parent / "secret.png")
    Image.new("RGB", (60, 60), "purple").save(folder / "images" / "odd.png")
    if case == "corrupt":
        (folder / "images" / "odd.png").write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
    if case == "too large":
        for place in ("features.picture_keys", "catalog.pictures"):
            monkeypatch.setattr(f"lavic_chat.{place}.MAX_BYTES", 10)
    if case == "forbidden":  # for root as well
        for opener in (Path, Image):
            monkeypatch.setattr(opener, "open", refuse)
    states = image_encoder.encode_products(Catalog(folder, (product,)), [product])
    assert torch.allclose(states[0], blank_states(eye), atol=1e-5)


def refuse(*arguments, **options):
    raise PermissionError(13, "Permission denied")


def test_a_stopped_run_goes_on_where_it_stopped(eye, tmp_path, tiny_catalog, monkeypatch):
    monkeypatch.setattr(module, "BATCH", 4)
    eye.stop_after = 8
    with pytest.raises(KeyboardInterrupt):
        ImageEncoder(eye.model, tmp_path).encode_products(tiny_catalog, tiny_catalog.products)
    assert eye.seen == 8
    eye.stop_after = None
    ImageEncoder(eye.model, tmp_path).encode_products(tiny_catalog, tiny_catalog.products)
    assert eye.seen == 12


def test_a_photo_is_seen_once(eye, image_encoder, tmp_path):
    Image.new("RGB", (40, 90), "teal").save(tmp_path / "photo.png")
    first = image_encoder.encode_photo(tmp_path / "photo.png")
    (tmp_path / "photo.png").rename(tmp_path / "another-name.png")
    assert torch.equal(image_encoder.encode_photo(tmp_path / "another-name.png"), first)
    assert eye.seen == 1 and first.shape == (VIEWS, eye.model.state_size)


def test_a_photo_that_is_none_is_told(eye, image_encoder, tmp_path):
    (tmp_path / "photo.png").write_text("not a picture")
    for name in ("photo.png", "nothing.png"):
        with pytest.raises(PictureError, match=name):
            image_encoder.encode_photo(tmp_path / name)
    assert eye.seen == 0


def test_what_is_seen_does_not_keep_the_towers_output_alive(image_encoder):
    seen = image_encoder._encode([Image.new("RGB", (40, 30))])
    assert seen.flags.owndata and seen.base is None


# ---- shipped states ----


def test_shipped_states_spare_the_first_look(eye, image_encoder, tmp_path, tiny_catalog):
    states = image_encoder.encode_products(tiny_catalog, tiny_catalog.products)
    assert image_encoder.save_states(tiny_catalog, tmp_path / "states.safetensors") == 12
    elsewhere = ImageEncoder(eye.model, tmp_path / "fresh home")
    elsewhere.adopt_states(tmp_path / "states.safetensors")
    adopted = elsewhere.encode_products(tiny_catalog, tiny_catalog.products)
    assert eye.seen == 12
    assert torch.allclose(adopted, states, atol=5e-3)  # they travel in half precision


def test_ones_own_states_are_kept(image_encoder, tmp_path, tiny_catalog):
    states = image_encoder.encode_products(tiny_catalog, tiny_catalog.products)
    image_encoder.save_states(tiny_catalog, tmp_path / "states.safetensors")
    image_encoder.adopt_states(tmp_path / "states.safetensors")
    assert torch.equal(image_encoder.encode_products(tiny_catalog, tiny_catalog.products), states)


def test_states_that_an_earlier_release_shipped_give_way(image_encoder, tmp_path, tiny_catalog):
    states = image_encoder.encode_products(tiny_catalog, tiny_catalog.products)
    image_encoder.save_states(tiny_catalog, tmp_path / "states.safetensors")
    shipped = load_file(tmp_path / "states.safetensors")
    first, *others = image_encoder.cache.get(shipped)
    image_encoder.cache.put(
        {first: shipped[first].float().numpy() + 0.01}
    )  # as another release, or machine, rounded it
    image_encoder.adopt_states(tmp_path / "states.safetensors")
    after = image_encoder.cache.get(shipped)
    assert np.array_equal(after[first], shipped[first].float().numpy())
    whole = {state.numpy().tobytes() for state in states}
    assert all(after[key].tobytes() in whole for key in others)  # those keep their full precision


def test_shipped_states_may_be_absent_but_not_damaged(image_encoder, tmp_path):
    image_encoder.adopt_states(tmp_path / "none.safetensors")
    (tmp_path / "states.safetensors").write_bytes(b"cut off")
    with pytest.raises(LavicError, match=r"states\.safetensors is damaged"):
        image_encoder.adopt_states(tmp_path / "states.safetensors")


def test_shipped_states_of_another_shape_are_not_believed(eye, image_encoder, tmp_path, tiny_catalog):
    wanted = image_encoder.encode_products(tiny_catalog, tiny_catalog.products)
    image_encoder.save_states(tiny_catalog, tmp_path / "states.safetensors")
    wrong = {key: state[:, :3].contiguous() for key, state in load_file(tmp_path / "states.safetensors").items()}
    save_file(wrong, tmp_path / "states.safetensors")
    elsewhere = ImageEncoder(eye.model, tmp_path / "fresh home")
    elsewhere.adopt_states(tmp_path / "states.safetensors")
    assert torch.allclose(elsewhere.encode_products(tiny_catalog, tiny_catalog.products), wanted, atol=1e-5)


def test_chunks_lose_nothing():
    assert [list(part) for part in chunks(range(7), 3)] == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(chunks([], 3)) == []


def test_a_picture_that_changes_while_it_is_looked_at_is_told(image_encoder, tiny_catalog, monkeypatch):
    answers = iter([b"one", b"another"])
    for place in (module, picture_keys):
        monkeypatch.setattr(place, "read_bytes", lambda path: next(answers))
    with pytest.raises(LavicError, match="changed while it was looked at; run the command again"):
        image_encoder.encode_products(tiny_catalog, tiny_catalog.products[:1])


def test_blanks_are_counted(image_encoder, tiny_catalog):
    bare = Product("bare", "Bare shelf", "Shelves")
    (tiny_catalog.folder / "images" / "sofa-red.png").write_bytes(b"broken")
    seen = image_encoder.encode_products(tiny_catalog, [*tiny_catalog.products, bare])
    assert image_encoder.count_blanks(seen) == 2


def test_several_pictures_of_a_product_are_seen(image_encoder, tiny_catalog):
    sofa, chair, _, lamp = (tiny_catalog[f"{name}-red"] for name in ("sofa", "chair", "sofa", "lamp"))
    both = replace(sofa, images=(*sofa.images, *chair.images, *lamp.images))
    bare = Product("bare", "Bare shelf", "Shelves")
    two, one, none = image_encoder.encode_pictures(tiny_catalog, [both, chair, bare], 2)
    assert [len(seen) for seen in (two, one, none)] == [2, 1, 1]
    assert torch.equal(two, image_encoder.encode_products(tiny_catalog, [sofa, chair]))
    assert torch.equal(one[0], two[1]) and torch.equal(none[0], torch.tensor(image_encoder.blank))


def test_shipped_states_may_be_of_several_pictures(image_encoder, tiny_catalog, tmp_path):
    first, second = tiny_catalog.products[:2]
    pair = Catalog(tiny_catalog.folder, (replace(first, images=(*first.images, *second.images)),))
    image_encoder.encode_pictures(pair, pair.products, 2)
    assert image_encoder.save_states(pair, tmp_path / "one.safetensors") == 1
    assert image_encoder.save_states(pair, tmp_path / "two.safetensors", most=2) == 2
