"""Conversations: runs that go on with what was said before."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agentkit.core.protocol import Limits, Origin, TaskStatus, TaskSummary
from agentkit.errors import Conflict, NotFound, ProviderRejected
from agentkit.hub.hub import Hub
from agentkit.hub.journal import Journal
from agentkit.hub.migrations import MIGRATIONS
from agentkit.llm.protocol import ChatMessage, ToolCall
from agentkit.llm.scripted import ScriptedProvider
from tests.agentkit.hosting import ended, hub_of, running, start, stored
from tests.agentkit.running import echo, until


def told(hub: Hub, request: int = -1) -> list[tuple[str, str]]:
    """Role and text of what the model was told in a request."""
    return [(message.role, message.content) for message in messages(hub, request)]


def messages(hub: Hub, request: int = -1) -> tuple[ChatMessage, ...]:
    provider = hub.executor.gateway.resolve(None).provider
    assert isinstance(provider, ScriptedProvider)
    return provider.requests[request].messages


async def test_a_run_of_a_thread_is_told_what_the_runs_before_it_said_and_did() -> None:
    turns = [["Let me look.", ToolCall("1", "echo", {"text": "three"})], "Three.", "Yes, three."]
    async with running(*turns, tools=[echo()]) as hub:
        await ended(await start(hub, "a", thread_id="talk"))
        await ended(await start(hub, "b", thread_id="talk"))
        assert told(hub) == [
            ("user", "?"),
            ("assistant", "Let me look."),
            ("tool", "three"),
            ("assistant", "Three."),
            ("user", "?"),
        ]
        call, result = messages(hub)[1].tool_calls[0], messages(hub)[2]
        assert result.tool_call_id == call.id
        assert (call.name, call.arguments) == ("echo", {"text": "three"})


async def test_calls_of_several_runs_have_ids_of_their_own() -> None:
    turns = [ToolCall("1", "echo", {}), "One.", ToolCall("1", "echo", {}), "Two.", "Three."]
    async with running(*turns, tools=[echo()]) as hub:
        for task_id in "abc":
            await ended(await start(hub, task_id, thread_id="talk"))
        ids = [call.id for message in messages(hub) for call in message.tool_calls]
        assert len(ids) == len(set(ids)) == 2


async def test_other_threads_and_runs_without_one_are_not_told() -> None:
    async with running("One.", "Two.", "Three.") as hub:
        await ended(await start(hub, "a", thread_id="talk"))
        await ended(await start(hub, "b"))
        assert told(hub) == [("user", "?")]
        await ended(await start(hub, "c", thread_id="other"))
        assert told(hub) == [("user", "?")]


async def test_a_task_that_follows_another_takes_over_its_agent_its_origin_and_its_thread() -> None:
    async with running("One.", "Two.", "Three.") as hub:
        origin = Origin(kernel_id="k", cell_id="c")
        await ended(await start(hub, "a", origin=origin))
        second = await ended(await start(hub, "b", follows="a"))
        assert second.summary.agent == "analyst"
        assert second.summary.origin == origin
        assert (second.summary.thread_id, second.summary.follows) == ("a", "a")
        assert told(hub) == [("user", "?"), ("assistant", "One."), ("user", "?")]
        third = await ended(await start(hub, "c", follows="b"))
        assert third.summary.thread_id == "a"
        assert len(told(hub)) == 5
        with pytest.raises(NotFound, match="no task 'none'"):
            await start(hub, "d", follows="none")


async def test_a_thread_takes_one_question_at_a_time() -> None:
    gate = asyncio.Event()
    async with running([gate, "One."], "Two.") as hub:
        first = await start(hub, "a")
        with pytest.raises(Conflict) as caught:
            await start(hub, "b", thread_id="a")
        assert caught.value.reason == "thread_busy"
        gate.set()
        await ended(first)
        await ended(await start(hub, "b", thread_id="a"))


async def test_of_two_that_go_on_at_once_one_is_told_that_the_thread_is_busy() -> None:
    async with running("One.", "Two.", "Three.") as hub:
        await ended(await start(hub, "a"))
        results = await asyncio.gather(
            start(hub, "b", thread_id="a"), start(hub, "c", thread_id="a"), return_exceptions=True
        )
        assert [isinstance(each, Conflict) for each in results].count(True) == 1


async def test_a_task_of_a_busy_threads_own_name_has_to_wait_too() -> None:
    gate = asyncio.Event()
    async with running([gate, "One."], "Two.") as hub:
        first = await start(hub, "a", thread_id="talk")
        with pytest.raises(Conflict, match="has a run that goes on"):
            await start(hub, "talk")
        gate.set()
        await ended(first)


async def test_a_run_that_was_cut_off_counts_up_to_its_last_word() -> None:
    gate = asyncio.Event()
    call = ToolCall("1", "echo", {"text": "three"})
    async with running([call], ["I see", gate], "Yes.", tools=[echo()]) as hub:
        first = await start(hub, "a")
        await until(lambda: bool(first.partial))
        await hub.cancel("a")
        await ended(first)
        await ended(await start(hub, "b", thread_id="a"))
        assert told(hub) == [
            ("user", "?"),
            ("assistant", ""),
            ("tool", "three"),
            ("assistant", "I see"),
            ("user", "?"),
        ]


async def test_earlier_turns_that_do_not_fit_are_left_out_whole_and_the_run_says_so() -> None:
    long = "word " * 60
    async with running(long, "Two.", "Three.") as hub:
        await ended(await start(hub, "a", thread_id="talk"))
        await ended(await start(hub, "b", thread_id="talk"))
        await ended(await start(hub, "c", thread_id="talk", limits=Limits(history_tokens=50)))
        assert told(hub) == [("user", "?"), ("assistant", "Two."), ("user", "?")]
        warning = next(e for e in await stored(hub, "c") if e["event_type"] == "warning")
        assert warning["reason"] == "history_trimmed"
        assert "the first 1 of the conversation's 2 earlier turns" in warning["message"]


async def test_a_model_that_finds_the_conversation_too_long_is_asked_again_with_less() -> None:
    overflow = ProviderRejected("too long", reason="context_overflow")
    async with running("One.", "Two.", overflow, overflow, "Three.") as hub:
        for task_id in "ab":
            await ended(await start(hub, task_id, thread_id="talk"))
        last = await ended(await start(hub, "c", thread_id="talk"))
        assert last.summary.result == "Three."
        assert [len(told(hub, n)) for n in (2, 3, 4)] == [5, 3, 1]


async def test_a_question_that_is_too_long_by_itself_fails_with_its_reason() -> None:
    overflow = ProviderRejected("too long", reason="context_overflow")
    async with running(overflow) as hub:
        task = await ended(await start(hub, "a"))
        assert task.summary.status is TaskStatus.FAILED
        assert task.summary.error is not None
        assert task.summary.error.reason == "context_overflow"


async def test_threads_of_a_journal_of_the_first_version_go_on(tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite3"
    with closing(sqlite3.connect(file)) as old:
        for statement in MIGRATIONS[0].split(";"):
            old.execute(statement)
        old.execute("PRAGMA user_version = 1")
        for task_id, thread_id in (("a", "talk"), ("b", None)):
            summary = TaskSummary(
                task_id=task_id,
                agent="analyst",
                input="",
                status=TaskStatus.COMPLETED,
                created_at="",
                thread_id=thread_id,
            )
            old.execute(
                "INSERT INTO tasks (id, owner, agent, status, created_at, summary)"
                " VALUES (?, '', 'analyst', 'completed', '', ?)",
                (task_id, summary.model_dump_json(exclude={"open_requests", "origin", "follows"})),
            )
        old.commit()
    hub = hub_of(ScriptedProvider([]), journal=Journal(file))
    try:
        assert [task.task_id for task in await hub.journal.thread("talk")] == ["a"]
        assert [task.task_id for task in await hub.journal.thread("b")] == ["b"]
    finally:
        await hub.close()
