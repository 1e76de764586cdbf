"""Answers turns for `before_after.py`, in whichever installation of ours runs this file.

    PYTHON -P turn_probe.py     a JSON object a line in, {"message": ..., "photo": ..., "new": true}, and one a line out

It stands alone, for an older installation does not have its neighbours, and asks for nothing but what all of them have:
`load_recommender`, `read_settings` and `Dialogue`. So the same words are timed on both sides, by the same clock.
"""

import importlib
import json
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

PLACES = ("lavic_chat.serving.recommender", "lavic_chat.recommender")  # where `load_recommender` is, and where it was


def main() -> None:
    """Load, say so, and answer until the input ends. What libraries print goes to stderr, not between the answers."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    start = time.perf_counter()
    recommender = find_loader()(importlib.import_module("lavic_chat.settings").read_settings())
    threads = importlib.import_module("torch").get_num_threads()
    model = getattr(getattr(recommender, "visual_ranker", None), "model", None)
    ready = {"load_seconds": time.perf_counter() - start, "threads": threads, "pid": os.getpid()}
    answers.write(json.dumps({**ready, "runtime": getattr(model, "runtime", "torch")}) + "\n")
    answer_lines(recommender, sys.stdin, answers)


def find_loader() -> Any:
    """`load_recommender` of the installation; raises ImportError where it is in none of its places."""
    for place in PLACES:
        try:
            return importlib.import_module(place).load_recommender
        except ModuleNotFoundError as error:
            if error.name is None or not place.startswith(error.name):
                raise
    raise ImportError("this installation has no load_recommender")


def answer_lines(recommender: Any, requests: Iterable[str], answers: TextIO) -> None:
    """A line of answer for each request: milliseconds, those of each step, tokens of the prompt, and the pick's id."""
    new_dialogue = importlib.import_module("lavic_chat.dialogue").Dialogue
    dialogue = new_dialogue()
    for line in requests:
        request = json.loads(line)
        photo = request.get("photo")
        dialogue = (new_dialogue() if request["new"] else dialogue).say(request["message"], photo and Path(photo))
        start = time.perf_counter()
        answer = recommender.recommend(dialogue)
        seconds = time.perf_counter() - start
        shown = [item.product.id for item in answer.candidates]
        said = f"How about the {answer.candidates[0].product.title}?" if shown else answer.reply
        dialogue = dialogue.answer(said, shown)
        row = {"ms": 1000 * seconds, "steps": dict(answer.timings_ms), "prompt_tokens": answer.prompt_tokens}
        answers.write(json.dumps({**row, "pick": shown[0] if shown else ""}) + "\n")


if __name__ == "__main__":
    main()
