"""A search among many vectors, in process and in Milvus, and an import of many rows."""

from dataclasses import replace
from pathlib import Path

import pytest

from lavic_chat.errors import LavicError
from lavic_chat.evaluation.benchmarks.large_parts import measure_import, measure_vectors
from lavic_chat.settings import Settings


@pytest.fixture
def settings(tmp_path: Path, tiny_catalog_folder: Path) -> Settings:
    (tmp_path / "home").mkdir()
    return Settings(tmp_path / "home", tiny_catalog_folder)


def test_a_search_among_many_vectors(settings: Settings):
    row = measure_vectors(settings, 3000).to_row()
    assert row["vectors"] == 3000 and row["conditions_ms"] > 0 < row["all_ms"]
    assert (row["index"], row["same"]) == ("in process", 1.0)
    assert not list(settings.home.iterdir())


def test_a_search_in_milvus_finds_the_same(settings: Settings, tmp_path: Path):
    pytest.importorskip("milvus_lite")
    found = measure_vectors(replace(settings, index=f"milvus://{tmp_path}/index.db"), 300)
    assert (found.index, found.same) == ("Milvus", 1.0) and found.conditions_ms > 0
    assert "Milvus" in found.to_text()


def test_a_milvus_that_is_not_there_is_told(settings: Settings):
    with pytest.raises(LavicError, match="--index"):
        measure_vectors(replace(settings, index="milvus://127.0.0.1:1"), 10)
    assert not list(settings.home.iterdir())


def test_rows_are_imported_twice(settings: Settings):
    found = measure_import(settings, 400)
    assert (found.rows, found.products) == (400, 400) and found.seconds >= 0
    assert not list(settings.home.iterdir()) and "400" in found.to_text()
