"""Recommenders over sets of features of a tiny model: what is compared, kept, gone on with and refused."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from helpers.toys import make_adapter, use_word_encoder

from lavic_chat.cli import main
from lavic_chat.errors import LavicError
from lavic_chat.model.load import load_model
from lavic_chat.sda import comparison, features, lengths
from lavic_chat.sda.comparison import CompareRequest, compare
from lavic_chat.sda.features import FeatureMaker, FeatureSet
from lavic_chat.sda.fitted import FOUR, Fitted, average
from lavic_chat.sda.interactions import Histories, load_histories
from lavic_chat.sda.lengths import LENGTHS_FILE, LengthsRequest, measure_lengths
from lavic_chat.sda.recommenders.registry import RECOMMENDERS
from lavic_chat.sda.table import differences
from lavic_chat.settings import Settings
from lavic_chat.storage.files import write_json, write_jsonl

ITEMS, USERS, GROUPS = 120, 45, 15  # eight items in each group


@pytest.fixture(scope="module")
def settings(base, tmp_path_factory) -> Settings:
    """Items of groups, which their titles tell; users who buy within one of them."""
    home = tmp_path_factory.mktemp("sda")
    (home / "catalog").mkdir()
    rows = [{"id": f"i{row}", "title": f"a chair {'abcdefghijklmno'[row % GROUPS] * 4}"} for row in range(ITEMS)]
    write_jsonl(home / "catalog" / "products.jsonl", rows)
    rng = np.random.default_rng(0)
    lines = ["user,item,timestamp"]
    for user in range(USERS):
        had = rng.choice(np.arange(ITEMS)[user % GROUPS :: GROUPS], 5, replace=False)
        lines += [f"u{user},i{item},{time}" for time, item in enumerate(had)]
    (home / "catalog" / "interactions.csv").write_text("\n".join(lines))
    adapter = make_adapter(load_model(base, None, home / "home"), home / "adapter")
    return Settings(home=home / "home", model=str(base), adapter=adapter, catalog=home / "catalog")


@pytest.fixture(autouse=True)
def words(monkeypatch):
    use_word_encoder(monkeypatch)


def request(settings, out, **options):
    fields = {"features": ("ids", "noise", "lvlm"), "recommenders": ("popularity", "tfidf", "vbpr"), "seeds": 2}
    return CompareRequest(settings, out, **{**fields, **options})


def test_each_is_fitted_once_and_compared(settings, tmp_path, monkeypatch):
    first = compare(request(settings, tmp_path))
    assert [(one.recommender, one.features, len(one.ranks)) for one in first] == [
        ("popularity", "ids", 1), ("tfidf", "ids", 1), ("vbpr", "ids", 2), ("vbpr", "noise", 2), ("vbpr", "lvlm", 2),
    ]  # fmt: skip
    table = json.loads((tmp_path / "table.json").read_text())
    found = {row["recommender"]: row["values"]["overall"]["H@10"] for row in table["rows"]}
    assert found["tfidf"]["low"] > found["popularity"]["high"]  # the titles tell what is bought
    assert set(table["rows"][0]["values"]) == {"overall", "tail", "tail_of_all"} and found["tfidf"]["n"] == USERS
    alike = [one for one in table["differences"] if one["theirs"] != "tfidf"]
    assert {one["metric"] for one in alike} == {"H@10", "N@10", "full H@10"}
    assert len(alike) == 3 * 2 * 3 * 3  # of three sets, both ways, in three groups, by three metrics
    assert len(table["differences"]) - len(alike) == 4 * 3 * 3  # all but it against the texts' words
    monkeypatch.setattr(
        comparison, "RECOMMENDERS", {name: RECOMMENDERS[name] for name in ("popularity", "tfidf", "vbpr")}
    )
    monkeypatch.setattr(comparison.e, "rank_items", None)  # nothing is fitted or ranked again
    again = compare(request(settings, tmp_path))
    assert all(np.array_equal(one.ranks[0].full, other.ranks[0].full) for one, other in zip(first, again, strict=True))


def test_runs_of_an_adaptation_share_the_seeds(settings, tmp_path):
    wanted = request(settings, tmp_path, features=("ids", "sda-0=a", "sda-1=b", "lora-0=c"), seeds=3)
    bench = comparison.Bench(None, None, (), wanted)
    found = {name: list(bench.seeds("vbpr", name)) for name in ("ids", "sda-0", "sda-1", "lora-0")}
    assert found == {"ids": [0, 1, 2], "sda-0": [0], "sda-1": [1], "lora-0": [0, 1, 2]}
    assert list(bench.seeds("tfidf", "sda-1")) == [0]


def test_the_first_run_of_an_adaptation_chooses_the_settings_of_all(settings, tmp_path, monkeypatch):
    """Else its set would be searched more than any other."""
    tried = []
    monkeypatch.setattr(comparison, "fit_once", lambda bench, name, features, config, seed: tried.append(
        (features.name, seed)) or (comparison.Ranks(np.ones(2), np.ones(2), {}), float(config.lambda_reg)))  # fmt: skip
    names = ("sda-0=a", "sda-1=b")
    bench = comparison.Bench(Histories((), (), 0), None, (), request(settings, tmp_path, features=names, seeds=2))
    bench.folder.mkdir()
    chosen = {}
    first, second = (comparison.fit(bench, "vbpr", FeatureSet(name[:5]), chosen) for name in names)
    choices = len(RECOMMENDERS["vbpr"].configs)
    assert tried == [("sda-0", 0)] * choices + [("sda-0", 0), ("sda-1", 1)] and first.config == second.config


def test_the_llm_embeds_as_an_adaptation_that_is_named_or_compared(settings, tmp_path):
    card = {"training": {"sda": {"config": {"pool": "own", "longest": 7}}}}
    for name in ("here", "there"):
        shutil.copytree(settings.adapter, tmp_path / name)
        told = json.loads((tmp_path / name / "adapter.json").read_text())
        write_json(tmp_path / name / "adapter.json", told | card)
        card = {"training": {"sda": {"config": {"pool": "own", "longest": 9}}}}
    compared = request(settings, tmp_path, features=("lvlm", f"sda-0={tmp_path / 'here'}"))
    assert (compared.embedder.pool, compared.embedder.longest) == ("own", 7)
    assert replace(compared, like=tmp_path / "there").embedder.longest == 9
    assert request(settings, tmp_path, features=("lvlm",)).embedder.pool == "whole"
    with pytest.raises(LavicError, match="nowhere"):
        _ = replace(compared, like=tmp_path / "nowhere").embedder


def test_settings_are_not_fitted_twice(settings, tmp_path, monkeypatch):
    fits = []
    entry = RECOMMENDERS["sasrec"]
    configs = tuple(replace(config, epochs=2) for config in entry.configs)

    def fit(task, config):
        fits.append((task.seed, config))
        return entry.fit(task, config)

    monkeypatch.setattr(comparison, "RECOMMENDERS", {"sasrec": replace(entry, fit=fit, configs=configs)})
    compare(request(settings, tmp_path, features=("noise",), recommenders=("sasrec",), seeds=2))
    assert len(fits) == len(set(fits)) == 3  # two settings, and the better one with another seed


def test_the_mean_of_four_is_of_all_their_fits():
    users, groups = np.arange(6), {"overall": np.ones(6, bool)}
    ranks = [comparison.Ranks(users + shift, users, groups) for shift in (1, 9, 20, 30)]
    four = [Fitted(name, "sda", (one,)) for name, one in zip(FOUR, ranks, strict=True)]
    (mean,) = average([*four, Fitted("vbpr", "ids", (ranks[0],))])  # ids were fitted with one
    assert mean.features == "sda" and mean.values("overall").tolist() == [0.5, 0.5, 0.25, 0.25, 0.25, 0.25]
    four[1] = Fitted("slmrec", "sda", (ranks[1], ranks[2]))  # two fits count as one does
    (mean,) = average(four)
    assert mean.values("overall")[0] == pytest.approx((1 + 0.5 + 0 + 0) / 4)


def test_differences_are_of_the_same_users(settings, tmp_path):
    fitted = compare(request(settings, tmp_path, features=("ids", "noise"), seeds=1))
    there, back = (
        one for one in differences(fitted)
        if (one.group, one.metric) == ("overall", "H@10") and one.theirs != "tfidf"
    )  # fmt: skip
    assert there.measured.value == pytest.approx(-back.measured.value) and there.measured.n == USERS
    assert (there.ours, there.theirs) == (back.theirs, back.ours) == ("ids", "noise")


@pytest.mark.parametrize("name", ["noise", "plain", "tower", "raw", "lvlm", "lvlm-all"])
def test_features_are_of_every_item(settings, name):
    made = FeatureMaker(settings, comparison.load_histories(settings.catalog)[0]).make(name)
    assert len(made.texts) == len(made.images) == ITEMS and made.fingerprint
    joined, text = made.joined("both"), made.joined("text")
    assert joined.shape[1] == text.shape[1] + made.images.shape[1]
    assert torch.allclose(text.norm(dim=1), torch.ones(ITEMS), atol=1e-4)


@pytest.mark.parametrize("name", ["noise", "plain", "lvlm"])
def test_no_picture_is_looked_at_for_texts_alone(settings, monkeypatch, name):
    catalog = comparison.load_histories(settings.catalog)[0]
    whole = FeatureMaker(settings, catalog).make(name)
    for looks in ("look_at", "look_at_whole"):
        monkeypatch.setattr(features, looks, None)
    made = FeatureMaker(settings, catalog, modality="text").make(name)
    assert made.images is None and torch.allclose(made.texts, whole.texts, atol=1e-5)


def test_a_fit_is_found_again_though_a_reduction_differs_in_its_last_bits(settings, tmp_path, monkeypatch):
    """They do with the number of threads."""
    wanted = request(settings, tmp_path, features=("noise",), recommenders=("vbpr",), seeds=1)
    first = compare(wanted)
    reduce = features.reduce_features
    monkeypatch.setattr(features, "reduce_features", lambda rows, size: reduce(rows, size) * (1 + 1e-6))
    monkeypatch.setattr(comparison.e, "rank_items", None)  # nothing is fitted or ranked again
    assert np.array_equal(compare(wanted)[0].ranks[0].full, first[0].ranks[0].full)
    assert (
        FeatureSet("ours", torch.ones(3, 2)).reduced(1).fingerprint != FeatureSet("ours", torch.ones(3, 2)).fingerprint
    )


def test_features_that_are_no_numbers_or_of_other_items_are_refused():
    good = torch.ones(3, 2)
    for texts, images in ((good * torch.nan, good), (good, good[:2])):
        with pytest.raises(LavicError, match="not numbers for all of 3 items"):
            FeatureSet("ours", texts, images).check(3)
    assert FeatureSet("ids").check(3).joined("both") is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"features": ("nothing",)}, "no features 'nothing'"),
        ({"features": ("sda=nowhere",)}, "adapter"),
        ({"features": ("clip:./nowhere/at/all",)}, "cannot be opened as a CLIP"),
        ({"recommenders": ("oracle",)}, "no recommender 'oracle'"),
    ],
)
def test_what_cannot_be_compared_is_told(settings, tmp_path, options, said):
    with pytest.raises(LavicError, match=said):
        compare(request(settings, tmp_path, **options))
    assert not (tmp_path / "table.json").exists()


def test_an_adapter_without_a_moda_is_told(settings, tmp_path):
    with pytest.raises(LavicError, match="has no folder moda"):
        compare(request(settings, tmp_path, features=(f"sda={settings.adapter}",)))


def test_it_is_typed(settings, tmp_path):
    options = ("--catalog", settings.catalog, "--model", settings.model, "--adapter", settings.adapter)
    chosen = ("--features", "ids", "--recommender", "tfidf", "--recommender", "knn", "--out", tmp_path)
    told = CliRunner().invoke(
        main, ["sda", "evaluate", *map(str, (*options, *chosen))], env={"LAVIC_HOME": str(settings.home)}
    )
    assert told.exit_code == 0 and told.stdout.splitlines()[0].startswith("recommender")
    assert [line.split()[0] for line in told.stdout.splitlines()[1:]] == ["tfidf", "knn"]


def test_how_much_of_a_history_is_needed(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(lengths, "LENGTHS", (1, 2, 4))
    found = measure_lengths(LengthsRequest(settings, tmp_path, features="plain"))
    assert found.users == USERS and [one.length for one in found.rows] == [1, 2, 4]
    assert found.rows[-1].found.value > 0.3 and found.rows[0].found.n == USERS
    assert all(one.found.low <= one.found.value <= one.found.high for one in found.rows)
    assert json.loads((tmp_path / LENGTHS_FILE).read_text())["users"] == USERS and f"{USERS} users" in str(found)
    noise = measure_lengths(LengthsRequest(settings, tmp_path, features="noise"))
    assert noise.rows[-1].found.value < found.rows[-1].found.value
    with pytest.raises(LavicError, match="Ids alone"):
        measure_lengths(LengthsRequest(settings, tmp_path, features="ids"))
    vectors = FeatureSet("sda-0", torch.randn(len(load_histories(settings.catalog)[0].products), 8))
    monkeypatch.setattr(lengths.FeatureMaker, "make", lambda maker, name: vectors)
    adapted = measure_lengths(LengthsRequest(settings, tmp_path, features=f"sda-0={tmp_path}"))
    assert adapted.features == "sda-0" and str(tmp_path) not in (tmp_path / LENGTHS_FILE).read_text()  # a report has it
    monkeypatch.setattr(lengths, "LENGTHS", (1, 5))
    with pytest.raises(LavicError, match="Only 0 users have had 5 items"):
        measure_lengths(LengthsRequest(settings, tmp_path, features="plain"))
