"""Pictures' keys: of their bytes, whatever is remembered; and no file is read again that has not changed."""

import contextlib
import os
import sqlite3

import pytest

from lavic_chat.catalog import Catalog, load_catalog
from lavic_chat.features import picture_keys
from lavic_chat.features.picture_keys import FILE, PictureKeys, PictureRef
from lavic_chat.storage.files import hash_bytes, write_jsonl


@pytest.fixture
def shop(tmp_path) -> Catalog:
    """Three products, the last without a picture."""
    folder = tmp_path / "shop"
    (folder / "images").mkdir(parents=True)
    rows = [{"id": name, "title": name, "images": [f"images/{name}.png"]} for name in ("a", "b")]
    write_jsonl(folder / "products.jsonl", [*rows, {"id": "c", "title": "c"}])
    for name in ("a", "b"):
        (folder / f"images/{name}.png").write_bytes(name.encode() * 50)
    return load_catalog(folder)


@pytest.fixture
def reads(monkeypatch) -> list:
    """The files that were read."""
    read: list = []
    own = picture_keys.read_bytes
    monkeypatch.setattr(picture_keys, "read_bytes", lambda path: read.append(path) or own(path))
    return read


def find(shop: Catalog, folder, tower: str = "tower") -> list[str]:
    return PictureKeys(folder, tower).find(shop, [PictureRef(product) for product in shop])


def expected(tower: str = "tower", a: bytes = b"a" * 50) -> list[str]:
    return [hash_bytes(data, tower) for data in (a, b"b" * 50, b"")]


def test_a_file_that_stays_is_read_once(shop, tmp_path, reads, monkeypatch):
    monkeypatch.setattr(picture_keys, "SETTLED", 0)
    assert find(shop, tmp_path) == expected() and len([path for path in reads if path]) == 2
    reads.clear()
    assert find(shop, tmp_path) == expected() and not any(reads)
    assert find(shop, tmp_path, "another") == expected("another") and any(reads)


@pytest.mark.parametrize("how", ["written", "moved upon, its time kept"])
def test_a_file_that_changed_is_read_again(shop, tmp_path, monkeypatch, how):
    monkeypatch.setattr(picture_keys, "SETTLED", 0)
    find(shop, tmp_path)
    path = shop.folder / "images/a.png"
    before = path.stat()
    if how == "written":
        path.write_bytes(b"x" * 50)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    else:
        other = path.with_suffix(".new")
        other.write_bytes(b"x" * 50)
        os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
        other.replace(path)
    assert find(shop, tmp_path) == expected(a=b"x" * 50)


def test_what_changed_just_now_is_not_remembered(shop, tmp_path, reads):
    assert find(shop, tmp_path) == find(shop, tmp_path) == expected()
    assert len([path for path in reads if path]) == 4 and not (tmp_path / FILE).exists()


def test_a_damaged_memory_costs_the_reading(shop, tmp_path, monkeypatch):
    monkeypatch.setattr(picture_keys, "SETTLED", 0)
    find(shop, tmp_path)
    (tmp_path / FILE).write_bytes(b"no database" * 99)
    assert find(shop, tmp_path) == expected()
    assert (tmp_path / f"{FILE}.damaged").read_bytes().startswith(b"no database")
    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as database:  # made anew
        assert database.execute("select count(*) from vectors").fetchone() == (len(set(expected()) - {expected()[-1]}),)
