"""From a file of interactions to those of a catalogue, and to what is learned from and asked."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lavic_chat.sda.interactions import JoinRequest, join_interactions, load_histories, split_last
from lavic_chat.sda.interactions.formats import InteractionError
from lavic_chat.sda.interactions.join import INTERACTIONS


def make_catalog(folder, ids):
    folder.mkdir(exist_ok=True)
    (folder / "products.jsonl").write_text("".join(json.dumps({"id": name, "title": name}) + "\n" for name in ids))
    return folder


def write(path, rows, header="user,item,timestamp"):
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


def join(tmp_path, rows, ids="abcdef", header="user,item,timestamp", **options):
    catalog = make_catalog(tmp_path / "catalog", ids)
    report = join_interactions(JoinRequest(write(tmp_path / "buys.csv", rows, header), catalog, **options))
    return report, catalog


def test_what_is_kept_and_what_is_dropped_and_why(tmp_path):
    rows = [
        *(("ann", item, time) for time, item in enumerate("abc")),
        ("ann", "a", 9), ("ann", "zzz", 4), ("bob", "a", 1), ("bob", "b", 2),
    ]  # fmt: skip
    report, catalog = join(tmp_path, rows, fewest=3)
    assert (report.read, report.users, report.items, report.interactions, report.items_without) == (7, 1, 3, 3, 3)
    assert (report.repeated, report.unknown_items, report.rare_users, report.of_rare_users) == (1, 1, 1, 2)
    assert "1 that a user had had before" in str(report) and "2 of 1 users with too few" in str(report)
    assert (catalog / INTERACTIONS).read_text().splitlines()[1:] == ["u000000,a,0,0", "u000000,b,1,0", "u000000,c,2,0"]
    assert json.loads((catalog / "interactions.json").read_text())["rare_users"] == 1


def test_rare_items_stay(tmp_path):
    rows = [(user, item, time) for user in range(5) for time, item in enumerate("ab")]
    report, _ = join(tmp_path, [*rows, (0, "f", 5)], fewest=2)
    assert report.items == 3


def test_few_stars_say_no_liking(tmp_path):
    rows = [("u", "a", 1, 5), ("u", "b", 2, 2), ("u", "c", 3, 4)]
    report, _ = join(tmp_path, rows, header="user,item,timestamp,rating", fewest=2, stars=4)
    assert report.interactions == 2 and report.few_stars == 1


def test_ids_that_have_lost_their_zeros_are_known(tmp_path):
    ids = ("0000000012", "0000000345", "0000006789")
    rows = [("u", name.lstrip("0"), time) for time, name in enumerate(ids)]
    report, catalog = join(tmp_path, rows, ids=ids, fewest=3)
    assert report.items == 3 and ",0000000012," in (catalog / INTERACTIONS).read_text()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("u", "nothing", 1)], "None of the 1 interactions"),
        ([("u", "a", 1)], "No user of"),
        ([], "holds no interactions"),
    ],
)
def test_where_nothing_is_left_nothing_is_written(tmp_path, rows, said):
    with pytest.raises(InteractionError, match=said):
        join(tmp_path, rows)
    assert not (tmp_path / "catalog" / INTERACTIONS).exists()


def test_a_split_asks_for_the_last_item(tmp_path):
    rows = [("u", item, time) for item, time in zip("cabfd", (3, 1, 2, 5, 4), strict=True)]
    _, catalog = join(tmp_path, [*rows, *(("v", item, 1) for item in "abcde")])
    products, histories = load_histories(catalog)
    split = split_last(histories)
    ids = [product.id for product in products.products]
    assert [ids[row] for row in split.train[0]] == list("abc")
    assert ids[split.valid[0]] == "d" and ids[split.test[0]] == "f"
    assert [ids[row] for row in split.known(0)] == list("abcd") and len(split.known(0, "valid")) == 3
    assert split.tail.all() and split.tail_of_all.all()


def test_of_one_time_the_order_says_what_was_last_and_else_the_seed(tmp_path):
    rows = [("u", item, 7, place) for place, item in enumerate("fedcba")]
    _, catalog = join(tmp_path, rows, header="user,item,timestamp,order")
    _, histories = load_histories(catalog, seed=3)
    assert list(histories.sequences[0]) == [5, 4, 3, 2, 1, 0]
    write(catalog / INTERACTIONS, [("u", item, 7) for item in "abcdef"])
    orders = {tuple(load_histories(catalog, seed)[1].sequences[0]) for seed in range(5)}
    assert len(orders) > 1 and orders == {tuple(load_histories(catalog, seed)[1].sequences[0]) for seed in range(5)}


@pytest.mark.parametrize(
    ("rows", "said"),
    [([("u", "zzz", 1)] * 3, "names 'zzz'"), ([("u", "a", 1), ("u", "b", 1)], "fewer than 3 items")],
)
def test_interactions_that_do_not_fit_their_catalogue(tmp_path, rows, said):
    catalog = make_catalog(tmp_path / "catalog", "ab")
    with pytest.raises(InteractionError, match="lavic-chat sda interactions"):
        load_histories(catalog)
    write(catalog / INTERACTIONS, rows)
    with pytest.raises(InteractionError, match=said):
        load_histories(catalog)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from("abcdef"), st.integers(0, 9)), max_size=60))
def test_nobody_is_asked_for_what_was_learned_from(tmp_path_factory, rows):
    try:
        _, catalog = join(tmp_path_factory.mktemp("any"), rows, fewest=3)
    except InteractionError:
        return
    split = split_last(load_histories(catalog)[1])
    for user, history in enumerate(split.train):
        assert len({*history, split.valid[user], split.test[user]}) == len(history) + 2
    assert np.array(split.tail).sum() >= np.array(split.tail_of_all).sum()
