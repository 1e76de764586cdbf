"""Shoppers who ask, refine and flag through the API of a served chat: a process of their own, for the load test.

    python -m lavic_chat.evaluation.benchmarks.shoppers '{"address": "http://127.0.0.1:7860/", ...}'

They must not take the time that they measure: in the server's process they would share its interpreter, and
`gradio_client` takes four times as long for a request as the server does. So they speak Gradio's documented HTTP
interface themselves. A line of JSON a reply goes to standard output.
"""

import json
import random
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from urllib.parse import urlsplit

ASK, REFINE, FLAG, FLOOD = "ask", "refine", "flag", "flood"
ADDRESS_HEADER = "X-Forwarded-For"  # in which a shopper says where it is, as a proxy would
COLOURS = ("red", "blue", "green", "white", "black", "brown", "yellow", "grey")
FLAG_SHARE = 0.5  # of the answers
REST = 0.05  # seconds between two of them
AT_ONCE = 8  # questions of a client that floods
LONG = 4_000  # characters of each
PATIENCE = 120  # seconds that a shopper waits for a reply: that the machine is busy is no fault of the chat's


@dataclass(frozen=True)
class Crew:
    """Who shops where, for how long, and for which kinds of things. pause: seconds that a shopper looks at an answer;
    floods: clients beside them that ask as much as they can."""

    address: str
    shoppers: int
    seconds: float
    kinds: tuple[str, ...]
    pause: float = 0.0
    floods: int = 0


@dataclass(frozen=True)
class Reply:
    """How long a request took, in seconds, what was wrong with its answer, "" where nothing was, and of a flag that
    was confirmed its reason."""

    kind: str
    seconds: float
    fault: str = ""
    flagged: str = ""


class Shopper:
    """One of them; every reply goes to `note`."""

    def __init__(self, number: int, crew: Crew, note: Callable[[Reply], None]):
        self.number, self.kinds, self.pause, self.note = number, crew.kinds, crew.pause, note
        self.connection = HTTPConnection(urlsplit(crew.address).netloc, timeout=PATIENCE)
        self.draw = random.Random(number)
        self.flags = 0

    @property
    def mark(self) -> str:
        """What every message of this shopper ends with."""
        return f"for room {self.number}."

    @property
    def address(self) -> str:
        """Each has its own, of a private network."""
        return f"10.{self.number >> 16 & 255}.{self.number >> 8 & 255}.{self.number & 255}"

    def run(self, until: float) -> None:
        """Ask, refine and flag, over and over, until a time of the monotonic clock."""
        while time.monotonic() < until:
            example = f"A {self.draw.choice(COLOURS)} {self.draw.choice(self.kinds)}, {self.mark}"
            answer = self.request(ASK, "ask", example, None, [], "", "")
            self.rest()
            if answer and time.monotonic() < until:
                more = f"<comment>This one?</comment>\n<submission>Rather {self.draw.choice(COLOURS)}.</submission>"
                answer = self.request(REFINE, "recommend", answer["context"] + more) or answer
            if answer and answer["candidates"] and self.draw.random() < FLAG_SHARE:
                self.flag(answer)
            self.rest()

    def rest(self) -> None:
        """Look at an answer; a connection that nothing is said on is not held meanwhile."""
        if self.pause:
            self.connection.close()
            time.sleep(self.pause)

    def flag(self, answer: dict) -> None:
        """Say which candidate would have been right, for a reason that nobody else gives."""
        reason = f"shopper {self.number}, flag {self.flags}"
        self.flags += 1
        shown = [[item["id"], item["score"]] for item in answer["candidates"]]
        right = self.draw.choice(shown[1:] or [[""]])[0]  # the pick comes first
        self.request(FLAG, "flag", answer["context"], shown, answer["pick"]["id"], right, reason)

    def request(self, kind: str, endpoint: str, *values: object) -> dict | None:
        """The answer, or None where there is none; the reply is noted, with what is wrong with it."""
        start = time.monotonic()
        try:
            answer, fault = self.call(endpoint, values), ""
        except Exception as error:  # any error is one that the shopper would have met
            answer, fault = None, f"{type(error).__name__}: {error}"
        seconds = time.monotonic() - start
        if answer and kind != FLAG:
            fault = self.fault_of(answer)
        self.note(Reply(kind, seconds, fault, str(values[-1]) if answer and kind == FLAG else ""))
        return answer

    def call(self, endpoint: str, values: tuple[object, ...]) -> dict:
        """One call of the API; raises RuntimeError with the sentence that stands in place of an answer."""
        body = json.dumps({"data": values, "session_hash": self.session()})
        event_id = json.loads(self.fetch("POST", endpoint, body))["event_id"]
        event, data = read_event(self.fetch("GET", f"{endpoint}/{event_id}"))
        if event != "complete":
            raise RuntimeError(data)
        return json.loads(data)[0]

    def session(self) -> str | None:
        """What the server knows the shopper by."""
        return f"shopper-{self.number}"

    def fetch(self, method: str, path: str, body: str | None = None) -> str:
        """One HTTP request; raises RuntimeError for a status that is none of success."""
        try:
            self.connection.request(method, f"/gradio_api/call/{path}", body, self.headers)
            reply = self.connection.getresponse()
            text = reply.read().decode()
        except Exception:
            self.connection.close()  # the next request opens another
            raise
        if reply.status != HTTPStatus.OK:
            raise RuntimeError(f"status {reply.status}: {text[:200]}")
        return text

    @property
    def headers(self) -> dict[str, str]:
        """Of every request."""
        return {"Content-Type": "application/json", ADDRESS_HEADER: self.address}

    def fault_of(self, answer: dict) -> str:
        """What is wrong with an answer, "" where nothing is."""
        rooms = answer["context"].count("for room ")
        if not rooms or rooms != answer["context"].count(self.mark):
            return "an answer to another shopper"
        scores = [item["score"] for item in answer["candidates"]]
        if not scores:
            return "no pick, where one was asked for"
        if answer["pick"] != answer["candidates"][0] or scores != sorted(scores, reverse=True):
            return "a pick that is not the best candidate"
        return ""


class Caller(Shopper):
    """A program that calls the API as its documentation says, without a session."""

    def session(self) -> None:
        """None."""


class Flooder(Shopper):
    """Asks long questions one after the other, whatever becomes of them; several share an address."""

    def __init__(self, number: int, place: int, crew: Crew, note: Callable[[Reply], None]):
        super().__init__(number, crew, note)
        self.place = place

    def run(self, until: float) -> None:
        """Ask until a time of the monotonic clock."""
        while time.monotonic() < until:
            text = f"A {self.draw.choice(COLOURS)} {self.draw.choice(self.kinds)}, {self.mark} "
            self.request(FLOOD, "ask", text * (LONG // len(text)), None, [], "", "")
            time.sleep(REST)

    def session(self) -> str:
        """A session of its own for each question."""
        return f"flooder-{self.number}-{self.place}-{self.draw.random()}"


def read_event(text: str) -> tuple[str, str]:
    """The last event of a stream that is no heartbeat, and its data."""
    event, data, last = "", "", ("", "nothing was sent")
    for line in text.splitlines():
        if line.startswith("event: "):
            event = line.removeprefix("event: ")
        elif line.startswith("data: "):
            data = line.removeprefix("data: ")
            last = (event, data) if event != "heartbeat" else last
    return last


def go_shopping(crew: Crew, note: Callable[[Reply], None]) -> None:
    """All at once; returns when the last one has the last answer."""
    shoppers = [Shopper(number, crew, note) for number in range(crew.shoppers)]
    floods = range(crew.shoppers, crew.shoppers + crew.floods)
    shoppers += [Flooder(number, place, crew, note) for number in floods for place in range(AT_ONCE)]
    until = time.monotonic() + crew.seconds
    threads = [threading.Thread(target=shopper.run, args=(until,), daemon=True) for shopper in shoppers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def write_reply(reply: Reply) -> None:
    """A line of JSON, at once and in one piece."""
    sys.stdout.write(json.dumps(asdict(reply)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    values = json.loads(sys.argv[1])
    go_shopping(Crew(**values | {"kinds": tuple(values["kinds"])}), write_reply)
