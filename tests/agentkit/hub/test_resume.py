"""Runs that are taken on where another one ended: by the next server, or after a failure."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from agentkit.core.protocol import Limits, ResumeTask, TaskStatus, ToolSpec
from agentkit.errors import Conflict, NotFound, ProviderRejected
from agentkit.hub.hub import Hub
from agentkit.hub.task import Task
from agentkit.llm.protocol import ChatMessage, ToolCall
from agentkit.llm.scripted import ScriptedProvider, Turn
from agentkit.tools.protocol import Resolution, Tool, ToolContext, ToolResult
from tests.agentkit.hosting import ended, running, start, stored
from tests.agentkit.running import AsyncTool, echo, text, until


class Counter(AsyncTool):
    """A tool that counts its calls; those with ``wait`` never end."""

    def __init__(self, *, side_effects: bool = False, policy: Any = "allow") -> None:
        super().__init__("count", self._count)
        self.spec = ToolSpec(name="count", side_effects=side_effects or None)
        self.policy = policy
        self.calls: list[dict[str, Any]] = []
        self.begun = asyncio.Event()

    async def _count(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        self.calls.append(arguments)
        self.begun.set()
        if arguments.get("wait") and len(self.calls) == 1:
            await asyncio.Event().wait()
        return text(f"{len(self.calls)} calls")


WAIT = {"wait": True}


async def interrupted(
    path: Path, *turns: Turn, tool: Counter, other: Tool | None = None, **body: Any
) -> None:
    """Let a server begin a call that does not end, and stop it."""
    tools = [tool, *([other] if other else [])]
    async with running(*turns, journal=path, tools=tools) as hub:
        await start(hub, "a", **body)
        await asyncio.wait_for(tool.begun.wait(), 5)


async def resume(hub: Hub, ended_one: str = "a", to: str = "b", **body: Any) -> Task:
    return await hub.resume(ended_one, ResumeTask(task_id=to, **body))


def told(hub: Hub) -> list[ChatMessage]:
    """What the model was told last, but for the system message."""
    provider = hub.executor.gateway.resolve(None).provider
    assert isinstance(provider, ScriptedProvider)
    return [each for each in provider.requests[-1].messages if each.role != "system"]


def roles(messages: list[ChatMessage]) -> list[tuple[str, str]]:
    return [(each.role, each.content) for each in messages]


async def results(hub: Hub, task_id: str = "b") -> list[dict[str, Any]]:
    return [e for e in await stored(hub, task_id) if e["event_type"] == "tool_result"]


async def test_a_resumed_run_is_told_each_finished_turn_and_calls_again_what_was_cut_off(
    tmp_path: Path,
) -> None:
    path, tool = tmp_path / "journal", Counter()
    turns = [
        ["One.", ToolCall("1", "echo", {"text": "three"})],
        ["Two.", ToolCall("2", "echo", {"text": "four"}), ToolCall("3", "count", WAIT)],
    ]
    await interrupted(path, *turns, tool=tool, other=echo())
    async with running("Done.", journal=path, tools=[tool, echo()]) as hub:
        assert (await hub.task("a")).summary.status is TaskStatus.INTERRUPTED
        before = await stored(hub, "a")
        task = await ended(await resume(hub))
        assert (task.summary.status, task.summary.result) == (TaskStatus.COMPLETED, "Done.")
        assert (task.summary.follows, task.summary.resumes, task.summary.thread_id) == ("a",) * 3
        assert roles(told(hub)) == [
            ("user", "?"),
            ("assistant", "One."),
            ("tool", "three"),
            ("assistant", "Two."),
            ("tool", "four"),
            ("tool", "2 calls"),
        ]
        assert [call.id for call in told(hub)[3].tool_calls] == ["2", "3"]
        assert tool.calls == [WAIT, WAIT]
        events = await stored(hub, "b")
        assert (events[0]["resumes"], events[0]["input"]) == ("a", "?")
        assert [e["event_type"] for e in events[1:3]] == ["tool_call", "tool_result"]
        # What was written of the first stays as it was.
        assert await stored(hub, "a") == before


async def test_a_tool_with_side_effects_that_may_have_run_is_asked_about_first(
    tmp_path: Path,
) -> None:
    path, tool = tmp_path / "journal", Counter(side_effects=True)
    await interrupted(path, ToolCall("1", "count", WAIT), tool=tool)
    async with running("Done.", journal=path, tools=[tool]) as hub:
        task = await resume(hub)
        await until(lambda: bool(task.summary.asks))
        assert tool.calls == [WAIT]
        asked = next(e for e in await stored(hub, "b") if e["event_type"] == "approval_requested")
        assert asked["reason"].startswith("It may have run already")
        assert asked["arguments"] == WAIT
        await hub.answer("b", asked["request_id"], Resolution("approve"))
        await ended(task)
        assert tool.calls == [WAIT, WAIT]
        assert told(hub)[-1].content == "2 calls"


async def test_what_is_denied_is_not_run_and_the_model_is_told_that_nobody_knows_whether_it_ran(
    tmp_path: Path,
) -> None:
    path, tool = tmp_path / "journal", Counter(policy="ask")
    call = ToolCall("1", "count", WAIT)
    await interrupted(path, call, tool=tool, on_ask="approve")
    # It calls it once more by itself, and once with other arguments.
    turns = [call, ToolCall("2", "count", {}), "Done."]
    async with running(*turns, journal=path, tools=[tool]) as hub:
        task = await resume(hub)
        for reason in ("I have looked: it ran.", None):
            await until(lambda: bool(task.summary.asks))
            (ask,) = task.summary.open_requests
            await hub.answer("b", ask, Resolution("deny", reason))
            await until(lambda ask=ask: ask not in task.summary.open_requests)
        await until(lambda: bool(task.summary.asks))
        last = [e for e in await stored(hub, "b") if e["event_type"] == "approval_requested"][-1]
        assert "already" not in last["reason"]
        await hub.answer("b", last["request_id"], Resolution("approve"))
        await ended(task)
        assert tool.calls == [WAIT, {}]
        said = [m.content for m in told(hub) if m.role == "tool"]
        assert "not known whether this call ran" in said[0]
        assert "I have looked: it ran." in said[0]
        assert "not known whether this call ran" in said[1]
        outcomes = [(e["outcome"], e.get("error", {}).get("reason")) for e in await results(hub)]
        assert outcomes[:2] == [("denied", "not_repeated")] * 2


async def test_a_call_that_waited_for_consent_has_not_run_and_is_asked_about_as_ever(
    tmp_path: Path,
) -> None:
    path, tool = tmp_path / "journal", Counter(policy="ask")
    async with running(ToolCall("1", "count", {}), journal=path, tools=[tool]) as hub:
        task = await start(hub, "a")
        await until(lambda: bool(task.summary.asks))
    async with running("Done.", journal=path, tools=[tool]) as hub:
        task = await resume(hub, on_ask="approve")
        await ended(task)
        asked = next(e for e in await stored(hub, "b") if e["event_type"] == "approval_requested")
        assert "already" not in asked["reason"]
        assert tool.calls == [{}]


async def test_where_nobody_is_there_to_ask_a_resumed_run_does_as_on_ask_says(
    tmp_path: Path,
) -> None:
    path, tool = tmp_path / "journal", Counter(side_effects=True)
    call = ToolCall("1", "count", WAIT)
    await interrupted(path, call, tool=tool)
    async with running(call, "Done.", journal=path, tools=[tool]) as hub:
        failed = await ended(await resume(hub, on_ask="fail"))
        assert failed.summary.error is not None
        assert failed.summary.error.reason == "needs_answer"
        denied = await ended(await resume(hub, "b", "c", on_ask="deny"))
        assert denied.summary.status is TaskStatus.COMPLETED
        assert tool.calls == [WAIT]
        assert (await results(hub, "c"))[0]["error"]["reason"] == "not_repeated"


async def test_a_run_that_failed_goes_on_and_asks_the_cut_off_turn_anew() -> None:
    gone = ProviderRejected("no credit", reason="quota")
    call = ToolCall("1", "echo", {"text": "three"})
    async with running(call, ["I se", gone], "I see three.", tools=[echo()]) as hub:
        await ended(await start(hub, "a"))
        task = await ended(await resume(hub))
        assert task.summary.result == "I see three."
        assert roles(told(hub)) == [("user", "?"), ("assistant", ""), ("tool", "three")]


async def test_a_cancelled_call_with_side_effects_is_not_repeated_without_asking() -> None:
    tool = Counter(side_effects=True)
    turns = [ToolCall("1", "count", WAIT), ToolCall("2", "count", WAIT), "Done."]
    async with running(*turns, tools=[tool]) as hub:
        task = await start(hub, "a")
        await tool.begun.wait()
        await hub.cancel("a")
        await ended(task)
        await ended(await resume(hub, on_ask="deny"))
        assert tool.calls == [WAIT]
        assert "not known whether this call ran" in told(hub)[-1].content


async def test_a_run_is_resumed_again_and_again_and_its_question_is_told_once(
    tmp_path: Path,
) -> None:
    path, tool = tmp_path / "journal", Counter()
    other = echo()
    await interrupted(path, ToolCall("1", "count", WAIT), tool=tool)
    second = Counter()
    async with running(journal=path, tools=[second]) as hub:
        await resume(hub)
        await second.begun.wait()
    third = [ToolCall("1", "echo", {"text": "x"}), asyncio.Event()]
    async with running(
        ToolCall("1", "echo", {"text": "x"}), third, journal=path, tools=[tool, other]
    ) as hub:
        task = await resume(hub, "b", "c")
        await until(lambda: task.summary.steps == 1)
    async with running("Done.", "More.", journal=path, tools=[tool, other]) as hub:
        assert (await ended(await resume(hub, "c", "d"))).summary.result == "Done."
        expected = [
            ("user", "?"),
            ("assistant", ""),
            ("tool", "2 calls"),
            ("assistant", ""),
            ("tool", "x"),
        ]
        assert roles(told(hub)) == expected
        ids = [call.id for message in told(hub) for call in message.tool_calls]
        assert len(set(ids)) == len(ids) == 2
        await ended(await start(hub, "e", follows="d"))
        assert roles(told(hub)) == [*expected, ("assistant", "Done."), ("user", "?")]


async def test_a_run_that_was_never_begun_is_begun(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    async with running(asyncio.Event(), journal=path, max_running=1) as hub:
        await start(hub, "first")
        await start(hub, "a")
    async with running("Done.", journal=path) as hub:
        assert (await ended(await resume(hub))).summary.result == "Done."
        assert roles(told(hub)) == [("user", "?")]


async def test_a_resumed_run_is_told_the_conversation_before_its_question_too(
    tmp_path: Path,
) -> None:
    path, tool = tmp_path / "journal", Counter()
    async with running("Hello.", journal=path) as hub:
        await ended(await start(hub, "x", thread_id="talk"))
    await interrupted(path, ToolCall("1", "count", WAIT), tool=tool, thread_id="talk")
    async with running("Done.", journal=path, tools=[tool]) as hub:
        task = await ended(await resume(hub))
        assert task.summary.thread_id == "talk"
        assert [each.content for each in told(hub)[:3]] == ["?", "Hello.", "?"]
        assert await hub.follow_ups("a") == ["b"]


async def test_a_call_whose_arguments_held_a_secret_is_not_run_with_the_mask(
    tmp_path: Path,
) -> None:
    path, tool = tmp_path / "journal", Counter()
    secret = {"wait": True, "password": "correct-horse-battery"}
    await interrupted(path, ToolCall("1", "count", secret), tool=tool)
    async with running("Done.", journal=path, tools=[tool]) as hub:
        await ended(await resume(hub))
        assert tool.calls == [secret]
        assert "held a secret" in told(hub)[-1].content


async def test_what_cannot_be_resumed_is_refused_with_the_reason() -> None:
    gate = asyncio.Event()
    gone = ProviderRejected("no credit", reason="quota")
    async with running("Done.", [gate, gone], "Later.", "Never.") as hub:
        await ended(await start(hub, "done"))
        a = await start(hub, "a")
        with pytest.raises(NotFound, match="no task 'none'"):
            await resume(hub, "none")
        for task_id, reason in (("done", "task_completed"), ("a", "task_running")):
            with pytest.raises(Conflict) as caught:
                await resume(hub, task_id)
            assert caught.value.reason == reason
        gate.set()
        await ended(a)
        with pytest.raises(Conflict) as caught:
            await resume(hub, to="done")
        assert caught.value.reason == "task_exists"
        await ended(await start(hub, "b", follows="a"))
        with pytest.raises(Conflict, match="with task 'b'") as caught:
            await resume(hub, to="c")
        assert caught.value.reason == "thread_went_on"


async def test_of_two_that_resume_a_run_at_once_one_is_refused() -> None:
    gone = ProviderRejected("no credit", reason="quota")
    async with running(gone, asyncio.Event(), asyncio.Event()) as hub:
        await ended(await start(hub, "a"))
        both = [resume(hub, to=name) for name in ("b", "c")]
        outcomes = await asyncio.gather(*both, return_exceptions=True)
        assert [isinstance(each, Conflict) for each in outcomes].count(True) == 1


async def test_a_tool_with_side_effects_runs_when_its_call_is_stored(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    seen: list[list[str]] = []

    async def look(arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        with closing(sqlite3.connect(path)) as connection:
            rows = connection.execute("SELECT data FROM events WHERE task = 'a'").fetchall()
        seen.append([json.loads(data)["event_type"] for (data,) in rows])
        return text("done")

    tool = AsyncTool("look", look)
    tool.spec = ToolSpec(name="look", side_effects=True)
    calls = [ToolCall(str(number), "look", {}) for number in range(3)]
    async with running(calls[0], calls[1:], "Done.", journal=path, tools=[tool]) as hub:
        await ended(await start(hub, "a"))
    assert [each.count("tool_call") for each in seen] == [1, 3, 3]


async def test_the_next_server_goes_on_with_the_agent_that_a_task_brought_along(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal"
    careful = {"name": "careful", "policy": {"echo": "deny"}, "prompt": {"identity": "Take care."}}
    failed = ProviderRejected("no credit", reason="quota")
    async with running(failed, journal=path, tools=[echo()]) as hub:
        await ended(await start(hub, "a", config=careful))
    async with running(
        ToolCall("1", "echo", {}), "Done.", "More.", journal=path, tools=[echo()]
    ) as hub:
        task = await ended(await resume(hub))
        assert task.summary.agent == "careful"
        assert (await results(hub))[0]["outcome"] == "denied"
        await ended(await start(hub, "c", follows="b"))
        provider = hub.executor.gateway.resolve(None).provider
        assert isinstance(provider, ScriptedProvider)
        assert provider.requests[-1].messages[0].content == "Take care."


async def test_an_agent_with_a_secret_is_not_kept_and_its_task_says_so(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    secret = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"
    agent = {"name": "keyed", "policy": {"get": [{"when": {"url": f"*{secret}"}, "then": "deny"}]}}
    async with running(ProviderRejected("gone", reason="quota"), journal=path) as hub:
        await ended(await start(hub, "a", config=agent))
    assert secret.encode() not in path.read_bytes()
    async with running("Done.", journal=path) as hub:
        with pytest.raises(NotFound, match="no agent named 'keyed'"):
            await resume(hub)


async def test_a_resumed_run_has_the_limits_of_the_first_but_for_those_that_it_is_given(
    tmp_path: Path,
) -> None:
    path, tool = tmp_path / "journal", Counter()
    again = [ToolCall("9", "count", {})]
    await interrupted(
        path, [ToolCall("1", "count", WAIT)], tool=tool, limits={"max_steps": 2, "tool_calls": 50}
    )
    async with running(*[again] * 9, journal=path, tools=[tool]) as hub:
        second = await ended(await resume(hub, "a", "b"))
        assert second.summary.status is TaskStatus.FAILED
        assert second.summary.error
        assert second.summary.error.reason == "max_steps"
        turns = hub.executor.gateway.resolve(None).provider
        assert isinstance(turns, ScriptedProvider)
        assert len(turns.requests) == 2
        third = await resume(hub, "b", "c", limits=Limits(max_steps=4))
        await ended(third)
        assert len(turns.requests) == 6
        assert await hub.journal.limits("c") == Limits(max_steps=4, tool_calls=50)
        await ended(await resume(hub, "c", "d", limits=Limits(tool_calls=1)))
        assert len(turns.requests) == 8
        assert await hub.journal.limits("d") == Limits(max_steps=4, tool_calls=1)


async def test_a_resumed_run_asks_somebody_whatever_the_first_was_told_to_do_instead(
    tmp_path: Path,
) -> None:
    path, tool = tmp_path / "journal", Counter(side_effects=True)
    await interrupted(path, [ToolCall("1", "count", WAIT)], tool=tool, on_ask="approve")
    async with running("Done.", journal=path, tools=[tool]) as hub:
        task = await resume(hub)
        await until(lambda: task.summary.status is TaskStatus.INPUT_REQUIRED)
        assert len(tool.calls) == 1
        await hub.answer("b", task.summary.open_requests[0], Resolution("approve"))
        await ended(task)
        assert len(tool.calls) == 2
