"""The store of tasks and events, in memory and in a file."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agentkit.core.events import FinalAnswer, MessageDelta, RunFinished, RunStarted, StepEvent
from agentkit.core.protocol import ErrorInfo, TaskStatus, TaskSummary
from agentkit.core.redaction import Redactor
from agentkit.errors import Conflict, JournalError
from agentkit.hub.displays import Display
from agentkit.hub.journal import MEMORY, Journal
from agentkit.hub.listing import Listing, listed
from agentkit.hub.migrations import MIGRATIONS
from agentkit.hub.record import Record, encode, encode_delta
from agentkit.hub.task import fold

OPEN = Callable[[], Journal]
NO_SECRETS = Redactor(environ={})
TS = "2026-01-01T00:00:00.000+00:00"


@pytest.fixture(params=["memory", "file"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(MEMORY if request.param == "memory" else tmp_path / "a" / "journal.sqlite")
    yield journal
    journal.close()


def summary(task_id: str, agent: str = "a", status: TaskStatus = TaskStatus.QUEUED) -> TaskSummary:
    return TaskSummary(task_id=task_id, agent=agent, input="?", status=status, created_at=TS)


def started(seq: int = 1) -> StepEvent:
    return RunStarted(seq=seq, ts=TS, agent="a", input="?", model="", provider="p", simulated=False)


async def append(
    journal: Journal, task_id: str, event: StepEvent, summary: TaskSummary | None = None
) -> None:
    loop = asyncio.get_running_loop()
    done: asyncio.Future[BaseException | None] = loop.create_future()
    record = encode(event, NO_SECRETS)
    journal.append(
        task_id,
        record,
        lambda error: loop.call_soon_threadsafe(done.set_result, error) and None,
        summary=summary,
    )
    error = await done
    if error is not None:
        raise error


async def numbers(journal: Journal, task_id: str, after: int = 0, limit: int = 100) -> list[int]:
    return [json.loads(text)["seq"] for text in await journal.events(task_id, after, limit)]


async def ids(found: AsyncIterator[TaskSummary] | list[TaskSummary]) -> list[str]:
    assert isinstance(found, list)
    return [each.task_id for each in found]


async def test_a_stored_event_is_the_very_text_that_was_encoded(journal: Journal) -> None:
    await journal.create(summary("t"))
    record = encode(FinalAnswer(seq=1, ts=TS, text="Ähm — 😀 \ud800"), NO_SECRETS)
    loop = asyncio.get_running_loop()
    stored = asyncio.Event()
    journal.append("t", record, lambda error: loop.call_soon_threadsafe(stored.set) and None)
    await stored.wait()
    assert await journal.events("t") == [record.text]


async def test_an_event_that_cannot_be_read_keeps_nobody_from_the_other_tasks(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.sqlite"
    with closing(Journal(path)) as journal:
        for name in ("broken", "sound"):
            await journal.create(summary(name))
            await append(journal, name, started())
            await append(journal, name, FinalAnswer(seq=2, ts=TS, text="x"))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE events SET data = '{' WHERE task = 'broken' AND seq = 2")
    with closing(Journal(path)) as journal:
        orphans = {each.task_id: each for each in await journal.take_orphans()}
        assert orphans["sound"].result == "x"
        assert orphans["broken"].last_seq == 2


async def test_a_summary_with_a_half_of_a_surrogate_pair_is_stored_and_read_again(
    journal: Journal,
) -> None:
    standing = summary("t")
    await journal.create(standing)
    fold(standing, started())
    for event in (
        FinalAnswer(seq=1, ts=TS, text="cut \ud83d, whole \ud83d\ude00"),
        RunFinished(
            seq=2,
            ts=TS,
            status=TaskStatus.FAILED,
            error=ErrorInfo(message="\ud800", reason="internal"),
        ),
    ):
        record = encode(event, NO_SECRETS)
        fold(standing, record.event)
        await append(journal, "t", event, standing)
    found = await journal.summary("t")
    assert found is not None
    assert found.result == "cut \ufffd, whole 😀"
    assert found.error is not None
    assert found.error.message == "\ufffd"


async def test_events_are_paged_by_their_number(journal: Journal) -> None:
    await journal.create(summary("t"))
    for seq in range(1, 8):
        await append(journal, "t", FinalAnswer(seq=seq, ts=TS, text="x"))
    assert await numbers(journal, "t") == [1, 2, 3, 4, 5, 6, 7]
    assert await numbers(journal, "t", after=2, limit=3) == [3, 4, 5]
    assert await numbers(journal, "t", after=7) == []
    assert await numbers(journal, "other") == []


async def test_a_delta_keeps_its_place_in_the_order_and_is_not_stored(journal: Journal) -> None:
    await journal.create(summary("t"))
    order: list[int] = []
    delta = encode_delta(MessageDelta(seq=1, ts=TS, message_id="m", delta="x"), 0)
    for record in (Record(started(), "{}"), delta):
        journal.append("t", record, lambda error: order.append(len(order)))
    await append(journal, "t", FinalAnswer(seq=2, ts=TS, text="x"))
    assert order == [0, 1]
    assert len(await journal.events("t")) == 2


async def test_an_event_that_would_leave_a_gap_is_refused(journal: Journal) -> None:
    await journal.create(summary("t"))
    await append(journal, "t", started())
    for seq in (1, 3):
        with pytest.raises(JournalError, match="does not follow"):
            await append(journal, "t", FinalAnswer(seq=seq, ts=TS, text="x"))
    with pytest.raises(JournalError):
        await append(journal, "unknown", FinalAnswer(seq=2, ts=TS, text="x"))
    assert await numbers(journal, "t") == [1]


async def test_a_task_of_the_same_id_is_a_conflict_and_changes_nothing(journal: Journal) -> None:
    await journal.create(summary("t", agent="first"))
    with pytest.raises(Conflict) as caught:
        await journal.create(summary("t", agent="second"))
    assert caught.value.reason == "task_exists"
    found = await journal.summary("t")
    assert found is not None
    assert found.agent == "first"


async def test_a_summary_is_brought_up_to_the_last_stored_event(journal: Journal) -> None:
    await journal.create(summary("t"))
    await append(journal, "t", started())
    await append(journal, "t", FinalAnswer(seq=2, step=1, ts=TS, text="Three."))
    found = await journal.summary("t")
    assert found is not None
    assert (found.status, found.last_seq, found.result) == (TaskStatus.RUNNING, 2, "Three.")
    assert await journal.summary("other") is None


async def test_tasks_are_listed_newest_first_by_page_status_and_agent(journal: Journal) -> None:
    for number in range(6):
        status = TaskStatus.COMPLETED if number % 2 else TaskStatus.FAILED
        await journal.create(summary(f"t{number}", agent="ab"[number // 3], status=status))
    failed = (TaskStatus.FAILED,)

    async def listed(**listing: Any) -> list[str]:
        return await ids(await journal.summaries(Listing(**listing)))

    assert await listed() == ["t5", "t4", "t3", "t2", "t1", "t0"]
    assert await listed(limit=2) == ["t5", "t4"]
    assert await listed(limit=2, before="t4") == ["t3", "t2"]
    assert await listed(before="t0") == []
    assert await listed(statuses=failed) == ["t4", "t2", "t0"]
    assert await listed(statuses=(*failed, TaskStatus.COMPLETED), limit=3) == ["t5", "t4", "t3"]
    assert await listed(agent="a") == ["t2", "t1", "t0"]
    assert await listed(agent="a", statuses=failed, before="t2", limit=5) == ["t0"]


async def test_words_are_found_in_agents_inputs_and_notebooks_of_any_state(
    journal: Journal,
) -> None:
    asked = summary("t1", agent="Zoo").model_copy(update={"input": "STRASSE 7; 'x' %"})
    await journal.create(asked)
    await journal.create(summary("t2", status=TaskStatus.FAILED))
    await journal.create(summary("t3", agent="zoo"))
    for task_id, name in (("t2", "Straße.ipynb"), ("t3", "other.ipynb")):
        await journal.add_display(Display(task_id, "k", f"/home/zoo/{name}", f"c{name}", "1"))

    async def found(words: str, **listing: Any) -> list[str]:
        return await ids(await journal.summaries(Listing(words=words, **listing)))

    assert await found("straße") == ["t2", "t1"]
    assert await found("zoo") == ["t3", "t1"]  # and not the folder of all notebooks
    assert await found("ipynb") == ["t3", "t2"]
    assert await found("zoo ipynb") == ["t3"]
    assert await found("strasse", statuses=(TaskStatus.FAILED,)) == ["t2"]
    assert await found("7;", agent="Zoo") == ["t1"]
    assert await found("zoo", limit=1) == ["t3"]
    assert await found("zoo", before="t3") == ["t1"]
    assert await found("%' OR") == []
    await journal.delete("t1")
    assert await found("strasse") == ["t2"]


@pytest.mark.parametrize(
    "listing",
    [
        Listing(),
        Listing(before="t"),
        Listing(agent="a", before="t"),
        Listing((TaskStatus.FAILED, TaskStatus.RUNNING)),
        Listing((TaskStatus.FAILED,), agent="a"),
    ],
)
async def test_no_list_goes_through_all_tasks(tmp_path: Path, listing: Listing) -> None:
    path = tmp_path / "journal.sqlite"
    Journal(path).close()
    asked: list[str] = []
    with closing(sqlite3.connect(path)) as connection:
        connection.set_trace_callback(asked.append)
        assert listed(connection, listing) == []
        connection.set_trace_callback(None)
        (query,) = asked
        plan = [row[-1] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}")]
    assert any("USING COVERING INDEX" in step for step in plan)
    assert not any(step.startswith("SCAN tasks") or "TEMP B-TREE" in step for step in plan), plan


async def test_deleting_a_task_deletes_its_events(journal: Journal) -> None:
    await journal.create(summary("t"))
    await append(journal, "t", started())
    assert await journal.delete("t") is True
    assert await journal.delete("t") is False
    assert await journal.summary("t") is None
    await journal.create(summary("t"))
    assert await journal.events("t") == []


async def test_closing_stores_what_is_on_its_way_and_later_calls_say_so(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    await journal.create(summary("t"))
    for seq in range(1, 1_201):
        event = FinalAnswer(seq=seq, ts=TS, text="x")
        journal.append("t", encode(event, NO_SECRETS), lambda error: None)
    journal.close()
    journal.close()
    with pytest.raises(JournalError) as caught:
        await journal.events("t")
    assert caught.value.reason == "journal_closed"
    with closing(Journal(tmp_path / "journal.sqlite")) as again:
        assert await numbers(again, "t", limit=2_000) == list(range(1, 1_201))


async def test_tasks_of_a_living_server_are_no_orphans_and_those_of_a_dead_one_are_taken_once(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.sqlite"
    first = Journal(path)
    await first.create(summary("t"))
    await append(first, "t", started())
    await first.create(summary("done", status=TaskStatus.COMPLETED))
    with closing(Journal(path)) as second, closing(Journal(path)) as third:
        assert await second.take_orphans() == []
        assert await first.take_orphans() == []
        first.close()
        found = await asyncio.gather(second.take_orphans(), third.take_orphans())
        [[orphan]] = [orphans for orphans in found if orphans]
        assert (orphan.task_id, orphan.status, orphan.last_seq) == ("t", TaskStatus.RUNNING, 1)
        assert await second.take_orphans() == []
        assert await third.take_orphans() == []


async def test_what_several_servers_write_at_the_same_time_is_all_stored(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journals = [Journal(path) for _ in range(3)]

    async def write(name: str, journal: Journal) -> None:
        await journal.create(summary(name))
        for seq in range(1, 51):
            await append(journal, name, FinalAnswer(seq=seq, ts=TS, text="x"))

    await asyncio.gather(*(write(f"t{n}", journal) for n, journal in enumerate(journals)))
    for name in ("t0", "t1", "t2"):
        assert await numbers(journals[0], name) == list(range(1, 51))
    for journal in journals:
        journal.close()


async def test_tasks_of_a_journal_of_the_second_version_can_be_shown(tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite"
    with closing(sqlite3.connect(file)) as old:
        for statement in ";".join(MIGRATIONS[:2]).split(";"):
            old.execute(statement)
        old.execute("PRAGMA user_version = 2")
        row = ("t1", "", "a", "completed", TS, summary("t1").model_dump_json())
        old.execute(
            "INSERT INTO tasks (id, owner, agent, status, created_at, summary)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            row,
        )
        old.commit()
    with closing(Journal(file)) as journal:
        display = Display("t1", "k", "/a.ipynb", "c", "1")
        await journal.add_display(display)
        await journal.add_display(replace(display, task_id="gone"))
        assert await journal.displays("/a.ipynb") == [display]
        assert await journal.displays("/b.ipynb", ["k", "l"]) == [display]
        assert await journal.displays("/b.ipynb", ["l"]) == []
        assert await ids(await journal.summaries(Listing(words="? A"))) == ["t1"]


def test_a_journal_of_a_later_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    Journal(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(JournalError, match="version 99") as caught:
        Journal(path)
    assert caught.value.reason == "journal_version"
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (99,)


@pytest.mark.parametrize("what", ["text", "folder"])
def test_a_file_that_is_no_journal_is_refused_by_name(tmp_path: Path, what: str) -> None:
    path = tmp_path / "journal.sqlite"
    if what == "text":
        path.write_text("Dear diary, " * 100)
    else:
        path.mkdir()
    with pytest.raises(JournalError, match="cannot be opened"):
        Journal(path)


def test_only_its_user_may_read_a_journal(tmp_path: Path) -> None:
    path = tmp_path / "data" / "journal.sqlite"
    with closing(Journal(path)):
        modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
        assert modes["journal.sqlite"] == modes["journal.sqlite-wal"] == 0o600
        assert modes["journal.sqlite.owners"] == path.parent.stat().st_mode & 0o777 == 0o700


def test_the_tables_are_in_wal_mode_and_checked_by_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with closing(Journal(path)), closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_events_that_are_folded_again_give_the_same_summary() -> None:
    live, saved = summary("t"), summary("t")
    events = [
        started(),
        FinalAnswer(seq=2, step=3, ts=TS, text="Three."),
        RunFinished(seq=3, step=3, ts=TS, status=TaskStatus.COMPLETED),
    ]
    for event in events:
        fold(live, event)
    assert (live.status, live.steps, live.result) == (TaskStatus.COMPLETED, 3, "Three.")
    fold(saved, events[0])
    saved = TaskSummary.model_validate_json(saved.model_dump_json())
    for event in events[1:]:
        fold(saved, event)
    assert saved == live


async def test_only_a_task_of_that_id_is_told_as_one_that_exists(tmp_path: Path) -> None:
    with closing(Journal(tmp_path / "journal")) as journal:
        await journal.create(summary("t"))
        with pytest.raises(Conflict, match="There is a task 't' already"):
            await journal.create(summary("t"))
        refusing = "CREATE TRIGGER refusing BEFORE INSERT ON words BEGIN SELECT RAISE(ABORT, 'No words'); END"
        await journal.write(lambda connection: connection.execute(refusing).fetchall())
        with pytest.raises(JournalError, match="No words"):
            await journal.create(summary("t2"))
        assert await journal.summary("t2") is None
