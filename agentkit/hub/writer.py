"""One task's events on their way into the journal: masked, numbered, encoded, stored."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from agentkit.core.events import (
    ApprovalRequested,
    InputRequested,
    Message,
    MessageDelta,
    RequestResolved,
    RunFinished,
    RunStarted,
    StepEvent,
    Thinking,
    ThinkingDelta,
)
from agentkit.core.redaction import RedactingStream, Redactor
from agentkit.hub.journal import Journal
from agentkit.hub.publisher import Publisher
from agentkit.hub.record import Record, encode, encode_delta
from agentkit.hub.task import Task, fold, now

WINDOW = 1_000
"""Events of one task that may be on their way; the run waits beyond that."""

_DURABLE = (RunStarted, RunFinished, ApprovalRequested, InputRequested, RequestResolved)
"""What must be on disk before anybody sees it: each state of the task."""


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
        self.redactor = redactor
        self._publisher = publisher
        self._streams: dict[str, _Stream] = {}
        self._on_the_way = 0
        self._storing = 0
        """Of these, those that took the way through the journal."""
        self._room = asyncio.Event()
        self._error: BaseException | None = None
        self._last = self.ahead.started_at or self.ahead.created_at

    def not_before(self, time: str) -> None:
        """Let no event be earlier; as ``now()``."""
        self._last = max(self._last, time)

    def learn(self, secrets: Iterable[str]) -> None:
        """Mask these too, from here on, wherever the task repeats them."""
        if learned := list(secrets):
            self.redactor = self.redactor.knowing(learned)

    async def write(self, event: StepEvent) -> None:
        """Send an event on its way; wait only when too many are under way.

        Raises
        ------
        JournalError
            An earlier event could not be stored.
        """
        self._check()
        # The clock may have been set back.
        event.ts = self._last = max(self._last, now())
        if isinstance(event, MessageDelta | ThinkingDelta):
            record = self._delta(event)
            if record is None:
                return
        else:
            if isinstance(event, Message | Thinking):
                self._streams.pop(event.message_id, None)
            event.seq = self.ahead.last_seq + 1
            record = encode(event, self.redactor)
            fold(self.ahead, record.event)
        if record.is_delta and not self._storing:
            # It is not stored, and there is nothing that it has to wait for.
            self._publisher.put_from_any_thread(self.task, record, self._shown)
        else:
            durable = isinstance(event, _DURABLE)
            self._storing += 1
            self._journal.append(
                self.task.id,
                record,
                lambda error: self._stored(record if error is None else None, error),
                summary=self.ahead.model_copy() if durable else None,
            )
        self._on_the_way += 1
        while self._on_the_way >= WINDOW:
            await self._some_shown()

    def _delta(self, event: MessageDelta | ThinkingDelta) -> Record | None:
        """What can be shown of a delta; its place in its message lets watchers join anywhere."""
        stream = self._streams.get(event.message_id)
        if stream is None:
            stream = self._streams[event.message_id] = _Stream(self.redactor.stream())
        event.delta = stream.masking.feed(event.delta)
        if not event.delta:
            return None
        event.seq = self.ahead.last_seq
        record = encode_delta(event, stream.length)
        stream.length += len(event.delta)
        return record

    def _check(self) -> None:
        if self._error is not None:
            raise self._journal.fault(self._error)

    def _stored(self, record: Record | None, error: BaseException | None) -> None:
        # In the journal's thread. The first error counts: the others follow from it.
        if error is not None and self._error is None:
            self._error = error
            self.task.token.cancel("The journal cannot be written.")
        self._publisher.put_from_any_thread(self.task, record, self._stored_is_shown)

    def _stored_is_shown(self) -> None:
        self._storing -= 1
        self._shown()

    def _shown(self) -> None:
        self._on_the_way -= 1
        self._room.set()

    async def _all_shown(self) -> None:
        while self._on_the_way:
            await self._some_shown()

    async def _some_shown(self) -> None:
        self._room.clear()
        await self._room.wait()

    async def finish(self, end: RunFinished) -> None:
        """Write the last event, unless that has been written, and wait until it has been shown.

        Raises
        ------
        JournalError
            An event could not be stored.
        """
        if not self.ahead.status.is_final:
            await self.write(end)
        await self.stored()

    async def stored(self) -> None:
        """Wait until all that was written has been stored and shown.

        Raises
        ------
        JournalError
            An event could not be stored.
        """
        await self._all_shown()
        self._check()

    async def give_up(self, end: RunFinished) -> None:
        """End the task in memory alone: its watchers are told, the journal could not be."""
        await self._all_shown()
        summary = self.task.summary
        summary.status = end.status
        summary.error = end.error
        summary.finished_at = max(self._last, now())
        summary.asks = ()
        self.task.end()
        self._publisher.put_from_any_thread(self.task, None, lambda: None)


@dataclass(slots=True)
class _Stream:
    """A message that is being streamed: what masks it, and how much of it was sent."""

    masking: RedactingStream
    length: int = 0
