"""Learning how probable looks are, over states in which the truth can be found."""

import json

import numpy as np
import pytest
import torch
from helpers.tiny import tiny_model
from helpers.toys import make_adapter

from lavic_chat.catalog import load_catalog
from lavic_chat.errors import CatalogError
from lavic_chat.features.attribute_heads import load_heads
from lavic_chat.features.item import ItemFeatures
from lavic_chat.model.card import damaged_parts, read_card
from lavic_chat.settings import Settings
from lavic_chat.storage.files import write_jsonl
from lavic_chat.training import attributes
from lavic_chat.training.attributes import AttributesRequest, tune_attributes, words_of
from lavic_chat.training.configs import AttributesConfig

COLOURS = ("blue", "green", "red")
CONFIG = AttributesConfig(steps=120, batch=32, lr=5e-3, hidden=16, members=2, dropout=0.1)


class Eyes:
    """Sees the colour in one of the states' numbers, and says a wrong one of every fourth product."""

    def __init__(self, model):
        self.model = model

    def look_at(self, catalog, products, progress=False):
        rng = np.random.default_rng(len(products))
        found = []
        for place, product in enumerate(products):
            colour = COLOURS.index(product.attributes["colour"])
            states = 0.3 * rng.normal(size=(1, 5, 4))
            states[0, :, colour] += 1
            said = COLOURS[colour if place % 4 else (colour + 1) % 3]
            found.append(ItemFeatures(torch.from_numpy(states).float(), said))
        return found


@pytest.fixture
def request_for(tmp_path, monkeypatch):
    model = tiny_model()
    adapter = make_adapter(model, tmp_path / "adapter")
    monkeypatch.setattr(attributes, "load_visual_ranker", lambda settings: Eyes(model))
    folder = tmp_path / "shop"
    folder.mkdir()
    names = [f"p{number}" for number in range(120)]
    rows = [
        {"id": name, "title": "Chair", "category": "x", "images": ["a.jpg"],
         "attributes": {"colour": COLOURS[place % 3], "material": "wood"}}
        for place, name in enumerate(names)
    ]  # fmt: skip
    write_jsonl(folder / "products.jsonl", rows)
    bounds = {"train": names[:60], "valid": names[60:90], "test": names[90:]}
    splits = {split: {name: [name] for name in some} for split, some in bounds.items()}
    (folder / "splits.json").write_text(json.dumps(splits))
    settings = Settings(tmp_path / "home", folder, adapter=adapter)
    return lambda config=CONFIG: AttributesRequest(settings, config)


def test_it_learns_what_the_states_show(request_for):
    request = request_for()
    result = tune_attributes(request)
    valid = result.record["valid"]
    assert valid["heads"]["colour"] > 0.9 and valid["both"]["colour"] > 0.9 > valid["captions"]["colour"]
    adapter = request.settings.adapter
    heads = load_heads(adapter, tiny_model().vision_hash)
    assert heads is not None and heads.words == COLOURS and damaged_parts(adapter) == []
    assert heads.believed["colour"] == pytest.approx(22 / 30, abs=1e-6)
    assert read_card(adapter).training["attributes"]["held_out"] == 30
    picks = result.record["test"]["shop"]["colour"]
    assert picks["wanted"]["heads"] > 0.9 > picks["wanted"]["captions"] > picks["wanted"]["chance"]
    assert picks["unwanted"]["heads"] > 0.9 and picks["n"]["picks"] == 9
    assert "held out" in result.summary


def test_the_same_seed_gives_the_same_heads(request_for):
    request = request_for()
    names = []
    for _ in range(2):
        tune_attributes(request)
        names.append(load_heads(request.settings.adapter, tiny_model().vision_hash).name)
    assert names[0] == names[1]


def test_an_attribute_with_one_word_tells_nothing(request_for):
    catalog = load_catalog(request_for().settings.catalog)
    assert words_of([catalog.products]) == {"colour": COLOURS}


def test_a_catalogue_that_knows_no_looks_is_refused(request_for):
    folder = request_for().settings.catalog
    write_jsonl(folder / "products.jsonl", [{"id": "p1", "title": "Chair", "category": "x", "images": ["a.jpg"]}])
    with pytest.raises(CatalogError, match="needs products whose looks are known"):
        tune_attributes(request_for())
