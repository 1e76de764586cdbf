"""The real lavic-mini with the shipped adapter, from the command line to the pick."""

import json

import pytest
from click.testing import CliRunner

from lavic_chat.cli import main
from lavic_chat.features.image_encoder import ImageEncoder
from lavic_chat.settings import MINI, lavic_home, shipped

pytestmark = pytest.mark.mini


def ask(message: str, catalog, *options: str) -> dict:
    result = CliRunner().invoke(main, ["ask", message, "--catalog", str(catalog), "--json", *options])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home of its own for what is derived; the assembled models are shared."""
    for name in ("LAVIC_MODEL", "LAVIC_ADAPTER", "LAVIC_CATALOG"):
        monkeypatch.delenv(name, raising=False)
    shared = lavic_home()
    (tmp_path / "home").mkdir()
    for name in ("models", "downloads"):
        (shared / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / "home" / name).symlink_to(shared / name)
    monkeypatch.setenv("LAVIC_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_a_shopper_asks_and_gets_a_pick(home, tiny_catalog_folder, monkeypatch):
    first = ask("I need a red armchair for a reading corner", tiny_catalog_folder)
    ids = [item["id"] for item in first["candidates"]]
    known = {json.loads(line)["id"] for line in (tiny_catalog_folder / "products.jsonl").read_text().splitlines()}
    assert len(set(ids)) == 10 and set(ids) <= known
    assert first["pick"] == first["candidates"][0]
    assert {f"chair-{colour}" for colour in ("red", "green", "blue", "yellow")} <= set(ids)
    scores = [item["score"] for item in first["candidates"]]
    assert scores == sorted(scores, reverse=True) and sum(scores) == pytest.approx(1, abs=0.01)
    assert first["visual_tokens"] == 50 and 100 < first["prompt_tokens"] < 2048
    if shipped("assets", MINI, "adapter.json").exists():
        assert max(scores) > 1.5 * min(scores)  # it has looked, and has an opinion

    monkeypatch.setattr(ImageEncoder, "_encode", None)  # nothing is computed twice
    second = ask("I need a red armchair for a reading corner", tiny_catalog_folder)
    assert second["pick"] == first["pick"]
    assert [item["id"] for item in second["candidates"]] == ids


def test_the_shipped_moda_is_of_the_shipped_weights_and_items_are_searched_by_it(home, tiny_catalog_folder):
    found = ask("I need a red armchair for a reading corner", tiny_catalog_folder, "--search", "both")
    ids = [item["id"] for item in found["candidates"]]
    assert len(set(ids)) == 10 and {f"chair-{colour}" for colour in ("red", "green", "blue", "yellow")} <= set(ids)
