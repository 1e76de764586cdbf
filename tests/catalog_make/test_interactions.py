"""Made-up purchases: the same every time, of people with a taste, and readable by `sda interactions`."""

from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from catalog.make import interactions
from catalog.make.interactions import FEWEST, MOST, main, make_interactions
from lavic_chat.catalog import load_catalog
from lavic_chat.errors import LavicError

CATALOG = Path(__file__).parents[2] / "catalog"


def shares_of_kind(catalog, rows) -> float:
    """In the mean over users, how much of what each has had is of the kind that it has most of."""
    by_user: dict[str, list[str]] = {}
    for user, item, _ in rows:
        by_user.setdefault(user, []).append(catalog[item].attributes["type"])
    return sum(Counter(had).most_common(1)[0][1] / len(had) for had in by_user.values()) / len(by_user)


def test_users_have_had_rather_what_fits_their_taste(monkeypatch):
    catalog = load_catalog(CATALOG)
    rows = make_interactions(catalog.products, 60, seed=1)
    again, others = (make_interactions(catalog.products, 60, seed=seed) for seed in (1, 2))
    assert rows == again and rows != others
    monkeypatch.setattr(interactions, "FITS", 1.0)
    assert shares_of_kind(catalog, rows) > shares_of_kind(catalog, make_interactions(catalog.products, 60, 1)) + 0.05


def test_nobody_has_had_a_thing_twice_or_before_the_last():
    by_user: dict[str, list[tuple[str, int]]] = {}
    for user, item, moment in make_interactions(load_catalog(CATALOG).products, 60, seed=1):
        by_user.setdefault(user, []).append((item, moment))
    assert len(by_user) == 60
    for had in by_user.values():
        assert FEWEST <= len(had) <= MOST and len({item for item, _ in had}) == len(had)
        assert [moment for _, moment in had] == sorted(moment for _, moment in had)


def test_a_catalogue_that_is_too_small_is_told(tmp_path):
    with pytest.raises(LavicError, match="import more first"):
        make_interactions(load_catalog(CATALOG).products[:5], 3, seed=0)
    told = CliRunner().invoke(main, [str(tmp_path), str(tmp_path / "out.csv")])
    assert told.exit_code == 1 and "Traceback" not in told.output and not (tmp_path / "out.csv").exists()
