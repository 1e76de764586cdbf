"""A stand-in for vLLM's server: it computes what it answers with an exported LLM, and misbehaves when it is told to."""

import base64
import contextlib
import io
import json
import threading
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM

SLOW = 1.0  # seconds of a slow answer


@dataclass
class FakeLlm:
    """What the server does next. names: what it calls its model, the first of which it answers with; fault: see
    `answer_badly`; calls: paths asked for; bodies: of completions; headers: of the newest call."""

    folder: Path
    names: list[str]
    fault: str = ""
    root: str = "/srv/llm"
    calls: list[str] = field(default_factory=list)
    bodies: list[dict] = field(default_factory=list)
    headers: Any = None
    address: str = ""

    def __post_init__(self):
        self.llm = AutoModelForCausalLM.from_pretrained(self.folder)

    def models(self) -> dict:
        return {"object": "list", "data": [{"id": name, "root": self.root, "parent": None} for name in self.names]}

    @torch.inference_mode()
    def complete(self, body: dict) -> tuple[int, dict]:
        """As vLLM 0.32 answers, as far as it was seen."""
        if body["model"] not in self.names:
            return 404, {"error": {"message": f"The model `{body['model']}` does not exist.", "code": 404}}
        assert body["max_tokens"] == 1 and body["temperature"] == 0 and body["return_tokens_as_token_ids"]
        choices = []
        for index, text in enumerate(body["prompt_embeds"]):
            prompt = torch.load(io.BytesIO(base64.b64decode(text, validate=True)), weights_only=True)
            assert prompt.dim() == 2 and prompt.untyped_storage().nbytes() == prompt.nbytes
            chances = self.llm(inputs_embeds=prompt[None].float()).logits[0, -1].log_softmax(-1)
            words = {int(chances.argmax()), *body["logprob_token_ids"]}
            found = {f"token_id:{word}": float(chances[word]) for word in words}
            choices.append({"index": index, "text": "", "logprobs": {"top_logprobs": [found]}})
        return 200, {"object": "text_completion", "model": self.names[0], "choices": choices[::-1]}


class Handler(BaseHTTPRequestHandler):
    fake: FakeLlm

    def do_GET(self) -> None:
        self.fake.calls.append(self.path)
        self.fake.headers = self.headers
        self.send(200, self.fake.models())

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.fake.calls.append(self.path)
        self.fake.headers = self.headers
        self.fake.bodies.append(body)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the asker has left
            if self.fake.fault in BAD_BODIES:
                self.send_bytes(200, BAD_BODIES[self.fake.fault])
            elif self.fake.fault.isdecimal():
                self.send(int(self.fake.fault), {"error": "told to"})
            elif self.fake.fault == "slow":
                time.sleep(SLOW)
                self.send(*self.fake.complete(body))
            elif self.fake.fault == "dripping":
                self.drip()
            else:
                self.send(*self.spoil(*self.fake.complete(body)))

    def spoil(self, status: int, answer: dict) -> tuple[int, dict]:
        choices, fault = answer.get("choices", []), self.fake.fault
        first = choices[0]["logprobs"]["top_logprobs"] if choices else []
        if fault == "too few":
            choices.pop()
        elif fault == "twice the same":
            choices[0]["index"] = choices[1]["index"]
        elif fault == "no such words":
            first[0].clear()
        elif fault == "two places":
            first.append(first[0])
        elif fault in BAD_NUMBERS:
            first[0].update(dict.fromkeys(first[0], BAD_NUMBERS[fault]))
        elif fault == "no model":
            del answer["model"]
        elif fault == "other model":
            answer["model"] = "somebody-else"
        return status, answer

    def drip(self) -> None:
        """One byte after the other, none of them late."""
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        for _ in range(1000):
            self.wfile.write(b" ")
            time.sleep(0.05)

    def send(self, status: int, answer: object) -> None:
        self.send_bytes(status, json.dumps(answer).encode())

    def send_bytes(self, status: int, data: bytes) -> None:
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", f"{self.fake.address}/v1/elsewhere")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_) -> None:
        """Nothing."""


BAD_NUMBERS = {
    "NaN": float("nan"), "infinite": float("-inf"), "floor": -9999.0, "text": "-1.5", "true": True, "null": None,
    "positive": 3.5, "endless": 10**400,
}  # fmt: skip
BAD_BODIES = {
    "garbage": b"<html>Bad gateway</html>", "list": b"[]", "empty": b"", "deep": b"[" * 100_000,
    "huge": b" " * 1_000_001, "no choices": b'{"model": "NAME"}', "not utf-8": b"\xff\xfe\xfa",
}  # fmt: skip
FAULTS = (
    *BAD_BODIES, *BAD_NUMBERS, "too few", "twice the same", "no such words", "two places", "no model", "other model",
    "slow", "dripping", "503", "429", "500", "400", "307", "404",
)  # fmt: skip


@contextlib.contextmanager
def serve(fake: FakeLlm) -> Generator[FakeLlm]:
    """The server on a free port of this machine until the block ends; the address is put into `fake`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"fake": fake}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    fake.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
