"""A start finds the tables of a catalogue that are cut, emptied, overwritten or gone, and makes them anew."""

from pathlib import Path

import pytest
from helpers.faults import cut, spoil_numbers
from helpers.listening import use_silent_tagger
from helpers.toys import make_adapter, said, use_word_encoder

from lavic_chat.features import picture_keys
from lavic_chat.model.load import load_model
from lavic_chat.serving.recommender import Recommender, load_recommender
from lavic_chat.settings import Settings


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.fixture
def settings(base, tiny_catalog_folder, tmp_path, monkeypatch) -> Settings:
    use_word_encoder(monkeypatch)
    use_silent_tagger(monkeypatch)
    monkeypatch.setattr(picture_keys, "SETTLED", 0.0)  # pictures may be new, and still be found again
    adapter = make_adapter(load_model(base, None, tmp_path), tmp_path / "adapter")
    return Settings(tmp_path / "home", tiny_catalog_folder, str(base), adapter)


def picks(recommender: Recommender) -> list[str]:
    return [one.product.id for one in recommender.recommend(said("a red sofa")).candidates]


@pytest.mark.parametrize("harm", [cut, empty, Path.unlink])
@pytest.mark.parametrize("name", ["items-*/states.npy", "words-*/entries.npy", "products-*/rows.bytes.npy"])
def test_a_start_makes_damaged_tables_anew(settings, harm, name, caplog):
    expected = picks(load_recommender(settings, progress=False))
    (path,) = (settings.home / "cache" / "catalogs").glob(f"*/{name}")
    harm(path)
    assert picks(load_recommender(settings, progress=False)) == expected
    said_of_it = [one.getMessage() for one in caplog.records if str(path.parent) in one.getMessage()]
    assert path.stat().st_size and said_of_it == [f"{path.parent} is damaged; it is made anew."]


@pytest.mark.parametrize("name", ["items-*/text.npy", "items-*/picture.npy", "words-*/seen.vectors.npy"])
def test_a_start_makes_vectors_anew_that_are_no_numbers(settings, name, caplog):
    expected = picks(load_recommender(settings, progress=False))
    (path,) = (settings.home / "cache" / "catalogs").glob(f"*/{name}")
    before = path.read_bytes()
    spoil_numbers(path)
    assert picks(load_recommender(settings, progress=False)) == expected and path.read_bytes() == before
    assert f"{path.parent} is damaged; it is made anew." in caplog.text
