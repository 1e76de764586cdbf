"""Talking to a vLLM server in its OpenAI-compatible API: prompts as embeddings, log-probabilities of two words back.

Nothing that it answers is trusted: how long it takes, how much it sends, what it says, which model says it.
"""

import base64
import io
import json
import math
import time
from collections.abc import Sequence
from typing import Any

import httpx
import torch
from torch import Tensor

from lavic_chat.errors import ModelError

CONNECT, TIMEOUT = 2.0, 20.0  # seconds to be connected, and to be answered
LARGEST = 1_000_000  # bytes of an answer; one for ten branches has 4,000
LOWEST = -9999.0  # what vLLM writes for minus infinity and for NaN
LIMITS = httpx.Limits(keepalive_expiry=2.0)  # vLLM closes an idle connection after 5 seconds, perhaps while we ask
FULL = (429, 503)
UNKNOWN_MODEL = 404


class LlmServerError(ModelError):
    """The server could not be used, in a sentence for those who run the chat; it names no login."""


class OtherModelError(LlmServerError):
    """The server serves another model than the one that is asked for."""


class LlmClient:
    """One server and the name of the model that it is to serve. Several threads may share one."""

    def __init__(self, address: str, name: str, key: str = ""):
        """address: http://HOST:PORT, or https; a login in it is sent to that host and shown nowhere. name: the served
        model's. key: vLLM's --api-key. Raises ModelError for an address that is none."""
        try:
            url = httpx.URL(address)
            _ = url.host  # read late, and refused only then
        except (httpx.InvalidURL, UnicodeError) as error:
            raise ModelError("The LLM server's address is no valid URL; mend --llm or LAVIC_LLM.") from error
        login = (url.username, url.password) if url.userinfo else None
        self.name, self.address = name, str(url.copy_with(userinfo=b"")).rstrip("/").removesuffix("/v1")
        self._aliases = {name}
        headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {key}"} if key else {})
        self._client = httpx.Client(
            transport=httpx.HTTPTransport(limits=LIMITS),  # our own, so that no proxy of the environment reads along
            auth=login,
            headers=headers,
            follow_redirects=False,
        )

    def check_model(self) -> None:
        """Raises OtherModelError where the server does not list our model, LlmServerError where it cannot be asked."""
        self.read_models()

    def read_models(self) -> dict[str, Any]:
        """Served name -> the folder that it is served from, our own name among them. Raises as `check_model`."""
        listed = self._call("GET", "/v1/models").get("data")
        rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
        roots = {row["id"]: row.get("root") for row in rows if isinstance(row.get("id"), str)}
        if self.name not in roots:
            raise self.other_model(next(iter(roots), "no model"))
        return roots

    def score_words(self, prompts: Sequence[Tensor], words: Sequence[int], timeout: float = TIMEOUT) -> Tensor:
        """n prompts as embeddings [L, d] each, w token ids -> log-probabilities [n, w] of these as the next word.

        timeout: seconds. Raises LlmServerError for a server that is slow, gone or full, that serves another model, or
        whose answer is not what was asked for.
        """
        wanted = {
            "model": self.name,
            "prompt_embeds": [encode_tensor(prompt) for prompt in prompts],
            "max_tokens": 1,
            "temperature": 0,
            "logprobs": 1,
            "logprob_token_ids": list(words),  # the two are hardly ever among the likeliest 20
            "return_tokens_as_token_ids": True,
        }
        answer = self._call("POST", "/v1/completions", wanted, timeout)
        self._check_answered(answer.get("model"))
        try:
            return read_log_probabilities(answer, len(prompts), words)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise LlmServerError(f"{self.address} answered something else than the scores asked for.") from error

    def _check_answered(self, answered: Any) -> None:
        """vLLM answers with the first of a model's served names, whichever of them it was asked by: another name is
        ours where the server lists both with one folder. Raises OtherModelError for other models."""
        if answered in self._aliases if isinstance(answered, str) else False:
            return
        roots = self.read_models()
        if not isinstance(answered, str) or not roots[self.name] or roots.get(answered) != roots[self.name]:
            raise self.other_model(answered)
        self._aliases.add(answered)

    def _call(self, method: str, path: str, body: dict | None = None, timeout: float = TIMEOUT) -> dict:
        """The JSON object that is answered. Raises LlmServerError, or OtherModelError."""
        started = time.monotonic()
        limits = httpx.Timeout(timeout, connect=min(CONNECT, timeout))
        try:
            with self._client.stream(method, self.address + path, json=body, timeout=limits) as response:
                status, data = response.status_code, bytearray()
                for part in response.iter_raw() if status == httpx.codes.OK else ():
                    data += part
                    if len(data) > LARGEST:
                        raise LlmServerError(f"{self.address} sent an answer of more than {LARGEST:,} bytes.")
                    if time.monotonic() - started > timeout:  # httpx's own limit is for each part
                        raise httpx.ReadTimeout("too slow")
        except httpx.TimeoutException as error:
            raise LlmServerError(f"{self.address} did not answer within {timeout:g} seconds.") from error
        except (httpx.HTTPError, UnicodeError) as error:  # its text may quote what was sent
            raise LlmServerError(f"{self.address} cannot be reached ({type(error).__name__}).") from error
        if status == UNKNOWN_MODEL and body:
            self.check_model()
        if status != httpx.codes.OK:
            full = " (it is full)" if status in FULL else ""
            raise LlmServerError(f"{self.address} answered {path} with status {status}{full}.")
        return self._parse(bytes(data))

    def _parse(self, data: bytes) -> dict:
        try:
            value = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise LlmServerError(f"{self.address} answered something that is not JSON.") from error
        if not isinstance(value, dict):
            raise LlmServerError(f"{self.address} answered something else than a JSON object.")
        return value

    def other_model(self, served: object) -> OtherModelError:
        """The sentence for a server of another model."""
        return OtherModelError(
            f"{self.address} serves {str(served)[:80]!r}, not {self.name}; serve what `lavic-chat export-llm` wrote "
            "for this model and adapter, under that name."
        )


def encode_tensor(tensor: Tensor) -> str:
    """A tensor as base64 of what `torch.save` writes; a copy of its own, for a view would carry all that it is of."""
    buffer = io.BytesIO()
    torch.save(tensor.detach().cpu().contiguous().clone(), buffer)
    return base64.b64encode(buffer.getbuffer()).decode("ascii")


def read_log_probabilities(answer: dict, count: int, words: Sequence[int]) -> Tensor:
    """The log-probabilities [count, w] of an answer, by the choices' index. Raises ValueError, KeyError, TypeError,
    AttributeError or OverflowError for any that is not complete and finite."""
    choices = sorted(answer["choices"], key=lambda choice: choice["index"])
    if [choice["index"] for choice in choices] != list(range(count)):
        raise ValueError("other choices than prompts")
    rows = [[read_word(choice["logprobs"]["top_logprobs"], word) for word in words] for choice in choices]
    return torch.tensor(rows)


def read_word(places: list, word: int) -> float:
    """A word's log-probability at the only place of a choice."""
    (place,) = places
    value = place[f"token_id:{word}"]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("no finite number")
    if not LOWEST < value < 1e-3:  # rounding may leave a little more than 0
        raise ValueError("no log-probability")
    return float(value)
