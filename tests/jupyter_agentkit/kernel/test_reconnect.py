"""A run that is followed through breaks: nothing lost, nothing twice, and an end to trying."""

from __future__ import annotations

import threading

import pytest

from agentkit.llm.protocol import ToolCall
from jupyter_agentkit import Agent, AgentRun, AgentRunError
from jupyter_agentkit.errors import NoServer
from jupyter_agentkit.follower import Patience
from tests.jupyter_agentkit.kernel.server import Gate, ServeScript


def seqs(run: AgentRun) -> list[int]:
    return [step["seq"] for step in run.steps]


def running(run: AgentRun) -> None:
    """Wait until the connection has told that it runs."""
    told = threading.Event()
    run.observe(lambda _: told.set(), "status")  # pyright: ignore
    assert run.status == "running" or told.wait(20)


def test_a_cut_connection_is_made_anew_without_gaps_or_doubles(serve: ServeScript) -> None:
    first, second = Gate(), Gate()
    server = serve([first, ToolCall("1", "note", {})], [second, "Done."])
    calls: list[str] = []

    def note() -> str:
        calls.append("called")
        return "noted"

    run = Agent("a", tools=[note]).run("Go")
    assert first.reached.wait(20)
    server.cut()
    first.open()
    assert second.reached.wait(20)
    server.cut()
    second.open()

    assert run.wait(20) == "Done."
    assert seqs(run) == list(range(1, len(run.steps) + 1))
    assert calls == ["called"]


def test_a_result_that_was_ready_during_a_break_is_sent_after_it(serve: ServeScript) -> None:
    server = serve([ToolCall("1", "slow", {})], ["Done."])
    started, go_on = threading.Event(), threading.Event()

    def slow() -> str:
        started.set()
        go_on.wait(20)
        return "ready"

    run = Agent("a", tools=[slow]).run("Go")
    assert started.wait(20)
    server.go_away()
    go_on.set()
    server.come_back()

    assert run.wait(20) == "Done."
    assert server.provider.requests[1].messages[-1].content == "ready"


def test_a_server_that_stays_away_is_given_up_and_the_run_can_be_followed_again(
    serve: ServeScript,
) -> None:
    gate = Gate()
    server = serve([gate, "Done."], patience=Patience(first=0.01, longest=0.01, total=0.1))
    run = Agent("a").run("Go", task_id="mine")
    running(run)
    server.go_away()

    with pytest.raises(AgentRunError, match="AgentRun\\('mine'\\)") as caught:
        run.wait(20)

    assert caught.value.reason == "connection_lost"
    assert run.status == "running"
    server.come_back()
    gate.open()
    assert AgentRun("mine").wait(20) == "Done."


def test_cancel_says_so_when_the_server_is_gone(serve: ServeScript) -> None:
    gate = Gate()
    server = serve([gate, "Done."])
    run = Agent("a").run("Go")
    assert gate.reached.wait(20)
    server.go_away()

    with pytest.raises(NoServer, match="cannot be reached"):
        run.cancel()

    gate.open()


def test_a_task_that_the_server_no_longer_knows_ends_the_following(serve: ServeScript) -> None:
    gate = Gate()
    server = serve([gate, "Done."])
    run = Agent("a").run("Go")
    assert gate.reached.wait(20)
    server.go_away()
    server.forget(run.task_id)
    server.come_back()
    gate.open()

    with pytest.raises(AgentRunError, match="no task"):
        run.wait(20)


def test_a_call_that_was_settled_during_a_break_is_not_made(serve: ServeScript) -> None:
    gate = Gate()
    server = serve([gate, ToolCall("1", "late", {})], ["Without it."], away_seconds=0.0)
    called = threading.Event()

    def late() -> str:
        called.set()
        return "late"

    run = Agent("a", tools=[late]).run("Go")
    assert gate.reached.wait(20)
    server.go_away()
    gate.open()
    server.ended(run.task_id)
    server.come_back()

    assert run.wait(20) == "Without it."
    assert not called.is_set()
    result = next(step for step in run.steps if step["event_type"] == "tool_result")
    assert result["outcome"] == "interrupted"
