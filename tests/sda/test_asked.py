"""Conversations learn beside the items that they ended with."""

from dataclasses import replace
from pathlib import Path

import pytest
from helpers.adapting import CONFIG

from lavic_chat.catalog import load_catalog
from lavic_chat.errors import LavicError
from lavic_chat.sda import adaptation
from lavic_chat.sda.adaptation import AdaptRequest, adapt
from lavic_chat.storage.files import write_jsonl
from lavic_chat.training.item_queries import read_asked


def dialogues_about(catalog, path: Path, rows: slice) -> Path:
    """A conversation about each of some products, with others that were turned down."""
    products = load_catalog(catalog).products
    lines = [
        {
            "context": f"<submission>something {product.title.split()[-1]} like {product.title}</submission>\n",
            "gt_items": [product.id],
            "candidates": [product.id, *(other.id for other in products[:4] if other.id != product.id)],
        }
        for product in products[rows]
    ]
    write_jsonl(path, lines)
    return path


def test_conversations_meet_the_items_that_they_ended_with(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(adaptation, "split_titles", lambda catalog: (list(range(12)), list(range(12))))
    file = dialogues_about(settings.catalog, tmp_path / "asked.jsonl", slice(None))
    config = replace(CONFIG, steps=40, valid_every=20)
    record = adapt(AdaptRequest(settings, config, dialogues=file, valid=file)).record
    assert record["config"]["query_longest"] == adaptation.QUERY_LONGEST and len(record["dialogues"]) == 2
    assert record["best"]["asked"] == max(point["asked"] for point in record["valid"]) > 0.5
    assert record["losses"][-1] < record["losses"][0]
    with pytest.raises(LavicError, match="two files"):
        adapt(AdaptRequest(settings, config, dialogues=file))


def test_a_batch_has_products_that_were_turned_down_for_each_other(settings, tmp_path):
    catalog = load_catalog(settings.catalog)
    file = dialogues_about(settings.catalog, tmp_path / "asked.jsonl", slice(2, 12))
    asked = read_asked(file, catalog, range(1, 12))
    assert set(asked.by_row) == set(range(1, 11)) and asked.by_row[1][0].rivals == (0, 2)
    drawn = asked.draw(4, 3, 0)
    assert len(drawn) == 4 and drawn == asked.draw(4, 3, 0) != asked.draw(4, 4, 0)
    assert len(asked.draw(100, 1, 0)) == 10 and all(text for text in drawn.values())
