"""How long the journal keeps what was done: what is old goes, and the oldest when it grows too large."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from agentkit.errors import JournalError
from agentkit.hub.defaults import KEEP_BYTES, KEEP_DAYS
from agentkit.hub.deleting import SLICE, erase, hide_thread, last_of_threads, shrink, size
from agentkit.hub.journal import Journal

EVERY = 3_600.0
"""Seconds between two sweeps."""

PAUSE = SLICE
"""Seconds between two slices: half of the journal's time is for those who wait for it."""

FRESH = timedelta(hours=1)
"""What ended later than that ago is kept whatever the journal's size: somebody may be looking at it."""

log = logging.getLogger("agentkit")


@dataclass(frozen=True, slots=True)
class Retention:
    """What a journal keeps; 0 sets no limit.

    Attributes
    ----------
    days
        A conversation is deleted so many days after its last task has ended.
    bytes
        When the journal holds more, the conversations go whose last tasks are the oldest.
    """

    days: float = KEEP_DAYS
    bytes: int = KEEP_BYTES


class Sweeper:
    """Deletes what is not to be kept, a little at a time.

    Parameters
    ----------
    removed
        Told the id of each task that is deleted, and whose it was.
    """

    def __init__(
        self, journal: Journal, retention: Retention, removed: Callable[[str, str | None], None]
    ) -> None:
        self._journal = journal
        self._retention = retention
        self._removed = removed

    async def run(self) -> None:
        """Sweep now and again, until cancelled."""
        while True:
            try:
                await self.sweep()
            except JournalError as error:
                log.error("Old tasks could not be deleted: %s", error)
            await asyncio.sleep(EVERY)

    async def sweep(self) -> None:
        """Delete what is not to be kept.

        Raises
        ------
        JournalError
            The journal could not be read or written.
        """
        await self._in_slices(erase)  # what a server began to delete that has died
        gone = 0
        if self._retention.days:
            gone += await self._delete(timedelta(days=self._retention.days), 0)
        if self._retention.bytes:
            gone += await self._delete(FRESH, self._retention.bytes)
        await self._in_slices(shrink)
        if gone:
            log.info("%s old tasks were deleted from the journal", gone)

    async def _delete(self, age: timedelta, until: int) -> int:
        """Delete conversations older than ``age``, the oldest first, until the journal is so small."""
        before = (datetime.now(UTC) - age).isoformat(timespec="milliseconds")
        last = gone = 0
        while threads := await self._journal.read(partial(last_of_threads, after=last)):
            for _, thread, created_at in threads:
                if created_at >= before:  # what comes later may be older: a clock was set back
                    continue
                if until and await self._journal.read(size) <= until:
                    return gone
                hide = partial(hide_thread, thread=thread, before=before)
                hidden = await self._journal.write(hide)
                for task_id, user in hidden:
                    self._removed(task_id, user)
                gone += len(hidden)
                await self._in_slices(erase)
            last = threads[-1][0]
        return gone

    async def _in_slices(self, job: Callable[[sqlite3.Connection], bool]) -> None:
        while await self._journal.write(job):  # noqa: ASYNC110 - it waits for nothing
            await asyncio.sleep(PAUSE)
