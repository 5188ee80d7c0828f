"""One client's view of one task: every event once and in order, whatever the client's speed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from agentkit.core.events import Message, MessageDelta, Thinking, ThinkingDelta
from agentkit.core.frames import Result, RunResult
from agentkit.core.protocol import TaskSummary
from agentkit.hub.hub import Hub
from agentkit.hub.record import Record, encode_delta
from agentkit.hub.task import Task

OUTBOX = 1_000
"""Events that wait for a slow client before they are dropped and read again from the journal."""

OUTBOX_SIZE = 256 * 1024
"""Characters of these. Other clients have long been sent them, so they are kept for the slow one alone."""

PAGE = 500
"""Events that are read from the journal at once."""

FRAME = 64 * 1024
"""Characters at which a frame, or what is read from the journal for it, is full.

While it is written a frame stands in memory several times over, as text and as bytes."""

POLL = 1.0
"""Seconds between two looks at a task that another server on the same journal runs."""


class _Sender(Protocol):
    async def send(self, text: str) -> None: ...


class Watcher:
    """Sends a task's events to one client.

    What is broadcast goes into a bounded outbox and waits for nobody. A watcher that is behind, from
    the start or because its outbox ran over, reads the journal until it has caught up.
    """

    def __init__(self, hub: Hub, task: Task, socket: _Sender, *, after: int, batch: bool) -> None:
        self._hub = hub
        self._task = task
        self._socket = socket
        self._batch = batch
        self._cursor = min(after, task.summary.last_seq)
        self._behind = True
        self._outbox: deque[Record] = deque()
        self._size = 0
        """Characters in the outbox."""
        self._wake = asyncio.Event()
        self._told: dict[str, int] = {}
        """Characters sent of each message that is being streamed."""

    async def send_json(self, records: Sequence[Record]) -> None:
        """Take in what was broadcast; never waits."""
        if not self._behind:
            self._size += sum(len(record.text) for record in records)
            if len(self._outbox) + len(records) > OUTBOX or self._size > OUTBOX_SIZE:
                self._behind = True
                self._drop()
            else:
                self._outbox.extend(records)
        self._wake.set()

    async def run(self) -> None:
        """Send events until the task has ended and all of them are sent."""
        connections, task = self._hub.connections, self._task
        connections.add(task.id, self, task.token)
        try:
            while True:
                self._wake.clear()
                if self._behind:
                    await self._catch_up()
                elif self._outbox:
                    await self._send_outbox()
                elif task.ended.is_set() and self._cursor >= task.summary.last_seq:
                    break
                elif task.id in self._hub.runs or task.ended.is_set():
                    await self._wake.wait()
                else:
                    await asyncio.sleep(POLL)
                    await self._hub.look_again(task)
                    self._behind = True
        finally:
            connections.remove(task.id, self)

    async def _catch_up(self) -> None:
        while self._cursor < self._task.summary.last_seq:
            texts = await self._hub.journal.events(self._task.id, self._cursor, PAGE, FRAME)
            if not texts:  # the task was deleted under our eyes
                self._cursor = self._task.summary.last_seq
            # The journal may be ahead of what is shown, and ``partial`` goes with what is shown.
            shown = texts[: self._task.summary.last_seq - self._cursor]
            self._cursor += len(shown)
            await self._send(shown)
        # From here to the end nothing else runs, so the outbox begins exactly where this ends.
        self._behind = False
        self._drop()
        partial = self._task.partial
        self._told = {message_id: self._told.get(message_id, 0) for message_id in partial}
        for message_id, so_far in partial.items():
            told = self._told[message_id]
            if (rest := so_far.rest(told, self._cursor)) is not None:
                record = encode_delta(rest, told)
                self._outbox.append(record)
                self._size += len(record.text)

    def _drop(self) -> None:
        self._outbox.clear()
        self._size = 0

    async def _send_outbox(self) -> None:
        texts: list[str] = []
        left = FRAME
        while self._outbox and not self._behind and left > 0:
            record = self._outbox.popleft()
            self._size -= len(record.text)
            left -= len(record.text)
            if isinstance(record.event, MessageDelta | ThinkingDelta):
                if self._is_next(record, record.event):
                    texts.append(record.text)
            elif record.seq == self._cursor + 1:
                self._cursor = record.seq
                if isinstance(record.event, Message | Thinking):
                    self._told.pop(record.event.message_id, None)
                texts.append(record.text)
            elif record.seq > self._cursor:
                self._behind = True
        await self._send(texts)

    def _is_next(self, record: Record, delta: MessageDelta | ThinkingDelta) -> bool:
        """Whether a delta goes on where the client is; one that it has had already does not."""
        told = self._told.get(delta.message_id, 0)
        if record.seq < self._cursor or record.start < told:
            return False
        if record.start > told:
            self._behind = True
            return False
        self._told[delta.message_id] = told + len(delta.delta)
        return True

    async def _send(self, texts: Sequence[str]) -> None:
        if self._batch and texts:
            await self._socket.send('{"type":"steps","data":[' + ",".join(texts) + "]}")
            return
        for text in texts:
            await self._socket.send('{"type":"step","data":' + text + "}")


def result(summary: TaskSummary) -> Result:
    """The last frame, which follows the last event: how the task ended."""
    return Result(
        task_id=summary.task_id,
        data=RunResult(
            status=summary.status,
            content=summary.result,
            usage=summary.usage,
            steps=summary.steps,
            duration_ms=duration_ms(summary),
            error=summary.error,
        ),
    )


def duration_ms(summary: TaskSummary) -> float:
    """From start to end; 0 for a task that never ran, and where the clock was set back meanwhile."""
    if summary.started_at is None or summary.finished_at is None:
        return 0
    started = datetime.fromisoformat(summary.started_at)
    finished = datetime.fromisoformat(summary.finished_at)
    return max(0, (finished - started).total_seconds() * 1000)
