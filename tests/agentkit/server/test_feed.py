"""What is said on ``/ws/tasks``, about all tasks, and what lists of tasks tell."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from agentkit.core.protocol import AgentConfig, StartTask, TaskStatus
from agentkit.errors import JournalError
from agentkit.hub.hub import Hub
from agentkit.hub.listing import Listing
from agentkit.llm.protocol import TokenUsage, ToolCall
from agentkit.llm.scripted import ScriptedProvider
from agentkit.server import feed as feed_module
from agentkit.server.conversation import Gone
from agentkit.server.feed import feed
from agentkit.tools.protocol import Resolution
from tests.agentkit.hosting import hub_of, running
from tests.agentkit.running import SOON, echo
from tests.agentkit.server.host import API, Gate, Host, refused

Frame = dict[str, Any]

ASKS = AgentConfig.model_validate({"name": "analyst", "policy": {"echo": "ask"}})
CALL = ToolCall("c1", "echo", {"text": "three"})


class Reader:
    """A client of the feed, that may be slow."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.said: asyncio.Queue[str] = asyncio.Queue()
        self.may_read = asyncio.Event()
        self.may_read.set()
        self.closed_with: int | None = None
        self.at: dict[str, Callable[[], Awaitable[None]]] = {}
        """What happens while it is told that a task is gone."""
        self._heard = asyncio.Condition()

    async def send(self, text: str) -> None:
        await self.may_read.wait()
        frame = json.loads(text)
        if happens := self.at.pop(frame.get("task_id", ""), None):
            await happens()
        async with self._heard:
            self.frames.append(frame)
            self._heard.notify_all()

    async def receive(self) -> str:
        text = await self.said.get()
        if text == "gone":
            raise Gone
        return text

    async def close(self, code: int) -> None:
        self.closed_with = code

    async def until(self, holds: Callable[[Frame], bool]) -> Frame:
        """The first frame of which that holds."""
        async with asyncio.timeout(SOON), self._heard:
            while True:
                for frame in self.frames:
                    if holds(frame):
                        return frame
                await self._heard.wait()

    def told(self, task_id: str) -> list[Frame]:
        """What was told of a task after the list."""
        changed = [frame["data"] for frame in self.frames if frame["type"] == "task"]
        return [each for each in changed if each["task_id"] == task_id]


@asynccontextmanager
async def reading(hub: Hub) -> AsyncGenerator[Reader]:
    reader = Reader()
    talk = asyncio.ensure_future(feed(hub, reader, may=lambda _: True))
    await reader.until(lambda frame: frame["type"] == "tasks")
    try:
        yield reader
    finally:
        reader.may_read.set()
        await reader.said.put("gone")
        await talk


def is_now(task_id: str, status: str) -> Callable[[Frame], bool]:
    def holds(frame: Frame) -> bool:
        if frame["type"] != "task":
            return False
        return (frame["data"]["task_id"], frame["data"]["status"]) == (task_id, status)

    return holds


async def start(hub: Hub, task_id: str, **body: Any) -> None:
    await hub.start(StartTask(task_id=task_id, agent="analyst", **body))


def test_a_reader_of_the_host_sees_a_run_begin_end_and_go(host: Host) -> None:
    hosted = host([TokenUsage(3, 4), "It is blue."], "Green.")
    hosted.register(task_mode="llm_generate")
    hosted.finish("before", input="What colour?")

    with hosted.client.websocket_connect(f"{API}/ws/tasks") as socket:
        first = socket.receive_json()
        hosted.finish("t1", input="And now?")
        told = [socket.receive_json()]
        while told[-1]["data"]["status"] != "completed":
            told.append(socket.receive_json())
        assert hosted.client.delete(f"{API}/tasks/before").status_code == 204
        removed = socket.receive_json()
        socket.send_text('{"type":"ping"}')
        assert socket.receive_json() == {"type": "pong"}
        socket.send_text('{"type":"cancel"}')
        assert socket.receive_json()["data"]["reason"] == "bad_frame"

    assert first["type"] == "tasks"
    assert "before" not in first
    (known,) = first["data"]
    assert (known["task_id"], known["input"], known["status"]) == (
        "before",
        "What colour?",
        "completed",
    )
    assert known["usage"]["input_tokens"] == 3
    assert {frame["type"] for frame in told} == {"task"}
    assert {frame["data"]["task_id"] for frame in told} == {"t1"}
    assert told[-1]["now"] >= told[-1]["data"]["finished_at"]
    assert removed == {"type": "removed", "task_id": "before"}


def test_the_feed_asks_for_the_key_and_refuses_foreign_pages(host: Host) -> None:
    hosted = host(api_key="correct-horse")
    for query, headers in (("", {}), ("?api_key=wrong", {})):
        with hosted.client.websocket_connect(f"{API}/ws/tasks{query}", headers=headers) as socket:
            (error,) = refused(socket)
        assert error["data"]["reason"] == "unauthorized"
    with hosted.client.websocket_connect(
        f"{API}/ws/tasks?api_key=correct-horse", headers={"Origin": "https://elsewhere.example"}
    ) as socket:
        (error,) = refused(socket)
    assert error["data"]["reason"] == "foreign_origin"


async def test_who_may_not_read_is_told_so() -> None:
    hub = hub_of(ScriptedProvider(()))
    reader = Reader()
    await feed(hub, reader, may=lambda _: False)
    assert [frame["data"]["reason"] for frame in reader.frames] == ["forbidden"]
    assert reader.closed_with == 1008
    await hub.close()


async def test_an_open_request_is_told_at_once_with_what_is_asked() -> None:
    async with running([CALL], "Done.", tools=[echo()]) as hub, reading(hub) as reader:
        hub.register(ASKS)
        await start(hub, "t1")
        asking = (await reader.until(is_now("t1", "input_required")))["data"]
        (ask,) = asking["asks"]
        assert asking["open_requests"] == [ask["request_id"]]
        assert (ask["tool_name"], ask["arguments"]) == ("echo", {"text": "three"})
        await hub.cancel("t1")
        ended = (await reader.until(is_now("t1", "cancelled")))["data"]
        assert (ended["asks"], ended["open_requests"]) == ([], [])


async def test_a_run_that_waits_for_a_place_is_told() -> None:
    gate = Gate()
    async with (
        running([gate, "Done."], "Done.", max_running=1) as hub,
        reading(hub) as reader,
    ):
        await start(hub, "t1")
        await start(hub, "t2")
        await reader.until(is_now("t2", "queued"))
        gate.open()
        await reader.until(is_now("t2", "completed"))


async def test_a_run_that_was_answered_is_found_among_those_that_run() -> None:
    gate = Gate()
    async with (
        running([CALL], [gate, "Done."], tools=[echo()]) as hub,
        reading(hub) as reader,
    ):
        hub.register(ASKS)
        await start(hub, "t1")
        (ask,) = (await reader.until(is_now("t1", "input_required")))["data"]["asks"]
        await hub.answer("t1", ask["request_id"], Resolution("approve"))
        await asyncio.to_thread(gate.reached.wait, SOON)
        found = await hub.summaries(Listing((TaskStatus.RUNNING,)))
        assert [each.task_id for each in found] == ["t1"]
        gate.open()
        await reader.until(is_now("t1", "completed"))


async def test_a_request_with_much_to_see_comes_without_its_arguments() -> None:
    call = ToolCall("c1", "echo", {"text": "x" * 1_000})
    async with running([call], tools=[echo()]) as hub, reading(hub) as reader:
        hub.register(ASKS)
        await start(hub, "t1")
        (ask,) = (await reader.until(is_now("t1", "input_required")))["data"]["asks"]
        assert ask["tool_name"] == "echo"
        assert "arguments" not in ask


async def test_a_burst_of_steps_is_told_once_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "EVERY", 3600)

    turns = [[ToolCall(f"c{number}", "echo", {"text": "tock"})] for number in range(20)]
    async with running(*turns, "Done.", tools=[echo()]) as hub, reading(hub) as reader:
        await start(hub, "t1")
        await reader.until(is_now("t1", "completed"))
        statuses = [each["status"] for each in reader.told("t1")]
        assert len(statuses) <= 3  # as many as it had states
        assert reader.told("t1")[-1]["steps"] == 21


async def test_steps_are_told_while_a_run_goes_on() -> None:
    gate = Gate()

    async with (
        running([CALL], [gate, "Done."], tools=[echo()]) as hub,
        reading(hub) as reader,
    ):
        await start(hub, "t1")
        frame = await reader.until(
            lambda frame: frame["type"] == "task" and frame["data"]["last_seq"] == 3
        )
        assert frame["data"]["status"] == "running"
        gate.open()
        await reader.until(is_now("t1", "completed"))


async def test_a_slow_reader_gets_the_latest_and_not_what_came_between() -> None:
    async with running(*["Done."] * 3) as hub, reading(hub) as reader:
        reader.may_read.clear()
        for task_id in ("t1", "t2", "t3"):
            await start(hub, task_id)
            await asyncio.wait_for((await hub.task(task_id)).ended.wait(), SOON)
        await hub.delete("t2")
        reader.may_read.set()
        await reader.until(is_now("t3", "completed"))
        assert [each["status"] for each in reader.told("t3")] == ["completed"]
        assert reader.told("t2") == []


async def test_a_reader_far_behind_gets_a_new_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "MOST", 3)
    async with running(*["Done."] * 9) as hub, reading(hub) as reader:
        reader.may_read.clear()
        for number in range(9):
            await start(hub, f"t{number}")
            await asyncio.wait_for((await hub.task(f"t{number}")).ended.wait(), SOON)
        reader.frames.clear()
        reader.may_read.set()
        told = await reader.until(lambda frame: frame["type"] == "tasks")
        assert len(told["data"]) == 9
        assert {each["status"] for each in told["data"]} == {"completed"}


async def test_the_list_holds_what_runs_however_old_and_says_where_it_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feed_module, "RECENT", 2)
    gate = Gate()
    async with running([gate, "Old."], *["Done."] * 3) as hub:
        await start(hub, "old", input="x" * 5_000)
        await asyncio.to_thread(gate.reached.wait, SOON)
        for number in range(3):
            await start(hub, f"t{number}")
            await asyncio.wait_for((await hub.task(f"t{number}")).ended.wait(), SOON)
        async with reading(hub) as reader:
            first = reader.frames[0]
        gate.open()
    assert [each["task_id"] for each in first["data"]] == ["t2", "t1", "old"]
    assert first["before"] == "t1"
    assert len(first["data"][-1]["input"]) == 1_000


def test_tasks_are_found_by_words_and_by_their_states(host: Host) -> None:
    hosted = host("Yes.", "No.", ValueError("broken"))
    hosted.register("zoologist", task_mode="llm_generate")
    hosted.register("painter", task_mode="llm_generate")
    hosted.finish("t1", agent="zoologist", input="Über Pinguine und Robben?")
    hosted.finish("t2", agent="painter", input="Blau?")
    hosted.finish("t3", agent="painter", input="Pinguine malen?")

    def found(query: str) -> list[str]:
        response = hosted.client.get(f"{API}/tasks?{query}")
        assert response.status_code == 200, response.text
        return [each["task_id"] for each in response.json()["tasks"]]

    assert found("q=pinguine") == ["t3", "t1"]
    assert found("q=PAINTER%20pinguine") == ["t3"]
    assert found("q=%C3%BCBER") == ["t1"]
    assert found("q=zoo") == ["t1"]
    assert found("q=nobody") == []
    assert found("q=%25") == []
    assert found("status=failed,cancelled") == ["t3"]
    assert found("status=completed&q=blau") == ["t2"]
    assert found("q=pinguine&limit=1&before=t3") == ["t1"]
    refusal = hosted.client.get(f"{API}/tasks?status=failed,gone").json()
    assert refusal["reason"] == "bad_query"
    assert "gone" in refusal["message"]


async def test_what_is_deleted_while_others_are_told_is_told_as_deleted() -> None:
    async with running(*["Done."] * 4) as hub:
        for task_id in ("first", "old"):
            await start(hub, task_id)
            await asyncio.wait_for((await hub.task(task_id)).ended.wait(), SOON)
        async with reading(hub) as reader:
            reader.may_read.clear()
            await hub.delete("first")
            await hub.delete("old")
            await start(hub, "t1")
            await asyncio.wait_for((await hub.task("t1")).ended.wait(), SOON)
            reader.at["old"] = lambda: hub.delete("t1")
            reader.may_read.set()
            await start(hub, "t2")
            await reader.until(is_now("t2", "completed"))
            await reader.until(lambda frame: frame.get("task_id") == "t1")
            assert reader.told("t1") == []


async def test_changes_that_overflow_while_others_are_told_end_no_talk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feed_module, "MOST", 3)
    async with running(*["Done."] * 7) as hub:
        for number in range(7):
            await start(hub, f"t{number}")
            await asyncio.wait_for((await hub.task(f"t{number}")).ended.wait(), SOON)

        async def delete_the_others() -> None:
            for number in range(3, 7):
                await hub.delete(f"t{number}")

        async with reading(hub) as reader:
            reader.may_read.clear()
            for number in range(3):
                await hub.delete(f"t{number}")
            reader.at["t1"] = delete_the_others
            reader.frames.clear()
            reader.may_read.set()
            told = await reader.until(lambda frame: frame["type"] == "tasks")
            assert told["data"] == []


async def test_tasks_of_another_server_on_the_journal_are_told_from_their_begin_to_their_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "POLL", 0.01)
    journal = tmp_path / "journal.sqlite"
    gate = Gate()
    async with (
        running(journal=journal) as here,
        reading(here) as reader,
        running([gate, "Done."], journal=journal) as there,
    ):
        await start(there, "t1")
        await reader.until(is_now("t1", "running"))
        gate.open()
        await reader.until(is_now("t1", "completed"))


async def test_readers_are_told_what_is_wrong_with_the_journal_until_it_is_right_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "POLL", 0.1)

    async def leave(hub: Hub, pages: int) -> None:
        most = f"PRAGMA max_page_count = {pages}"
        await hub.journal.write(lambda connection: connection.execute(most).fetchall())

    def of_the_journal(frame: Frame) -> bool:
        return frame["type"] == "journal"

    async with running(*["Done."] * 3, journal=tmp_path / "journal") as hub, reading(hub) as first:
        await start(hub, "t1")
        await first.until(is_now("t1", "completed"))
        assert not any(map(of_the_journal, first.frames))
        await leave(hub, 1)  # no more than there are
        with pytest.raises(JournalError):
            await start(hub, "t2", input="x" * 100_000)
        told = await first.until(of_the_journal)
        assert told["problem"]["reason"] == "journal_full"
        assert "Make room" in told["problem"]["message"]
        async with reading(hub) as second:
            assert await second.until(of_the_journal) == told
            await leave(hub, 2**30)
            await start(hub, "t3")
            for reader in (first, second):
                await reader.until(is_now("t3", "completed"))
                await reader.until(lambda frame: frame == {"type": "journal"})
