"""A thread that owns one SQLite connection and does what is queued up for it."""

from __future__ import annotations

import asyncio
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from agentkit.errors import JournalError

T = TypeVar("T")

BATCH = 500
"""Jobs that share one commit at the most."""

PACE = 0.002
"""Seconds between two commits that nobody waits for.

Each wakes this thread and the loop, which then take the interpreter's lock from each other: at the pace of a
quick run that costs more than what is stored. What comes alone is written at once all the same."""

log = logging.getLogger("agentkit")


class Worker:
    """Runs jobs in order, all that have queued up in one transaction.

    A lone job waits for nothing; a burst shares a commit, and so do items that nobody waits for within
    ``PACE``. Every job is settled, whatever happens.

    Parameters
    ----------
    writes
        Its jobs write: all of them wait once, and not each by itself, while another process holds the
        file's lock.
    """

    def __init__(self, connection: sqlite3.Connection, name: str, *, writes: bool = False) -> None:
        self._connection = connection
        self._begin = "BEGIN IMMEDIATE" if writes else "BEGIN"
        self._jobs: queue.SimpleQueue[_Queued | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._is_full = False
        self._urgent = threading.Event()
        self._committed = 0.0
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def submit(
        self,
        job: Callable[[sqlite3.Connection], T],
        *,
        durable: bool = False,
        then: Callable[[T | None, BaseException | None], None] | None = None,
    ) -> None:
        """Queue a job. ``then(result, error)`` is called in the worker's thread after the commit.

        After ``close`` it is called at once, with an error.
        """
        self._queue(_Queued(job, durable, then), urgent=True)

    def gather(
        self,
        job: Callable[[sqlite3.Connection, list[Any]], None],
        kind: str,
        item: Any,
        *,
        durable: bool = False,
        then: Callable[[BaseException | None], None] | None = None,
    ) -> None:
        """Queue an item for a job that does many at once, and succeeds or fails with all of them.

        Those of one ``kind`` that have queued up are given to one call of the first one's ``job``. ``then``
        as in ``submit``.
        """

        def settle(result: object, error: BaseException | None) -> None:
            if then is not None:
                then(error)

        self._queue(_Queued(job, durable, settle, kind, item), urgent=durable)

    def _queue(self, queued: _Queued, *, urgent: bool) -> None:
        with self._lock:
            if not self._closed:
                self._jobs.put(queued)
                if urgent:
                    self._urgent.set()
                return
        queued.error = JournalError("The journal is closed.", reason="journal_closed")
        queued.settle()

    async def run(self, job: Callable[[sqlite3.Connection], T], *, durable: bool = False) -> T:
        """Queue a job and await its result, committed."""
        done: Future[Any] = Future()

        def settle(result: T | None, error: BaseException | None) -> None:
            if not done.set_running_or_notify_cancel():
                return
            if error is not None:
                done.set_exception(error)
            else:
                done.set_result(result)

        self.submit(job, durable=durable, then=settle)
        return await asyncio.wrap_future(done)

    def close(self) -> None:
        """Finish what is queued and close the connection; calling it again does nothing."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
                self._urgent.set()
        self._thread.join()

    def _work(self) -> None:
        going_on = True
        while going_on:
            batch, going_on = self._take()
            if batch:  # to end needs no lock, which another process may hold
                self._commit(batch)
            self._committed = time.monotonic()
            for job in batch:
                try:
                    job.settle()
                except Exception:  # a listener's fault must not end the journal
                    log.exception("A listener of the journal failed")
        self._connection.close()

    def _take(self) -> tuple[list[_Queued], bool]:
        """What has queued up, and whether more may come."""
        batch: list[_Queued] = []
        try:
            job = self._jobs.get()
            early = self._committed + PACE - time.monotonic()
            if early > 0:
                self._urgent.wait(early)
            self._urgent.clear()
            while job is not None:
                batch.append(job)
                if len(batch) == BATCH:
                    return batch, True
                job = self._jobs.get_nowait()
        except queue.Empty:
            return batch, True
        return batch, False

    def _commit(self, batch: Sequence[_Queued]) -> None:
        connection = self._connection
        try:
            self._sync_fully(any(job.durable for job in batch))
            connection.execute(self._begin)
            for jobs in _gathered(batch):
                _perform(connection, jobs)
            connection.execute("COMMIT")
        except BaseException as error:
            for job in batch:
                job.error = job.error or error
            try:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
            except sqlite3.Error:
                log.exception("The journal could not take back what it had not stored")

    def _sync_fully(self, durable: bool) -> None:
        if durable is not self._is_full:
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._is_full = durable


class _Queued:
    __slots__ = ("_then", "durable", "error", "item", "job", "kind", "result")

    def __init__(
        self,
        job: Callable[..., Any],
        durable: bool,
        then: Callable[[Any, BaseException | None], None] | None,
        kind: str | None = None,
        item: Any = None,
    ) -> None:
        self.job = job
        self.durable = durable
        self.kind = kind
        self.item = item
        self._then = then
        self.result: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        """Tell whoever waits how it ended."""
        if self._then is not None:
            self._then(None if self.error else self.result, self.error)


def _gathered(batch: Sequence[_Queued]) -> Iterable[list[_Queued]]:
    """The jobs in their order, those of one kind where the first of them stands."""
    groups: dict[object, list[_Queued]] = {}
    for queued in batch:
        groups.setdefault(queued if queued.kind is None else queued.kind, []).append(queued)
    return groups.values()


def _perform(connection: sqlite3.Connection, jobs: list[_Queued]) -> None:
    """Do jobs that belong together; their failure takes back only what they did themselves."""
    first = jobs[0]
    connection.execute("SAVEPOINT job")
    try:
        if first.kind is None:
            first.result = first.job(connection)
        else:
            first.job(connection, [queued.item for queued in jobs])
    except Exception as error:
        for queued in jobs:
            queued.error = error
        if not connection.in_transaction:
            # SQLite has taken back the whole transaction, as it does when the disk is full.
            raise
        connection.execute("ROLLBACK TO job")
    connection.execute("RELEASE job")
