"""The hub: tasks with named ends, whatever happens to them."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from agentkit.core.events import RunFinished, RunStarted
from agentkit.core.protocol import (
    AgentConfig,
    Limits,
    Prompt,
    StartTask,
    TaskStatus,
    TaskSummary,
)
from agentkit.core.redaction import Redactor
from agentkit.errors import (
    AgentKitError,
    Conflict,
    Full,
    InvalidInput,
    JournalError,
    NotFound,
    Refused,
)
from agentkit.hub.hub import Hub
from agentkit.hub.journal import Journal
from agentkit.hub.task import TRANSITIONS, fold, move
from agentkit.llm.protocol import LLMResponse, TokenUsage, ToolCall
from agentkit.llm.scripted import ScriptedProvider
from agentkit.tools.protocol import ToolContext, ToolResult
from tests.agentkit.hosting import Screen, ended, hub_of, running, start, stored, watch
from tests.agentkit.running import SOON, AsyncTool, echo, text, until

S = TaskStatus


async def test_a_task_runs_to_its_end_and_is_kept() -> None:
    call = ToolCall("1", "echo", {"text": "three", "nothing": None})
    async with running(
        [call, TokenUsage(3, 4)], ["Three.", TokenUsage(5, 6)], tools=[echo()]
    ) as hub:
        task = await ended(await start(hub))
        kept = (await hub.task("t")).summary
        assert kept == task.summary
        assert (kept.status, kept.result, kept.steps) == (S.COMPLETED, "Three.", 2)
        assert kept.usage is not None
        assert (kept.usage.input_tokens, kept.usage.output_tokens) == (8, 10)
        events = await stored(hub)
        assert [event["seq"] for event in events] == list(range(1, kept.last_seq + 1))
        assert [event["event_type"] for event in events] == [
            "run_started",
            "usage",
            "tool_call",
            "tool_result",
            "usage",
            "final_answer",
            "run_finished",
        ]
        assert events[2]["arguments"] == {"text": "three", "nothing": None}
        assert "cost" not in events[1]
        assert all(event["ts"].endswith("+00:00") for event in events)


def test_a_state_is_followed_only_by_those_that_may_follow_it() -> None:
    for before, after in TRANSITIONS.items():
        for status in TaskStatus:
            summary = TaskSummary(task_id="t", agent="a", input="", status=before, created_at="")
            if status in after:
                move(summary, status)
                assert summary.status is status
            else:
                with pytest.raises(Conflict, match=f"is {before} and cannot become {status}"):
                    move(summary, status)
                assert summary.status is before
    assert all(status.is_final == (not after) for status, after in TRANSITIONS.items())


def test_a_run_that_has_ended_takes_no_second_end() -> None:
    summary = TaskSummary(task_id="t", agent="a", input="", status=S.QUEUED, created_at="")
    fold(summary, RunStarted(seq=1, agent="a", input="", model="", provider="", simulated=False))
    fold(summary, RunFinished(seq=2, status=S.CANCELLED))
    with pytest.raises(Conflict):
        fold(summary, RunFinished(seq=3, status=S.COMPLETED))


async def test_tasks_beyond_max_running_are_queued_and_begin_in_turn() -> None:
    gates = [asyncio.Event() for _ in range(3)]
    turns = [[gate, "Done."] for gate in gates]
    async with running(*turns, max_running=1) as hub:
        tasks = [await start(hub, f"t{number}") for number in range(3)]
        await until(lambda: tasks[0].summary.status is S.RUNNING)
        assert [task.summary.status for task in tasks[1:]] == [S.QUEUED, S.QUEUED]
        assert hub.runs.running == 1
        for task, gate in zip(tasks, gates, strict=True):
            gate.set()
            assert (await ended(task)).summary.status is S.COMPLETED
        await until(lambda: hub.runs.running == 0)


async def test_a_started_task_is_running_unless_it_waits_for_a_place() -> None:
    gate = asyncio.Event()
    async with running([gate, "Done."], max_running=1) as hub:
        first, second = await start(hub, "t1"), await start(hub, "t2")
        await hub.placed(first)
        await hub.placed(second)
        assert (first.summary.status, first.summary.last_seq) == (S.RUNNING, 1)
        assert second.summary.status is S.QUEUED
        gate.set()


async def test_a_queued_task_is_cancelled_without_a_place_to_run_in() -> None:
    gate = asyncio.Event()
    async with running([gate, "Done."], max_running=1) as hub:
        first, second = await start(hub, "t1"), await start(hub, "t2")
        await hub.cancel("t2", "not needed")
        assert (await ended(second)).summary.status is S.CANCELLED
        assert second.summary.error is not None
        assert second.summary.error.message == "not needed"
        assert first.summary.status is S.RUNNING
        gate.set()
        assert (await ended(first)).summary.status is S.COMPLETED


async def test_what_waits_is_bounded_and_what_is_refused_leaves_nothing_behind() -> None:
    gate = asyncio.Event()
    async with running([gate, "Done."], "Done.", "Done.", max_running=1, max_queued=2) as hub:
        waiting = [await start(hub, f"t{number}") for number in range(3)][1:]
        with pytest.raises(Full, match=r"2 tasks wait .*AgentKitApp\.max_queued") as caught:
            await start(hub, "late")
        assert caught.value.reason == "queue_full"
        assert (hub.runs.running, hub.runs.queued) == (1, 2)
        with pytest.raises(NotFound):
            await hub.task("late")
        await hub.cancel("t1")
        await ended(waiting[0])
        await start(hub, "late")
        gate.set()
        assert (await ended(await hub.task("late"))).summary.status is S.COMPLETED


async def test_tasks_of_several_agents_share_one_queue_in_the_order_of_their_start() -> None:
    gate = asyncio.Event()
    begun: list[str] = []

    async def turn(request: Any) -> str:
        begun.append(request.messages[-1].content)
        await gate.wait()
        return "Done."

    async with running(*[turn] * 6, max_running=2) as hub:
        hub.register(AgentConfig(name="writer"))
        tasks = [
            await hub.start(
                StartTask(
                    agent=("analyst", "writer")[number % 2], input=str(number), task_id=f"t{number}"
                )
            )
            for number in range(6)
        ]
        await until(lambda: len(begun) == 2)
        gate.set()
        for task in tasks:
            await ended(task)
        assert begun == [str(number) for number in range(6)]


async def test_cancelling_ends_a_task_and_a_second_time_is_a_conflict() -> None:
    async with running(["So far", asyncio.Event()]) as hub:
        task = await start(hub)
        await until(lambda: bool(task.partial))
        await hub.cancel("t")
        await hub.cancel("t")  # it has not ended yet
        assert (await ended(task)).summary.status is S.CANCELLED
        assert [event["event_type"] for event in await stored(hub)][-2:] == [
            "message",
            "run_finished",
        ]
        with pytest.raises(Conflict) as caught:
            await hub.cancel("t")
        assert caught.value.reason == "task_finished"
        with pytest.raises(NotFound):
            await hub.cancel("other")


async def test_what_cannot_be_started_is_refused_and_leaves_nothing() -> None:
    async with running(["Done."]) as hub:
        for body, error, reason in (
            ({"agent": "unknown"}, NotFound, "agent_not_found"),
            ({"agent": "analyst", "task_id": "t"}, None, ""),
            ({"agent": "analyst", "task_id": "t"}, Conflict, "task_exists"),
        ):
            request = StartTask.model_validate(body)
            if error is None:
                await ended(await hub.start(request))
                continue
            with pytest.raises(error) as caught:
                await hub.start(request)
            assert isinstance(caught.value, AgentKitError)
            assert caught.value.reason == reason
        hub.register(AgentConfig(name="other"))
        with pytest.raises(InvalidInput, match="analyst, other"):
            await hub.start(StartTask())
        assert [summary.task_id for summary in await hub.summaries()] == ["t"]
        with pytest.raises(NotFound):
            hub.register(AgentConfig(name="other", tools=("unknown",)))


async def test_the_same_id_at_the_same_time_starts_one_task() -> None:
    async with running("One.", "Two.") as hub:
        results = await asyncio.gather(*(start(hub) for _ in range(5)), return_exceptions=True)
        assert sum(isinstance(result, Conflict) for result in results) == 4


async def test_limits_come_from_the_run_then_the_agent_then_the_server() -> None:
    calls = [ToolCall(str(number), "echo") for number in range(12)]
    async with running(*calls, tools=[echo()], limits=Limits(max_steps=3)) as hub:
        steps = [(await ended(await start(hub, "server"))).summary.steps]
        hub.register(AgentConfig(name="analyst", limits=Limits(max_steps=2)))
        steps.append((await ended(await start(hub, "agent"))).summary.steps)
        task = await start(hub, "run", limits=Limits(max_steps=1))
        steps.append((await ended(task)).summary.steps)
        assert steps == [3, 2, 1]


async def test_a_finished_task_is_deleted_with_its_events_and_a_running_one_is_not() -> None:
    gate = asyncio.Event()
    async with running([gate, "Done."]) as hub:
        task = await start(hub)
        with pytest.raises(Conflict) as caught:
            await hub.delete("t")
        assert caught.value.reason == "task_running"
        gate.set()
        await ended(task)
        await hub.delete("t")
        with pytest.raises(NotFound):
            await hub.task("t")
        assert await stored(hub) == []


async def test_stopping_ends_running_and_queued_tasks_as_interrupted_and_the_hub_opens_again() -> (
    None
):
    async with running(["So far", asyncio.Event()], ["Again."], max_running=1) as hub:
        task, queued = await start(hub, "t1"), await start(hub, "t2")
        await until(lambda: bool(task.partial))
        screen = Screen()
        watching = watch(hub, task, screen)
        await asyncio.wait_for(hub.stop(), SOON)
        await asyncio.wait_for(watching, SOON)
        for each in (task, queued):
            assert each.ended.is_set()
            assert each.summary.status is S.INTERRUPTED
            assert each.summary.error is not None
            assert each.summary.error.reason == "server_stopped"
        assert screen.result["status"] == "interrupted"
        with pytest.raises(Refused) as caught:
            await start(hub, "t3")
        assert caught.value.reason == "stopped"
        await hub.open()
        assert (await ended(await start(hub, "t3"))).summary.result == "Again."


async def test_stopping_while_a_task_is_being_started_ends_it_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with running([asyncio.Event(), "Never."]) as hub:
        starting = asyncio.ensure_future(start(hub))
        await asyncio.sleep(0)
        await asyncio.wait_for(hub.stop(), SOON)
        task = await starting
        assert task.summary.status is S.INTERRUPTED
        for _ in range(50):  # it is not begun once more
            await asyncio.sleep(0)
        assert [record for record in caplog.records if record.levelname == "ERROR"] == []
        await hub.open()
        assert (await hub.task("t")).summary.status is S.INTERRUPTED


async def test_stopping_in_the_moment_of_the_end_keeps_the_end() -> None:
    for turns in range(12):
        async with running("Done.") as hub:
            task = await start(hub)
            for _ in range(turns * 2):
                await asyncio.sleep(0)
            await asyncio.wait_for(hub.stop(), SOON)
            assert task.ended.is_set()
            assert task.summary.status in (S.COMPLETED, S.INTERRUPTED)
            assert (await stored(hub))[-1]["status"] == task.summary.status


async def test_a_closed_hub_has_stored_everything_and_another_reads_it(tmp_path: Path) -> None:
    async with running("Three.", journal=tmp_path / "journal.sqlite") as hub:
        summary = (await ended(await start(hub))).summary
        events = await stored(hub)
    async with running(journal=tmp_path / "journal.sqlite") as hub:
        assert (await hub.task("t")).summary == summary
        assert await stored(hub) == events


FULL_DISK = {
    "statement": "SELECT RAISE(FAIL, 'database or disk is full')",
    "transaction": "SELECT RAISE(ROLLBACK, 'database or disk is full')",
}


@pytest.mark.parametrize("extent", FULL_DISK)
async def test_when_the_journal_fails_in_mid_run_the_task_fails_and_its_watchers_are_told(
    tmp_path: Path, extent: str
) -> None:
    path = tmp_path / "journal.sqlite"
    tools = [echo()]
    turns = [ToolCall(str(number), "echo") for number in range(20)]
    async with running(*turns, "Done.", "Later.", journal=path, tools=tools) as hub:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(
                "CREATE TRIGGER full BEFORE INSERT ON events WHEN new.seq = 9"
                f" BEGIN {FULL_DISK[extent]}; END"
            )
        task = await start(hub)
        screen = Screen()
        await asyncio.wait_for(watch(hub, task, screen), SOON)
        await ended(task)
        assert task.summary.status is S.FAILED
        assert task.summary.error is not None
        assert task.summary.error.reason == "journal"
        assert "disk is full" in task.summary.error.message
        assert screen.result["status"] == "failed"
        assert screen.seqs == list(range(1, len(screen.seqs) + 1))
        assert len(screen.seqs) <= 8
        assert [event["seq"] for event in await stored(hub)] == screen.seqs
        # What the journal says is out of date; the hub says how it is.
        await until(lambda: hub.runs.running == 0)
        assert (await hub.task("t")).summary.status is S.FAILED
        assert [summary.status for summary in await hub.summaries()] == [S.FAILED]
        with pytest.raises(Conflict):
            await hub.cancel("t")
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("DROP TRIGGER full")
        await hub.delete("t")
        with pytest.raises(NotFound):
            await hub.task("t")


async def test_a_task_whose_start_cannot_be_stored_is_not_started(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    async with running("Done.", journal=path) as hub:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(
                "CREATE TRIGGER full BEFORE INSERT ON tasks BEGIN SELECT RAISE(FAIL, 'full'); END"
            )
        with pytest.raises(AgentKitError):
            await start(hub)
        assert hub.runs.running == 0
        with pytest.raises(NotFound):
            await hub.task("t")


async def test_a_hub_that_cannot_end_what_dead_servers_left_runs_and_tries_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Journal):
        broken = True

        async def take_orphans(self) -> list[TaskSummary]:
            if self.broken:
                raise JournalError("The disk is away.")
            return await super().take_orphans()

    journal = Failing(tmp_path / "journal.sqlite")
    hub = hub_of(ScriptedProvider(["Done."]), journal=journal)
    for _ in range(3):
        await hub.open()
    assert (await ended(await start(hub))).summary.status is S.COMPLETED
    assert caplog.text.count("The disk is away.") == 1
    with closing(sqlite3.connect(journal.path)) as connection, connection:
        connection.execute("UPDATE tasks SET status = 'running', owner = 'dead'")
    journal.broken = False
    await asyncio.gather(hub.open(), hub.open())
    assert await journal.take_orphans() == []
    await hub.close()


async def test_no_secret_is_stored_or_sent_whole_or_in_pieces() -> None:
    secret = "a-very-secret-value-123"
    pieces = [secret[:5], secret[5:11], secret[11:]]
    call = ToolCall("1", "echo", {"text": f"the key is {secret}"})
    redactor = Redactor(secrets=[secret], environ={})
    turns = (["I use ", *pieces, " now", call], ["Used ", *pieces, "."])
    provider = ScriptedProvider(turns)
    hub = hub_of(provider, tools=[echo()], redactor=redactor)
    await hub.open()
    screen = Screen()
    task = await hub.start(StartTask(task_id="t", input=f"Use {secret}!"))
    await asyncio.wait_for(watch(hub, task, screen), SOON)
    told = json.dumps([screen.frames, await stored(hub), task.summary.model_dump()])
    assert secret not in told
    assert secret not in screen.streamed()
    assert screen.streamed().startswith("I use [secret")
    assert "[secret" in screen.result["content"]
    # The model itself is asked what was asked.
    assert provider.requests[0].messages[-1].content == f"Use {secret}!"
    assert secret in provider.requests[1].messages[-1].content
    await hub.close()


async def test_what_no_json_can_hold_is_stored_as_text() -> None:
    async def odd(arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        return ToolResult("success", {"application/json": {"x": float("nan"), "y": object()}})

    call = ToolCall("1", "odd", {"x": float("inf"), "y": "\ud800"})
    async with running([call], "Done.", tools=[AsyncTool("odd", odd)]) as hub:
        task = await ended(await start(hub))
        assert task.summary.status is S.COMPLETED
        called, finished = (await stored(hub))[1:3]
        assert called["arguments"] == {"x": None, "y": "\ufffd"}
        assert finished["outcome"] == "success"
        data = finished["content"]["application/json"]
        assert data["x"] is None
        assert data["y"].startswith("<object object")


async def test_a_fault_of_the_executor_ends_the_task_as_failed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with running("Done.") as hub:

        async def broken(*_: Any, **__: Any) -> Any:
            raise ZeroDivisionError("by zero")
            yield

        hub.executor.run = broken  # type: ignore[method-assign]
        task = await ended(await start(hub))
        assert task.summary.status is S.FAILED
        assert task.summary.error is not None
        assert "ZeroDivisionError: by zero" in task.summary.error.message
    assert "failed inside agentkit" in caplog.text


async def test_a_run_that_says_no_end_has_failed() -> None:
    async with running("Done.") as hub:

        async def silent(*_: Any, **__: Any) -> Any:
            yield RunStarted(agent="a", input="", model="", provider="", simulated=False)

        hub.executor.run = silent  # type: ignore[method-assign]
        task = await ended(await start(hub))
        assert task.summary.status is S.FAILED


async def test_many_tasks_run_at_the_same_time_without_mixing() -> None:
    class Echoes:
        async def chat(self, messages: Any) -> LLMResponse:
            await asyncio.sleep(0)
            return LLMResponse(messages[-1].content)

    hub = hub_of(Echoes())
    await hub.open()
    tasks = [
        await hub.start(StartTask(task_id=f"t{number}", input=f"question {number}"))
        for number in range(100)
    ]
    for number, task in enumerate(tasks):
        assert (await ended(task)).summary.result == f"question {number}"
        assert [event["seq"] for event in await stored(hub, task.id)] == [1, 2, 3]
    await hub.close()


async def test_a_task_of_another_living_server_is_followed_and_ends_when_that_server_dies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agentkit.server.watcher.POLL", 0.001)
    path = tmp_path / "journal.sqlite"
    gate, never = asyncio.Event(), asyncio.Event()
    async with running(journal=path) as here:
        there = hub_of(ScriptedProvider([[gate, "Done."], [never, "Never."]]), journal=path)
        await there.open()
        one, two = await start(there, "one"), await start(there, "two")
        await until(lambda: two.summary.status is S.RUNNING)

        with pytest.raises(Conflict) as caught:
            await here.cancel("one")
        assert caught.value.reason == "task_elsewhere"
        with pytest.raises(Conflict):
            await here.delete("one")

        screens = Screen(), Screen()
        watching = [
            watch(here, await here.task(name), screen)
            for name, screen in zip(("one", "two"), screens, strict=True)
        ]
        gate.set()
        await ended(one)
        await asyncio.wait_for(watching[0], SOON)
        assert screens[0].result["content"] == "Done."
        assert screens[0].stored == await stored(here, "one")
        assert not watching[1].done()

        die(there)
        await asyncio.wait_for(watching[1], SOON)
        assert screens[1].result["status"] == "interrupted"
        assert screens[1].seqs == [1, 2]
        await there.close()


def die(hub: Hub) -> None:
    """Let a hub's sign of life go as its process's death does."""
    hub.journal._alive.close()  # pyright: ignore[reportPrivateUsage]


async def test_agents_are_replaced_and_removed_by_name() -> None:
    async with running() as hub:
        assert hub.register(AgentConfig(name="analyst", description="new")) is False
        assert hub.agents.get("analyst").description == "new"
        hub.agents.remove("analyst")
        with pytest.raises(NotFound, match="none is registered"):
            hub.agents.get("analyst")
        with pytest.raises(NotFound, match="POST /agents"):
            await start(hub)


async def test_text_is_given_to_the_tool_as_the_model_sent_it() -> None:
    seen: list[dict[str, Any]] = []

    async def look(arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        seen.append(arguments)
        return text("ok")

    call = ToolCall("1", "look", {"api_key": "a-very-secret-value-123"})
    async with running([call], "Done.", tools=[AsyncTool("look", look)]) as hub:
        await ended(await start(hub))
        [called] = [e for e in await stored(hub) if e["event_type"] == "tool_call"]
    assert seen == [{"api_key": "a-very-secret-value-123"}]
    assert called["arguments"]["api_key"] == "[secret]"


async def test_a_task_that_brings_its_agent_along_runs_it_whatever_is_registered() -> None:
    async with running("As it was brought.") as hub:
        config = AgentConfig(name="analyst", prompt=Prompt(identity="Be brief."))
        task = await ended(await hub.start(StartTask(task_id="t", input="?", config=config)))
        assert task.summary.agent == "analyst"
        provider = hub.executor.gateway.resolve(None).provider
        assert provider.requests[0].messages[0].content == "Be brief."
        assert hub.agents.get("analyst").prompt.identity == ""
        with pytest.raises(InvalidInput, match="names the agent 'other'"):
            await hub.start(StartTask(agent="other", input="?", config=config))
