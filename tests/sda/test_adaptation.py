"""Texts and pictures of items learn to meet, on a tiny model: stopped and gone on, kept whole, refused in words."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.adapting import CONFIG, learn
from helpers.tiny import tiny_model
from helpers.toys import make_adapter
from safetensors import safe_open

from lavic_chat.errors import LavicError
from lavic_chat.features.adapted import put_moda_on
from lavic_chat.features.image_encoder import ImageEncoder
from lavic_chat.features.item_embedder import EmbedderConfig, ItemEmbedder
from lavic_chat.features.item_pictures import FiveTokens
from lavic_chat.features.item_vectors import load_item_vectors
from lavic_chat.model.card import read_card
from lavic_chat.model.load import load_model
from lavic_chat.model.lora import plain_layers
from lavic_chat.model.moda import MODA, read_moda
from lavic_chat.sda import adaptation, items
from lavic_chat.sda.adaptation import AdaptRequest, adapt, cross_recall, make_loss
from lavic_chat.sda.features import FeatureMaker
from lavic_chat.sda.shipping import EmbedRequest, embed_items
from lavic_chat.sda.space import own_ranks
from lavic_chat.storage.files import write_jsonl
from lavic_chat.training.checkpoint import Checkpoint
from lavic_chat.training.configs import AdaptConfig

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("kind", ["moda", "lora", "separate"])
@pytest.mark.parametrize("loss", ["cmsa", "infonce"])
def test_it_learns_and_what_was_best_is_kept(settings, monkeypatch, kind, loss):
    monkeypatch.setattr(adaptation, "split_titles", lambda catalog: (list(range(12)), list(range(12))))
    record = learn(settings, kind=kind, loss=loss, steps=60, valid_every=20)
    assert record["losses"][-1] < record["losses"][0] and record["valid"][0]["step"] == 0
    best = max(point["recall_10"] for point in record["valid"])
    assert record["best"]["recall_10"] == best > record["valid"][0]["recall_10"]
    assert read_card(settings.adapter).training["sda"]["best"] == record["best"]
    assert {file.name for file in (settings.adapter / MODA).iterdir()} == {
        "adapter_config.json",
        "adapter_model.safetensors",
    }


def test_what_is_read_back_finds_what_was_found(settings, monkeypatch):
    monkeypatch.setattr(adaptation, "split_titles", lambda catalog: (list(range(12)), list(range(12))))
    record = learn(settings, steps=60, valid_every=20)
    model = load_model(settings.model, settings.adapter, settings.home)
    plain_layers(model)
    read_moda(model, settings.adapter / MODA)
    catalog = adaptation.load_catalog(settings.catalog)
    _, held = adaptation.split_titles(catalog)
    products = [catalog.products[row] for row in held]
    states = ImageEncoder(model, settings.home).encode_products(catalog, products)
    embedder = ItemEmbedder(model, settings.home, "x", EmbedderConfig(pool="own"))
    begun = adaptation.begin_items(embedder, products, FiveTokens(states))
    found = cross_recall(embedder, begun, make_loss(AdaptConfig(**record["config"])), record["best"]["step"])
    assert found.recall_1 == pytest.approx(record["best"]["recall_1"], abs=0.1)
    assert found.soft == pytest.approx(record["best"]["soft"], abs=0.1) and 0 < found.soft < 1


@pytest.mark.parametrize("first_layer", [0, 1])
def test_all_tokens_of_pictures_may_be_read(settings, first_layer, monkeypatch):
    monkeypatch.setattr(adaptation, "split_titles", lambda catalog: (list(range(12)), list(range(12))))
    record = learn(settings, steps=20, valid_every=10, tokens="all", first_layer=first_layer)
    assert record["config"]["tokens"] == "all" and record["best"]["step"] and np.isfinite(record["losses"]).all()
    maker = FeatureMaker(settings, adaptation.load_catalog(settings.catalog))
    made = maker.make(f"sda={settings.adapter}")
    assert len(made.images) == len(made.texts) == len(maker.texts)
    assert not list(settings.home.glob("cache/visual/*.sqlite"))  # nothing was looked at in five


def test_the_structure_at_the_start_may_teach(settings):
    now, start = learn(settings, steps=4), learn(settings, steps=4, teacher_from="start")
    assert start["losses"] != now["losses"] and start["valid"][0] == now["valid"][0]


def test_pictures_may_come_to_the_texts_which_stay_as_they_are(settings, monkeypatch, tmp_path):
    monkeypatch.setattr(adaptation, "split_titles", lambda catalog: (list(range(12)), list(range(12))))
    with pytest.raises(LavicError, match="--kind separate"):
        learn(settings, learns="image")
    record = learn(settings, learns="image", kind="separate", steps=60, valid_every=20)
    assert record["best"]["recall_10"] > record["valid"][0]["recall_10"]
    model = load_model(settings.model, settings.adapter, settings.home)
    plain_layers(model)
    texts, pictures = ["a red sofa"], torch.randn(2, 5, 32)
    embedder = ItemEmbedder(model, settings.home, "x")
    with torch.no_grad():
        before = embedder.embed_texts(texts), embedder.embed_states(pictures)
        read_moda(model, settings.adapter / MODA)
        model.train(False)
        assert torch.allclose(embedder.embed_texts(texts), before[0], atol=1e-6)
        assert not torch.allclose(embedder.embed_states(pictures), before[1], atol=1e-4)


def test_only_the_upper_layers_learn_where_that_is_asked_for(settings, monkeypatch):
    monkeypatch.setattr(adaptation, "split_titles", lambda catalog: (list(range(12)), list(range(12))))
    learn(settings, first_layer=1, steps=40, valid_every=20)
    with safe_open(settings.adapter / MODA / "adapter_model.safetensors", "pt") as weights:
        assert {name.split(".layers.")[1].split(".")[0] for name in weights.keys()} == {"1"}  # noqa: SIM118
    with pytest.raises(LavicError, match="none from 9 on"):
        learn(settings, first_layer=9)


def test_another_folder_holds_the_moda_alone_and_knows_what_it_is_of(settings, monkeypatch, tmp_path):
    monkeypatch.setattr(adaptation, "split_titles", lambda catalog: (list(range(12)), list(range(12))))
    config = replace(CONFIG, steps=60, valid_every=20)
    adapt(AdaptRequest(settings, config, tmp_path / "other"))
    assert not (settings.adapter / MODA).exists()
    assert {file.name for file in (tmp_path / "other").iterdir()} == {"adapter.json", MODA}
    model = load_model(settings.model, settings.adapter, settings.home)
    plain_layers(model)
    put_moda_on(model, tmp_path / "other")
    raw = load_model(settings.model, settings.adapter, settings.home)
    plain_layers(raw)
    raw.adapter_hash = "another"
    with pytest.raises(LavicError, match="another adapter's weights"):
        put_moda_on(raw, tmp_path / "other")


def test_the_modalities_gradients_are_compared_layer_by_layer(settings):
    record = learn(settings)
    points = [point["conflict"] for point in record["valid"]]
    assert all(set(point) == {"q_proj", "k_proj"} for point in points)
    assert all(len(point["q_proj"]) == 2 and all(-1 <= one <= 1 for one in point["q_proj"]) for point in points)
    assert points[0] != points[-1]


def test_what_does_not_learn_is_read_once(settings, monkeypatch):
    learn(settings, first_layer=1, steps=2)
    monkeypatch.setattr(items, "read_items", None)
    learn(settings, first_layer=1, steps=2, seed=1)
    kept = next((settings.home / "cache" / "items").glob("begun-*"))
    kept.write_bytes(b"damaged")
    with pytest.raises(TypeError):
        learn(settings, first_layer=1, steps=2, seed=2)


def test_two_processes_learn_what_one_does(base, tiny_catalog, tmp_path):
    """Each embeds half of the batch, and both learn from all of it."""
    titles = iter([*choose_titles(4, is_held=True), *choose_titles(20, is_held=False)])
    rows = [product.to_row() | {"title": next(titles)} for product in tiny_catalog]
    write_jsonl(tiny_catalog.folder / "products.jsonl", rows)
    adapter = make_adapter(load_model(base, None, tmp_path / "home"), tmp_path / "adapter")
    words = ["sda", "adapt", "--catalog", tiny_catalog.folder, "--model", base, "--adapter", adapter, "--steps", 4,
             "--batch", 4, "--dropout", 0, "--valid-every", 2, "--runtime", "torch", "--json"]  # fmt: skip
    environment = {**os.environ, "LAVIC_HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1"}
    launchers = [], ["torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
    records = []
    for place, launcher in enumerate(launchers):
        command = [sys.executable, "-m", *launcher, "lavic_chat", *words, "--out", tmp_path / str(place)]
        done = subprocess.run(
            list(map(str, command)), cwd=ROOT, capture_output=True, text=True, timeout=240, env=environment
        )
        assert done.returncode == 0, done.stderr[-2000:]
        records.append(json.loads(done.stdout))
    one, two = records
    assert (one["processes"], two["processes"]) == (1, 2)
    assert two["losses"] == pytest.approx(one["losses"], abs=1e-4)
    assert [point["gap"] for point in two["valid"]] == pytest.approx([point["gap"] for point in one["valid"]], abs=1e-3)


def test_vectors_for_the_shop_are_of_these_items_and_pictures(settings, monkeypatch, tmp_path):
    monkeypatch.setattr(adaptation, "split_titles", lambda catalog: (list(range(12)), list(range(12))))
    adapt(AdaptRequest(settings, replace(CONFIG, steps=60, valid_every=20), tmp_path / "other"))
    with pytest.raises(LavicError, match="has no folder moda"):
        embed_items(EmbedRequest(settings))
    told = embed_items(EmbedRequest(settings, tmp_path / "other", 4))
    assert told.startswith("12 vectors of 8 numbers")
    catalog = adaptation.load_catalog(settings.catalog)
    states = ImageEncoder.encode_products(None, catalog, catalog.products)
    vectors = load_item_vectors(settings.adapter, catalog.products, states)
    assert vectors.shape == (12, 8) and np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert load_item_vectors(settings.adapter, catalog.products, states + 1) is None
    assert load_item_vectors(None, catalog.products, states) is None
    (settings.adapter / MODA / "items.safetensors").write_bytes(b"no")
    with pytest.raises(LavicError, match="is damaged"):
        load_item_vectors(settings.adapter, catalog.products, states)


def choose_titles(count: int, is_held: bool) -> list[str]:
    names = (f"a thing no {number}" for number in range(1000))
    held = lambda name: int(adaptation.hash_bytes(name)[:8], 16) % adaptation.HELD_OUT == 0  # noqa: E731
    return [name for name in names if held(name) == is_held][:count]


class Stopped(Exception):
    pass


def test_a_stopped_run_goes_on_to_the_same_end(settings, monkeypatch):
    whole = learn(settings)
    save = Checkpoint.save

    def save_and_stop(self, step, *what):
        save(self, step, *what)
        if step == 4:
            raise Stopped

    monkeypatch.setattr(Checkpoint, "save", save_and_stop)
    with pytest.raises(Stopped):
        learn(settings)
    assert list(settings.adapter.glob("*.progress"))
    monkeypatch.setattr(Checkpoint, "save", save)
    again = learn(settings)
    assert again["losses"] == pytest.approx(whole["losses"]) and again["valid"] == whole["valid"]
    assert not list(settings.adapter.glob("*.progress"))


def test_a_loss_that_is_no_number_is_told_and_nothing_is_written(settings, monkeypatch):
    monkeypatch.setattr(
        adaptation, "make_loss", lambda config: lambda texts, images: ((texts + images) * torch.nan).sum()
    )
    before = json.loads((settings.adapter / "adapter.json").read_text())
    with pytest.raises(LavicError, match="lower --lr"):
        learn(settings)
    assert not (settings.adapter / MODA).exists()
    assert json.loads((settings.adapter / "adapter.json").read_text()) == before


def test_too_few_products_and_no_adapter_are_told(settings, monkeypatch, tmp_path):
    with pytest.raises(LavicError, match=r"adapter"):
        learn(replace(settings, adapter=tmp_path / "none"))
    monkeypatch.setattr(adaptation, "HELD_OUT", 10**6)
    with pytest.raises(LavicError, match="too few products"):
        learn(settings)


def test_a_title_is_learned_from_or_validates(settings):
    rows = [json.loads(line) for line in (Path(settings.catalog) / "products.jsonl").read_text().splitlines()]
    write_jsonl(Path(settings.catalog) / "products.jsonl", [row | {"title": row["title"].split()[1]} for row in rows])
    catalog = adaptation.load_catalog(settings.catalog)
    try:
        train, held = adaptation.split_titles(catalog)
    except LavicError:
        return  # all of three titles fell on one side
    assert not {catalog.products[row].title for row in train} & {catalog.products[row].title for row in held}


def test_ranks_put_ties_in_front():
    assert own_ranks(torch.tensor([[1.0, 0.0], [1.0, 1.0]])).tolist() == [1, 2]
    assert tiny_model().token_size == 48
