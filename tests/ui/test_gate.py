"""The served chat from outside: limits for each client, answers that nobody comes for, headers, what is closed."""

import http.client
import json
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from helpers.fakes import FakeRecommender, make_catalog

from lavic_chat.dialogue.turns import API_WINDOW
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.serving.engine import Engine
from lavic_chat.ui import ClientLimits, Clients, Presence, build_app, launch
from lavic_chat.ui.gate import POLICY

PATIENCE = 60
LIMITS = ClientLimits(
    questions_at_once=3, questions_a_minute=6, flags_a_minute=2, uploads_an_hour=3, upload_megabytes_an_hour=1,
    wrong_passwords_a_minute=3,
)  # fmt: skip


@dataclass
class HeldRecommender(FakeRecommender):
    """Answers once `gate` is set."""

    gate: threading.Event = field(default_factory=threading.Event)

    def recommend(self, *values, **named):
        assert self.gate.wait(PATIENCE)
        return super().recommend(*values, **named)


@dataclass
class Served:
    place: str
    engine: Engine
    recommender: HeldRecommender
    sign_in: int  # number of the function


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    recommender = HeldRecommender(make_catalog(folder / "catalog"))
    recommender.gate.set()
    with Engine(recommender) as engine:
        clients = Clients(LIMITS, "X-Asked-By", Presence(patience=0.5))
        store = AnnotationStore(folder / "flags.sqlite")
        app = build_app(engine, store, annotators={"ada": "secret"}, clients=clients)
        _, address, _ = launch(app, recommender.catalog, port=None, prevent_thread_lock=True, quiet=True)
        sign_in = next(number for number, fn in app.fns.items() if fn.name == "begin")
        yield Served(urlsplit(address).netloc, engine, recommender, sign_in)
        recommender.gate.set()
        app.close(verbose=False)


@pytest.fixture
def caller() -> str:
    """A client that nobody was before."""
    return f"client {time.monotonic_ns()}"


def request(served: Served, method: str, path: str, body=None, caller: str = "", **headers: str):
    connection = http.client.HTTPConnection(served.place, timeout=PATIENCE)
    sent = {"X-Asked-By": caller} if caller else {}
    if body is not None and not isinstance(body, bytes):
        body, headers = json.dumps(body), {"Content-Type": "application/json", **headers}
    connection.request(method, path, body, {**sent, **headers})
    response = connection.getresponse()
    text = response.read().decode("utf-8", "replace")
    connection.close()
    return response, text


def begin(served: Served, endpoint: str, caller: str, *values) -> str:
    """Ask, and leave it at that; the event's id."""
    _, text = request(served, "POST", f"/gradio_api/call/{endpoint}", {"data": values}, caller)
    return json.loads(text)["event_id"]


def call(served: Served, endpoint: str, caller: str, *values) -> str:
    """Ask, and read the answer."""
    return request(served, "GET", f"/gradio_api/call/{endpoint}/{begin(served, endpoint, caller, *values)}")[1]


def ask(served: Served, caller: str) -> str:
    return call(served, "ask", caller, "a red sofa", None, [], "", "")


def upload(served: Served, caller: str, size: int = 1000):
    body = (
        b'--edge\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n'
        b"Content-Type: image/jpeg\r\n\r\n" + b"x" * size + b"\r\n--edge--\r\n"
    )
    kind = "multipart/form-data; boundary=edge"
    return request(served, "POST", "/gradio_api/upload", body, caller, **{"Content-Type": kind})


# ---- limits ----


def test_too_many_questions_are_refused_in_a_sentence_and_only_to_who_asks_them(served, caller):
    answers = [ask(served, caller) for _ in range(8)]
    assert all("red-sofa" in answer for answer in answers[:6])
    for refused in answers[6:]:
        assert re.search(
            r"event: error\ndata: .*too many questions in a minute; please try again in \d+ seconds", refused
        )
    assert "red-sofa" in ask(served, f"{caller}, another")


def test_many_questions_at_once_are_refused(served, caller):
    served.recommender.gate.clear()
    with ThreadPoolExecutor(5) as pool:
        jobs = [pool.submit(ask, served, caller) for _ in range(5)]
        while sum(job.done() for job in jobs) < 2:
            time.sleep(0.01)
        served.recommender.gate.set()
        answers = [job.result(PATIENCE) for job in jobs]
    assert sum("red-sofa" in answer for answer in answers) == 3
    assert sum("3 of your questions waiting for an answer already" in answer for answer in answers) == 2


def test_flags_are_bounded_too(served, caller):
    answer = json.loads(ask(served, caller).partition("data: ")[2])[0]
    rows = [[row["id"], row["score"]] for row in answer["candidates"]]
    flag = ("flag", caller, answer["context"], rows, answer["pick"]["id"], "", "mine")
    told = [call(served, *flag) for _ in range(3)]
    assert all("stored" in one for one in told[:2]) and "too many flags in a minute" in told[2]


def test_uploads_are_bounded_by_number_and_bytes_before_they_are_read(served, caller):
    assert [upload(served, caller)[0].status for _ in range(4)] == [200, 200, 200, 429]
    response, told = upload(served, caller)
    assert "too many photos in an hour; please try again in" in told and int(response.headers["Retry-After"]) > 60
    other = f"{caller}, another"
    assert upload(served, other, 800_000)[0].status == 200
    response, told = upload(served, other, 800_000)
    assert response.status == 429 and "by their size" in told
    chunked = {"Transfer-Encoding": "chunked", "Content-Type": "multipart/form-data; boundary=edge"}
    assert request(served, "POST", "/gradio_api/upload", b"0\r\n\r\n", caller, **chunked)[0].status == 411


def sign_in(served: Served, caller: str, password: str) -> str:
    body = {"fn_index": served.sign_in, "session_hash": caller, "data": [None, "ada", password]}
    return request(served, "POST", "/gradio_api/run/predict", body, caller)[1]


def test_wrong_passwords_are_bounded_for_each_client(served, caller):
    assert all("do not go together" in sign_in(served, caller, "guess") for _ in range(3))
    assert "too many wrong passwords in a minute; please try again in" in sign_in(served, caller, "secret")
    assert 'class=\\"desk' in sign_in(served, f"{caller}, another", "secret")


# ---- answers that nobody comes for ----


def test_what_nobody_comes_for_is_not_computed(served, caller):
    before = len(served.recommender.calls)
    for number in range(3):
        begin(served, "ask", caller, f"a lamp {number}", None, [], "", "")
    time.sleep(1)
    assert len(served.recommender.calls) == before and not len(served.engine.queue)
    assert "red-sofa" in ask(served, caller)  # and they hold no place any more
    assert len(served.recommender.calls) == before + 1


def test_who_comes_a_moment_later_gets_the_answer(served, caller):
    event = begin(served, "ask", caller, "a red sofa", None, [], "", "")
    time.sleep(0.2)
    assert "red-sofa" in request(served, "GET", f"/gradio_api/call/ask/{event}")[1]


def test_a_session_of_ones_own_counts_as_here(served, caller):
    body = {"data": ["a red sofa", None, [], "", ""], "session_hash": caller}
    event = json.loads(request(served, "POST", "/gradio_api/call/ask", body, caller)[1])["event_id"]
    assert "red-sofa" in request(served, "GET", f"/gradio_api/call/ask/{event}")[1]


# ---- long conversations ----


def test_of_a_long_conversation_the_newest_is_read_and_the_whole_given_back(served, caller):
    blocks = [
        f"<submission>{n} a lamp, please {'x' * 300}</submission>\n<comment>Which?</comment>\n" for n in range(120)
    ]
    context = "".join(blocks) + "<submission>a red sofa</submission>\n"
    assert 40_000 < len(context) < 50_000
    answer = call(served, "recommend", caller, context)
    assert json.loads(answer.partition("data: ")[2])[0]["context"] == context
    turns = served.recommender.calls[-1].turns
    assert turns[-1].text == "a red sofa" and sum(len(turn.text) for turn in turns) <= API_WINDOW.characters


# ---- headers, and what is closed ----


@pytest.mark.parametrize("path", ["/", "/desk", "/config", "/pictures/red-sofa", "/nothing", "/gradio_api/info"])
def test_every_response_tells_browsers_what_it_may_do(served, path):
    headers = request(served, "GET", path)[0].headers
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "same-origin"
    policy = headers["Content-Security-Policy"]
    assert len(headers.get_all("Content-Security-Policy")) == 1
    if path.startswith("/pictures"):
        assert policy == "default-src 'none'"
    else:
        assert set(POLICY) == {part.split()[0] for part in policy.split("; ")}
        assert (
            "frame-ancestors 'self' https://huggingface.co" in policy
            and "unsafe-inline" not in policy.split("style")[0]
        )


@pytest.mark.parametrize("path", ["/", "/desk"])
def test_the_scripts_of_a_page_carry_the_number_of_its_response(served, path):
    (one, page), (other, _) = request(served, "GET", path), request(served, "GET", path)
    numbers = [re.search(r"'nonce-([^']+)'", each.headers["Content-Security-Policy"])[1] for each in (one, other)]
    assert numbers[0] != numbers[1] and len(numbers[0]) > 20
    scripts = re.findall(r"<script\b[^>]*>", page)
    assert len(scripts) > 3 and all(f'nonce="{numbers[0]}"' in script for script in scripts)
    assert int(one.headers["Content-Length"]) == len(page.encode())


def test_what_takes_files_for_nothing_is_closed(served, caller):
    body, kind = b"--edge--\r\n", "multipart/form-data; boundary=edge"
    path = "/gradio_api/process_recording"
    assert request(served, "POST", path, body, caller, **{"Content-Type": kind})[0].status == 404


@pytest.mark.parametrize("path", ["/monitoring", "/monitoring/summary", "/monitoring/anything"])
def test_monitoring_is_closed(served, path):
    response, text = request(served, "GET", path)
    assert response.status == 403 and "not enabled" in text
