"""Visitors' photos: here as long as the visit, gone with it, in every copy; what a killed process left goes, too."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import gradio as gr
import pytest
from gradio.utils import get_upload_folder
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.ui.photos import COMING_BACK, FOLDER_VARIABLE, KEPT, Photos, photo_folder
from lavic_chat.ui.session import Pending, Session, photos_of


class Clock:
    """The time since files were made, moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("lavic_chat.ui.photos.written", lambda path, otherwise: float(path.parent.name))
    return clock


@pytest.fixture
def photos(tmp_path: Path, clock: Clock) -> Photos:
    return Photos(tmp_path / "uploads", clock=clock)


def put(photos: Photos, name: str, data: bytes = b"a photo", at: int = 0) -> Path:
    path = photos.folder / f"{at}" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_the_photos_of_a_session():
    one, two = Path("one.jpg"), Path("two.jpg")
    asked = Session(dialogue=Dialogue().say("this", one).answer("Here."))
    assert photos_of(Session()) == [] and photos_of(asked) == [one]
    assert photos_of(Session(asked.dialogue, pending=Pending(asked.dialogue.say("", two), photo=two))) == [one, two]


def test_a_visit_that_is_over_leaves_no_copy_and_tells_who_knows_of_it(photos: Photos):
    told = []
    photos.gone = lambda: told.append(photos.files())
    mine, copy, other = put(photos, "a.jpg"), put(photos, "b.jpg", at=1), put(photos, "c.jpg", b"another", 2)
    photos.keep("me", [mine])
    photos.forget("me")
    assert photos.files() == [other] and told == [[other]] and not copy.parent.exists()
    photos.forget("me")
    photos.forget("nobody", [Path("/etc/hostname"), photos.folder / ".." / "x"])
    assert len(told) == 1


def test_the_same_photo_of_another_visit_stays(photos: Photos):
    shared, copy = put(photos, "a.jpg"), put(photos, "a.jpg", at=1)
    photos.keep("me", [shared])
    photos.keep("you", [shared])
    photos.forget("me")
    assert photos.files() == [shared] and not copy.exists()
    photos.forget("you")
    assert photos.files() == []


def test_what_was_never_sent_goes_with_start_over(photos: Photos):
    path = put(photos, "a.jpg")
    photos.forget("me", [str(path)])
    assert photos.files() == []


def test_a_page_that_comes_back_finds_its_photo_and_one_that_does_not_loses_it(photos: Photos, clock: Clock):
    one, two = put(photos, "a.jpg", b"one"), put(photos, "b.jpg", b"two")
    photos.keep("first", [one])
    photos.keep("second", [two])
    photos.leave("first")
    photos.leave("second")
    clock.now += COMING_BACK - 1
    photos.sweep()
    assert set(photos.files()) == {one, two}
    photos.keep("first again", [one])
    clock.now += 2
    photos.sweep()
    assert photos.files() == [one]


def test_empty_files_that_nobody_writes_go_soon(photos: Photos, clock: Clock):
    old, new, full = put(photos, "a", b"", 0), put(photos, "b", b"", 30), put(photos, "c", b"c", 0)
    clock.now = COMING_BACK
    photos.sweep()
    assert set(photos.files()) == {new, full} and not old.exists()


def test_nothing_is_kept_for_more_than_an_hour(photos: Photos, clock: Clock):
    old, new = put(photos, "a.jpg", b"old"), put(photos, "b.jpg", b"new", 100)
    photos.keep("me", [old, new])
    clock.now = KEPT - 1
    photos.sweep()
    assert set(photos.files()) == {old, new}
    clock.now += 1
    photos.sweep()
    assert photos.files() == [new] and KEPT < 3600
    assert not Photos(photos.folder / "missing").files()


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["keep", "leave", "forget", "sweep"]), st.integers(0, 3))
    )
)
def test_whatever_happens_a_visit_that_goes_on_keeps_its_photos(moves):
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock()
        photos, here = Photos(folder, clock=clock), {}
        clock.now = 1e9
        for number, (visitor, move, photo) in enumerate(moves):
            clock.now += number
            path = photos.folder / "x" / str(photo)
            if move == "keep":
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(bytes([photo]))
                os.utime(path, (1e9, 1e9))
                photos.keep(visitor, [path])
                here.setdefault(visitor, set()).add(path)
            elif move == "sweep":
                photos.sweep()
            else:
                getattr(photos, move)(visitor)
                here.pop(visitor, None)
            assert set().union(*here.values()) <= set(photos.files())


# ---- the folder of a process ----


def test_uploads_go_into_a_folder_of_this_process_alone(tmp_path: Path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    with photo_folder() as photos, photo_folder() as others:
        assert photos.folder != others.folder and get_upload_folder() == str(others.folder)
        with gr.Blocks() as app:
            gr.File()
        assert {str(part.GRADIO_CACHE) for part in app.blocks.values()} == {str(others.folder)}
        put(photos, "a.jpg")
        assert photos.folder.parent.stat().st_mode & 0o777 == 0o700
    assert get_upload_folder() == str(tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "starting.lock"] == []


HOLD = """
import sys, time
from pathlib import Path
from lavic_chat.ui.photos import photo_folder
with photo_folder() as photos:
    (photos.folder / "a.jpg").write_bytes(b"a photo")
    print(photos.folder, flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there a process is killed otherwise")
def test_what_a_killed_process_left_is_deleted_and_what_a_living_one_has_is_not(tmp_path: Path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    processes = [
        subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(2)
    ]
    try:
        killed, living = (Path(process.stdout.readline().strip()) for process in processes)
        processes[0].send_signal(signal.SIGKILL)
        processes[0].wait(60)
        assert (killed / "a.jpg").is_file()
        with photo_folder():
            assert not killed.exists() and (living / "a.jpg").is_file()
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_a_folder_that_another_user_has_put_there_is_not_used(tmp_path: Path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    with photo_folder() as photos:
        name = photos.folder.parent.name
    (tmp_path / name).rename(tmp_path / "elsewhere")
    (tmp_path / name).symlink_to(tmp_path / "elsewhere")
    with photo_folder() as photos:
        assert photos.folder.parent.name != name and photos.folder.parent.parent == tmp_path


def test_where_there_can_be_no_folder_the_chat_goes_on(tmp_path: Path, monkeypatch, caplog):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "file"))
    with photo_folder() as photos:
        assert photos.folder == (tmp_path / "file").resolve() and photos.files() == []
    assert "no folder of our own for photos" in caplog.text
