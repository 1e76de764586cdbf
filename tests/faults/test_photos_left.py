"""Photos that are refused, or never sent, or never quite arrive: none of them stays."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import gradio as gr
import httpx
import pytest
from helpers.fakes import FakeRecommender, make_catalog
from PIL import Image

from lavic_chat.errors import LavicError
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.serving.engine import Engine
from lavic_chat.ui import build_app, launch, photo_folder
from lavic_chat.ui.api import Api
from lavic_chat.ui.chat_page import ChatPage
from lavic_chat.ui.links import Links
from lavic_chat.ui.photos import COMING_BACK, FOLDER_VARIABLE, UNSENT, Photos
from lavic_chat.ui.session import Session


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[tuple[httpx.Client, Photos]]:
    """A client of a served chat, and the photos that it has."""
    folder = tmp_path_factory.mktemp("shop")
    catalog = make_catalog(folder / "catalog")
    with pytest.MonkeyPatch.context() as patch, Engine(FakeRecommender(catalog)) as engine:
        patch.setenv(FOLDER_VARIABLE, str(folder))
        with photo_folder() as photos:
            app = build_app(engine, AnnotationStore(folder / "flags.sqlite"), photos=photos)
            _, address, _ = launch(app, catalog, port=None, prevent_thread_lock=True, quiet=True)
            with httpx.Client(base_url=address, timeout=30) as client:
                yield client, photos
            app.close(verbose=False)


@pytest.fixture
def picture(tmp_path: Path) -> bytes:
    Image.new("RGB", (60, 40), "#35558f").save(tmp_path / "sofa.jpg")
    return (tmp_path / "sofa.jpg").read_bytes()


def send(client: httpx.Client, name: str, data: bytes) -> dict:
    """Upload a photo; what stands for it in a call."""
    (path,) = client.post("gradio_api/upload", files={"files": (name, data)}).json()
    return {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}


def call(client: httpx.Client, name: str, values: list) -> str:
    """What the API says to a call."""
    begun = client.post(f"gradio_api/call/{name}", json={"data": values})
    if begun.status_code != 200:
        return begun.text
    return client.get(f"gradio_api/call/{name}/{begun.json()['event_id']}").text


def full(photos: Photos) -> list[Path]:
    """The files that hold anything."""
    return [path for path in photos.files() if path.stat().st_size]


REFUSED = [
    ("ask", "r.bin", lambda photo: ["like this", photo, [], "", ""]),
    ("ask", "r.jpg", lambda photo: ["like this", photo]),
    ("ask", "r.jpg", lambda photo: ["like this", [photo], [], "", ""]),
    ("ask", "r.jpg", lambda photo: ["like this", None, [photo], "", {"most": photo}]),
    ("recommend", "r.jpg", lambda photo: [photo]),
    ("flag", "r.jpg", lambda photo: ["", [photo], photo, "", ""]),
]


@pytest.mark.parametrize("name, file, values", REFUSED)
def test_a_photo_in_the_wrong_place_goes_with_the_answer(served, picture, name, file, values):
    client, photos = served
    photo = send(client, file, picture)
    assert full(photos)
    call(client, name, values(photo))
    assert full(photos) == []


@pytest.mark.parametrize("name", ["r.bin", "r.txt", "r"])
def test_what_is_not_named_as_a_picture_is_told_as_what_is_none(served, picture, name):
    client, _ = served
    told = call(client, "ask", ["like this", send(client, name, picture), [], "", ""])
    assert f"{name} is not a readable picture; use a whole JPEG, PNG" in told and "as photo.jpg does" in told
    assert "['image']" not in told


def test_the_page_tells_it_too(served, picture):
    client, photos = served
    config = client.get("config").json()
    box = next(part["id"] for part in config["components"] if part["props"].get("elem_id") == "box")
    submit = next(one for one in config["dependencies"] if [box, "submit"] in map(list, one["targets"]))
    photo = send(client, "r.bin", picture)
    data = [{"text": "like this", "files": [photo]} if part == box else None for part in submit["inputs"]]
    body = {"data": data, "fn_index": submit["id"], "session_hash": "me"}
    told = client.post("gradio_api/queue/join", json=body).text
    if "event_id" in told:
        told = client.get("gradio_api/queue/data", params={"session_hash": "me"}).text
    assert "r.bin is not a readable picture" in told and full(photos) == []


def test_a_photo_of_somebodys_visit_stays_whoever_else_names_it(served, picture):
    client, photos = served
    photo = send(client, "r.jpg", picture)
    photos.keep("me", [photo["path"]])
    call(client, "ask", ["like this", photo])
    assert full(photos) == [Path(photo["path"])]
    photos.forget("me")


@pytest.mark.parametrize("path", ["\0", "a" * 5_000, "../" * 30 + "etc/hostname", "", "{folder}", "{folder}/../x"])
def test_nothing_is_deleted_outside_of_the_uploads(served, path):
    client, photos = served
    beside = photos.folder.parent / "x"
    beside.write_text("stays")
    call(client, "ask", [{"path": path.format(folder=photos.folder)}])
    assert beside.read_text() == "stays" and photos.folder.is_dir()


def test_an_upload_that_broke_off_goes_within_two_minutes(served, picture):
    client, photos = served
    place = urlsplit(str(client.base_url))
    head = (
        f"POST /gradio_api/upload HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Length: 900000\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'
    )
    with socket.create_connection((place.hostname, place.port), timeout=30) as connection:
        connection.sendall(head.encode() + picture + b"x" * 100_000)
        until = time.monotonic() + 20
        while not full(photos):
            assert time.monotonic() < until
            time.sleep(0.05)
    (left,) = full(photos)
    photos.sweep()
    assert left.is_file()  # it may still be written
    for path in photos.files():
        os.utime(path, (time.time() - COMING_BACK,) * 2)
    photos.sweep()
    assert full(photos) == []


# ---- what is chosen and not sent ----


@pytest.fixture
def page(served, tmp_path: Path) -> ChatPage:
    """A page over the photos that the served chat has."""
    catalog = make_catalog(tmp_path / "catalog")
    with gr.Blocks():
        links = Links(catalog, "fake-model", "cpu")
        page = ChatPage(FakeRecommender(catalog), AnnotationStore(tmp_path / "flags.sqlite"), links, photos=served[1])
        page.lay_out()
    return page


def age(path: Path, seconds: float) -> None:
    os.utime(path, (time.time() - seconds,) * 2)


def test_a_photo_that_was_never_sent_goes_and_one_that_was_stays(served, picture, page):
    client, photos = served
    me = gr.Request(session_hash="me")
    sent, unsent = (Path(send(client, "a.jpg", picture + extra)["path"]) for extra in (b"1", b"2"))
    page.ask_visit(Session(), {"text": "like this", "files": [str(sent)]}, None, me)
    for path in (sent, unsent):
        age(path, UNSENT - 10)
    photos.sweep()
    assert set(full(photos)) == {sent, unsent}
    for path in (sent, unsent):
        age(path, UNSENT)
    photos.sweep()
    assert full(photos) == [sent] and UNSENT <= 900
    photos.forget("me")
    assert full(photos) == []


def test_a_photo_that_is_back_in_the_box_of_a_page_that_was_loaded_again_is_of_its_visit(served, picture, page):
    client, photos = served
    path = Path(send(client, "a.jpg", picture)["path"])
    before, after = gr.Request(session_hash="before"), gr.Request(session_hash="after")
    asked = page.ask_visit(Session(), {"text": "like this", "files": [str(path)]}, None, before)
    page.leave(before)
    screen = page.restore_visit(Session(), asked[page.storage], None, after)
    assert screen[page.box]["value"]["files"] == [str(path)]
    photos.forget("before")
    assert full(photos) == [path]
    photos.forget("after")


def test_a_photo_of_a_call_that_waits_long_stays_until_its_answer(served, picture, monkeypatch):
    client, photos = served
    photo, seen = send(client, "a.jpg", picture), []

    def wait(self, *given, **named):
        age(Path(photo["path"]), 2 * UNSENT)
        photos.sweep()
        seen.extend(full(photos))
        raise LavicError("Not today.")

    monkeypatch.setattr(Api, "read_message", wait)
    assert "Not today" in call(client, "ask", ["like this", photo, [], "", ""])
    assert seen == [Path(photo["path"])] and full(photos) == []


def test_a_folder_under_another_name_is_the_same(tmp_path: Path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    photos = Photos(tmp_path / "link")
    photo = tmp_path / "link" / "a.jpg"
    photo.write_bytes(b"a photo")
    photos.keep("me", [photo])
    age(photo, UNSENT)
    photos.sweep()
    assert photo.is_file()
