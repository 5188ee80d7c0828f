"""The journal: storing events beside raw batches of SQLite, and lists of more and more tasks."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from agentkit.core.events import ToolFinished
from agentkit.core.protocol import TaskStatus, TaskSummary
from agentkit.core.redaction import Redactor
from agentkit.hub.journal import Journal
from agentkit.hub.listing import Listing, searched
from agentkit.hub.record import Record, encode
from benchmarks.figure import Figure

EVENTS = 10_000
ROUNDS = 7
BATCH = 500
TASKS = (100, 1_000, 10_000, 100_000)
AT = "2026-01-01T00:00:00.000+00:00"


def measure() -> list[Figure]:
    """Microseconds an event, in pairs one after the other; milliseconds a list."""
    records = [_record(seq) for seq in range(1, EVENTS + 1)]
    taken: dict[str, list[float]] = {"raw SQLite batches": [], "stored": [], "read back": []}
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            taken["raw SQLite batches"].append(_raw(Path(folder) / "raw", records))
            stored, read = asyncio.run(_stored(Path(folder) / "journal", records))
            taken["stored"].append(stored)
            taken["read back"].append(read)
    figures = [
        Figure.of(f"an event, {name}", "µs", [each / EVENTS * 1e6 for each in values])
        for name, values in taken.items()
    ]
    for tasks in TASKS:
        with tempfile.TemporaryDirectory() as folder:
            figures += asyncio.run(_listed(Path(folder) / "journal", tasks))
    return figures


def _record(seq: int) -> Record:
    content = {"text/plain": f"row {seq}: the value is {seq * seq}"}
    event = ToolFinished(
        seq=seq, step=seq, tool_call_id=f"c{seq}", outcome="success", content=content, duration_ms=1
    )
    return encode(event, Redactor(environ={}))


def _task(task_id: str, status: TaskStatus = TaskStatus.QUEUED, agent: str = "a") -> TaskSummary:
    asked = f"Which region grew most in {task_id}?"
    return TaskSummary(task_id=task_id, agent=agent, input=asked, status=status, created_at=AT)


def _raw(path: Path, records: list[Record]) -> float:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(
        "CREATE TABLE events (task, seq, data, PRIMARY KEY (task, seq)) WITHOUT ROWID"
    )
    rows = [("t", record.seq, record.text) for record in records]
    began = time.perf_counter()
    for start in range(0, len(rows), BATCH):
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO events VALUES (?, ?, ?)", rows[start : start + BATCH])
        connection.execute("COMMIT")
    took = time.perf_counter() - began
    connection.close()
    return took


async def _stored(path: Path, records: list[Record]) -> tuple[float, float]:
    journal = Journal(path)
    await journal.create(_task("t"))
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def last(error: BaseException | None) -> None:
        loop.call_soon_threadsafe(done.set)

    began = time.perf_counter()
    for record in records[:-1]:
        journal.append("t", record, lambda error: None)
    journal.append("t", records[-1], last)
    await done.wait()
    stored = time.perf_counter()
    found = await journal.events("t", 0, EVENTS)
    read = time.perf_counter()
    if len(found) != EVENTS:
        raise RuntimeError(f"{len(found)} of {EVENTS} events were stored.")
    journal.close()
    return stored - began, read - stored


async def _listed(path: Path, tasks: int) -> list[Figure]:
    Journal(path).close()
    _fill(path, tasks)
    began = time.perf_counter()
    journal = Journal(path)
    opened = (time.perf_counter() - began) * 1000
    middle = f"t{tasks // 2}"
    lists: dict[str, Callable[[], Awaitable[object]]] = {
        "first page": lambda: journal.summaries(),
        "deep page": lambda: journal.summaries(Listing(before=f"t{tasks // 20}")),
        "by agent": lambda: journal.summaries(Listing(agent="agent3")),
        "by state": lambda: journal.summaries(Listing((TaskStatus.FAILED,))),
        "by a word that is nowhere": lambda: journal.summaries(Listing(words="zebra")),
        "one task": lambda: journal.summary(middle),
    }
    figures = [Figure.of(f"{tasks} tasks: opened", "ms", [opened])]
    for name, look in lists.items():
        taken: list[float] = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            await look()
            taken.append((time.perf_counter() - began) * 1000)
        figures.append(Figure.of(f"{tasks} tasks: {name}", "ms", taken))
    journal.close()
    return figures


def _fill(path: Path, tasks: int) -> None:
    statuses = (TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED)
    made = [_task(f"t{n}", statuses[n % 3], f"agent{n % 7}") for n in range(tasks)]
    connection = sqlite3.connect(path)
    connection.executemany(
        "INSERT INTO tasks (id, owner, agent, status, created_at, summary, thread)"
        " VALUES (?, '', ?, ?, ?, ?, ?)",
        ((s.task_id, s.agent, s.status, AT, s.model_dump_json(), s.task_id) for s in made),
    )
    connection.executemany(
        "INSERT INTO words VALUES (?, ?)", ((n, searched(s)) for n, s in enumerate(made, 1))
    )
    connection.commit()
    connection.close()
