"""Scoring by a vLLM server that serves our exported LLM; where it cannot be asked, our own model scores as ever.

Each branch of a prompt is sent as embeddings, visual tokens included: prefix and branch as one plain sequence. Their
prefix is the same, so the server reads it once.
"""

import logging
import threading

import torch
from torch import Tensor

from lavic_chat.errors import ModelError
from lavic_chat.model import VisionLanguageModel
from lavic_chat.model.packing import Prompt
from lavic_chat.ranking.circuit_breaker import CircuitBreaker
from lavic_chat.ranking.llm_client import TIMEOUT, LlmClient, LlmServerError
from lavic_chat.ranking.prompt import BRANCH
from lavic_chat.ranking.scoring import verdict_words
from lavic_chat.settings import Settings

WARM_UP = 60.0  # seconds of the first question: a server warms up for it, half a minute on a busy CPU
TRIAL = 5.0  # seconds of a question after a failure, for a shopper waits for it, in vain perhaps

log = logging.getLogger(__name__)


class RemoteLlm:
    """A server of the model's own LLM as a `Scorer`. answered: how many prompts it has scored."""

    def __init__(self, model: VisionLanguageModel, client: LlmClient, breaker: CircuitBreaker | None = None):
        self.model, self.client, self.breaker = model, client, breaker or CircuitBreaker()
        self.answered = 0
        self._words: list[int] = verdict_words(model).tolist()
        self._said, self._lock = "", threading.Lock()

    def start(self) -> None:
        """Ask once for the model's name and for a score, which warms the server up and shows whether it takes
        embeddings at all; what is wrong is told as in `score`."""
        try:
            self.client.check_model()
            nothing_seen = torch.empty(0, self.model.token_size)
            prompt = self.model.embed(torch.tensor(self._words), nothing_seen)
            self.client.score_words([prompt], self._words, WARM_UP)
        except LlmServerError as error:
            self._fail(error)

    def score(self, prompt: Prompt, visual_tokens: Tensor) -> Tensor | None:
        """A branch prompt and its visual tokens [v, d] -> log-odds of "yes" for each candidate [n]; None where the
        server cannot be asked."""
        timeout = TIMEOUT if self.breaker.is_closed else TRIAL
        if not self.breaker.allow():
            return None
        try:
            sequences = split_branches(prompt, self.model.embed(prompt.ids, visual_tokens))
            logits = self.client.score_words(sequences, self._words, timeout)
        except LlmServerError as error:
            self._fail(error)
            return None
        except BaseException:
            self.breaker.fail()  # whatever it was, the next one may try again
            raise
        self._succeed()
        return logits[:, 0] - logits[:, 1]

    def _succeed(self) -> None:
        self.breaker.succeed()
        with self._lock:
            self.answered += 1
            back, self._said = bool(self._said), ""
        if back:
            log.warning("The LLM server %s scores again.", self.client.address)

    def _fail(self, error: LlmServerError) -> None:
        """One sentence in the log, and another only when something else is wrong."""
        self.breaker.fail()
        with self._lock:
            is_new, self._said = str(error) != self._said, str(error)
        if is_new:
            log.warning("Scoring with this process's own model, for the LLM server fails: %s", error)


def split_branches(prompt: Prompt, embeddings: Tensor) -> list[Tensor]:
    """Embeddings [L, d] of a prompt -> for each answer the sequence [L_n, d] that it may attend to, in order: its
    branch behind what that shares with others, be it a prefix or a tree."""
    sequences = []
    for answer in prompt.answers.tolist():
        places = prompt.mask[answer].nonzero()[:, 0]
        positions, order = prompt.positions[places].sort()
        if positions.tolist() != list(range(len(places))):
            raise AssertionError("a server counts positions from 0, one by one; so must a branch")
        sequences.append(embeddings[places[order].to(embeddings.device)])
    return sequences


def connect_llm(settings: Settings, model: VisionLanguageModel, decode: str) -> RemoteLlm | None:
    """The server that the settings name, asked once; None where they name none.

    Raises ModelError where candidates are not scored by branch: a list's labels, and free answers, stay here.
    """
    if not settings.llm:
        return None
    if decode != BRANCH:
        raise ModelError(
            f"An LLM server scores candidates with --decode {BRANCH} only, not {decode}; leave --llm and LAVIC_LLM "
            f"out, or choose --decode {BRANCH}."
        )
    remote = RemoteLlm(model, LlmClient(settings.llm, model.weights_hash, settings.llm_key))
    remote.start()
    return remote
