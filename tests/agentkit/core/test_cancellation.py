"""Cancelling really stops: the model's request, the tools, the run."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import pytest

from agentkit.core.events import (
    Message,
    MessageDelta,
    RunFinished,
    RunStarted,
    StepEvent,
    ToolCalled,
    ToolFinished,
    Warned,
)
from agentkit.core.protocol import CancellationToken, TaskStatus
from agentkit.core.react import llm_generate, react
from agentkit.llm.gateway import LLMGateway
from agentkit.llm.protocol import LLMResponse, TextPiece, ToolCall
from agentkit.tools.function import as_tool
from agentkit.tools.protocol import Tool, ToolContext, ToolResult
from tests.agentkit.running import (
    AGENT,
    SOON,
    AsyncTool,
    collect,
    gateway_of,
    names,
    of,
    only,
    scripted,
)

AT_ONCE = 0.5
"""Seconds from the cancelling to the end of the run: it takes 0.1 at the most, on a machine that is idle."""

Cancel = Callable[[CancellationToken], None]


async def cancelled_when(
    happens: Callable[[StepEvent], bool],
    gateway: LLMGateway,
    tools: tuple[Tool, ...] = (),
    cancel: Cancel = lambda token: token.cancel("enough"),
) -> list[StepEvent]:
    """Run, cancel when an event comes, and see that the end follows at once."""
    token = CancellationToken()
    cancelled_at: float | None = None
    events: list[StepEvent] = []
    async with asyncio.timeout(SOON):
        async for event in react(AGENT, "?", gateway=gateway, tools=tools, token=token):
            events.append(event)
            if happens(event) and cancelled_at is None:
                await asyncio.sleep(0)  # what has just been said is waited for now
                await asyncio.sleep(0)
                cancelled_at = time.perf_counter()
                cancel(token)
        ended_at = time.perf_counter()
    assert cancelled_at is not None
    assert ended_at - cancelled_at < AT_ONCE
    end = only(RunFinished, events)
    assert events[-1] is end
    assert end.status is TaskStatus.CANCELLED
    return events


def is_a(kind: type[StepEvent]) -> Callable[[StepEvent], bool]:
    return lambda event: isinstance(event, kind)


class Swallows:
    """A provider that will not be cancelled."""

    streaming = True

    def __init__(self) -> None:
        self.refused = 0
        self.may_end = asyncio.Event()

    async def chat(self, messages: Any) -> LLMResponse:
        raise AssertionError("a provider that streams is not asked for a whole answer")

    async def stream(self, messages: Any) -> Any:
        yield TextPiece("On ")
        while not self.may_end.is_set():
            try:
                await self.may_end.wait()
            except asyncio.CancelledError:
                self.refused += 1
        yield LLMResponse("On and on")


async def test_a_model_is_stopped_before_its_first_word() -> None:
    closed: list[bool] = []

    class Slow:
        async def chat(self, messages: Any) -> LLMResponse:
            try:
                await asyncio.Event().wait()
            finally:
                closed.append(True)
            return LLMResponse()

    events = await cancelled_when(is_a(RunStarted), gateway_of(Slow()))
    assert names(events) == ["run_started", "run_finished"]
    assert closed == [True]


async def test_a_model_is_stopped_in_mid_stream_and_its_text_is_kept() -> None:
    gateway, _ = scripted(["one ", *[0.001, "more "] * 10_000])
    events = await cancelled_when(is_a(MessageDelta), gateway)
    shown = "".join(event.delta for event in of(MessageDelta, events))
    assert only(Message, events).text == shown
    assert shown.startswith("one ")


async def test_a_model_that_has_gone_silent_is_stopped() -> None:
    gateway, _ = scripted(["one ", asyncio.Event()])
    events = await cancelled_when(is_a(MessageDelta), gateway)
    assert only(Message, events).text == "one "


async def test_a_provider_that_swallows_its_cancelling_is_left_behind() -> None:
    provider = Swallows()
    events = await cancelled_when(is_a(MessageDelta), gateway_of(provider))
    assert provider.refused >= 1
    assert only(Message, events).text == "On "
    provider.may_end.set()
    await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()}, timeout=SOON)
    assert len(asyncio.all_tasks()) == 1


async def test_a_single_call_of_a_model_is_stopped_too() -> None:
    gateway, _ = scripted(["one ", asyncio.Event()])
    token = CancellationToken()
    events: list[StepEvent] = []
    async with asyncio.timeout(SOON):
        async for event in llm_generate(AGENT, "?", gateway=gateway, token=token):
            events.append(event)
            if isinstance(event, MessageDelta):
                token.cancel()
    assert names(events)[-2:] == ["message", "run_finished"]
    assert only(RunFinished, events).status is TaskStatus.CANCELLED


async def test_an_async_tool_is_stopped() -> None:
    stopped: list[bool] = []

    async def waits(arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.append(context.token.is_cancelled)
        return ToolResult("success")

    gateway, _ = scripted([ToolCall("1", "waits"), ToolCall("2", "waits")])
    tool = AsyncTool("waits", waits)
    events = await cancelled_when(lambda event: names([event]) == ["tool_call"], gateway, (tool,))
    assert stopped == [True, True]
    assert [event.outcome for event in of(ToolFinished, events)] == ["interrupted"] * 2
    assert [event.error and event.error.message for event in of(ToolFinished, events)] == [
        "enough"
    ] * 2


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    gate = threading.Event()
    yield gate
    gate.set()


async def test_a_function_that_cannot_be_stopped_is_abandoned_and_its_late_words_are_thrown_away(
    gate: threading.Event,
) -> None:
    entered, ended = threading.Event(), threading.Event()

    @as_tool
    def blocks(context: ToolContext) -> str:
        entered.set()
        gate.wait(SOON)
        context.progress(1, 1, "late")
        ended.set()
        return "late"

    gateway, _ = scripted(ToolCall("1", "blocks"))
    token = CancellationToken()
    events: list[StepEvent] = []
    cancelled_at = 0.0
    async with asyncio.timeout(SOON):
        stream = react(AGENT, "?", gateway=gateway, tools=[blocks], token=token)
        async for event in stream:
            events.append(event)
            if isinstance(event, ToolCalled):
                await asyncio.to_thread(entered.wait, SOON)
                cancelled_at = time.perf_counter()
                token.cancel()
        assert time.perf_counter() - cancelled_at < AT_ONCE
    assert [event.reason for event in of(Warned, events)] == ["tool_abandoned"]
    assert names(events)[-3:] == ["warning", "tool_result", "run_finished"]
    assert only(ToolFinished, events).outcome == "interrupted"
    assert only(RunFinished, events).status is TaskStatus.CANCELLED
    gate.set()
    assert await asyncio.to_thread(ended.wait, SOON)


async def test_a_tool_that_swallows_its_cancelling_is_abandoned_once() -> None:
    may_end = asyncio.Event()

    async def swallows(arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        while not may_end.is_set():
            try:
                await may_end.wait()
            except asyncio.CancelledError:
                continue
        context.warn("late", "late")
        return ToolResult("success", {"text/plain": "late"})

    gateway, _ = scripted([ToolCall("1", "swallows"), ToolCall("2", "swallows")])
    tool = AsyncTool("swallows", swallows)
    events = await cancelled_when(is_a(ToolCalled), gateway, (tool,))
    assert [event.reason for event in of(Warned, events)] == ["tool_abandoned"] * 2
    assert [event.outcome for event in of(ToolFinished, events)] == ["interrupted"] * 2
    may_end.set()
    await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()}, timeout=SOON)
    assert names(events)[-1] == "run_finished"


async def test_a_tool_that_cancels_itself_has_failed_and_the_run_goes_on() -> None:
    async def cancels_itself(arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)
        return ToolResult("success")

    gateway, _ = scripted([ToolCall("1", "cancels_itself")], "Done.")
    tool = AsyncTool("cancels_itself", cancels_itself)
    events = await collect(react(AGENT, "?", gateway=gateway, tools=(tool,)))
    error = only(ToolFinished, events).error
    assert error is not None
    assert (error.message, error.reason) == ("CancelledError", "tool_error")
    assert only(RunFinished, events).status is TaskStatus.COMPLETED


async def test_a_call_that_another_one_cancels_before_it_begins_does_not_hang_the_run() -> None:
    async def cancels_the_others(arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        for task in asyncio.all_tasks():
            work = task.get_coro()
            if inspect.iscoroutine(work) and inspect.getcoroutinestate(work) == "CORO_CREATED":
                task.cancel()
        return ToolResult("success")

    gateway, _ = scripted([ToolCall(name, "cancels_the_others") for name in "12"], "Done.")
    tool = AsyncTool("cancels_the_others", cancels_the_others)
    events = await collect(react(AGENT, "?", gateway=gateway, tools=(tool,)))
    outcomes = {event.tool_call_id: event.outcome for event in of(ToolFinished, events)}
    assert outcomes == {"1": "success", "2": "failed"}
    assert only(RunFinished, events).status is TaskStatus.COMPLETED


async def test_a_tool_that_cancels_itself_and_returns_harms_nothing_that_comes_after_it() -> None:
    async def cancels_itself(arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        return ToolResult("success")

    gate = asyncio.Event()
    asyncio.get_running_loop().call_soon(gate.set)
    gateway, _ = scripted([ToolCall("1", "cancels_itself")], [gate, "Done."])
    tool = AsyncTool("cancels_itself", cancels_itself)
    events = await collect(react(AGENT, "?", gateway=gateway, tools=(tool,)))
    assert only(ToolFinished, events).outcome == "success"
    assert only(RunFinished, events).status is TaskStatus.COMPLETED


async def test_a_tool_has_timeouts_and_task_groups_of_its_own() -> None:
    async def fails() -> None:
        raise LookupError

    async def grouped() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fails())
            await asyncio.Event().wait()

    async def tries(arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await asyncio.Event().wait()
        with pytest.raises(ExceptionGroup):
            await grouped()
        return ToolResult("success")

    gateway, _ = scripted([ToolCall("1", "tries")], "Done.")
    events = await collect(react(AGENT, "?", gateway=gateway, tools=(AsyncTool("tries", tries),)))
    assert only(ToolFinished, events).outcome == "success"
    assert only(RunFinished, events).status is TaskStatus.COMPLETED


async def test_what_a_tool_sets_in_its_context_is_not_seen_by_the_next_one() -> None:
    variable: ContextVar[str] = ContextVar("variable", default="nothing")
    seen: list[str] = []

    async def sets(arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        seen.append(variable.get())
        variable.set("something")
        await asyncio.sleep(0)
        seen.append(variable.get())
        return ToolResult("success")

    gateway, _ = scripted([ToolCall("1", "sets")], [ToolCall("2", "sets")], "Done.")
    await collect(react(AGENT, "?", gateway=gateway, tools=(AsyncTool("sets", sets),)))
    assert seen == ["nothing", "something"] * 2


async def test_a_token_cancelled_beforehand_ends_the_run_before_the_model_is_asked() -> None:
    gateway, provider = scripted("Never.")
    token = CancellationToken()
    token.cancel()
    events = await collect(react(AGENT, "?", gateway=gateway, token=token))
    assert names(events) == ["run_started", "run_finished"]
    end = only(RunFinished, events)
    assert (end.status, end.error) == (TaskStatus.CANCELLED, None)
    assert provider.requests == []


async def test_cancelling_from_another_thread_stops_the_run() -> None:
    def cancel(token: CancellationToken) -> None:
        threading.Timer(0.02, token.cancel).start()  # by then the loop has nothing else to do

    gateway, _ = scripted(["one ", asyncio.Event()])
    await cancelled_when(is_a(MessageDelta), gateway, cancel=cancel)


async def test_cancelling_twice_is_cancelling_once_with_the_first_reason() -> None:
    def cancel(token: CancellationToken) -> None:
        token.cancel("first")
        token.cancel("second")

    gateway, _ = scripted(["one ", asyncio.Event()])
    events = await cancelled_when(is_a(MessageDelta), gateway, cancel=cancel)
    error = only(RunFinished, events).error
    assert error is not None
    assert (error.message, error.reason) == ("first", "cancelled")


async def test_a_cancelled_run_leaves_nothing_on_the_loop_and_on_the_token() -> None:
    token = CancellationToken()
    gateway, _ = scripted("Done.")
    await collect(react(AGENT, "?", gateway=gateway, token=token))
    assert len(asyncio.all_tasks()) == 1
    token.cancel()  # the run has taken its listener back, or this would reach for a closed run
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == 1


def test_a_token_needs_no_loop_and_tells_each_listener_once() -> None:
    token = CancellationToken()
    assert token.is_cancelled is False
    heard: list[str] = []
    token.on_cancel(lambda: heard.append("a"))
    forget = token.on_cancel(lambda: heard.append("b"))
    forget()
    forget()
    token.cancel("why")
    token.cancel()
    token.on_cancel(lambda: heard.append("late"))
    assert (token.is_cancelled, token.reason, heard) == (True, "why", ["a", "late"])
    assert token in {token}
    assert CancellationToken() not in {token}


def test_a_listener_whose_loop_has_closed_does_not_keep_the_others_from_stopping() -> None:
    token = CancellationToken()
    loop = asyncio.new_event_loop()
    loop.close()
    heard: list[str] = []
    token.on_cancel(lambda: loop.call_soon_threadsafe(print) and None)
    token.on_cancel(lambda: heard.append("b"))
    token.cancel()
    assert heard == ["b"]
