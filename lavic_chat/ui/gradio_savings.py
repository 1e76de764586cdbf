"""What Gradio spends on features that the chat does not use, saved: when idle, at every event, for every visitor.

Where a setting does it, the setting is used. Two parts of Gradio have none and are replaced, each only where Gradio's
own code is to the letter the one that the replacement was written for; any other version runs as it came, and says so
in the log. `tests/ui/test_gradio_savings.py` fails on a version that is not known here.
"""

import asyncio
import contextlib
import hashlib
import inspect
import logging
import os
import time
from collections.abc import Mapping
from copy import copy
from datetime import datetime
from itertools import chain
from typing import Any

import gradio as gr
from gradio.queueing import Queue
from gradio.state_holder import SessionState, StateHolder
from gradio.utils import cancel_tasks, run_coro_in_background, set_task_name

from lavic_chat.ui.waiting import waits_in_line

LONGEST_SLEEP = 1.0  # seconds after which the queue looks by itself, so that it notices that the server stops
SESSIONS_KEPT = 2_000  # visitors whose state is kept; a visit that was let go goes on from what the browser keeps
# After every event Gradio makes a table of the last 10,000 events and groups it, for a page that is never opened.
NO_ANALYTICS = {"GRADIO_ANALYTICS_MAX_EVENTS": "1", "GRADIO_ANALYTICS_CACHE_FREQUENCY": str(10**9)}

# SHA-256 of the classes that the replacements below were written for, as they are in Gradio 6.31.
QUEUE_CODE: dict[type, str] = {Queue: "d0f712468217414c65fcac024478fadfd2a0a4abc6de5bfefbbc3436ae9616e0"}
STATE_CODE: dict[type, str] = {
    SessionState: "cf7fe461008045411e90162d83e87cc612760f944d4b6cb01eb236e4d76eef76",
    StateHolder: "7a180698da5191bc858b00e2dd3108037c21c6bf9cf955494989e7747d140178",
}
log = logging.getLogger("lavic_chat.ui")


class EventDrivenQueue(Queue):
    """Gradio's queue, but it sleeps until something happens.

    Gradio's own asks every millisecond whether an event has come, and every ten whether there is progress to tell: 5 to
    10 % of a core on a server that nobody uses, and as much taken from the model on one that is busy.
    """

    def start(self) -> None:
        """Begin to serve; called in the server's event loop."""
        self.wake = asyncio.Event()
        super().start()

    async def push(self, *values: Any, **named: Any) -> Any:
        """A new event, for which the queue wakes up."""
        pushed = await super().push(*values, **named)
        self.forget_sessions()
        self.wake.set()
        return pushed

    def forget_sessions(self) -> None:
        """Let go the lists of events of sessions that were given up: Gradio keeps them for ever."""
        lists = self.pending_event_ids_session
        for session in list(lists)[: max(0, len(lists) - SESSIONS_KEPT)]:
            if not any(event in self.event_ids_to_events for event in lists[session]):
                del lists[session]

    async def process_events(self, *values: Any, **named: Any) -> None:
        """Run events; the place that they leave wakes the queue up."""
        try:
            await super().process_events(*values, **named)
        finally:
            self.wake.set()

    async def clean_events(self, *, session_hash: str | None = None, event_id: str | None = None) -> None:
        """Also stop what waits in a recommender's line for somebody whose connection is gone: Gradio would let it wait
        to the end, and only drop the answer."""
        names = {
            f"{event.session_hash}_{event.fn._id}"
            for event in chain.from_iterable(filter(None, self.active_jobs))
            if event.session_hash == session_hash and waits_in_line(event.fn)
        }
        await super().clean_events(session_hash=session_hash, event_id=event_id)
        if names:  # in a task of its own, for the one that calls is itself being cancelled
            run_coro_in_background(cancel_tasks, names)

    async def start_processing(self) -> None:
        """Gradio's loop, with a wait for `wake` in place of its sleep."""
        try:
            while not self.stopped:
                self.wake.clear()
                if not await self.start_next():
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self.wake.wait(), LONGEST_SLEEP)
        finally:
            self.stopped = True
            self._cancel_asyncio_tasks()

    async def start_next(self) -> bool:
        """Start what may run, one event or one batch; False where nothing waits or nothing may run now."""
        if not len(self) or None not in self.active_jobs:
            return False
        async with self.delete_lock:
            found = self.get_events()
        if not found:
            return False
        events, batch, concurrency_id = found
        self.active_jobs[self.active_jobs.index(None)] = events
        event_queue = self.event_queue_per_concurrency_id[concurrency_id]
        event_queue.current_concurrency += 1
        start, fn = time.time(), events[0].fn
        event_queue.start_times_per_fn[fn].add(start)
        for event in events:
            if (noted := self.event_analytics.get(event._id)) is not None:
                noted["status"] = "processing"
        task = run_coro_in_background(self.process_events, events, batch, start, fn)
        set_task_name(task, events[0].session_hash, fn._id, events[0]._id, batch)
        self._asyncio_tasks.add(task)
        task.add_done_callback(self._asyncio_tasks.discard)
        if self.live_updates:
            self.broadcast_estimations(concurrency_id)
        return True

    async def start_progress_updates(self) -> None:
        """Tell the progress of what reports any; nothing of the chat's does."""
        if self.blocks.progress_tracking:
            await super().start_progress_updates()


class LeanSessionState(SessionState):
    """A visitor's state without a copy of every component's configuration.

    Gradio keeps it for links into a running app, which the chat does not offer. Making it took 17 ms and 0.3 MB a
    visitor, and keeping it up to date half the time of every event that changes the page.
    """

    def __init__(self, blocks: gr.Blocks):
        self.blocks_config = copy(blocks.default_config)
        self.config_values: dict = {}
        self.state_data: dict[int, Any] = {}
        self._state_ttl: dict = {}
        self.is_closed = False
        self.STATE_TTL_WHEN_CLOSED = 3600

    def __setitem__(self, key: int, value: Any) -> None:
        block = self.blocks_config.blocks.get(key)
        if isinstance(block, gr.State):
            self._state_ttl[key] = (block.time_to_live, datetime.now())
            self.state_data[key] = value
        else:
            self.blocks_config.blocks[key] = value

    def _update_config(self, key: int) -> None:
        pass

    def _update_value_in_config(self, key: int, value: Any) -> None:
        pass


class LeanStateHolder(StateHolder):
    """Visitors' states, each made lean."""

    def __getitem__(self, session_id: str) -> SessionState:
        if session_id not in self.session_data:
            self.session_data[session_id] = LeanSessionState(self.blocks)
        return super().__getitem__(session_id)


def save_at_queue(app: gr.Blocks) -> None:
    """Make the app's queue sleep until something happens; called between `queue` and `launch`."""
    if is_known(QUEUE_CODE) and type(app._queue) is Queue:
        app._queue.__class__ = EventDrivenQueue


def save_at_state(app: gr.Blocks) -> None:
    """Make the visitors' states lean, of those who come from now on; called after `launch`."""
    holder = app.app.state_holder
    if is_known(STATE_CODE) and type(holder) is StateHolder:
        holder.__class__ = LeanStateHolder


def turn_analytics_off() -> None:
    """Before `queue`; whoever has set these variables keeps what they say."""
    for name, value in NO_ANALYTICS.items():
        os.environ.setdefault(name, value)


def is_known(code: Mapping[type, str]) -> bool:
    """Whether these classes of Gradio's are what the replacements stand in for. On ZeroGPU nothing is replaced, for
    there the queue is the lender's."""
    if os.environ.get("SPACES_ZERO_GPU"):
        return False
    others = [part.__qualname__ for part, wanted in code.items() if fingerprint(part) != wanted]
    if others:
        log.warning("Gradio %s has another %s; the chat runs, but idles less quietly.", gr.__version__, others[0])
    return not others


def fingerprint(part: type) -> str:
    """SHA-256 of a class's source, "" where there is none."""
    try:
        return hashlib.sha256(inspect.getsource(part).encode()).hexdigest()
    except (OSError, TypeError):
        return ""
