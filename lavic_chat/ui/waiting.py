"""Waiting for a recommender that many share: a place in line, shown as it moves, given up when the shopper leaves."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Protocol, runtime_checkable

import gradio as gr

from lavic_chat.recommendation import Place, Recommendation, RecommendationRequest, Ticket
from lavic_chat.ui.session import Recommender

PAUSE = 2.0  # seconds between two looks at a place in line; each that is told costs some milliseconds


MODEL_QUEUE = "model"  # Gradio's name of the queue for everything that runs the model


@runtime_checkable
class Line(Protocol):
    """A recommender with a line in front of it; one without is asked one question at a time, in Gradio's queue."""

    def submit(self, request: RecommendationRequest, shopper: str = "", client: str = "") -> Ticket:
        """Put a request in line, where clients take turns; raises BusyError where too many wait."""
        ...

    def place(self, ticket: Ticket) -> Place | None:
        """Where a request is in line; None once it is being answered, or is done with."""
        ...

    def next_place(self) -> Place:
        """Where whoever asked now would be."""
        ...

    def leave(self, shopper: str) -> None:
        """A shopper has gone: their requests need no answer any more."""
        ...


@runtime_checkable
class SharedRecommender(Recommender, Line, Protocol):
    """What the chat needs of a recommender that answers many shoppers at once."""


def model_queue(recommender: object) -> dict[str, Any]:
    """Gradio's options for what runs the model: all at once where they wait in a line of the recommender's own, else
    one after the other."""
    return {"concurrency_id": MODEL_QUEUE, "concurrency_limit": None if isinstance(recommender, Line) else 1}


def waits_in_line(fn: Any) -> bool:
    """Whether a function of Gradio's runs the model and waits for it in a recommender's line."""
    return fn.concurrency_id == MODEL_QUEUE and fn.concurrency_limit is None


def visitor_of(request: gr.Request) -> str:
    """Who asks: a page, or a client of the API, as long as it stays connected; "" of nobody known."""
    return request.session_hash or ""


class LeftError(Exception):
    """The shopper has gone, or has started over; nobody waits for the answer."""


async def follow(line: Line, ticket: Ticket, pause: float = PAUSE) -> AsyncIterator[Place | None]:
    """The request's place in line whenever it has moved, None where its turn has come; ends with its answer."""
    answer, shown = wrapped(ticket), line.place(ticket)
    while True:
        await asyncio.wait([answer], timeout=pause)
        if answer.done():
            return
        place = line.place(ticket)
        if (place and place.ahead) != (shown and shown.ahead):
            yield place
        shown = place


async def result(ticket: Ticket) -> Recommendation:
    """The answer to a request, which is taken out of the line where waiting for it is cancelled.

    Raises LeftError where nobody waits for it any more, and whatever there is instead of an answer.
    """
    answer = wrapped(ticket)
    try:
        await asyncio.wait([answer])
    finally:
        ticket.future.cancel()  # nothing comes of it unless it still waits
    if ticket.left.is_set() or answer.cancelled():
        raise LeftError
    return answer.result()


def wrapped(ticket: Ticket) -> asyncio.Future[Recommendation]:
    """The ticket's future in the event loop; its error is told to whoever takes the result, and to nobody else."""
    answer = asyncio.wrap_future(ticket.future)
    answer.add_done_callback(lambda done: done.cancelled() or done.exception())
    return answer
