"""One task's events on their way into the journal: masked, numbered, encoded, stored."""

from __future__ import annotations

import asyncio

from agentkit.core.events import (
    ApprovalRequested,
    InputRequested,
    Message,
    MessageDelta,
    RunFinished,
    RunStarted,
    StepEvent,
    Thinking,
    ThinkingDelta,
)
from agentkit.core.protocol import ErrorInfo, TaskStatus
from agentkit.core.redaction import Redactor, RedactingStream
from agentkit.errors import JournalError
from agentkit.hub.journal import Journal
from agentkit.hub.publisher import Publisher
from agentkit.hub.record import Record, encode
from agentkit.hub.task import Task, fold, now

WINDOW = 1_000
"""Events of one task that may be on their way; the run waits beyond that."""

_DURABLE = (RunStarted, RunFinished, ApprovalRequested, InputRequested)
"""What must be on disk before anybody sees it."""


class TaskWriter:
    """Writes the events of one task.

    Attributes
    ----------
    ahead
        The task's summary up to the last event written, which may not be stored yet.
    """

    def __init__(
        self, task: Task, journal: Journal, redactor: Redactor, publisher: Publisher
    ) -> None:
        self.task = task
        self.ahead = task.summary.model_copy(deep=True)
        self._journal = journal
        self._redactor = redactor
        self._publisher = publisher
        self._streams: dict[str, RedactingStream] = {}
        self._on_the_way = 0
        self._room = asyncio.Event()
        self._error: BaseException | None = None

    async def write(self, event: StepEvent) -> None:
        """Send an event on its way; wait only when too many are under way.

        Raises
        ------
        JournalError
            An earlier event could not be stored.
        """
        if self._error is not None:
            raise JournalError(f"The run's events could not be stored: {self._error}.")
        match event:
            case MessageDelta() | ThinkingDelta():
                stream = self._streams.get(event.message_id)
                if stream is None:
                    stream = self._streams[event.message_id] = self._redactor.stream()
                event.delta = stream.feed(event.delta)
                if not event.delta:
                    return
                event.seq = self.ahead.last_seq
                event.ts = now()
            case _:
                if isinstance(event, Message | Thinking):
                    self._streams.pop(event.message_id, None)
                event.seq = self.ahead.last_seq + 1
                event.ts = now()
        record = encode(event, self._redactor)
        durable = isinstance(event, _DURABLE)
        if not record.is_delta:
            fold(self.ahead, record.event)
        self._journal.append(
            self.task.id,
            record,
            lambda error: self._stored(record if error is None else None, error),
            summary=self.ahead.model_copy() if durable else None,
        )
        self._on_the_way += 1
        while self._on_the_way >= WINDOW:
            self._room.clear()
            await self._room.wait()

    def _stored(self, record: Record | None, error: BaseException | None) -> None:
        # In the journal's thread.
        if error is not None:
            self._error = error
            self.task.token.cancel("The journal cannot be written.")
        self._publisher.put_from_any_thread(self.task, record, self._shown)

    def _shown(self) -> None:
        self._on_the_way -= 1
        self._room.set()

    async def finish(self, end: RunFinished) -> None:
        """Write the last event and wait until it has been shown."""
        await self.write(end)
        await self.ended()

    async def ended(self) -> None:
        """Wait until the last event has been shown, or could not be stored."""
        while self._on_the_way:
            self._room.clear()
            await self._room.wait()
        if self._error is not None:
            raise JournalError(f"The run's events could not be stored: {self._error}.")

    def give_up(self, error: JournalError) -> None:
        """End the task in memory alone: its watchers are told, the journal could not be."""
        summary = self.task.summary
        summary.status = TaskStatus.FAILED
        summary.error = ErrorInfo(message=error.message, reason=error.reason)
        summary.finished_at = now()
        self.task.ended.set()
        self._publisher.put_from_any_thread(self.task, None, lambda: None)
