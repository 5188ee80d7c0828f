"""Tools that run in the client's process: who may answer, and what happens when it is away."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from agentkit.core.protocol import TaskStatus, ToolSpec
from agentkit.errors import NotFound
from agentkit.hub.client_tools import ClientDesk
from agentkit.hub.hub import Hub
from agentkit.hub.task import Task
from agentkit.llm.protocol import ToolCall
from agentkit.tools.protocol import ToolContext, ToolResult
from tests.agentkit.hosting import Data, Screen, ended, running, start, stored, watch
from tests.agentkit.running import SOON, echo, text, until

TOOL = ToolSpec(name="total", description="Total sales.")
CALL = ToolCall("c1", "total", {"region": "North"})
LONG, SHORT = 60.0, 0.01


async def asked(hub: Hub) -> tuple[Task, ClientDesk, Screen]:
    """A task whose model has called the client's tool, which has been shown to a client."""
    task = await start(hub, client_tools=(TOOL,))
    desk = hub.desk("t")
    assert desk is not None
    screen = Screen()
    watch(hub, task, screen)
    await until(lambda: any(event["event_type"] == "tool_call" for event in screen.events))
    return task, desk, screen


async def tool_result(hub: Hub) -> Data:
    [found] = [event for event in await stored(hub) if event["event_type"] == "tool_result"]
    return found


async def test_the_client_sees_the_call_and_answers_it() -> None:
    async with running(CALL, "42.", away_seconds=LONG) as hub:
        task, desk, screen = await asked(hub)
        desk.arrive()
        [called] = [event for event in screen.events if event["event_type"] == "tool_call"]
        assert (called["tool_name"], called["runs_in"]) == ("total", "kernel")
        assert called["arguments"] == {"region": "North"}
        desk.answer("c1", text("42"))
        assert (await ended(task)).summary.result == "42."
        assert (await tool_result(hub))["content"] == {"text/plain": "42"}


async def test_an_answer_to_no_open_call_is_refused_and_harms_nothing() -> None:
    async with running(CALL, "42.", away_seconds=LONG) as hub:
        task, desk, _ = await asked(hub)
        with pytest.raises(NotFound) as caught:
            desk.answer("other", text("42"))
        assert caught.value.reason == "call_not_found"
        desk.answer("c1", text("42"))
        with pytest.raises(NotFound):
            desk.answer("c1", text("43"))
        await ended(task)
        with pytest.raises(NotFound):
            desk.answer("c1", text("44"))
        assert (await tool_result(hub))["content"] == {"text/plain": "42"}


async def test_a_client_that_never_comes_is_given_up() -> None:
    async with running(CALL, "Sorry.", away_seconds=SHORT) as hub:
        task, _, _ = await asked(hub)
        assert (await ended(task)).summary.status is TaskStatus.COMPLETED
        result = await tool_result(hub)
        assert (result["outcome"], result["error"]["reason"]) == ("interrupted", "client_away")
        assert "0.01 s" in result["error"]["message"]


async def test_a_client_that_comes_in_time_is_waited_for_as_long_as_it_takes() -> None:
    async with running(CALL, "42.", away_seconds=SHORT) as hub:
        task = await start(hub, client_tools=(TOOL,))
        desk = hub.desk("t")
        assert desk is not None
        desk.arrive()
        deadline = asyncio.get_running_loop().time() + 3 * SHORT
        await until(lambda: asyncio.get_running_loop().time() > deadline)
        assert not task.ended.is_set()
        desk.answer("c1", text("42"))
        assert (await ended(task)).summary.result == "42."


async def test_a_client_that_leaves_and_returns_in_time_can_still_answer() -> None:
    async with running(CALL, "42.", away_seconds=LONG) as hub:
        task, desk, _ = await asked(hub)
        desk.arrive()
        desk.leave()
        desk.arrive()
        desk.answer("c1", text("42"))
        assert (await ended(task)).summary.result == "42."


async def test_a_client_that_leaves_for_good_interrupts_its_calls_and_the_run_goes_on() -> None:
    calls = [CALL, ToolCall("c2", "total"), ToolCall("c3", "echo", {"text": "mine"})]
    async with running(calls, "Sorry.", away_seconds=SHORT, tools=[echo()]) as hub:
        task = await start(hub, client_tools=(TOOL,))
        desk = hub.desk("t")
        assert desk is not None
        desk.arrive()
        desk.leave()
        assert (await ended(task)).summary.result == "Sorry."
        results = {e["tool_call_id"]: e["outcome"] for e in await stored(hub) if "outcome" in e}
        assert results == {"c1": "interrupted", "c2": "interrupted", "c3": "success"}


async def test_while_the_client_is_away_the_step_says_for_how_long_it_is_waited_for() -> None:
    async with running(CALL, "42.", away_seconds=LONG) as hub:
        task, desk, _ = await asked(hub)
        desk.arrive()
        desk.leave()
        desk.arrive()
        desk.answer("c1", text("42"))
        await ended(task)
        (said,) = [e for e in await stored(hub) if e["event_type"] == "tool_progress"]
        assert (said["tool_call_id"], said["progress"]) == ("c1", 0)
        assert f"waiting up to {LONG:g} s" in said["message"]


async def test_with_two_connections_the_client_is_there_until_both_have_gone() -> None:
    desk = ClientDesk([TOOL], away_seconds=0)
    desk.arrive()
    desk.arrive()
    asking = asyncio.ensure_future(desk.ask(ToolContext("c1")))
    await asyncio.sleep(0)
    desk.leave()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not asking.done()
    desk.leave()
    assert (await asyncio.wait_for(asking, SOON)).outcome == "interrupted"


async def test_cancelling_the_run_ends_the_wait_for_the_client() -> None:
    async with running(CALL, away_seconds=LONG) as hub:
        task, desk, _ = await asked(hub)
        await hub.cancel("t")
        assert (await ended(task)).summary.status is TaskStatus.CANCELLED
        assert (await tool_result(hub))["outcome"] == "interrupted"
        with pytest.raises(NotFound):
            desk.answer("c1", text("late"))


async def test_a_failure_in_the_client_is_told_to_the_model() -> None:
    seen: list[Any] = []

    def answer(request: Any) -> str:
        seen.append(request.messages[-1])
        return "Sorry."

    async with running(CALL, answer, away_seconds=LONG) as hub:
        task, desk, _ = await asked(hub)
        trace = {"text/plain": "Traceback …\nKeyError: 'North'"}
        desk.answer("c1", ToolResult.failed("KeyError: 'North'", "tool_error", trace))
        await ended(task)
        assert (seen[0].content, seen[0].failed) == ("Error: KeyError: 'North'", True)
        assert (await tool_result(hub))["content"] == trace


async def test_a_clients_tool_hides_the_servers_of_the_same_name() -> None:
    async with running(ToolCall("c1", "echo"), "Done.", tools=[echo()], away_seconds=LONG) as hub:
        task = await start(hub, client_tools=(ToolSpec(name="echo"),))
        screen = Screen()
        watch(hub, task, screen)
        await until(lambda: any(event["event_type"] == "tool_call" for event in screen.events))
        desk = hub.desk("t")
        assert desk is not None
        desk.answer("c1", text("the client's"))
        await ended(task)
        assert (await tool_result(hub))["content"] == {"text/plain": "the client's"}


async def test_only_the_key_of_the_desk_is_admitted() -> None:
    one, two = ClientDesk([TOOL]), ClientDesk([TOOL])
    assert one.admits(one.key)
    for key in ("", one.key[:-1], one.key + "x", two.key, "schlüssel"):
        assert not one.admits(key)
    assert len(one.key) >= 32


async def test_a_task_without_client_tools_and_a_finished_one_have_no_desk() -> None:
    async with running("Done.", "Done.") as hub:
        await ended(await start(hub))
        assert hub.desk("t") is None
        task = await start(hub, "u", client_tools=(TOOL,))
        assert hub.desk("u") is not None
        await ended(task)
        await until(lambda: hub.runs.running == 0)
        assert hub.desk("u") is None
