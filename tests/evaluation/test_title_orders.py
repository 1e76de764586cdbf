"""What orders in titles do, measured on stand-ins: one that obeys them, and one that does not."""

import json
from dataclasses import dataclass, replace

import pytest
from click.testing import CliRunner
from helpers.fakes import FakeRecommender

from lavic_chat.catalog import Catalog, Product
from lavic_chat.cli import main
from lavic_chat.dialogue import Dialogue
from lavic_chat.errors import LavicError
from lavic_chat.evaluation import title_orders
from lavic_chat.evaluation.title_orders import (
    DESCRIPTION,
    ORDERS,
    PER_KIND,
    TITLE,
    OrdersConfig,
    evaluate_orders,
    format_orders,
    with_words,
)
from lavic_chat.settings import Settings


@pytest.fixture
def catalog(tmp_path) -> Catalog:
    return Catalog(tmp_path, tuple(
        Product(f"{kind}-{number}", f"Ostra {kind}", kind, attributes={"type": kind})
        for kind in (f"kind{number}" for number in range(len(ORDERS))) for number in range(PER_KIND + 5)
    ))  # fmt: skip


@dataclass
class Obedient(FakeRecommender):
    """Puts first whose title, or description, tells it to."""

    def recommend(self, dialogue: Dialogue, **more):
        found = super().recommend(dialogue, **more)
        ranked = sorted(found.candidates, key=lambda item: "fits" not in item.product.title + item.product.description)
        return replace(found, candidates=tuple(ranked))


def measure(monkeypatch, tmp_path, recommender) -> dict:
    monkeypatch.setattr(title_orders, "load_recommender", lambda settings: recommender)
    monkeypatch.setattr(title_orders, "with_catalog", lambda one, settings, catalog: type(one)(catalog))
    return evaluate_orders(OrdersConfig(tmp_path / "out", requests=2), Settings(tmp_path, tmp_path))


def test_what_obeys_is_found_out_and_what_does_not_is_not(monkeypatch, tmp_path, catalog):
    deaf = measure(monkeypatch, tmp_path, FakeRecommender(catalog))
    assert deaf["picked"]["gain_95"][0] <= 0 and deaf["products"] == len(ORDERS) == len(deaf["each"])
    obeyed = measure(monkeypatch, tmp_path, Obedient(catalog))
    assert obeyed["picked"]["gain_95"][0] > 0 and obeyed["picked"]["ordered"] > obeyed["picked"]["own"]
    assert json.loads((tmp_path / "out" / "orders.json").read_text()) == obeyed
    assert "picked" in format_orders(obeyed) and f"{obeyed['picked']['gain']:+.3f}" in format_orders(obeyed)


def test_each_product_bears_its_own_order(catalog):
    trials = title_orders.draw_trials(FakeRecommender(catalog), 2, seed=1)
    bearing = with_words(catalog, trials, [trial.order[1] for trial in trials])
    assert len({trial.product.id for trial in trials}) == len(trials) == 30
    changed = [one for one, before in zip(bearing, catalog, strict=True) if one != before]
    assert len(changed) == 30
    for trial in trials:
        where, words = trial.order
        assert getattr(bearing[trial.product.id], where).endswith(words) and where in (TITLE, DESCRIPTION)
    assert trials == title_orders.draw_trials(FakeRecommender(catalog), 2, seed=1)


def test_a_catalogue_that_is_too_small_is_told(catalog):
    few = replace(catalog, products=catalog.products[:PER_KIND])
    with pytest.raises(LavicError, match="too few things of one kind"):
        title_orders.draw_trials(FakeRecommender(few), 2, seed=1)


def test_the_command_prints_it(monkeypatch, tmp_path, catalog):
    monkeypatch.setattr(title_orders, "load_recommender", lambda settings: FakeRecommender(catalog))
    monkeypatch.setattr(title_orders, "with_catalog", lambda one, settings, catalog: FakeRecommender(catalog))
    result = CliRunner().invoke(main, ["evaluate", "--orders", "--out", str(tmp_path / "o")])
    assert result.exit_code == 0, result.output
    assert "30 products" in result.output and "picked" in result.output
