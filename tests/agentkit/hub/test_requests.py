"""Open requests: stored, shown to all who watch, answered once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agentkit.core.protocol import AgentConfig, StartTask, TaskStatus
from agentkit.core.redaction import Redactor
from agentkit.errors import Conflict, InvalidInput, NotFound
from agentkit.hub.client_tools import ClientDesk
from agentkit.hub.hub import Hub
from agentkit.hub.task import Task
from agentkit.llm.protocol import ToolCall
from agentkit.llm.scripted import ScriptedProvider
from agentkit.tools.protocol import Resolution
from tests.agentkit.hosting import Screen, ended, hub_of, running, start, stored, watch
from tests.agentkit.running import AsyncTool, echo, text, until

ASKS = AgentConfig.model_validate({"name": "analyst", "policy": {"echo": "ask"}})
CALL = ToolCall("1", "echo", {"text": "three"})


async def asking(hub: Hub, task_id: str = "t", **body: Any) -> Task:
    """A task that waits for consent."""
    hub.register(ASKS)
    task = await start(hub, task_id, **body)
    await until(lambda: task.summary.status is TaskStatus.INPUT_REQUIRED)
    return task


async def test_a_task_that_asks_says_so_and_runs_on_once_it_is_answered() -> None:
    async with running([CALL], "Three.", tools=[echo()]) as hub:
        task = await asking(hub)
        assert task.summary.open_requests == ("r1",)
        await hub.answer("t", "r1", Resolution("approve", by="Ada"))
        summary = (await ended(task)).summary
        assert (summary.status, summary.open_requests) == (TaskStatus.COMPLETED, ())
        resolved = next(e for e in await stored(hub) if e["event_type"] == "request_resolved")
        assert (resolved["decision"], resolved["by"]) == ("approve", "Ada")


async def test_a_task_waits_until_its_last_request_is_answered() -> None:
    calls = [CALL, ToolCall("2", "echo", {"text": "four"})]
    async with running(calls, "Done.", tools=[echo()]) as hub:
        task = await asking(hub)
        await until(lambda: len(task.summary.open_requests) == 2)
        await hub.answer("t", "r1", Resolution("approve"))
        await until(lambda: task.summary.open_requests == ("r2",))
        assert task.summary.status is TaskStatus.INPUT_REQUIRED
        await hub.answer("t", "r2", Resolution("deny"))
        assert (await ended(task)).summary.status is TaskStatus.COMPLETED


async def test_a_request_is_shown_to_everybody_who_watches_and_to_who_comes_later() -> None:
    async with running([CALL], "Three.", tools=[echo()]) as hub:
        task = await asking(hub)
        first, second = Screen(), Screen()
        watching = [watch(hub, task, first), watch(hub, task, second)]
        for screen in (first, second):
            await until(lambda s=screen: "approval_requested" in str(s.frames))
        await hub.answer("t", "r1", Resolution("approve"))
        for each in watching:
            await each
        assert first.seqs == second.seqs
        assert "request_resolved" in str(second.frames)


async def test_the_second_answer_is_told_that_it_came_too_late() -> None:
    async with running([CALL], "Three.", tools=[echo()]) as hub:
        task = await asking(hub)
        await hub.answer("t", "r1", Resolution("approve", by="Ada"))
        with pytest.raises(Conflict, match="already"):
            await hub.answer("t", "r1", Resolution("deny", by="Bob"))
        await ended(task)
        with pytest.raises(Conflict, match="has ended already") as caught:
            await hub.answer("t", "r1", Resolution("deny"))
        assert caught.value.reason == "task_finished"
        with pytest.raises(NotFound):
            await hub.answer("none", "r1", Resolution("approve"))


async def test_cancelling_a_task_that_asks_ends_it() -> None:
    async with running([CALL], "Three.", tools=[echo()]) as hub:
        task = await asking(hub)
        await hub.cancel("t")
        summary = (await ended(task)).summary
        assert (summary.status, summary.open_requests) == (TaskStatus.CANCELLED, ())


async def test_a_task_that_asked_when_its_server_died_is_interrupted(tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite3"
    hub = hub_of(ScriptedProvider([[CALL]]), journal=file, tools=[echo()])
    await hub.open()
    await asking(hub)
    await hub.close()
    again = hub_of(ScriptedProvider([]), journal=file)
    await again.open()
    try:
        summary = (await again.task("t")).summary
        assert (summary.status, summary.open_requests) == (TaskStatus.INTERRUPTED, ())
    finally:
        await again.close()


async def test_a_secret_that_an_editor_saw_masked_reaches_the_tool_as_it_was() -> None:
    call = ToolCall("1", "echo", {"text": "three", "auth": {"value": "sesame-open-42", "n": 1}})
    seen: list[dict[str, Any]] = []
    tool = echo()
    original = tool.call

    async def spy(arguments: dict[str, Any], context: Any) -> Any:
        seen.append(arguments)
        return await original(arguments, context)

    tool.call = spy
    redactor = Redactor(["sesame-open-42"], environ={})
    async with running([call], "Done.", tools=[tool], redactor=redactor) as hub:
        task = await asking(hub)
        asked = next(e for e in await stored(hub) if e["event_type"] == "approval_requested")
        assert "sesame" not in str(asked)
        edited = {**asked["arguments"], "text": "four"}
        await hub.answer("t", "r1", Resolution("approve", {"arguments": edited}))
        await ended(task)
        assert seen == [{"text": "four", "auth": {"value": "sesame-open-42", "n": 1}}]
        assert "sesame" not in str(await stored(hub))


@pytest.mark.parametrize(
    ("edited", "given"),
    [
        (
            {"url": "http://new/?k=[secret]", "cmd": ["-v", "auth [secret]"]},
            {"url": "http://new/?k=sesame-open-42", "cmd": ["-v", "auth sesame-open-42"]},
        ),
        ({"cmd": ["new [secret]"]}, {"cmd": ["new sesame-open-42"]}),
        ({"url": "none", "new": "of their own"}, {"url": "none", "new": "of their own"}),
    ],
)
async def test_a_text_that_was_edited_around_its_masked_secret_still_holds_it(
    edited: dict[str, Any], given: dict[str, Any]
) -> None:
    seen: list[dict[str, Any]] = []

    async def take(arguments: dict[str, Any], context: Any) -> Any:
        seen.append(arguments)
        return text("done")

    true = {"url": "http://old/?k=sesame-open-42", "cmd": ["auth sesame-open-42"]}
    redactor = Redactor(["sesame-open-42"], environ={})
    tool = AsyncTool("echo", take)
    async with running(
        [ToolCall("1", "echo", true)], "Done.", tools=[tool], redactor=redactor
    ) as hub:
        task = await asking(hub)
        await hub.answer("t", "r1", Resolution("approve", {"arguments": edited}))
        await ended(task)
        assert seen == [given]
        assert "sesame" not in str(await stored(hub))


async def test_no_call_is_run_with_a_mask_in_place_of_a_secret() -> None:
    redactor = Redactor(["sesame-open-42"], environ={})
    call = ToolCall("1", "echo", {"text": "sesame-open-42"})
    async with running([call], "Done.", tools=[echo()], redactor=redactor) as hub:
        task = await asking(hub)
        moved = {"other": "so [secret]"}
        with pytest.raises(InvalidInput, match="which secret is meant") as caught:
            await hub.answer("t", "r1", Resolution("approve", {"arguments": moved}))
        assert caught.value.reason == "masked_secret"
        assert task.summary.open_requests == ("r1",)
        await hub.answer("t", "r1", Resolution("deny"))
        await ended(task)


async def test_a_clients_tool_is_not_waited_for_before_it_is_approved() -> None:
    async with running([CALL], "Three.") as hub:
        task = await asking(hub, client_tools=[{"name": "echo"}])
        call = next(e for e in await stored(hub) if e["event_type"] == "tool_call")
        assert (call["runs_in"], call["needs_approval"]) == ("kernel", True)
        desk = hub.desk("t")
        assert isinstance(desk, ClientDesk)
        with pytest.raises(NotFound):
            desk.answer("1", text("too early"))
        await hub.answer("t", "r1", Resolution("approve"))
        await until(lambda: task.summary.status is TaskStatus.RUNNING)
        desk.answer("1", text("three"))
        assert (await ended(task)).summary.result == "Three."


async def test_a_task_started_with_on_ask_never_waits() -> None:
    async with running([CALL], "Done.", tools=[echo()]) as hub:
        hub.register(ASKS)
        task = await hub.start(StartTask(task_id="t", input="?", on_ask="fail"))
        summary = (await ended(task)).summary
        assert summary.status is TaskStatus.FAILED
        assert summary.error is not None
        assert summary.error.reason == "needs_answer"
