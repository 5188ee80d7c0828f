"""A journal that is full, read-only, damaged or another's: what is said, what still works, how runs end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from pathlib import Path

import pytest

from agentkit.core.protocol import Limits, StartTask, TaskStatus
from agentkit.errors import JournalError
from agentkit.hub.hub import Hub
from agentkit.hub.journal import Journal
from agentkit.hub.migrations import MIGRATIONS
from agentkit.llm.protocol import ToolCall
from tests.agentkit.hosting import Screen, ended, running, start, stored, watch
from tests.agentkit.running import SOON, echo

S = TaskStatus

LONG = [ToolCall(str(number), "echo", {"text": "x" * 2_000}) for number in range(2_000)]
"""A run that stores some megabytes."""


ROOM = 1_000_000
"""Bytes on the disk."""


@contextlib.asynccontextmanager
async def quota(journal: Journal) -> AsyncGenerator[None]:
    """No file of this process grows beyond its room; SQLite says of that what it says of any broken disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextlib.asynccontextmanager
async def full(journal: Journal) -> AsyncGenerator[None]:
    """The journal finds no room beyond that, and says so."""

    async def leave(pages: int) -> None:
        await journal.write(
            lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}").fetchall()
        )

    await leave(ROOM // 4096)
    try:
        yield
    finally:
        await leave(2**30)


@pytest.fixture
def nobodys() -> Iterator[Path]:
    """A folder of a user whom file modes bind, also where the tests run as root."""
    folder = Path(tempfile.mkdtemp())
    if os.geteuid() == 0:
        os.chown(folder, 65534, 65534)
    yield folder
    folder.chmod(0o700)
    shutil.rmtree(folder)


@contextlib.contextmanager
def as_nobody() -> Generator[None]:
    """Open files as that user."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


@contextlib.asynccontextmanager
async def finished(path: Path) -> AsyncGenerator[Hub]:
    """A hub on a journal with the finished task ``old``."""
    async with running("Done.", *LONG, journal=path, tools=[echo()]) as hub:
        await ended(await start(hub, "old"))
        yield hub


async def is_readable(hub: Hub) -> None:
    """Whether the task ``old`` is listed, read and told."""
    assert "old" in [each.task_id for each in await hub.summaries()]
    assert [event["seq"] for event in await stored(hub, "old")] == [1, 2, 3]
    screen = Screen()
    await asyncio.wait_for(watch(hub, await hub.task("old"), screen), SOON)
    assert screen.result["content"] == "Done."


async def started_until_refused(hub: Hub) -> str:
    """Start runs until one cannot be stored; the reason. No more of them than a list has on a page."""
    for number in range(400):
        try:
            await ended(await hub.start(StartTask(task_id=f"more{number}", input="?" * 10_000)))
        except JournalError as error:
            return error.reason
    raise AssertionError("There is always room")


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(4 * SOON):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0)


@pytest.mark.parametrize(("disk", "reason"), [(full, "journal_full"), (quota, "journal_disk")])
async def test_on_a_full_disk_the_run_fails_by_name_and_goes_into_the_journal_when_there_is_room(
    tmp_path: Path,
    disk: Callable[[Journal], contextlib.AbstractAsyncContextManager[None]],
    reason: str,
) -> None:
    path = tmp_path / "journal.sqlite"
    async with finished(path) as hub:
        screen = Screen()
        async with disk(hub.journal):
            task = await start(hub, "long", limits=Limits(max_steps=5_000))
            await asyncio.wait_for(watch(hub, task, screen), 4 * SOON)
            assert task.summary.status is S.FAILED
            assert task.summary.error is not None
            assert task.summary.error.reason == reason
            assert str(path) in task.summary.error.message
            assert "full" in task.summary.error.message
            assert screen.result["status"] == "failed"
            assert screen.seqs == list(range(1, len(screen.seqs) + 1))
            assert screen.seqs  # how many fit depends on how many a commit held
            assert await started_until_refused(hub) == reason
            await is_readable(hub)
        await start(hub, "after")
        kept = await stored(hub, "long")
        assert kept[: len(screen.stored)] == screen.stored
        assert (kept[-1]["event_type"], kept[-1]["status"]) == ("run_finished", "failed")
        assert [event["seq"] for event in kept] == list(range(1, len(kept) + 1))
        assert (await hub.task("long")).summary.status is S.FAILED
    with contextlib.closing(sqlite3.connect(path)) as journal:
        assert journal.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        query = "SELECT DISTINCT status FROM tasks WHERE id != 'after'"
        assert set(journal.execute(query)) <= {("failed",), ("completed",)}


@pytest.mark.parametrize("what", ["file", "folder"])
async def test_a_journal_that_can_only_be_read_is_read_and_starts_nothing(
    nobodys: Path, what: str
) -> None:
    path = nobodys / "journal.sqlite"
    with as_nobody():
        journal = Journal(path)
    async with running("Done.", ["Never.", asyncio.Event()], journal=journal) as hub:
        await ended(await start(hub, "old"))
        task = await start(hub, "left")
        await until(lambda: task.partial)
        left = nobodys / "left"
        shutil.copytree(nobodys, left, ignore=shutil.ignore_patterns("left", "*-shm", "*.owners"))
    path = left / "journal.sqlite"
    if what == "folder":  # nothing may lie beside it that has to be read too
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for file in left.iterdir():
        file.chmod(0o444)
        if os.geteuid() == 0:
            os.chown(file, 65534, 65534)
    left.chmod(0o555 if what == "folder" else 0o777)
    before = path.read_bytes()
    with as_nobody():
        journal = Journal(path)
    assert journal.problem is not None
    assert journal.problem.reason in ("journal_read_only", "journal")
    async with running("New.", journal=journal) as hub:
        await is_readable(hub)
        # Nobody runs it any more, which the journal cannot be told.
        interrupted = await hub.task("left")
        assert interrupted.summary.status is S.INTERRUPTED
        screen = Screen()
        await asyncio.wait_for(watch(hub, interrupted, screen), SOON)
        assert screen.result["status"] == "interrupted"
        with pytest.raises(JournalError) as caught:
            await start(hub, "new")
        assert caught.value.reason == "journal_read_only"
        assert "no run can be started" in caught.value.message
        with pytest.raises(JournalError):
            await hub.delete("old")
        await is_readable(hub)
        assert hub.runs.running == 0
    assert path.read_bytes() == before
    left.chmod(0o700)


def overwritten(path: Path, page: int) -> None:
    """Destroy one page of the file."""
    with contextlib.closing(sqlite3.connect(path)) as journal:
        (size,) = journal.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek(size * (page - 1))
        file.write(b"\xa5" * size)


def root_of(path: Path, table: str) -> int:
    with contextlib.closing(sqlite3.connect(path)) as journal:
        query = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        return journal.execute(query, (table,)).fetchone()[0]


async def test_a_damaged_page_of_events_leaves_the_tasks_readable_and_runs_end_by_name(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.sqlite"
    async with finished(path):
        pass
    overwritten(path, root_of(path, "events"))
    async with running("New.", journal=path) as hub:
        assert [each.task_id for each in await hub.summaries()] == ["old"]
        assert (await hub.task("old")).summary.result == "Done."
        with pytest.raises(JournalError) as caught:
            await stored(hub, "old")
        assert caught.value.reason == "journal_corrupt"
        assert str(path) in caught.value.message
        assert "move the file away" in caught.value.message
        task = await ended(await start(hub, "new"))
        assert task.summary.status is S.FAILED
        assert task.summary.error is not None
        assert task.summary.error.reason == "journal_corrupt"


async def test_a_damaged_page_of_tasks_takes_nothing_down(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    async with finished(path):
        pass
    overwritten(path, root_of(path, "tasks"))
    async with running("New.", journal=path) as hub:
        for _ in range(2):
            with pytest.raises(JournalError) as caught:
                await hub.summaries()
            assert caught.value.reason == "journal_corrupt"
            with pytest.raises(JournalError) as caught:
                await start(hub, "new")
            assert caught.value.reason == "journal_corrupt"
        assert hub.runs.running == 0
        assert [agent.name for agent in hub.agents] == ["analyst"]


async def test_a_run_ends_in_a_named_state_whose_journal_is_destroyed_under_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.sqlite"
    async with finished(path) as hub:
        task = await start(hub, "long", limits=Limits(max_steps=5_000))
        screen = Screen()
        watching = watch(hub, task, screen)
        await until(lambda: task.summary.last_seq > 500)
        for file in (path, path.with_name("journal.sqlite-wal")):
            with file.open("r+b") as damaged:
                damaged.write(b"\xa5" * damaged.seek(0, 2))
        # SQLite goes on with what it holds in memory, as far as that takes it.
        await asyncio.wait_for(watching, 4 * SOON)
        assert task.summary.status.is_final
        assert screen.frames[-1]["type"] in ("result", "error")
        await until(lambda: hub.runs.running == 0)
        assert [agent.name for agent in hub.agents] == ["analyst"]


@pytest.mark.parametrize("how", ["garbage", "short", "later"])
def test_what_is_no_journal_of_this_version_is_refused_by_name_and_left_alone(
    tmp_path: Path, how: str
) -> None:
    path = tmp_path / "journal.sqlite"
    with contextlib.closing(Journal(path)):
        pass
    if how == "garbage":
        path.write_bytes(os.urandom(50_000))
    elif how == "short":
        path.write_bytes(path.read_bytes()[:1_000])
    else:
        with contextlib.closing(sqlite3.connect(path)) as journal:
            journal.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    before = path.read_bytes()
    with pytest.raises(JournalError) as caught:
        Journal(path)
    assert str(path) in caught.value.message
    if how != "later":
        assert caught.value.reason == "journal_corrupt"
        assert path.read_bytes() == before
        return
    assert caught.value.reason == "journal_version"
    with contextlib.closing(sqlite3.connect(path)) as journal:
        assert journal.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS) + 1,)


async def test_a_clock_that_is_set_back_and_forward_leaves_the_order_and_no_time_negative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours = iter([12, 11, 13, 9, 12, 8, 23, 1] * 20)
    clock = lambda: f"2026-01-01T{next(hours):02}:00:00.000+00:00"  # noqa: E731
    for module in ("writer", "plan"):
        monkeypatch.setattr(f"agentkit.hub.{module}.now", clock)
    path = tmp_path / "journal.sqlite"
    turns = [*LONG[:5], "Done."]
    never = asyncio.Event()
    async with running(*turns, ["So far", never], journal=path, tools=[echo()]) as hub:
        task = await ended(await start(hub, "t"))
        screen = Screen()
        await asyncio.wait_for(watch(hub, task, screen), SOON)
        times = [event["ts"] for event in await stored(hub)]
        assert times == sorted(times)
        assert len(set(times)) > 1
        summary = task.summary
        assert summary.started_at is not None
        assert summary.finished_at is not None
        assert summary.created_at <= summary.started_at == times[0]
        assert summary.finished_at == times[-1]
        assert screen.result["duration_ms"] >= 0
        left = await start(hub, "left")
        await until(lambda: left.partial)
        with contextlib.closing(sqlite3.connect(path)) as journal, journal:
            journal.execute("UPDATE tasks SET owner = 'dead' WHERE id = 'left'")
        monkeypatch.setattr("agentkit.hub.writer.now", lambda: "2025-01-01T00:00:00.000+00:00")
        async with running(journal=path) as later:
            events = await stored(later, "left")
            assert events[-1]["event_type"] == "run_finished"
            assert events[-1]["ts"] >= events[0]["ts"]
            assert [each.task_id for each in await later.summaries()] == ["left", "t"]
