"""A tiny adapter that is to be adapted."""

import pytest
import torch
from helpers.adapting import hash_seed
from helpers.toys import make_adapter

from lavic_chat.features.image_encoder import ImageEncoder
from lavic_chat.model.load import load_model
from lavic_chat.sda import adaptation
from lavic_chat.settings import Settings
from lavic_chat.storage.files import write_jsonl


@pytest.fixture
def settings(tiny_catalog, base, tmp_path, monkeypatch) -> Settings:
    """Twelve products, each with a title of its own, half of them held out; found is what is among three."""
    monkeypatch.setattr(adaptation, "HELD_OUT", 2)
    monkeypatch.setattr(adaptation, "TOP", 3)
    # A random tower sees all pictures nearly alike; these states are as far apart as those of one that has learned.
    monkeypatch.setattr(ImageEncoder, "encode_products", lambda self, catalog, products, progress=False: (
        torch.stack([torch.randn(5, 32, generator=torch.Generator().manual_seed(hash_seed(one))) for one in products])
    ))  # fmt: skip
    rows = [product.to_row() | {"title": f"a {product.id.replace('-', ' ')}"} for product in tiny_catalog]
    write_jsonl(tiny_catalog.folder / "products.jsonl", rows)
    model = load_model(base, None, tmp_path / "home")
    adapter = make_adapter(model, tmp_path / "adapter")
    return Settings(home=tmp_path / "home", model=str(base), adapter=adapter, catalog=tiny_catalog.folder)
