"""The served chat as a process: stopped, it finishes what it is at, tells who waits, and ends; no photo outlives it."""

import hashlib
import http.client
import io
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image

PATIENCE = 60  # seconds; only a fault waits that long
# Each answer takes long enough for another question to wait for it; who is asked says so on standard output.
SERVE = """
import sys, time
from pathlib import Path
from helpers.fakes import FakeRecommender, make_catalog
from lavic_chat.serving import app
from lavic_chat.settings import Settings

class Slow(FakeRecommender):
    def recommend(self, dialogue, *values, **named):
        print("asked", flush=True)
        time.sleep(3)
        return super().recommend(dialogue, *values, **named)

home, port = Path(sys.argv[1]), int(sys.argv[2])
app.load_recommender = lambda settings, lend: Slow(make_catalog(home / "catalog"))
app.serve_chat(Settings(home=home, catalog=home, port=port, runtime="torch"))
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen, str]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", SERVE, str(tmp_path), str(port)], stdout=subprocess.PIPE, text=True, cwd=root,
        env={"PATH": "", "HOME": str(tmp_path), "PYTHONPATH": f"{root}:{root / 'tests'}"},
    )  # fmt: skip
    try:
        read_until(process, "Running on local URL")
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def read_until(process: subprocess.Popen, words: str) -> None:
    until = time.monotonic() + PATIENCE
    for line in process.stdout:
        if words in line:
            return
        assert time.monotonic() < until
    raise AssertionError(f"it ended before it said {words!r}")


@pytest.mark.skipif(sys.platform == "win32", reason="there a process is stopped otherwise")
def test_stopped_it_finishes_what_runs_and_tells_who_waits(served):
    process, address = served
    first, second = (Client(address, verbose=False) for _ in range(2))
    running = first.submit("a red lamp", None, [], "", "", api_name="/ask")
    read_until(process, "asked")
    waiting = second.submit("a blue lamp", None, [], "", "", api_name="/ask")
    time.sleep(0.5)  # until it is in line
    process.send_signal(signal.SIGTERM)
    with pytest.raises(AppError, match="closing for a moment"):
        waiting.result(PATIENCE)
    assert running.result(PATIENCE)["pick"]["id"] == "red-lamp"
    assert process.wait(PATIENCE) == 0


# ---- nothing of a shopper stays ----

LOOK = """
import os, sys
from pathlib import Path
os.environ["OMP_NUM_THREADS"] = "1"
from helpers.drawn import draw_catalog
from helpers.listening import make_listener
from helpers.tiny import tiny_model
from helpers.toys import WordEncoder
from lavic_chat.catalog import load_catalog
from lavic_chat.features.captions import Captioner
from lavic_chat.features.image_encoder import ImageEncoder
from lavic_chat.features.item import main_pictures
from lavic_chat.ranking import Ranker
from lavic_chat.ranking.visual_ranker import VisualRanker
from lavic_chat.retrieval.embedder import Embedder
from lavic_chat.retrieval.retriever import Retriever
from lavic_chat.serving import app
from lavic_chat.serving.recommender import Recommender
from lavic_chat.settings import Settings

home, port = Path(sys.argv[1]), int(sys.argv[2])

def load(settings, lend):
    catalog, model = load_catalog(home / "catalog"), tiny_model()
    ranker = VisualRanker(model, ImageEncoder(model, home), Captioner(model, home), Ranker(model))
    features, embedder = ranker.look_at(catalog, catalog.products), Embedder(WordEncoder())
    states = main_pictures(one.states for one in features).numpy()
    retriever = Retriever(catalog, embedder, embedder.embed_items(catalog.products, features), states)
    listener, _ = make_listener(catalog.products, [one.caption for one in features])
    return Recommender(catalog, ranker, retriever, features, listener)

app.load_recommender = load
app.prepare_in_background = app.replace_when_ready = lambda *_: None
app.serve_chat(Settings(home=home, catalog=home / "catalog", port=port, runtime="torch"))
"""


CATALOGUES_KEYS = "pictures.sqlite"  # hashes of the catalogue's pictures, kept once these are older than ten seconds


class Visit:
    """A server of its own with a tiny model, and a page that asks it with a photo."""

    def __init__(self, tmp_path: Path, catalog: Path):
        self.home, self.temporary = tmp_path / "home", tmp_path / "temporary"
        self.home.mkdir()
        self.temporary.mkdir()
        shutil.copytree(catalog, self.home / "catalog")
        buffer = io.BytesIO()
        Image.effect_noise((64, 48), 90).convert("RGB").save(buffer, "PNG")
        self.photo = buffer.getvalue()

    def start(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        root = Path(__file__).parents[2]
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-c", LOOK, str(self.home), str(port)], stdout=subprocess.PIPE, text=True, cwd=root,
            env={
                "PATH": "", "HOME": str(self.home), "LAVIC_HOME": str(self.home), "TMPDIR": str(self.temporary),
                "MPLCONFIGDIR": str(self.home.parent / "fonts"),
                "PYTHONPATH": f"{root}:{root / 'tests'}",
            },
        )  # fmt: skip
        read_until(self.process, "Running on local URL")
        self.place = f"127.0.0.1:{port}"

    def fetch(self, method: str, path: str, body=None, kind: str = "application/json") -> str:
        connection = http.client.HTTPConnection(self.place, timeout=PATIENCE)
        data = body if body is None or isinstance(body, bytes) else json.dumps(body)
        connection.request(method, path, data, {"Content-Type": kind})
        response = connection.getresponse()
        text = response.read().decode()
        assert response.status == 200, text
        return text

    def upload(self) -> dict:
        head = b'--edge\r\nContent-Disposition: form-data; name="files"; filename="my room.png"\r\n\r\n'
        body = head + self.photo + b"\r\n--edge--\r\n"
        (path,) = json.loads(self.fetch("POST", "/gradio_api/upload", body, "multipart/form-data; boundary=edge"))
        return {"path": path, "orig_name": "my room.png", "meta": {"_type": "gradio.FileData"}}

    def ask(self) -> None:
        """Ask on the page, with the photo, and wait for the answer."""
        config = json.loads(self.fetch("GET", "/config"))
        self.part = {part["props"].get("elem_id"): part["id"] for part in config["components"]}
        self.functions = config["dependencies"]
        asking = self.function("box", "submit")
        answering = next(fn for fn in self.functions if fn["trigger_after"] == asking["id"])
        data = [None, {"text": "something like this", "files": [self.upload()]}, None]
        self.fetch("POST", "/gradio_api/run/predict", self.body(asking, data))
        self.fetch("POST", "/gradio_api/queue/join", self.body(answering, [None] * len(answering["inputs"])))
        assert "Looked at" in self.fetch("GET", "/gradio_api/queue/data?session_hash=visit")

    def start_over(self) -> None:
        function = self.function("start-over", "click")
        data = [None, {"text": "", "files": [self.upload()]}]  # another one stands in the box
        self.fetch("POST", "/gradio_api/run/predict", self.body(function, data))

    def function(self, part: str, event: str) -> dict:
        return next(fn for fn in self.functions if [self.part[part], event] in [list(to) for to in fn["targets"]])

    def body(self, function: dict, data: list) -> dict:
        return {"fn_index": function["id"], "session_hash": "visit", "data": data}

    def files(self) -> dict[str, str]:
        """Every file that holds anything, with a hash of it; locks and flags aside."""
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for folder in (self.home, self.temporary) for path in folder.rglob("*")
            if path.is_file() and path.stat().st_size
            and path.suffix != ".lock" and not path.name.startswith(("flags.sqlite", CATALOGUES_KEYS))
        }  # fmt: skip

    def places(self) -> list[str]:
        """Where the photo lies."""
        return [path for path in self.files() if Path(path).read_bytes() == self.photo]


@pytest.mark.skipif(sys.platform == "win32", reason="there a process is stopped otherwise")
def test_no_byte_of_a_photo_stays_after_a_visit_a_stop_or_a_kill(tmp_path: Path, tiny_catalog_folder: Path):
    visit = Visit(tmp_path, tiny_catalog_folder)
    visit.start()
    try:
        before = visit.files()
        visit.ask()
        assert visit.places() and all(str(visit.temporary) in place for place in visit.places())
        visit.start_over()
        assert visit.files() == before  # nor in any cache
        asked = {"data": ["like this", visit.upload(), [], "", ""]}
        event = json.loads(visit.fetch("POST", "/gradio_api/call/ask", asked))["event_id"]
        assert "event: complete" in visit.fetch("GET", f"/gradio_api/call/ask/{event}")
        assert visit.files() == before
        visit.ask()
        visit.process.send_signal(signal.SIGTERM)
        assert visit.process.wait(PATIENCE) == 0
        assert visit.files() == before
        visit.start()
        visit.ask()
        visit.process.kill()
        visit.process.wait()
        assert visit.places()
        visit.start()
        assert visit.files() == before
    finally:
        visit.process.kill()
        visit.process.wait()
