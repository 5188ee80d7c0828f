"""One task: its named states, and the fold of its events into a summary."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar

from agentkit.core.events import (
    ApprovalRequested,
    FinalAnswer,
    InputRequested,
    Message,
    MessageDelta,
    RequestResolved,
    RunFinished,
    RunStarted,
    StepEvent,
    Thinking,
    ThinkingDelta,
    UsageReported,
)
from agentkit.core.protocol import CancellationToken, TaskStatus, TaskSummary, Usage
from agentkit.errors import Conflict
from agentkit.hub.asks import ask_of

Status = TaskStatus

_Number = TypeVar("_Number", int, float)

TRANSITIONS: dict[TaskStatus, frozenset[TaskStatus]] = {
    Status.QUEUED: frozenset({Status.RUNNING, Status.CANCELLED, Status.FAILED, Status.INTERRUPTED}),
    Status.RUNNING: frozenset(
        {
            Status.INPUT_REQUIRED,
            Status.COMPLETED,
            Status.FAILED,
            Status.CANCELLED,
            Status.INTERRUPTED,
        }
    ),
    Status.INPUT_REQUIRED: frozenset(
        {Status.RUNNING, Status.FAILED, Status.CANCELLED, Status.INTERRUPTED}
    ),
    Status.COMPLETED: frozenset(),
    Status.FAILED: frozenset(),
    Status.CANCELLED: frozenset(),
    Status.INTERRUPTED: frozenset(),
}
"""Which state may follow which."""


def now() -> str:
    """The present time: ISO 8601 in UTC, to the millisecond."""
    return _iso(time.time_ns() // 1_000_000)


@lru_cache(maxsize=1)  # many events have the same
def _iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")


def move(summary: TaskSummary, status: TaskStatus) -> None:
    """Bring a task into another state.

    Raises
    ------
    Conflict
        The state may not follow the present one.
    """
    if status not in TRANSITIONS[summary.status]:
        allowed = ", ".join(sorted(TRANSITIONS[summary.status])) or "none: it has ended"
        raise Conflict(
            f"Task {summary.task_id!r} is {summary.status} and cannot become {status};"
            f" what may follow: {allowed}.",
            reason="illegal_transition",
        )
    summary.status = status


def fold(summary: TaskSummary, event: StepEvent) -> None:
    """Bring a summary up to a stored event.

    The same for a running task and for one that is read back from the journal after a crash.
    """
    summary.last_seq = event.seq
    summary.steps = max(summary.steps, event.step)
    match event:
        case RunStarted(simulated=simulated, ts=ts):
            move(summary, Status.RUNNING)
            summary.started_at = ts
            summary.simulated = simulated
        case ApprovalRequested() | InputRequested():
            summary.asks = (*summary.asks, ask_of(event))
            if summary.status is not Status.INPUT_REQUIRED:
                move(summary, Status.INPUT_REQUIRED)
        case RequestResolved(request_id=request_id):
            left = tuple(each for each in summary.asks if each.request_id != request_id)
            summary.asks = left
            if summary.status is Status.INPUT_REQUIRED and not left:
                move(summary, Status.RUNNING)
        case UsageReported():
            summary.usage = _added(summary.usage, event)
        case FinalAnswer(text=text):
            summary.result = text
        case RunFinished(status=status, error=error, ts=ts):
            move(summary, status)
            summary.error = error
            summary.finished_at = ts
            summary.asks = ()
        case _:
            return


def _added(total: Usage | None, event: UsageReported) -> Usage:
    if total is None:
        return Usage.model_validate(event, from_attributes=True)
    return Usage(
        input_tokens=total.input_tokens + event.input_tokens,
        output_tokens=total.output_tokens + event.output_tokens,
        cached_input_tokens=_sum(total.cached_input_tokens, event.cached_input_tokens),
        reasoning_tokens=_sum(total.reasoning_tokens, event.reasoning_tokens),
        cost=_sum(total.cost, event.cost),
    )


def _sum(so_far: _Number | None, more: _Number | None) -> _Number | None:
    # A sum with an unknown part is unknown: a cost that leaves calls out would be wrong.
    return None if so_far is None or more is None else so_far + more


@dataclass(slots=True)
class Partial:
    """A message that is being streamed."""

    first: MessageDelta | ThinkingDelta
    pieces: list[str] = field(default_factory=list[str])

    def rest(self, told: int, seq: int) -> MessageDelta | ThinkingDelta | None:
        """One delta of all that comes after the first ``told`` characters, if there is any."""
        text = "".join(self.pieces)[told:]
        return self.first.model_copy(update={"delta": text, "seq": seq}) if text else None


class Task:
    """A task as this process knows it.

    Attributes
    ----------
    id
        The task's id.
    summary
        Up to the last event that has been stored and shown, so that it never says more than a
        watcher could have seen.
    partial
        The messages that are being streamed: message id → what of them was shown so far.
    token
        Cancels it.
    begun
        Set when the first event has been shown, or the task has ended without one.
    ended
        Set when the last event has been shown.
    """

    def __init__(self, summary: TaskSummary) -> None:
        self.id = summary.task_id
        self.summary = summary
        self.token = CancellationToken()
        self.partial: dict[str, Partial] = {}
        self.begun = asyncio.Event()
        self.ended = asyncio.Event()
        if summary.status.is_final:
            self.end()

    def show(self, event: StepEvent) -> None:
        """Take in an event that is stored and about to be sent, or a delta."""
        match event:
            case MessageDelta() | ThinkingDelta():
                so_far = self.partial.setdefault(event.message_id, Partial(event))
                so_far.pieces.append(event.delta)
                return
            case Message() | Thinking():
                self.partial.pop(event.message_id, None)
            case FinalAnswer() | RunFinished():
                self.partial.clear()
            case _:
                pass
        fold(self.summary, event)
        self.begun.set()
        if self.summary.status.is_final:
            self.end()

    def end(self) -> None:
        """Tell those who wait for it."""
        self.begun.set()
        self.ended.set()
