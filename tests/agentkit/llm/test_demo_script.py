"""The demo provider's script: real calls, an answer made of what they returned, and no pretence."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from agentkit.core.protocol import AgentConfig, StartTask, TaskStatus
from agentkit.llm.demo import DemoProvider
from agentkit.llm.scripted import ScriptedProvider
from tests.agentkit.hosting import ended, hub_of, start, stored
from tests.agentkit.running import echo

SCRIPT: list[dict[str, Any]] = [
    {"say": "First a look.", "calls": [{"tool": "echo", "arguments": {"text": "one"}}]},
    {"calls": [{"tool": "echo", "arguments": {"text": "41"}}, {"tool": "none"}]},
    {"say": "What I found:"},
]


def agent(script: Any = SCRIPT, **fields: Any) -> AgentConfig:
    return AgentConfig.model_validate({"name": "analyst", "script": script, **fields})


async def run_of(provider: Any, config: AgentConfig) -> list[dict[str, Any]]:
    hub = hub_of(provider, tools=[echo()])
    await hub.open()
    try:
        hub.register(config)
        task = await ended(await start(hub))
        assert task.summary.status is TaskStatus.COMPLETED
        return await stored(hub)
    finally:
        await hub.close()


async def test_a_script_makes_its_calls_and_tells_what_they_returned() -> None:
    events = await run_of(DemoProvider(pace=0), agent())
    assert events[0]["simulated"] is True
    calls = [event["arguments"] for event in events if event["event_type"] == "tool_call"]
    assert calls == [{"text": "one"}, {"text": "41"}, {}]
    assert [e["text"] for e in events if e["event_type"] == "message"] == ["First a look."]
    answer = next(event["text"] for event in events if event["event_type"] == "final_answer")
    assert answer.startswith("What I found:\n\n`echo` returned **41**.")
    assert "`none` failed: There is no tool named 'none'." in answer
    assert "simulated demo model" in answer
    assert not any(event["event_type"] == "usage" for event in events)


async def test_a_script_without_calls_says_that_it_is_only_played() -> None:
    events = await run_of(DemoProvider(pace=0), agent([{"say": "Hello."}]))
    assert events[-2]["text"].startswith("Hello.\n\n*Played from a script")


async def test_a_real_model_is_never_given_the_script() -> None:
    provider = ScriptedProvider(["I am no demo."])
    events = await run_of(provider, agent())
    assert events[-2]["text"] == "I am no demo."
    assert "First a look" not in str(provider.requests)


async def test_a_follow_up_is_answered_by_the_rules() -> None:
    hub = hub_of(DemoProvider(pace=0), tools=[echo()])
    await hub.open()
    try:
        hub.register(agent([{"say": "Hello."}]))
        await ended(await start(hub, "a"))
        second = StartTask(task_id="b", input="Echo the text 'again'", follows="a")
        task = await ended(await hub.start(second))
        assert task.summary.result is not None
        assert task.summary.result.startswith("`echo(")
    finally:
        await hub.close()


def test_a_script_of_another_shape_is_refused() -> None:
    shapes: list[Any] = [[{"call": []}], [{"calls": [{"arguments": {}}]}], "hello"]
    for wrong in shapes:
        with pytest.raises(ValidationError):
            agent(wrong)
