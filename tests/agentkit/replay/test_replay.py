"""Recorded runs once more: the model as recorded, the tools for real, and where they part."""

from __future__ import annotations

import pytest

from agentkit.core.protocol import AgentConfig, Policy
from agentkit.errors import ProviderRejected, ProviderUnavailable
from agentkit.llm.protocol import ThinkingPiece, TokenUsage, ToolCall
from agentkit.llm.retry import RetryingProvider
from agentkit.llm.scripted import ScriptedProvider
from agentkit.replay import Replay, Subject, replay_async
from agentkit.tools.builtin.ask_user import AskUser
from agentkit.tools.function import FunctionTool
from agentkit.tools.protocol import Resolution
from agentkit.trace.compare import steady
from agentkit.trace.document import read_trace
from tests.agentkit.recording import CALL, DROP, asking, double, drop, recorded
from tests.agentkit.trace.samples import NAMES, sample


def departures(result: Replay) -> list[tuple[str, str, str]]:
    """What became of which step, and the names of what differs; the steps that are the same left out."""
    return [
        (
            step.change,
            step.row.tool_name or step.row.text,
            ", ".join(d.name for d in step.differences),
        )
        for change in result.changes
        for step in change.steps
        if step.change != "same"
    ]


@pytest.mark.parametrize("name", NAMES)
async def test_every_sample_is_the_same_when_nothing_is_called(name: str) -> None:
    result = await replay_async(read_trace(sample(name)))

    assert result.same, result.report


async def test_the_tools_are_really_called_with_the_models_recorded_arguments() -> None:
    run = await recorded(
        [ThinkingPiece("Hm."), "I compute.", CALL, TokenUsage(10, 5)],
        ["It is 42.", TokenUsage(20, 6)],
    )
    seen: list[int] = []

    def double(x: int) -> int:
        seen.append(x)
        return 2 * x

    result = await replay_async(run, double)

    assert result.same, result.report
    assert seen == [21]
    assert steady(result.replayed) == steady(run)


async def test_a_tool_that_returns_something_else_is_a_departure() -> None:
    run = await recorded([CALL], "It is 42.")

    def double(x: int) -> int:
        return 3 * x

    result = await replay_async(run, double)

    assert not result.same
    assert departures(result) == [("changed", "double", "result")]
    assert "result: 42 → 63" in result.report


async def test_a_tool_that_is_gone_is_a_departure() -> None:
    run = await recorded([CALL], "It is 42.")
    events = [{**e, "runs_in": "kernel"} if "runs_in" in e else e for e in run.events]

    result = await replay_async(run.model_copy(update={"events": events}), drop)

    assert departures(result) == [("changed", "double", "outcome, error, result")]
    assert "There is no tool named 'double'" in result.report


async def test_a_servers_tool_is_answered_from_the_record_and_named() -> None:
    run = await recorded([CALL, DROP], "Done.", tools=[double, drop])

    result = await replay_async(run, drop)

    assert result.same, result.report
    assert result.notes == (
        "Answered as recorded, since the agent does not bring them along: double.",
    )


async def test_recorded_tools_calls_nothing() -> None:
    run = await recorded([CALL], "It is 42.")

    def double(x: int) -> int:
        raise AssertionError("called")

    assert (await replay_async(run, double, recorded_tools=True)).same


DECISIONS = [
    Resolution("approve", by="ana"),
    Resolution("approve", {"arguments": {"name": "tmp"}}, "ana"),
    Resolution("deny", "Not on Friday.", "ana"),
]


@pytest.mark.parametrize("decision", DECISIONS)
async def test_recorded_decisions_are_given_again(decision: Resolution) -> None:
    run = await recorded([DROP], "Done.", tools=[asking()], answers=[decision])

    for agent in (None, asking()):
        result = await replay_async(run, agent)
        assert result.same, result.report
        assert steady(result.replayed) == steady(run)


async def test_a_policy_that_asks_no_more_is_a_departure() -> None:
    run = await recorded([DROP], "Done.", tools=[asking()], answers=[Resolution("approve")])
    policy: Policy = {"drop": "allow"}
    agent = Subject(AgentConfig(name="analyst", policy=policy), [asking()])

    result = await replay_async(run, agent)

    assert departures(result) == [("changed", "drop", "decision")]


async def test_what_is_asked_and_the_record_does_not_answer_is_denied_and_said() -> None:
    run = await recorded([DROP], "Done.", tools=[drop])

    result = await replay_async(run, asking())

    assert departures(result)[0][:2] == ("changed", "drop")
    assert result.notes == (
        "The record does not say whether drop may be called, so it was denied.",
    )


async def test_recorded_answers_to_questions_are_given_again() -> None:
    ask = ToolCall("1", "ask_user", {"question": "Which year?", "choices": ["2024", "2025"]})
    run = await recorded(
        [ask], "2025 then.", tools=[AskUser()], answers=[Resolution("answer", "2025", "ana")]
    )

    result = await replay_async(run, double)

    assert result.same, result.report
    assert not result.notes


async def test_parallel_calls_find_their_own_results() -> None:
    calls = [ToolCall(str(n), "double", {"x": n}) for n in range(5)]
    run = await recorded(calls, "Done.")

    assert (await replay_async(run)).same
    assert (await replay_async(run, double)).same


async def test_a_retry_and_the_text_before_it_are_told_again() -> None:
    async def at_once(_: float) -> None:
        return

    script = ScriptedProvider([["It i", ProviderUnavailable("cut off")], ["It is 42."]])
    run = await recorded(provider=RetryingProvider(script, sleep=at_once))

    result = await replay_async(run)

    assert [event["event_type"] for event in run.events].count("warning") == 1
    assert result.same, result.report
    assert steady(result.replayed) == steady(run)


async def test_a_run_that_its_model_failed_ends_where_it_ended() -> None:
    run = await recorded([CALL], ["So", ProviderRejected("no key")])

    result = await replay_async(run, double)

    assert run.status == "failed"
    assert result.same, result.report
    assert result.notes == (
        "The recorded run ended as failed: no key. What ended it is not repeated.",
    )


async def test_a_run_that_a_limit_ended_is_the_same() -> None:
    run = await recorded([CALL], [CALL], "Never.", limits={"max_steps": 1})

    assert run.error
    assert run.error.reason == "max_steps"
    assert (await replay_async(run, double)).same


async def test_a_call_that_was_cut_off_is_not_made() -> None:
    run = await recorded([DROP], tools=[asking()], cancel=True)
    tool = asking()

    result = await replay_async(run, tool)

    assert run.status == "cancelled"
    assert result.same, result.report


async def test_a_call_with_a_masked_secret_is_not_made() -> None:
    run = await recorded(
        [ToolCall("1", "drop", {"name": "sk-" + "a1B2" * 12})], "Done.", tools=[drop]
    )

    def called(name: str) -> str:
        raise AssertionError("called")

    result = await replay_async(run, FunctionTool(called, name="drop"))

    assert "[secret]" in str(run.events)
    assert result.same, result.report
    assert "masked secret" in result.notes[0]


async def test_follow_ups_are_replayed_too() -> None:
    run = await recorded([CALL], "It is 42.")
    later = run.model_copy(update={"task_id": "t2"})

    def double(x: int) -> int:
        return 0

    result = await replay_async(run.model_copy(update={"follow_ups": [later]}), double)

    assert [change.change for change in result.changes] == ["changed", "changed"]


async def test_a_run_that_takes_another_on_is_replayed_with_the_calls_that_it_found_open() -> None:
    run = read_trace(sample("resumed"))
    assert (await replay_async(run)).same

    def region_total(region: str) -> str:
        return "42.0"

    def send_mail(to: str, body: str) -> str:
        return f"Sent to {to}."

    asks = [region_total, FunctionTool(send_mail, side_effects=True)]
    result = await replay_async(run, asks)
    assert result.same, result.report
    # Without the mark, nobody would have been asked.
    assert not (await replay_async(run, [region_total, send_mail])).same
