"""Hostile requests to the page's API and the server around it: each gets a sentence or a plain refusal, and costs one
line of the log at most, without a trace and without a word of what was sent.

The examples below add up to more than 300 requests; those of the readers of files are in `test_hostile_files.py`.
"""

import json
import logging
import re

import httpx
import pytest
from helpers.fakes import FakeRecommender, make_catalog
from hypothesis import given, settings
from hypothesis import strategies as st

from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.serving.engine import Engine
from lavic_chat.ui import build_app, launch

MARK = "zq" * 20  # of what is sent: it must not come up in a log
KINDS = ("red-lamp", "blue-lamp", "no-such", MARK, "", "../../etc/passwd", "\u202e", "a" * 5_000)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A client of a served chat, and its flags."""
    folder = tmp_path_factory.mktemp("shop")
    catalog, annotations = make_catalog(folder / "catalog"), AnnotationStore(folder / "flags.sqlite")
    with Engine(FakeRecommender(catalog)) as engine:
        app = build_app(engine, annotations)
        _, address, _ = launch(app, catalog, port=None, prevent_thread_lock=True, quiet=True)
        with httpx.Client(base_url=address, timeout=30) as client:
            yield client, annotations
        app.close(verbose=False)


class Watch:
    """What was logged, and printed, since the last look."""

    def __init__(self, caplog, capfd):
        self.caplog, self.capfd = caplog, capfd
        caplog.set_level(logging.WARNING)
        self.look()

    def look(self) -> tuple[list, str]:
        records, printed = list(self.caplog.records), "".join(self.capfd.readouterr())
        self.caplog.clear()
        return records, printed

    def check(self) -> None:
        records, printed = self.look()
        assert len(records) <= 1 and printed.count("\n") <= 3, (records, printed[-2_000:])
        assert "Traceback" not in printed, printed[-2_000:]
        assert MARK not in printed and not any(MARK in record.getMessage() or record.exc_info for record in records)


@pytest.fixture
def watch(caplog, capfd) -> Watch:
    return Watch(caplog, capfd)


plain = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.sampled_from(KINDS)
    | st.just({"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}})
)  # fmt: skip
inside = {"max_size": 3}
values = st.recursive(plain, lambda one: st.lists(one, **inside) | st.dictionaries(st.text(max_size=9), one, **inside))
candidates = st.lists(st.tuples(st.sampled_from(KINDS) | plain, st.floats(0, 1) | plain), max_size=4).map(
    lambda pairs: [list(pair) for pair in pairs]
)
texts = st.sampled_from(KINDS) | st.text(max_size=60) | st.just("<submission>a red lamp</submission>")
CALLS = {
    "ask": st.tuples(texts | plain, plain, st.lists(plain, max_size=3) | plain, texts | plain, texts | plain).map(list),
    "recommend": st.tuples(texts | values).map(list),
    "flag": st.tuples(texts | values, candidates | values, texts | values, texts | values, texts | values).map(list),
    "no-such": st.lists(values, max_size=3),
}


def call(client: httpx.Client, name: str, body: dict) -> str:
    """What the API says to a call, be it an answer, a sentence or a refusal."""
    begun = client.post(
        f"/gradio_api/call/{name}", content=json.dumps(body), headers={"content-type": "application/json"}
    )
    assert begun.status_code == 200 or 400 <= begun.status_code < 500, begun.text
    if begun.status_code != 200:
        return begun.text
    answer = client.get(f"/gradio_api/call/{name}/{begun.json()['event_id']}").text
    assert answer.startswith(("event: complete", "event: error"))
    if answer.startswith("event: error"):
        sentence = json.loads(answer.split("data: ", 1)[1])["error"]
        assert sentence and sentence[0].isupper() and "Traceback" not in sentence
        assert not re.search(
            r"/(?:usr|opt|home|root|tmp|work|lib|site-packages)\b", sentence
        )  # no path of the server's
    return answer


def checked_by(watch: Watch, served, name: str, examples: int, strategy) -> None:
    client, _ = served

    @settings(max_examples=examples, database=None)
    @given(strategy)
    def attack(data):
        call(client, name, {"data": data})
        watch.check()

    attack()


@pytest.mark.parametrize("name, examples", [("ask", 60), ("recommend", 40), ("flag", 80), ("no-such", 10)])
def test_whatever_is_sent_to_an_endpoint(served, watch, name, examples):
    checked_by(watch, served, name, examples, CALLS[name])
    _, annotations = served
    for flag in annotations.list():  # what came through is whole
        assert (
            flag.pick in dict(flag.candidates) and flag.pick in ("red-lamp", "blue-lamp") and flag.correct != flag.pick
        )
    assert annotations.troubles() == ()


def test_any_number_of_values_of_any_kind(served, watch):
    checked_by(watch, served, "flag", 30, st.lists(values, max_size=9))


PLACES = (
    "call/ask", "queue/join", "upload", "cancel", "reset", "component_server", "run/predict", "login",
)  # fmt: skip


@pytest.mark.parametrize("path", [f"gradio_api/{place}" for place in PLACES])
@pytest.mark.parametrize("content", [
    b"", b"\xff\xfe\x00", b"{", b"[]", b"null", b'{"data": null}', b'{"data": [' + b"[" * 3_000,
    b'{"data": [], "fn_index": 1000000000, "session_hash": "x"}', b'{"data": {}, "fn_index": "a", "session_hash": 5}',
])  # fmt: skip
def test_bodies_that_are_none(served, watch, path, content):
    client, _ = served
    for kind in ("application/json", "multipart/form-data; boundary=x", "text/plain"):
        answer = client.post(path, content=content, headers={"content-type": kind})
        assert answer.status_code in range(200, 500) and "Traceback" not in answer.text
        watch.check()


@pytest.mark.parametrize("path", [
    "gradio_api/file=/etc/passwd", "gradio_api/file=..%2f..%2fetc%2fpasswd", "gradio_api/file=", "login",
    "gradio_api/file=C:%5Cx",
    "gradio_api/file=http://127.0.0.1:1/", "gradio_api/proxy=http://127.0.0.1:1/", "pictures/..%2f..%2fetc%2fpasswd",
    "pictures/red-lamp?view=99999", "pictures/red-lamp?view=%00", "pictures/%00", "pictures/" + "a" * 5_000,
    "gradio_api/queue/data?session_hash=", "gradio_api/call/ask/no-such", "gradio_api/heartbeat/", "gradio_api/info",
    "gradio_api/upload_progress?upload_id=%00", "theme.css?x=%ff", "assets/..%2f..%2fsetup.py", "static/..%2f..%2fx",
    "desk?x=<script>", "%2e%2e/%2e%2e/etc/passwd", "gradio_api/stream/x/y/z/playlist.m3u8", "custom_component/x/y/z",
])  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_paths_that_lead_nowhere(served, watch, path, method):
    client, _ = served
    if "session_hash=" in path and method == "GET":
        return  # a stream without end
    answer = client.request(method, path)
    assert answer.status_code in range(200, 500) and "root:" not in answer.text and "Traceback" not in answer.text
    watch.check()
