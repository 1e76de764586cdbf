"""The second paper's commands, as they are typed."""

import json

import pytest
from click.testing import CliRunner
from helpers.toys import make_adapter

from lavic_chat.cli import main
from lavic_chat.model.load import load_model
from lavic_chat.sda import adaptation


def run(*arguments: object):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def purchases(tiny_catalog_folder, tmp_path):
    lines = [f"{user},{item}-{colour},{time}" for user in ("ann", "bob") for item in ("sofa", "lamp")
             for time, colour in enumerate(("red", "green", "blue"))]  # fmt: skip
    (tmp_path / "buys.csv").write_text("\n".join(["user,item,timestamp", *lines, "eve,sofa-red,3"]))
    return tmp_path / "buys.csv"


def test_interactions_are_joined_and_told(purchases, tiny_catalog_folder):
    told = run("sda", "interactions", purchases, "--to", tiny_catalog_folder)
    assert told.exit_code == 0 and told.output.startswith("12 interactions of 2 users with 6 items (plain)")
    assert "1 of 1 users with too few" in told.output
    found = json.loads(run("sda", "interactions", purchases, "--to", tiny_catalog_folder, "--json").output)
    assert found["users"] == 2 and found["items_without"] == 6
    assert len((tiny_catalog_folder / "interactions.csv").read_text().splitlines()) == 13


def test_what_cannot_be_joined_is_one_sentence(purchases, tiny_catalog_folder, tmp_path):
    for arguments, said in (
        ((purchases, "--to", tmp_path / "none"), "no catalogue folder"),
        ((tmp_path / "none.csv", "--to", tiny_catalog_folder), "There is no file"),
        ((purchases, "--to", tiny_catalog_folder, "--fewest", 9), "ask for fewer"),
    ):
        refused = run("sda", "interactions", *arguments)
        assert refused.exit_code == 1 and said in refused.stderr and "Traceback" not in refused.stderr
    assert not (tiny_catalog_folder / "interactions.csv").exists()


def test_adapt_puts_a_moda_into_an_adapter(base, tiny_catalog_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(adaptation, "split_titles", lambda catalog: (list(range(12)), list(range(12))))
    monkeypatch.setenv("LAVIC_HOME", str(tmp_path / "home"))
    adapter = make_adapter(load_model(base, None, tmp_path / "home"), tmp_path / "adapter")
    options = ("--catalog", tiny_catalog_folder, "--model", base, "--adapter", adapter)
    small = ("--steps", 2, "--batch", 4, "--rank", 2, "--experts", 2, "--valid-every", 1, "--pool", "own")
    done = run("sda", "adapt", *options, *small)
    assert done.exit_code == 0 and done.stdout.startswith("Learned from 12 items; of 12 held out: recall@1 ")
    refused = run("sda", "adapt", *options, "--rank", 8, "--experts", 3)
    assert refused.exit_code == 1 and "3 experts cannot share a rank of 8" in refused.stderr
