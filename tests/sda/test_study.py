"""The whole path on a tiny random model, as it is typed: interactions, adaptation, vectors, recommenders, report."""

import json
from dataclasses import replace

import pytest
import torch
from click.testing import CliRunner
from helpers.toys import make_adapter, use_word_encoder

from catalog.make.interactions import make_interactions
from lavic_chat.catalog import load_catalog
from lavic_chat.cli import main
from lavic_chat.errors import LavicError
from lavic_chat.features.image_encoder import ImageEncoder
from lavic_chat.model.load import load_model
from lavic_chat.sda import adaptation, comparison, evaluation, gradients
from lavic_chat.sda.fitted import FOUR, MEAN, WORDS
from lavic_chat.sda.gradients import GradientsRequest, measure_gradients
from lavic_chat.sda.recommenders.registry import RECOMMENDERS
from lavic_chat.settings import Settings
from lavic_chat.storage.files import write_jsonl

ITEMS = 130
LEARN = ("--steps", 60, "--batch", 32, "--rank", 8, "--experts", 4, "--valid-every", 20, "--pool", "own", "--lr", 3e-2)
NAMES = (*FOUR, "hybrid", WORDS)


@pytest.fixture
def typed(base, tmp_path, monkeypatch):
    """A command in words, with a catalogue of its own whose items differ by what their titles say."""
    every = list(range(ITEMS))
    monkeypatch.setattr(adaptation, "split_titles", lambda catalog: (every, every))  # what is learned is found again
    monkeypatch.setattr(gradients, "split_titles", lambda catalog: (every, every))
    states = torch.randn(ITEMS, 5, 32, generator=torch.Generator().manual_seed(1))
    monkeypatch.setattr(ImageEncoder, "encode_products", lambda *args, **options: states)
    monkeypatch.setattr(evaluation, "NEGATIVES", 50)
    use_word_encoder(monkeypatch)
    short = {name: RECOMMENDERS[name] for name in NAMES}
    for name, entry in short.items():
        configs = [replace(one, epochs=2) if hasattr(one, "epochs") else one for one in entry.configs[:1]]
        short[name] = replace(entry, configs=tuple(configs))
    monkeypatch.setattr(comparison, "RECOMMENDERS", short)
    shop = tmp_path / "shop"
    shop.mkdir()
    rows = [
        {"id": f"i{row}", "title": f"a {['red', 'blue', 'green'][row % 3]} chair {'abcdefghij'[row % 10] * 4}",
         "category": f"Kind {row % 4}", "attributes": {"style": f"style {row % 5}", "colour": f"colour {row % 3}"}}
        for row in range(ITEMS)
    ]  # fmt: skip
    write_jsonl(shop / "products.jsonl", rows)
    made = make_interactions(load_catalog(shop).products, 40, seed=0)
    lines = ["user,item,timestamp", *(",".join(map(str, row)) for row in made)]
    (tmp_path / "made-up.csv").write_text("\n".join(lines))
    make_adapter(load_model(base, None, tmp_path / "home"), tmp_path / "adapter")

    def run(*words):
        told = CliRunner().invoke(main, list(map(str, words)), env={"LAVIC_HOME": str(tmp_path / "home")})
        assert told.exit_code == 0, told.output
        return told.stdout

    return run


def test_the_whole_path(typed, base, tmp_path):
    shop, adapter, out = tmp_path / "shop", tmp_path / "adapter", tmp_path / "out"
    model = ("--model", base, "--adapter", adapter, "--catalog", shop)
    assert "40 users" in typed("sda", "interactions", tmp_path / "made-up.csv", "--to", shop)
    assert "recall@10" in typed("sda", "adapt", *model, *LEARN, "--out", out / "sda-0")
    assert (out / "sda-0" / "moda").is_dir()
    sets = ("ids", "noise", "lvlm", f"sda-0={out / 'sda-0'}")
    chosen = [word for name in sets for word in ("--features", name)]
    chosen += [word for name in NAMES for word in ("--recommender", name)]
    table = typed("sda", "evaluate", *model, *chosen, "--seeds", 1, "--out", out / "week")
    assert table == typed("sda", "evaluate", *model, *chosen, "--seeds", 1, "--out", out / "week")  # what is kept
    pulled = typed("sda", "gradients", *model, "--features", sets[-1], "--out", out / "week")
    assert pulled.count("sda-0") == 2 and "k_proj  last layer" in pulled
    typed("sda", "embed", *model, "--from", out / "sda-0", "--size", 4)
    page = typed("sda", "report", out, "--to", tmp_path / "report")
    assert (adapter / "moda" / "items.safetensors").is_file() and "README.md" in page
    rows = json.loads((tmp_path / "report" / "metrics.json").read_text())["tables"]["week"]["rows"]
    assert {row["recommender"] for row in rows} == {*NAMES, MEAN}
    assert {row["features"] for row in rows if row["recommender"] == MEAN} == {"ids", "noise", "lvlm", "sda"}
    written = (tmp_path / "report" / "README.md").read_text()
    assert all(told in written for told in ("| sda-0 | q_proj |", "mean of four", "TF-IDF of the texts"))


def test_gradients_of_what_is_no_adaptation_are_refused(typed, base, tmp_path):
    settings = Settings(tmp_path / "home", tmp_path / "shop", str(base), tmp_path / "adapter")
    for features, said in (((), "--features NAME=FOLDER"), (("lvlm",), "no adaptation"), (("a=nowhere",), "nowhere")):
        with pytest.raises(LavicError, match=said):
            measure_gradients(GradientsRequest(settings, tmp_path / "out", features))
    assert not (tmp_path / "out").exists()
