"""Conversations: the tasks of one thread, and what a further one takes over from them."""

from __future__ import annotations

import asyncio
import json

from agentkit.core.history import messages_of
from agentkit.core.protocol import StartTask, TaskSummary
from agentkit.errors import Conflict
from agentkit.hub.journal import Journal
from agentkit.llm.protocol import ChatMessage

MAX_EVENTS = 100_000
"""Events of one run that are read for the conversation's next."""


def thread_of(summary: TaskSummary) -> str:
    """The conversation of a task; one that was given none is the first of its own."""
    return summary.thread_id or summary.task_id


def following(request: StartTask, before: TaskSummary) -> StartTask:
    """A request with what it takes over from the task that it follows, where it says nothing itself."""
    taken = {"agent": before.agent, "origin": before.origin, "thread_id": thread_of(before)}
    missing = {name: value for name, value in taken.items() if getattr(request, name) is None}
    return request.model_copy(update=missing)


async def history_of(journal: Journal, thread_id: str, result_chars: int) -> list[ChatMessage]:
    """What the model is told of a conversation's runs so far.

    Raises
    ------
    Conflict
        One of them goes on (reason ``thread_busy``).
    """
    tasks = await journal.thread(thread_id)
    if any(not task.status.is_final for task in tasks):
        raise busy(thread_id)
    runs = [await journal.events(task.task_id, 0, MAX_EVENTS) for task in tasks]
    # A long conversation takes a while to read.
    return await asyncio.to_thread(_messages, runs, result_chars)


def busy(thread_id: str) -> Conflict:
    """A conversation takes one question at a time."""
    return Conflict(
        f"The conversation {thread_id!r} has a run that goes on: wait for it, or cancel it.",
        reason="thread_busy",
    )


def _messages(runs: list[list[str]], result_chars: int) -> list[ChatMessage]:
    events = [[json.loads(text) for text in texts] for texts in runs if texts]
    return messages_of(events, result_chars=result_chars)
