"""A thread that owns one SQLite connection and does what is queued up for it."""

from __future__ import annotations

import asyncio
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
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

_AT_FAULT = "A listener of the journal failed"
"""Which must not end the journal."""


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
        self._jobs: queue.SimpleQueue[_Queued | _Gathered | None] = queue.SimpleQueue()
        self._gathering: dict[str, _Gathered] = {}
        """What is queued and may still grow."""
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
        self._queue(_Queued(job, durable, then))

    def gather(
        self,
        job: Callable[[sqlite3.Connection, str, list[Any]], None],
        kind: str,
        item: Any,
        then: Callable[[BaseException | None], None],
        *,
        durable: bool = False,
    ) -> None:
        """Queue an item for a job that does many at once, and succeeds or fails with all of them.

        Those of one ``kind`` that have queued up are given to one call ``job(connection, kind, items)``, in
        the place of the first of them. ``then(error)`` as in ``submit``.
        """
        with self._lock:
            if not self._closed:
                gathered = self._gathering.get(kind)
                if gathered is None:
                    gathered = self._gathering[kind] = _Gathered(job, kind)
                    self._jobs.put(gathered)
                gathered.items.append(item)
                gathered.thens.append(then)
                if durable:
                    gathered.durable = True
                    self._urgent.set()
                return
        then(_closed())

    def _queue(self, queued: _Queued) -> None:
        with self._lock:
            if not self._closed:
                self._jobs.put(queued)
                self._urgent.set()
                return
        queued.error = _closed()
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
        while self._work_on():  # apart, so that nothing of it is kept while there is nothing to do
            continue
        self._connection.close()

    def _work_on(self) -> bool:
        """Do what has queued up; whether more may come."""
        batch, going_on = self._take()
        if batch:  # to end needs no lock, which another process may hold
            self._commit(batch)
        self._committed = time.monotonic()
        for job in batch:
            job.settle()
        return going_on

    def _take(self) -> tuple[list[_Queued | _Gathered], bool]:
        """What has queued up, and whether more may come."""
        batch: list[_Queued | _Gathered] = []
        try:
            job = self._jobs.get()
            early = self._committed + PACE - time.monotonic()
            if early > 0:
                self._urgent.wait(early)
            self._urgent.clear()
            while job is not None:
                batch.append(job)
                if isinstance(job, _Gathered):
                    with self._lock:
                        del self._gathering[job.kind]
                if len(batch) == BATCH:
                    return batch, True
                job = self._jobs.get_nowait()
        except queue.Empty:
            return batch, True
        return batch, False

    def _commit(self, batch: Sequence[_Queued | _Gathered]) -> None:
        connection = self._connection
        try:
            self._sync_fully(any(job.durable for job in batch))
            connection.execute(self._begin)
            for job in batch:
                _perform(connection, job)
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
    __slots__ = ("_job", "_then", "durable", "error", "result")

    def __init__(
        self,
        job: Callable[[sqlite3.Connection], Any],
        durable: bool,
        then: Callable[[Any, BaseException | None], None] | None,
    ) -> None:
        self._job = job
        self._then = then
        self.durable = durable
        self.result: Any = None
        self.error: BaseException | None = None

    def perform(self, connection: sqlite3.Connection) -> None:
        self.result = self._job(connection)

    def settle(self) -> None:
        """Tell whoever waits how it ended."""
        if self._then is not None:
            try:
                self._then(None if self.error else self.result, self.error)
            except Exception:
                log.exception(_AT_FAULT)


class _Gathered:
    __slots__ = ("_job", "durable", "error", "items", "kind", "thens")

    def __init__(
        self, job: Callable[[sqlite3.Connection, str, list[Any]], None], kind: str
    ) -> None:
        self._job = job
        self.kind = kind
        self.items: list[Any] = []
        self.thens: list[Callable[[BaseException | None], None]] = []
        self.durable = False
        self.error: BaseException | None = None

    def perform(self, connection: sqlite3.Connection) -> None:
        self._job(connection, self.kind, self.items)

    def settle(self) -> None:
        """Tell whoever waits for one of the items how it ended."""
        for then in self.thens:
            try:
                then(self.error)
            except Exception:
                log.exception(_AT_FAULT)


def _closed() -> JournalError:
    return JournalError("The journal is closed.", reason="journal_closed")


def _perform(connection: sqlite3.Connection, job: _Queued | _Gathered) -> None:
    """Do a job; its failure takes back only what it did itself."""
    connection.execute("SAVEPOINT job")
    try:
        job.perform(connection)
    except Exception as error:
        job.error = error
        if not connection.in_transaction:
            # SQLite has taken back the whole transaction, as it does when the disk is full.
            raise
        connection.execute("ROLLBACK TO job")
    connection.execute("RELEASE job")
