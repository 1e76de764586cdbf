"""Which search an adapter is best with: measured on the same conversations, written into its card, and obeyed."""

from dataclasses import replace

import pytest
from click.testing import CliRunner
from helpers.toys import make_adapter, with_dialogues

from lavic_chat.cli import main
from lavic_chat.errors import DialogueError, LavicError
from lavic_chat.evaluation import search_choice
from lavic_chat.evaluation.cases import Case
from lavic_chat.evaluation.search_choice import choose_search
from lavic_chat.model.card import read_card
from lavic_chat.model.load import load_model
from lavic_chat.serving.search_space import FUSION, search_of
from lavic_chat.settings import Settings


@pytest.fixture
def settings(base, tiny_catalog_folder, tmp_path) -> Settings:
    adapter = make_adapter(load_model(base, None, tmp_path / "home"), tmp_path / "adapter")
    return Settings(tmp_path / "home", tiny_catalog_folder, model=str(base), adapter=adapter)


@pytest.fixture
def dialogues(settings):
    """Enough conversations that a difference is none by chance."""
    file = with_dialogues(settings.catalog)
    file.write_text(file.read_text() * 20)
    return file


def finds(monkeypatch, shares: dict[str, float]):
    """Searches that find what is wanted in so many of the conversations."""

    def retrieve(settings, conversations, count):
        right = shares[settings.search] * len(conversations)
        return [Case(one, tuple(one.gt_items) if place < right else ("none",))
                for place, one in enumerate(conversations)]  # fmt: skip

    monkeypatch.setattr(search_choice, "retrieve_cases", retrieve)


def test_what_finds_more_is_written_into_the_card_and_searched_by(settings, dialogues, monkeypatch):
    assert search_of(settings) == FUSION
    finds(monkeypatch, {"fusion": 0.5, "text": 0.8})
    found = choose_search(settings, dialogues)
    assert [one.search for one in found] == ["text", "fusion"] and found[0].recall == pytest.approx(0.8)
    assert found[0].gain == pytest.approx(0.3) and found[0].gain_95[0] > 0 and found[1].gain == 0
    card = read_card(settings.adapter)
    assert card.search == "text" == search_of(settings)
    assert card.training["search"]["conversations"] == 120
    assert search_of(replace(settings, search="fusion")) == FUSION  # what is asked for goes first


@pytest.mark.parametrize("text", [0.51, 0.3])
def test_the_fusion_is_kept_where_chance_explains_a_gain_or_there_is_none(settings, dialogues, monkeypatch, text):
    finds(monkeypatch, {"fusion": 0.5, "text": text})
    assert choose_search(settings, dialogues)[0].search == read_card(settings.adapter).search == FUSION


def test_a_moda_is_searched_by_too(settings, dialogues, monkeypatch):
    monkeypatch.setattr(search_choice, "has_moda", lambda adapter: True)
    finds(monkeypatch, {"fusion": 0.5, "text": 0.4, "both": 0.9, "sda": 0.6})
    assert [one.search for one in choose_search(settings, dialogues)] == ["both", "fusion", "text", "sda"]


def test_what_cannot_be_chosen_is_told(settings, dialogues, tmp_path):
    with pytest.raises(LavicError, match="no adapter folder"):
        choose_search(replace(settings, adapter=None), dialogues)
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(DialogueError, match="holds no conversation"):
        choose_search(settings, tmp_path / "empty.jsonl")


def test_it_is_typed(settings, dialogues, monkeypatch):
    finds(monkeypatch, {"fusion": 0.5, "text": 0.4})
    words = ["choose-search", "--catalog", settings.catalog, "--adapter", settings.adapter, "--dialogues", dialogues]
    told = CliRunner().invoke(main, list(map(str, words)), env={"LAVIC_HOME": str(settings.home)})
    assert told.exit_code == 0 and told.stdout.endswith("From now on it is searched by fusion.\n")
