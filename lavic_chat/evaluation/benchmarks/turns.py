"""Turns of one shopper: the first of a conversation, the second of the same, and fifty candidates in place of ten."""

import statistics
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lavic_chat.dialogue import Dialogue
from lavic_chat.dialogue.history import NO_HISTORY, History
from lavic_chat.evaluation.benchmarks.conversations import WARM_UP, Script
from lavic_chat.evaluation.benchmarks.processes import process_age
from lavic_chat.evaluation.benchmarks.ratios import Latency, Ratio, paired_ratio, summarize
from lavic_chat.recommendation import Recommendation, RecommendationRequest
from lavic_chat.serving.recommender import CANDIDATES, Recommender

MANY = 50  # candidates, beside ten
CHOOSE, PROMPT, PASS = "choose", "prompt", "LLM pass"  # the first is the two others


@dataclass(frozen=True)
class TurnFigures:
    """What turns cost. steps_ms: the median of each step of the first turns; tokens: means of a first turn, and of a
    second. ratio: of each conversation the second turn by the first."""

    first: Latency
    second: Latency
    ratio: Ratio
    steps_ms: dict[str, float]
    prompt_tokens: int
    second_prompt_tokens: int
    visual_tokens: int


@dataclass(frozen=True)
class CandidateFigures:
    """Fifty candidates by ten for the same words, retrieval and ranking together; in milliseconds."""

    ten: Latency
    fifty: Latency
    ratio: Ratio


@dataclass(frozen=True)
class TimedTurn:
    """An answer, and the milliseconds that the shopper waited for it."""

    milliseconds: float
    answer: Recommendation


def warm_up(recommender: Recommender) -> float:
    """Two turns that nobody counts: what is made once, at the first of them, is there afterwards. Returns how many
    seconds old the process was when it had its first answer."""
    first = Dialogue().say(WARM_UP.message)
    answer = recommender.recommend(first)
    answered = process_age()
    recommender.recommend(go_on(first, answer, WARM_UP.follow_up))
    return answered


def measure_turns(recommender: Recommender, scripts: Iterable[Script]) -> TurnFigures:
    """Two turns of every conversation. Raises LavicError where there is none, or nothing to recommend."""
    first, second, steps = [], [], defaultdict(list)
    for script in scripts:
        dialogue = Dialogue().say(script.message)
        first.append(time_turn(recommender, dialogue))
        for name, milliseconds in steps_of(recommender, dialogue, first[-1].answer).items():
            steps[name].append(milliseconds)
        second.append(time_turn(recommender, go_on(dialogue, first[-1].answer, script.follow_up)))
    times = [[turn.milliseconds for turn in turns] for turns in (first, second)]
    ratio = paired_ratio(times[1], times[0])
    return TurnFigures(
        first=summarize(times[0]),
        second=summarize(times[1]),
        ratio=ratio,
        steps_ms={name: round(statistics.median(values), 1) for name, values in steps.items()},
        prompt_tokens=mean_tokens(first),
        second_prompt_tokens=mean_tokens(second),
        visual_tokens=round(statistics.mean(turn.answer.visual_tokens for turn in first)),
    )


def time_turn(recommender: Recommender, dialogue: Dialogue, history: History = NO_HISTORY) -> TimedTurn:
    """One answer and how long it took; history: of the visitor."""
    request = RecommendationRequest(dialogue, history=history)
    start = time.perf_counter()
    answer = recommender.ask(request)
    return TimedTurn(1000 * (time.perf_counter() - start), answer)


def go_on(dialogue: Dialogue, answer: Recommendation, message: str) -> Dialogue:
    """The conversation after the answer and the shopper's next message."""
    shown = [item.product.id for item in answer.candidates]
    said = f"How about the {answer.pick.product.title}?" if shown else answer.reply
    return dialogue.answer(said, shown).say(message)


def steps_of(recommender: Recommender, dialogue: Dialogue, answer: Recommendation) -> dict[str, float]:
    """Milliseconds of an answer's steps; where it tells the choosing as one, the prompt is written once more, and what
    is left is the LLM's pass."""
    steps = {name: value for name, value in answer.timings_ms.items() if name != "total"}
    if CHOOSE not in steps or PROMPT in steps:
        return steps
    products = [item.product for item in answer.candidates]
    seen = [recommender.item_features[recommender.retriever.row[product.id]] for product in products]
    start = time.perf_counter()
    recommender.visual_ranker.ranker.make_prompt(dialogue, products, seen)
    prompt = min(1000 * (time.perf_counter() - start), steps[CHOOSE])
    rest = steps.pop(CHOOSE) - prompt
    return {**steps, PROMPT: prompt, PASS: rest}


def mean_tokens(turns: Sequence[TimedTurn]) -> int:
    """Of the turns' prompts."""
    return round(statistics.mean(turn.answer.prompt_tokens for turn in turns))


def measure_candidates(recommender: Recommender, scripts: Iterable[tuple[Script, Script]]) -> CandidateFigures:
    """Ten candidates for one conversation of each pair and fifty for the other, by turns ten or fifty first. The two
    say the same, but begin differently, so that neither is helped by what was read for the other."""
    ten, fifty = [], []
    for number, (one, other) in enumerate(scripts):
        if number % 2:
            fifty.append(time_candidates(recommender, other, MANY))
        ten.append(time_candidates(recommender, one, CANDIDATES))
        if not number % 2:
            fifty.append(time_candidates(recommender, other, MANY))
    return CandidateFigures(summarize(ten), summarize(fifty), paired_ratio(fifty, ten))


def time_candidates(recommender: Recommender, script: Script, count: int) -> float:
    """Milliseconds to find so many candidates for a conversation's first message, and to rank them."""
    dialogue = Dialogue().say(script.message)
    start = time.perf_counter()
    found = recommender.find(dialogue, count)
    products, scores = [one.product for one in found], [one.query_score for one in found]
    item_features = [recommender.item_features[recommender.retriever.row[one.id]] for one in products]
    recommender.visual_ranker.ranker.rank(dialogue, products, item_features, query_scores=scores)
    return 1000 * (time.perf_counter() - start)
