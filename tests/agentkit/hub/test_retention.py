"""What the journal deletes by itself, and what it never does."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from agentkit.core.events import RunStarted, StepEvent, Warned
from agentkit.core.protocol import TaskStatus, TaskSummary
from agentkit.core.redaction import Redactor
from agentkit.errors import NotFound
from agentkit.hub import deleting
from agentkit.hub.displays import Display
from agentkit.hub.journal import Journal
from agentkit.hub.listing import Listing
from agentkit.hub.record import encode
from agentkit.hub.retention import Retention, Sweeper
from tests.agentkit.hosting import running
from tests.agentkit.running import SOON, until

NO_SECRETS = Redactor(environ={})
FOR_EVER = Retention(days=0, bytes=0)
TABLES = ("tasks", "events", "words", "displays")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "journal.sqlite")) as journal:
        yield journal


def ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="milliseconds")


async def keep(
    journal: Journal,
    task_id: str,
    days: float,
    *,
    thread: str | None = None,
    status: TaskStatus = TaskStatus.COMPLETED,
    began: float | None = None,
    events: int = 3,
    size: int = 100,
) -> None:
    """Store a task that ended so many days ago."""
    summary = TaskSummary(
        task_id=task_id,
        agent="a",
        input="?",
        status=status,
        thread_id=thread,
        created_at=ago(days if began is None else began),
        finished_at=ago(days) if status.is_final else None,
        last_seq=events,
    )
    await journal.create(summary)
    stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def settled(error: BaseException | None) -> None:
        assert error is None
        stored.get_loop().call_soon_threadsafe(stored.set_result, None)

    for seq in range(1, events + 1):
        event: StepEvent = Warned(seq=seq, message="x" * size, reason="r")
        if seq == 1:
            event = RunStarted(seq=1, agent="a", input="?", model="", provider="", simulated=False)
        last = seq == events
        journal.append(task_id, encode(event, NO_SECRETS), settled if last else lambda _: None)
    await stored
    await journal.add_display(Display(task_id, "k", "/a.ipynb", f"cell of {task_id}", "1"))


async def swept(journal: Journal, retention: Retention) -> list[str]:
    """The ids of what a sweep deletes."""
    removed: list[str] = []
    await Sweeper(journal, retention, lambda task_id, _: removed.append(task_id)).sweep()
    return removed


async def left(journal: Journal) -> list[str]:
    return [each.task_id for each in await journal.summaries()]


async def rows(journal: Journal) -> dict[str, int]:
    """How many rows each table has."""

    def count(connection: sqlite3.Connection) -> dict[str, int]:
        counts = (connection.execute(f"SELECT COUNT(*) FROM {table}") for table in TABLES)
        return {table: found.fetchone()[0] for table, found in zip(TABLES, counts, strict=True)}

    return await journal.read(count)


async def test_what_ended_longer_ago_than_is_kept_goes_and_nothing_of_it_stays(
    journal: Journal,
) -> None:
    await keep(journal, "old", 31)
    await keep(journal, "young", 29)
    await keep(journal, "older", 400)
    assert await swept(journal, Retention(days=30)) == ["old", "older"]
    assert await left(journal) == ["young"]
    assert await rows(journal) == {"tasks": 1, "events": 3, "words": 1, "displays": 1}
    assert await swept(journal, Retention(days=30)) == []
    await keep(journal, "old", 0)  # the id is free again
    assert await left(journal) == ["old", "young"]


async def test_neither_what_goes_on_nor_its_conversation_is_deleted_however_old_it_is(
    journal: Journal,
) -> None:
    await keep(journal, "first", 900, thread="asked")
    await keep(journal, "asks", 800, thread="asked", status=TaskStatus.INPUT_REQUIRED)
    await keep(journal, "later", 750, thread="asked")
    await keep(journal, "runs", 700, status=TaskStatus.RUNNING)
    await keep(journal, "waits", 600, status=TaskStatus.QUEUED)
    await keep(journal, "begun", 900, thread="spoken")
    await keep(journal, "went on", 5, thread="spoken")
    await keep(journal, "slow", 1, began=900)
    assert await swept(journal, Retention(days=30, bytes=1)) == ["begun", "went on", "slow"]
    assert await left(journal) == ["waits", "runs", "later", "asks", "first"]


async def test_a_conversation_is_kept_as_long_as_its_last_task(journal: Journal) -> None:
    await keep(journal, "begun", 900, thread="spoken")
    await keep(journal, "went on", 5, thread="spoken")
    await keep(journal, "slow", 1, began=900)
    assert await swept(journal, Retention(days=30)) == []
    assert await swept(journal, Retention(days=3)) == ["begun", "went on"]


async def test_a_journal_that_is_too_large_loses_its_oldest_conversations_and_the_file_shrinks(
    journal: Journal,
) -> None:
    for number in range(10):
        await keep(journal, f"t{number}", 10 - number, events=50, size=2_000)
    await keep(journal, "t0 again", 0.5, thread="t0")
    await keep(journal, "fresh", 0, events=50, size=2_000)
    before = await journal.read(deleting.size)
    wanted = before * 6 // 11
    removed = await swept(journal, Retention(days=0, bytes=wanted))
    assert removed == [f"t{number}" for number in range(1, len(removed) + 1)]
    assert 4 <= len(removed) <= 6
    assert wanted - before // 8 < await journal.read(deleting.size) <= wanted
    journal.close()
    assert Path(journal.path).stat().st_size <= wanted  # noqa: ASYNC240


async def test_what_has_just_ended_is_kept_in_a_journal_of_any_size(journal: Journal) -> None:
    await keep(journal, "t1", 0, size=100_000)
    assert await swept(journal, Retention(days=30, bytes=1)) == []


async def test_without_limits_nothing_is_deleted(journal: Journal) -> None:
    await keep(journal, "t", 9_000, size=100_000)
    assert await swept(journal, FOR_EVER) == []


async def test_a_file_that_cannot_shrink_uses_its_pages_again(tmp_path: Path) -> None:
    file = tmp_path / "old.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA auto_vacuum = NONE")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE before (n)")
    with closing(Journal(file)) as journal:
        await keep(journal, "t1", 40, events=50, size=2_000)
        used = await journal.read(deleting.size)
        assert await swept(journal, Retention(days=30)) == ["t1"]
        assert await journal.read(deleting.size) < used - 100_000
        await keep(journal, "t2", 40, events=50, size=2_000)
    assert file.stat().st_size < used + 20_000


async def test_what_a_dead_server_began_to_delete_is_seen_by_nobody_and_gone_after_a_sweep(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deleting, "SLICE", 1e-9)
    await keep(journal, "t", 0, events=100)
    assert await journal.write(partial(deleting.hide, task_id="t")) is True
    assert await journal.write(deleting.erase) is True
    assert 0 < (await rows(journal))["events"] < 100
    await journal.add_display(Display("t", "k", "/a.ipynb", "c", "1"))
    assert await journal.summary("t") is None
    assert await journal.thread("t") == await left(journal) == []
    assert await journal.summaries(Listing(words="?")) == []
    assert await journal.displays("/a.ipynb") == []
    assert await journal.delete("t") is False
    assert await swept(journal, FOR_EVER) == []
    assert set((await rows(journal)).values()) == {0}


async def test_what_others_store_waits_for_a_slice_and_not_for_the_whole_of_a_long_task(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deleting, "SLICE", 1e-9)
    await keep(journal, "long", 0, events=1_000)
    deleting_it = asyncio.ensure_future(journal.delete("long"))
    await until(lambda: not deleting_it.done())
    await keep(journal, "other", 0, events=5)
    assert not deleting_it.done()
    assert await asyncio.wait_for(deleting_it, SOON) is True
    assert (await rows(journal))["events"] == 5


class Told:
    def __init__(self) -> None:
        self.gone: list[str] = []

    def changed(self, summary: TaskSummary) -> None: ...

    def removed(self, task_id: str, user: str | None) -> None:
        self.gone.append(task_id)


async def test_a_server_sweeps_when_it_starts_and_tells_who_follows_its_tasks(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.sqlite"
    with closing(Journal(path)) as journal:
        await keep(journal, "old", 31)
        await keep(journal, "young", 1)
    told = Told()
    async with running(journal=path, retention=Retention(days=30)) as hub:
        hub.changes.listen(told)
        await until(lambda: told.gone == ["old"])
        with pytest.raises(NotFound):
            await hub.task("old")
        assert [each.task_id for each in await hub.summaries()] == ["young"]
