"""A thread that owns one SQLite connection and does what is queued up for it."""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")

Job = Callable[[sqlite3.Connection], None]

BATCH = 500
"""Jobs that share one commit at the most."""


class Worker:
    """Runs jobs in order, all that have queued up in one transaction.

    A lone job waits for nothing; a burst shares a commit.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection], name: str) -> None:
        self._connect = connect
        self._jobs: queue.SimpleQueue[_Queued | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def submit(
        self,
        job: Callable[[sqlite3.Connection], T],
        *,
        durable: bool = False,
        then: Callable[[T | None, BaseException | None], None] | None = None,
    ) -> None:
        """Queue a job. ``then(result, error)`` is called in the worker's thread after the commit."""
        self._jobs.put(_Queued(job, durable, then))

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
        """Finish what is queued and close the connection."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        connection = self._connect()
        full = False
        while (batch := self._take()) is not None:
            durable = any(job.durable for job in batch)
            if durable is not full:
                connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                full = durable
            self._commit(connection, batch)
            if batch[-1].last:
                break
        connection.close()

    def _take(self) -> list[_Queued] | None:
        first = self._jobs.get()
        if first is None:
            return None
        batch = [first]
        while len(batch) < BATCH:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                batch[-1].last = True
                break
            batch.append(job)
        return batch

    def _commit(self, connection: sqlite3.Connection, batch: list[_Queued]) -> None:
        try:
            connection.execute("BEGIN")
            for job in batch:
                job.perform(connection)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            for job in batch:
                job.error = job.error or error
        for job in batch:
            job.settle()


class _Queued:
    __slots__ = ("durable", "error", "last", "result", "_job", "_then")

    def __init__(self, job: Callable[[sqlite3.Connection], Any], durable: bool, then: Any) -> None:
        self._job = job
        self._then = then
        self.durable = durable
        self.last = False
        self.result: Any = None
        self.error: BaseException | None = None

    def perform(self, connection: sqlite3.Connection) -> None:
        """Do the job; its own failure takes back only what it did itself."""
        connection.execute("SAVEPOINT job")
        try:
            self.result = self._job(connection)
        except Exception as error:
            connection.execute("ROLLBACK TO job")
            self.error = error
        connection.execute("RELEASE job")

    def settle(self) -> None:
        if self._then is not None:
            self._then(None if self.error else self.result, self.error)
