"""Conversations: the tasks of one thread, and what a further one takes over from them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agentkit.core.protocol import ResumeTask, StartTask, TaskStatus, TaskSummary
from agentkit.core.transcript import Asked, Unfinished, messages_of, unfinished
from agentkit.errors import Conflict
from agentkit.hub.journal import Journal
from agentkit.llm.protocol import ChatMessage

PAGE = 10_000
"""Events that are read at once."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a run takes over from its conversation.

    Attributes
    ----------
    history
        What the model is told of the questions before.
    left
        What is left to do of the last question; none for a run that has a question of its own.
    """

    history: Sequence[ChatMessage] = ()
    left: Unfinished | None = None


def thread_of(summary: TaskSummary) -> str:
    """The conversation of a task; one that was given none is the first of its own."""
    return summary.thread_id or summary.task_id


def following(request: StartTask, before: TaskSummary) -> StartTask:
    """A request with what it takes over from the task that it follows, where it says nothing itself."""
    taken = {"agent": before.agent, "origin": before.origin, "thread_id": thread_of(before)}
    missing = {name: value for name, value in taken.items() if getattr(request, name) is None}
    return request.model_copy(update=missing)


def resuming(request: ResumeTask, before: TaskSummary) -> StartTask:
    """The request for a task that takes another one on.

    Raises
    ------
    Conflict
        That one goes on (reason ``task_running``), or has its answer (reason ``task_completed``).
    """
    if not before.status.is_final:
        raise Conflict(
            f"Task {before.task_id!r} is {before.status}: only a task that has ended can be resumed.",
            reason="task_running",
        )
    if before.status is TaskStatus.COMPLETED:
        raise Conflict(
            f"Task {before.task_id!r} is completed: there is nothing left to resume. Ask a follow-up.",
            reason="task_completed",
        )
    fields = {name: getattr(request, name) for name in request.model_fields_set}
    return StartTask(input=before.input, follows=before.task_id, **fields)


async def told_before(journal: Journal, thread_id: str, result_chars: int) -> Told:
    """What a run with a question of its own takes over.

    Raises
    ------
    Conflict
        A run of the conversation goes on (reason ``thread_busy``).
    """
    runs = await _runs(journal, thread_id)

    def told() -> Told:
        return Told(messages_of(_questions(runs), result_chars=result_chars))

    # A long conversation takes a while to read.
    return await asyncio.to_thread(told)


async def left_by(journal: Journal, task_id: str, thread_id: str, result_chars: int) -> Told:
    """What a run takes over that goes on with another one's question.

    Raises
    ------
    Conflict
        A run of the conversation goes on, or it has gone on after that task (reason ``thread_went_on``).
    """
    runs = await _runs(journal, thread_id)
    if runs and runs[-1][0].task_id != task_id:
        raise Conflict(
            f"The conversation of task {task_id!r} has gone on after it, with task"
            f" {runs[-1][0].task_id!r}: resume that one, or ask a follow-up.",
            reason="thread_went_on",
        )

    def told() -> Told:
        *before, last = _questions(runs)
        return Told(
            messages_of(before, result_chars=result_chars),
            unfinished(task_id, last, result_chars=result_chars),
        )

    return await asyncio.to_thread(told)


def busy(thread_id: str) -> Conflict:
    """A conversation takes one question at a time."""
    return Conflict(
        f"The conversation {thread_id!r} has a run that goes on: wait for it, or cancel it.",
        reason="thread_busy",
    )


_Run = tuple[TaskSummary, list[str]]


async def _runs(journal: Journal, thread_id: str) -> list[_Run]:
    tasks = await journal.thread(thread_id)
    if any(not task.status.is_final for task in tasks):
        raise busy(thread_id)
    return [(task, await _events(journal, task.task_id)) for task in tasks]


async def _events(journal: Journal, task_id: str) -> list[str]:
    texts: list[str] = []
    while len(page := await journal.events(task_id, len(texts), PAGE)) == PAGE:
        texts += page
    return texts + page


def _questions(runs: Sequence[_Run]) -> list[Asked]:
    """The conversation's questions, each with the runs that worked on it."""
    questions: list[tuple[str, list[list[dict[str, Any]]]]] = []
    for task, texts in runs:
        events = [json.loads(text) for text in texts]
        if task.resumes is None or not questions:
            questions.append((task.input, [events]))
        else:
            questions[-1][1].append(events)
    return [Asked(question, worked) for question, worked in questions]
