"""From the journal's thread back to the loop: what is stored is shown to those who watch."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from itertools import groupby

from agentkit.hub.changes import Changes
from agentkit.hub.connections import ConnectionManager
from agentkit.hub.record import Record
from agentkit.hub.task import Task

log = logging.getLogger("agentkit")

Stored = tuple[Task, Record | None, Callable[[], None]]
"""A stored event and whom to tell that it was shown; no record only wakes the watchers."""


class Publisher:
    """Shows stored events in the order in which they were stored, all that have queued up at once.

    It shows from ``open`` to ``close``, and may be opened again, on another loop too.
    """

    def __init__(self, connections: ConnectionManager, changes: Changes) -> None:
        self._connections = connections
        self._changes = changes
        self._stored: deque[Stored] = deque()
        self._wake = asyncio.Event()
        self._woken = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pump: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Show what is stored from now on, on the running loop."""
        if self._pump is None:
            self._stored.clear()
            self._wake = asyncio.Event()
            self._woken = False
            self._loop = asyncio.get_running_loop()
            self._pump = asyncio.ensure_future(self._run())

    def put_from_any_thread(
        self, task: Task, record: Record | None, shown: Callable[[], None]
    ) -> None:
        """Queue a stored event; ``shown`` is called on the loop."""
        self._stored.append((task, record, shown))
        # One wake-up for all that a commit has stored.
        if self._loop is not None and not self._woken:
            self._woken = True
            with contextlib.suppress(RuntimeError):  # the loop has closed: nobody watches any more
                self._loop.call_soon_threadsafe(self._wake.set)

    async def close(self) -> None:
        """Stop showing."""
        pump, self._pump = self._pump, None
        if pump is not None:
            pump.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await pump

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            self._woken = False
            # Apart, so that none of it is kept while there is nothing to show.
            await self._show_all()

    async def _show_all(self) -> None:
        batch = [self._stored.popleft() for _ in range(len(self._stored))]
        for task, group in groupby(batch, key=lambda stored: stored[0]):
            try:
                await self._show(task, list(group))
            except Exception:  # one task's fault must not leave all the others unseen
                log.exception("Task %s could not be shown", task.id)

    async def _show(self, task: Task, group: list[Stored]) -> None:
        records = [record for _, record, _ in group if record is not None]
        try:
            for record in records:
                task.show(record.event)
            # Without a record the task has ended unstored; text that streams changes no summary.
            if not records or not all(record.is_delta for record in records):
                self._changes.changed(task.summary)
            await self._connections.broadcast(task.id, records)
        finally:
            for _, _, shown in group:
                shown()
