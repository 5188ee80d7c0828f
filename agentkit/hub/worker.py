"""A thread that owns one SQLite connection and does what is queued up for it."""

from __future__ import annotations

import asyncio
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from agentkit.errors import JournalError

T = TypeVar("T")

BATCH = 500
"""Jobs that share one commit at the most."""

log = logging.getLogger("agentkit")


class Worker:
    """Runs jobs in order, all that have queued up in one transaction.

    A lone job waits for nothing; a burst shares a commit. Every job is settled, whatever happens.

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
        queued = _Queued(job, durable, then)
        with self._lock:
            if not self._closed:
                self._jobs.put(queued)
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
        self._thread.join()

    def _work(self) -> None:
        going_on = True
        while going_on:
            batch, going_on = self._take()
            self._commit(batch)
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
            for job in batch:
                job.perform(connection)
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

    def __init__(self, job: Callable[[sqlite3.Connection], Any], durable: bool, then: Any) -> None:
        self._job = job
        self._then = then
        self.durable = durable
        self.result: Any = None
        self.error: BaseException | None = None

    def perform(self, connection: sqlite3.Connection) -> None:
        """Do the job; its own failure takes back only what it did itself."""
        connection.execute("SAVEPOINT job")
        try:
            self.result = self._job(connection)
        except Exception as error:
            self.error = error
            if not connection.in_transaction:
                # SQLite has taken back the whole transaction, as it does when the disk is full.
                raise
            connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")

    def settle(self) -> None:
        """Tell whoever waits how it ended."""
        if self._then is not None:
            self._then(None if self.error else self.result, self.error)
