"""Latency of one shopper's turns, step by step, with tokens and peak memory."""

import resource

from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.serving.recommender import Recommender

MESSAGE = "I am looking for something green for the reading corner, not too dark"


def measure_turns(recommender: Recommender, turns: int) -> dict:
    """Milliseconds of as many turns as asked for, after one to warm up; steps and tokens are those of the last."""
    dialogue = Dialogue().say(MESSAGE)
    recommender.recommend(dialogue)
    answers = [recommender.recommend(dialogue) for _ in range(turns)]
    totals = sorted(answer.timings_ms["total"] for answer in answers)
    return {
        "device": recommender.device,
        "turns": turns,
        "median_ms": totals[len(totals) // 2],
        "slowest_ms": totals[-1],
        "steps_ms": dict(answers[-1].timings_ms),
        "prompt_tokens": answers[-1].prompt_tokens,
        "visual_tokens": answers[-1].visual_tokens,
        "peak_memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
