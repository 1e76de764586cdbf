"""Files: whole or not at all, and bad lines told by file and line."""

import errno
import json
from pathlib import Path

import pytest

from lavic_chat.errors import CatalogError, LavicError
from lavic_chat.storage import files
from lavic_chat.storage.cache import TextCache
from lavic_chat.storage.files import (
    fresh_folder,
    hash_bytes,
    hash_file,
    read_jsonl,
    write_atomic,
    write_json,
    write_jsonl,
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_write_replaces_whole_files(tmp_path):
    path = tmp_path / "deep" / "note.txt"
    write_atomic(path, "one")
    write_atomic(path, b"two")
    assert path.read_bytes() == b"two"
    assert names(path.parent) == ["note.txt"]
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")])
def test_interrupted_write_keeps_the_old_file_and_no_litter(tmp_path, monkeypatch, stop):
    path = tmp_path / "note.txt"
    write_atomic(path, "old")

    def fail(_):
        raise stop

    monkeypatch.setattr(files.os, "fsync", fail)
    with pytest.raises(LavicError if isinstance(stop, OSError) else KeyboardInterrupt) as caught:
        write_atomic(path, "new" * 1000)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["note.txt"]
    if isinstance(stop, OSError):
        assert "No space left" in str(caught.value) and str(path) in str(caught.value)


def test_writing_below_a_file_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(LavicError, match="Could not write"):
        write_json(tmp_path / "file" / "a.json", {})


def test_jsonl_round_trip_with_blank_lines_and_mark(tmp_path):
    path = tmp_path / "rows.jsonl"
    write_jsonl(path, [{"a": "é🛋"}, {"b": 2}])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n\r\n"))
    assert list(read_jsonl(path)) == [(1, {"a": "é🛋"}), (3, {"b": 2})]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"a": ', "not valid JSON"),
        (b"[1, 2]", "object was expected"),
        (b'"text"', "object was expected"),
        (b"\xff\xfe{}", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"a": "' + b"x" * files.MAX_LINE + b'"}', "longer than"),
    ],
)
def test_bad_lines_name_file_and_line_and_may_be_collected(tmp_path, line, said):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"a": 1}\n' + line + b'\n{"a": 3}\n')
    with pytest.raises(CatalogError, match=rf"rows.jsonl, line 2: .*{said}"):
        list(read_jsonl(path, CatalogError))
    bad = []
    assert [number for number, _ in read_jsonl(path, on_bad=bad.append)] == [1, 3]
    assert len(bad) == 1


def test_missing_file_and_folder_in_its_place(tmp_path):
    for path in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(LavicError, match="There is no file"):
            list(read_jsonl(path))


def test_hashes_keep_parts_apart(tmp_path):
    assert hash_bytes("ab", "c") != hash_bytes("a", "bc")
    assert hash_bytes("é") == hash_bytes("é".encode())
    (tmp_path / "empty").touch()
    assert hash_file(tmp_path / "empty").startswith("e3b0c44298fc1c14")


def test_fresh_folder_appears_whole_and_replaces(tmp_path):
    target = tmp_path / "made"
    for word in ("first", "second"):
        with fresh_folder(target) as folder:
            (folder / word).write_text(word)
            assert not (target / word).exists()
    assert names(target) == ["second"]
    assert names(tmp_path) == ["made"]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ValueError])
def test_interrupted_fresh_folder_leaves_the_old_one(tmp_path, stop):
    target = tmp_path / "made"
    target.mkdir()
    (target / "old").touch()
    with pytest.raises(stop), fresh_folder(target) as folder:
        (folder / "new").touch()
        raise stop
    assert names(target) == ["old"]
    assert names(tmp_path) == ["made"]


def test_failed_exchange_puts_the_old_folder_back(tmp_path, monkeypatch):
    target = tmp_path / "made"
    target.mkdir()
    (target / "old").touch()
    real = Path.replace

    def fail_for_fresh(self, to):
        if to == target and self.name != "old":
            raise OSError(errno.EIO, "Input/output error")
        return real(self, to)

    monkeypatch.setattr(Path, "replace", fail_for_fresh)
    with pytest.raises(OSError), fresh_folder(target) as folder:
        (folder / "new").touch()
    assert names(target) == ["old"]
    assert names(tmp_path) == ["made"]


def test_full_disk_in_a_fresh_folder_is_one_sentence(tmp_path):
    with pytest.raises(LavicError, match="No space"), fresh_folder(tmp_path / "made"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert names(tmp_path) == []
    with pytest.raises(TimeoutError), fresh_folder(tmp_path / "made"):
        raise TimeoutError("a slow network is not a full disk")


def test_paths_may_be_texts(tmp_path):
    path = str(tmp_path / "rows.jsonl")
    write_jsonl(path, [{"a": 1}])
    assert list(read_jsonl(path)) == [(1, {"a": 1})] and hash_file(path) == hash_file(Path(path))
    with fresh_folder(str(tmp_path / "made")) as folder:
        write_json(str(folder / "value.json"), {"b": 2})
    assert json.loads((tmp_path / "made" / "value.json").read_text()) == {"b": 2}
    cache = TextCache(str(tmp_path / "texts.sqlite"))
    cache.put({"key": "words"})
    assert cache.get(["key"]) == {"key": "words"}


def test_all_may_read_what_a_library_wrote_for_its_user_alone(tmp_path):
    with fresh_folder(tmp_path / "made") as fresh:
        (fresh / "inner").mkdir(mode=0o700)
        (fresh / "inner" / "weights.bin").touch(mode=0o600)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "made").rglob("*")}
    assert modes == {"inner": 0o755, "weights.bin": 0o644}
