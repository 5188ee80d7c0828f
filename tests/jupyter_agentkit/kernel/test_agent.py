"""What a notebook does with agents and runs, against the real routes and conversation."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from agentkit.errors import AgentKitError, Conflict, InvalidInput
from agentkit.llm.protocol import TokenUsage, ToolCall
from agentkit.tools.function import FunctionTool
from jupyter_agentkit import Agent, AgentRun, AgentRunCancelled, AgentRunError, tool
from tests.jupyter_agentkit.kernel.server import Gate, ServeScript


def test_a_run_calls_the_notebooks_function_and_returns_the_answer(serve: ServeScript) -> None:
    server = serve([ToolCall("1", "region_total", {"region": "North"})], ["North has 42."])

    @tool
    def region_total(region: str) -> float:
        """Total sales of one region."""
        return {"North": 42.0}[region]

    run = Agent("analyst", tools=[region_total]).run("Which region grew most?")

    assert run.wait(20) == "North has 42."
    assert run.status == "completed"
    assert server.provider.requests[1].messages[-1].content == "42.0"
    assert [step["event_type"] for step in run.steps if step["event_type"].startswith("tool")] == [
        "tool_call",
        "tool_result",
    ]


def test_only_the_listed_tools_are_offered_to_the_model(serve: ServeScript) -> None:
    server = serve(["Hello."], ["Hello."])

    def mine(x: int) -> int:
        return x

    def theirs(x: int) -> int:
        return x

    server.hub.executor.tools.register(FunctionTool(theirs))

    Agent("a", tools=[mine]).run("Hi").wait(20)
    Agent("a", tools=[mine, "theirs"]).run("Hi").wait(20)

    first, second = server.provider.requests
    assert [spec.name for spec in first.tools] == ["mine"]
    assert {spec.name for spec in second.tools} == {"mine", "theirs"}


def test_a_sync_tool_runs_beside_the_main_thread_and_an_async_one_too(serve: ServeScript) -> None:
    serve([ToolCall("1", "sync", {}), ToolCall("2", "later", {})], ["Done."])
    threads: dict[str, threading.Thread] = {}

    def sync() -> str:
        threads["sync"] = threading.current_thread()
        return "ok"

    async def later() -> str:
        await asyncio.sleep(0)
        threads["later"] = threading.current_thread()
        return "ok"

    Agent("a", tools=[sync, later]).run("Go").wait(20)

    assert threading.main_thread() not in threads.values()
    assert len(threads) == 2


def test_an_exception_in_a_tool_shows_its_traceback_and_tells_the_model_its_last_line(
    serve: ServeScript,
) -> None:
    server = serve([ToolCall("1", "broken", {})], ["It broke."])

    def broken() -> None:
        raise LookupError("no such region")

    run = Agent("a", tools=[broken]).run("Go")

    run.wait(20)
    result = next(step for step in run.steps if step["event_type"] == "tool_result")
    assert result["outcome"] == "failed"
    assert "Traceback" in result["content"]["text/plain"]
    told = server.provider.requests[1].messages[-1].content
    assert told.endswith("LookupError: no such region")
    assert "Traceback" not in told


def test_a_tools_large_result_is_cut_to_what_the_socket_takes(serve: ServeScript) -> None:
    serve([ToolCall("1", "large", {})], ["Large."])

    def large() -> str:
        return '"\n' * 4_000_000

    run = Agent("a", tools=[large]).run("Go")

    assert run.wait(30) == "Large."


def test_a_failed_run_raises_with_the_run_and_its_reason(serve: ServeScript) -> None:
    serve([ValueError("nonsense")])
    run = Agent("a").run("Go")

    with pytest.raises(AgentRunError) as caught:
        run.wait(20)

    assert caught.value.run is run
    assert run.error is not None
    assert caught.value.reason == run.error["reason"]
    assert run.error["message"] in str(caught.value)
    assert run.status == "failed"


def test_cancel_ends_the_run_and_the_tool_and_may_be_said_twice(serve: ServeScript) -> None:
    serve([ToolCall("1", "forever", {})])
    started, stopped = threading.Event(), threading.Event()

    async def forever() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    run = Agent("a", tools=[forever]).run("Go")
    assert started.wait(20)
    run.cancel("enough")
    run.cancel()

    with pytest.raises(AgentRunCancelled):
        run.wait(20)
    assert stopped.wait(20)
    assert run.status == "cancelled"
    run.cancel()


def test_a_time_limit_of_waiting_leaves_the_run_alone(serve: ServeScript) -> None:
    gate = Gate()
    serve([gate, "Done."])
    run = Agent("a").run("Go")

    with pytest.raises(TimeoutError, match="goes on"):
        run.wait(0.05)

    gate.open()
    assert run.wait(20) == "Done."


def test_awaiting_and_giving_up_leaves_other_waiters_alone(serve: ServeScript) -> None:
    gate = Gate()
    serve([gate, "Done."])
    run = Agent("a").run("Go")

    async def both() -> str:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await run
        gate.open()
        return await run

    assert asyncio.run(both()) == "Done."


def test_a_tool_that_waits_for_a_run_of_its_own_in_agentkits_thread_is_told_so(
    serve: ServeScript,
) -> None:
    serve([ToolCall("1", "nested", {})], ["Done."])

    async def nested() -> str:
        Agent("inner").run("Go")
        return "never"

    run = Agent("a", tools=[nested]).run("Go")

    run.wait(20)
    result = next(step for step in run.steps if step["event_type"] == "tool_result")
    assert "would wait for itself" in result["error"]["message"]


def test_who_observes_the_status_finds_the_error_in_place(serve: ServeScript) -> None:
    gate = Gate()
    serve([gate, ValueError("nonsense")])
    run = Agent("a").run("Go")
    seen: list[tuple[str, bool]] = []

    def see(change: Any) -> None:
        seen.append((change["new"], run.error is not None))

    run.observe(see, "status")
    gate.open()

    with pytest.raises(AgentRunError):
        run.wait(20)
    assert seen[-1] == ("failed", True)


def test_observers_see_the_traits_change(serve: ServeScript) -> None:
    gate = Gate()
    serve([gate, TokenUsage(5, 7), "Done."])
    run = Agent("a").run("Go")
    seen: list[tuple[str, Any]] = []

    def see(change: Any) -> None:
        seen.append((change["name"], change["new"]))

    run.observe(see)
    gate.open()

    run.wait(20)

    names = [name for name, _ in seen]
    assert {"steps", "result", "usage"} <= set(names)
    assert run.usage == {"input_tokens": 5, "output_tokens": 7}
    lists = [value for name, value in seen if name == "steps"]
    assert len({id(value) for value in lists}) == len(lists)


def test_an_observer_that_fails_does_not_stop_the_run(
    serve: ServeScript, caplog: pytest.LogCaptureFixture
) -> None:
    gate = Gate()
    serve([gate, "Done."])
    run = Agent("a").run("Go")

    def fail(_change: object) -> None:
        raise RuntimeError("mine")

    run.observe(fail, "steps")
    gate.open()

    assert run.wait(20) == "Done."
    assert "observer of steps" in caplog.text


def test_a_run_is_found_again_by_its_task_id(serve: ServeScript) -> None:
    serve(["Done."])
    Agent("a").run("Go", task_id="mine").wait(20)

    again = AgentRun("mine")

    assert again.wait(20) == "Done."
    assert (again.agent, again.input) == ("a", "Go")
    assert again.base_url == "/some/base/agentkit"


def test_a_task_id_that_exists_is_refused_where_the_run_is_started(serve: ServeScript) -> None:
    serve(["Done."])
    Agent("a").run("Go", task_id="mine").wait(20)

    with pytest.raises(Conflict, match="mine"):
        Agent("a").run("Go", task_id="mine")


def test_an_unknown_model_is_refused_where_the_run_is_started(serve: ServeScript) -> None:
    serve()

    with pytest.raises(AgentKitError, match="nobody"):
        Agent("a", model="nobody:x").run("Go")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "no spaces"}, "no spaces"),
        ({"name": "a", "tools": "abc"}, "has to be a list"),
        ({"name": "a", "limits": {"max_stepz": 3}}, "max_stepz"),
        ({"name": "a", "tools": [len, len]}, "Two tools"),
        ({"name": "a", "tools": [3]}, "3"),
    ],
)
def test_an_agent_that_cannot_be_is_refused_at_once(
    arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        Agent(**arguments)


def test_a_question_without_words_is_refused() -> None:
    with pytest.raises(InvalidInput, match="question"):
        Agent("a").run("  ")


def test_limits_and_thread_reach_the_server(serve: ServeScript) -> None:
    server = serve([ToolCall("1", "again", {})], [ToolCall("2", "again", {})], ["Never."])

    def again() -> str:
        return "more"

    run = Agent("a", tools=[again]).run("Go", limits={"max_steps": 2}, thread="talk")

    with pytest.raises(AgentRunError):
        run.wait(20)
    assert len(server.provider.requests) == 2
    assert server.summary(run.task_id).thread_id == "talk"


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"max_step": 3}, r"limits: max_step: is no known field \(known are .*max_steps, "),
        ({"soft": {"second": 3}}, r"soft.second: is no known field \(known are cost, .*seconds, "),
    ],
)
def test_a_limit_that_does_not_exist_names_those_that_do(
    limits: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        Agent("a", limits=limits)


def test_a_model_that_is_no_text_is_refused_before_anything_starts(serve: ServeScript) -> None:
    server = serve()
    model: Any = 5
    with pytest.raises(InvalidInput, match=r"model has to be a text .* not 5"):
        Agent("a").run("Go", model=model)
    assert not server.provider.requests
