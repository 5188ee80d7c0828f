"""The thread that owns a connection: order, batches, failures, the end."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentkit.errors import JournalError
from agentkit.hub.worker import Worker
from tests.agentkit.running import SOON


@pytest.fixture
def worker() -> Iterator[Worker]:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.execute("CREATE TABLE numbers (n INTEGER NOT NULL UNIQUE)")
    worker = Worker(connection, "test-journal")
    yield worker
    worker.close()


def insert(number: int | None) -> Any:
    def job(connection: sqlite3.Connection) -> int | None:
        connection.execute("INSERT INTO numbers VALUES (?)", (number,))
        return number

    return job


def stored(connection: sqlite3.Connection) -> list[int]:
    return [n for (n,) in connection.execute("SELECT n FROM numbers ORDER BY rowid")]


def held(worker: Worker) -> threading.Event:
    """Keep the worker busy, so that what follows is one batch; set the event to let it go on."""
    gate, entered = threading.Event(), threading.Event()

    def job(connection: sqlite3.Connection) -> None:
        entered.set()
        gate.wait(SOON)

    worker.submit(job)
    assert entered.wait(SOON)
    return gate


async def test_what_has_queued_up_shares_one_commit(worker: Worker) -> None:
    commits: list[str] = []
    await worker.run(lambda connection: connection.set_trace_callback(commits.append))
    gate = held(worker)
    running = [asyncio.ensure_future(worker.run(insert(n))) for n in range(50)]
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(*running) == list(range(50))
    await worker.run(lambda connection: connection.set_trace_callback(None))
    assert commits.count("COMMIT") <= 3
    assert await worker.run(stored) == list(range(50))


async def test_a_failing_job_takes_only_itself_back(worker: Worker) -> None:
    def half(connection: sqlite3.Connection) -> None:
        insert(7)(connection)
        raise ValueError("no")

    gate = held(worker)
    running = [
        asyncio.ensure_future(worker.run(job)) for job in (insert(1), half, insert(1), insert(2))
    ]
    await asyncio.sleep(0)
    gate.set()
    one, failed, double, two = await asyncio.gather(*running, return_exceptions=True)
    assert (one, two) == (1, 2)
    assert isinstance(failed, ValueError)
    assert isinstance(double, sqlite3.IntegrityError)
    assert await worker.run(stored) == [1, 2]


async def test_when_the_commit_fails_every_job_of_it_is_told_and_the_next_ones_go_on(
    worker: Worker,
) -> None:
    def rolls_back(connection: sqlite3.Connection) -> None:
        connection.execute("ROLLBACK")  # as SQLite does by itself when the disk is full
        raise sqlite3.OperationalError("database or disk is full")

    gate = held(worker)
    running = [asyncio.ensure_future(worker.run(job)) for job in (insert(1), rolls_back, insert(2))]
    await asyncio.sleep(0)
    gate.set()
    results = await asyncio.gather(*running, return_exceptions=True)
    assert [str(result) for result in results] == ["database or disk is full"] * 3
    assert await worker.run(stored) == []
    assert await worker.run(insert(3)) == 3


async def test_a_durable_job_is_written_through_and_others_are_not(worker: Worker) -> None:
    def level(connection: sqlite3.Connection) -> int:
        return connection.execute("PRAGMA synchronous").fetchone()[0]

    levels = [await worker.run(level, durable=durable) for durable in (False, True, False)]
    assert levels[1:] == [2, 1]
    gate = held(worker)
    both = [worker.run(level), worker.run(level, durable=True)]
    running = [asyncio.ensure_future(each) for each in both]
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(*running) == [2, 2]


async def test_a_listener_that_raises_ends_nothing(
    worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    def raises(result: object, error: BaseException | None) -> None:
        raise ValueError("a listener's fault")

    worker.submit(insert(1), then=raises)
    assert await worker.run(stored) == [1]
    assert "a listener's fault" in caplog.text


async def test_who_no_longer_waits_for_a_job_leaves_it_to_be_done(worker: Worker) -> None:
    gate = held(worker)
    running = asyncio.ensure_future(worker.run(insert(1)))
    await asyncio.sleep(0)
    running.cancel()
    gate.set()
    assert await worker.run(stored) == [1]
    assert running.cancelled()


async def test_closing_finishes_what_is_queued_and_later_jobs_are_refused(worker: Worker) -> None:
    done: list[int | None] = []
    gate = held(worker)
    for number in range(10):
        worker.submit(insert(number), then=lambda result, error: done.append(result))
    gate.set()
    await asyncio.to_thread(worker.close)
    assert done == list(range(10))
    with pytest.raises(JournalError, match="closed"):
        await worker.run(stored)
    worker.close()


async def test_jobs_that_write_wait_once_for_a_file_that_somebody_else_holds(
    tmp_path: Path,
) -> None:
    path = tmp_path / "held.sqlite3"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("CREATE TABLE numbers (n INTEGER NOT NULL UNIQUE)")
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0.01)
    worker = Worker(connection, "test-journal", writes=True)
    tried: list[int] = []

    def job(connection: sqlite3.Connection) -> None:
        tried.append(1)
        connection.execute("INSERT INTO numbers VALUES (1)")

    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        await worker.run(job)
    assert tried == []
    holder.execute("COMMIT")
    await worker.run(job)
    assert tried == [1]
    worker.close()
    holder.close()


def test_ending_without_work_waits_for_no_lock_of_another_process(tmp_path: Path) -> None:
    path = tmp_path / "file.db"
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    worker = Worker(connection, "test-journal", writes=True)
    worker.close()
    assert statements == []
