"""Answers turns for `large.py` over one catalogue, and says what its size costs: at the start, in memory, in a search.

python catalog_probe.py     settings by the environment; lines as those of `turn_probe.py`
"""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from lavic_chat.dialogue import Dialogue
from lavic_chat.serving import listener
from lavic_chat.serving import recommender as module
from lavic_chat.settings import read_settings

OF_THE_MODEL = (  # where what is loaded whatever the catalogue is, is called
    (module, "load_visual_ranker"),
    (module, "load_embedder"),
    (module, "load_heads"),
    (listener, "open_tagger"),
)


class Stopwatch:
    """Seconds spent in calls, all together, and milliseconds of the last one."""

    def __init__(self):
        self.seconds, self.last_ms = 0.0, 0.0

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same call, timed."""

        def timed(*values: Any, **named: Any) -> Any:
            start = time.perf_counter()
            try:
                return call(*values, **named)
            finally:
                took = time.perf_counter() - start
                self.seconds, self.last_ms = self.seconds + took, 1000 * took

        return timed


def main() -> None:
    """Load, say how long the catalogue took of that, and answer until the input ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    model, search = Stopwatch(), Stopwatch()
    for place, name in OF_THE_MODEL:
        setattr(place, name, model.around(getattr(place, name)))
    start = time.perf_counter()
    recommender = module.load_recommender(read_settings(), progress=False)
    seconds = time.perf_counter() - start - model.seconds
    recommender.visual_ranker.ranker.reader.branches.store = None  # which of the two has more read ahead, is by chance
    index: Any = recommender.retriever.index
    index.search = search.around(index.search)
    answers.write(json.dumps({"start_seconds": seconds, "pid": os.getpid()}) + "\n")
    dialogue = Dialogue()
    for line in sys.stdin:
        request = json.loads(line)
        dialogue = (Dialogue() if request["new"] else dialogue).say(request["message"])
        start, spent, search.last_ms = time.perf_counter(), time.process_time(), 0.0
        answer = recommender.recommend(dialogue)
        row = {"ms": 1000 * (time.perf_counter() - start), "processor_ms": 1000 * (time.process_time() - spent)}
        row |= {"search_ms": search.last_ms, "prompt_tokens": answer.prompt_tokens}
        shown = [item.product.id for item in answer.candidates]
        dialogue = dialogue.answer("How about this one?" if shown else answer.reply, shown)
        answers.write(json.dumps({**row, "steps": dict(answer.timings_ms)}) + "\n")


if __name__ == "__main__":
    main()
