"""Made-up purchases: the same every time, of people with a taste, and readable by `sda interactions`."""

from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from catalog.make.interactions import FEWEST, MOST, main, make_interactions
from lavic_chat.catalog import load_catalog
from lavic_chat.errors import LavicError

CATALOG = Path(__file__).parents[2] / "catalog"


def test_users_have_had_mostly_what_fits_their_taste():
    catalog = load_catalog(CATALOG)
    rows = make_interactions(catalog.products, 60, seed=1)
    assert rows == make_interactions(catalog.products, 60, seed=1) != make_interactions(catalog.products, 60, seed=2)
    by_user: dict[str, list[tuple[str, int]]] = {}
    for user, item, moment in rows:
        by_user.setdefault(user, []).append((item, moment))
    assert len(by_user) == 60
    shares = []
    for had in by_user.values():
        assert FEWEST <= len(had) <= MOST and len({item for item, _ in had}) == len(had)
        assert [moment for _, moment in had] == sorted(moment for _, moment in had)
        styles = Counter(catalog[item].attributes["style"] for item, _ in had)
        shares.append(styles.most_common(1)[0][1] / len(had))
    assert sum(shares) / len(shares) > 0.5


def test_a_catalogue_that_is_too_small_is_told(tmp_path):
    with pytest.raises(LavicError, match="import more first"):
        make_interactions(load_catalog(CATALOG).products[:5], 3, seed=0)
    told = CliRunner().invoke(main, [str(tmp_path), str(tmp_path / "out.csv")])
    assert told.exit_code == 1 and "Traceback" not in told.output and not (tmp_path / "out.csv").exists()
