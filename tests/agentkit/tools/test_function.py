import asyncio
import contextvars
import enum
import functools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, field_validator

from agentkit.core.protocol import CancellationToken
from agentkit.errors import NotFound
from agentkit.tools.function import FunctionTool, as_tool
from agentkit.tools.protocol import ToolContext, ToolResult


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


Size = Literal[1, 2]


@dataclass
class Point:
    x: float
    y: float = 0.0


@dataclass
class Seen:
    """A context, and what was told through it."""

    token: CancellationToken = field(default_factory=CancellationToken)
    warnings: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    progress: list[tuple[float, float | None, str | None]] = field(
        default_factory=list[tuple[float, float | None, str | None]]
    )

    def context(self) -> ToolContext:
        return ToolContext(
            "call-1",
            self.token,
            lambda done, total, message: self.progress.append((done, total, message)),
            lambda message, reason: self.warnings.append((message, reason)),
        )


def call(function: Callable[..., Any], **arguments: Any) -> ToolResult:
    return asyncio.run(FunctionTool(function, name="tool").call(arguments, ToolContext("call-1")))


def value(result: ToolResult) -> Any:
    assert result.error is None, result.error
    return result.content["application/json"]


def told(result: ToolResult) -> tuple[str, str]:
    assert result.error is not None
    return result.error.reason, result.error.message


# Arguments ------------------------------------------------------------------------------------


def test_arguments_arrive_in_the_annotated_types() -> None:
    def kinds(colour: Colour, point: Point, pair: tuple[int, int], n: int) -> list[str]:
        return [type(each).__name__ for each in (colour, point, pair, n)]

    result = call(kinds, colour="red", point={"x": 1}, pair=[1, 2], n="3")
    assert value(result) == ["Colour", "Point", "tuple", "int"]


def test_left_out_arguments_use_the_functions_own_default_object() -> None:
    sentinel = [1]

    def same(first: Any = sentinel, /, second: Any = sentinel, *, third: int = 3) -> bool:
        return first is sentinel and second is sentinel and third == 4

    assert value(call(same, third=4)) is True


def test_positional_only_parameters_are_passed_by_position() -> None:
    def minus(a: int, b: int, /) -> int:
        return a - b

    assert value(call(minus, b=1, a=3)) == 2


def test_one_message_tells_the_model_each_fault_with_its_parameter_value_and_expectation() -> None:
    def draw(colour: Colour, points: list[Point], size: Size | list[int] = 1, *, to: str) -> None:
        raise AssertionError("must not run")

    arguments = {"colour": "green", "points": [{"x": 1}, {"x": "wide"}], "size": "big", "sized": 1}
    reason, message = told(call(draw, **arguments))
    assert reason == "invalid_arguments"
    assert message.splitlines() == [
        "The arguments of 'tool' do not fit, it was not run:",
        "- colour: should be 'red' or 'blue', but is 'green' (str)",
        "- points[1].x: should be a valid number, unable to parse string as a number, but is 'wide' (str)",
        "- size: should be 1 or 2 or should be a valid list, but is 'big' (str)",
        "- to: is required and missing",
        "- sized: no such parameter; it takes colour, points, size, to",
    ]


def test_a_message_about_huge_arguments_stays_short() -> None:
    def add(numbers: list[int], text: int) -> None: ...

    _, message = told(call(add, numbers=["x" * 10_000] * 5_000, text="y" * 1_000_000))
    assert len(message) < 3_000
    assert "and 4991 more" in message


@pytest.mark.parametrize("arguments", [None, [], "text", 3, {"p0": 1}])
def test_arguments_that_are_no_object_of_the_parameters_are_refused(arguments: Any) -> None:
    def add(number: int) -> None: ...

    result = asyncio.run(FunctionTool(add).call(arguments, ToolContext("call-1")))
    assert told(result)[0] == "invalid_arguments"


def test_a_validator_of_the_users_own_that_breaks_is_a_failed_result() -> None:
    class Odd(BaseModel):
        x: int

        @field_validator("x")
        @classmethod
        def check(cls, x: int) -> int:
            return x // 0

    def use(odd: Odd) -> None: ...

    assert told(call(use, odd={"x": 1}))[1].startswith("ZeroDivisionError")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)  # a busy machine is no fault
@given(st.dictionaries(st.sampled_from(["colour", "points", "size", "x"]) | st.text(), json_values))
def test_whatever_a_model_sends_ends_in_a_result(arguments: dict[str, Any]) -> None:
    def draw(colour: Colour, points: list[Point] | None = None, size: int | str = 1) -> str:
        assert isinstance(colour, Colour)
        return "drawn"

    result = (
        call(draw)
        if not arguments
        else asyncio.run(FunctionTool(draw, name="tool").call(arguments, ToolContext("call-1")))
    )
    assert result.outcome == "success" or told(result)[0] == "invalid_arguments"


# Running --------------------------------------------------------------------------------------


def test_a_function_runs_in_a_thread_of_its_own_with_the_callers_context_variables() -> None:
    who: contextvars.ContextVar[str] = contextvars.ContextVar("who")
    who.set("caller")

    def where() -> list[Any]:
        return [who.get(), threading.current_thread() is threading.main_thread()]

    assert value(call(where)) == ["caller", False]


def test_a_coroutine_function_runs_on_the_loop() -> None:
    async def where() -> bool:
        return threading.current_thread() is threading.main_thread()

    assert value(call(where)) is True
    assert value(call(functools.partial(where))) is True


def test_a_function_that_hands_out_a_coroutine_has_it_awaited() -> None:
    async def inner() -> int:
        return 7

    assert value(call(lambda: inner())) == 7


def test_the_context_is_passed_in_and_progress_reaches_the_run() -> None:
    seen = Seen()

    def work(context: ToolContext) -> str:
        context.progress(1, 2, "half")
        context.warn("careful", "odd")
        return context.tool_call_id

    result = asyncio.run(FunctionTool(work).call({}, seen.context()))
    assert result.content["text/plain"] == "call-1"
    assert seen.progress == [(1, 2, "half")]
    assert seen.warnings == [("careful", "odd")]


def test_more_calls_than_a_shared_pool_has_threads_run_at_the_same_time() -> None:
    barrier = threading.Barrier(80)

    def meet() -> str:
        barrier.wait(timeout=20)
        return "met"

    async def all_of_them() -> list[ToolResult]:
        tool = FunctionTool(meet)
        return await asyncio.gather(*(tool.call({}, ToolContext(str(n))) for n in range(80)))

    assert {result.outcome for result in asyncio.run(all_of_them())} == {"success"}


def test_the_tool_can_still_be_called_like_the_function() -> None:
    @as_tool
    def add(a: int, b: int = 1) -> int:
        "Add."
        return a + b

    assert add(1, b=2) == 3
    assert add.__name__ == "add"
    assert add.__doc__ == "Add."


def test_a_result_that_is_a_tool_result_is_passed_on_as_it_is() -> None:
    given = ToolResult("denied", {"text/plain": "no"})
    assert call(lambda: given) is given


def test_the_display_of_the_host_is_used() -> None:
    tool = FunctionTool(lambda: 3, name="three", display=lambda value: {"text/plain": f"<{value}>"})
    assert asyncio.run(tool.call({}, ToolContext("c"))).content == {"text/plain": "<3>"}


# Failing --------------------------------------------------------------------------------------


def bad_region() -> NoReturn:
    raise ValueError("bad region 'x'")


async def bad_region_later() -> NoReturn:
    await asyncio.sleep(0)
    bad_region()


@pytest.mark.parametrize("function", [bad_region, bad_region_later])
def test_an_exception_is_its_last_line_for_the_model_and_the_users_frames_for_the_reader(
    function: Callable[..., Any],
) -> None:
    result = call(function)
    assert result.outcome == "failed"
    assert told(result) == ("tool_error", "ValueError: bad region 'x'")
    text = result.content["text/plain"]
    assert text.startswith("Traceback (most recent call last):\n")
    assert "in bad_region\n" in text
    assert text.count("  File ") == (1 if function is bad_region else 2)


def test_an_error_of_agentkit_itself_is_told_by_its_message_and_reason() -> None:
    def look() -> None:
        raise NotFound("There is no region 'x'.", reason="region_not_found")

    result = call(look)
    assert told(result) == ("region_not_found", "There is no region 'x'.")


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (SystemExit(3), "failed"),
        (StopIteration(), "failed"),
        (StopAsyncIteration(), "failed"),
        (GeneratorExit(), "failed"),
        (Unspeakable(), "failed"),
        (RecursionError("deep"), "failed"),
        (ValueError("x" * 1_000_000), "failed"),
        (KeyboardInterrupt(), "interrupted"),
        (asyncio.CancelledError(), "interrupted"),
    ],
)
def test_nothing_that_a_function_raises_gets_past_its_call(
    error: BaseException, outcome: str
) -> None:
    def sync() -> NoReturn:
        raise error

    async def on_loop() -> NoReturn:
        raise error

    for function in (sync, on_loop):
        if function is on_loop and isinstance(error, GeneratorExit):
            continue  # closes the coroutine by definition
        result = call(function)
        assert result.outcome == outcome
        assert len(told(result)[1]) <= 2_000
        assert type(error).__name__ in told(result)[1] or function is on_loop


# Stopping -------------------------------------------------------------------------------------


def test_a_cancelled_call_is_left_behind_at_once_and_its_late_result_is_thrown_away() -> None:
    seen = Seen()
    started, release, ended = threading.Event(), threading.Event(), threading.Event()

    def deaf(context: ToolContext) -> str:
        started.set()
        release.wait(20)
        context.progress(1, None, "too late")
        context.warn("too late", "late")
        ended.set()
        return "late"

    complaints: list[Any] = []

    async def scenario() -> float:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        task = asyncio.ensure_future(FunctionTool(deaf).call({}, seen.context()))
        await asyncio.to_thread(started.wait, 20)
        before = time.perf_counter()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        took = time.perf_counter() - before
        thread = next(t for t in threading.enumerate() if t.name == "agentkit-tool-deaf")
        release.set()
        await asyncio.to_thread(thread.join, 20)
        await asyncio.sleep(0)  # its result has been sent to the loop
        return took

    assert asyncio.run(scenario()) < 0.1
    assert ended.is_set()
    assert complaints == []
    assert [reason for _, reason in seen.warnings] == ["tool_abandoned"]
    assert "'deaf' could not be stopped" in seen.warnings[0][0]
    assert seen.progress == []


def test_a_function_that_outlives_its_loop_disturbs_nobody() -> None:
    started, release, ended = threading.Event(), threading.Event(), threading.Event()
    hook: list[object] = []
    old, threading.excepthook = threading.excepthook, hook.append

    def deaf() -> None:
        started.set()
        release.wait(20)
        ended.set()

    async def scenario() -> None:
        task = asyncio.ensure_future(FunctionTool(deaf).call({}, ToolContext("c")))
        await asyncio.to_thread(started.wait, 20)
        task.cancel()
        await asyncio.wait([task])

    try:
        asyncio.run(scenario())
        thread = next(t for t in threading.enumerate() if t.name == "agentkit-tool-deaf")
        assert thread.daemon
        release.set()
        thread.join(20)
        assert ended.is_set()
        assert hook == []
    finally:
        threading.excepthook = old


def test_a_function_that_looks_at_its_token_ends_when_its_call_is_left_behind() -> None:
    started, ended = threading.Event(), threading.Event()

    def polite(context: ToolContext) -> None:
        gone = threading.Event()
        context.token.on_cancel(gone.set)
        started.set()
        if gone.wait(20):
            ended.set()

    async def scenario() -> None:
        async with asyncio.timeout(20):
            task = asyncio.ensure_future(FunctionTool(polite).call({}, ToolContext("c")))
            await asyncio.to_thread(started.wait, 20)
            task.cancel()
            await asyncio.wait([task])
            await asyncio.to_thread(ended.wait, 20)

    asyncio.run(scenario())
    assert ended.is_set()


def test_the_runs_token_is_passed_on_and_forgotten_with_the_call() -> None:
    seen = Seen()
    seen.token.cancel("enough")

    def look(context: ToolContext) -> Any:
        return [context.token.is_cancelled, context.token.reason]

    result = asyncio.run(FunctionTool(look).call({}, seen.context()))
    assert value(result) == [True, "enough"]


def test_a_cancelled_coroutine_is_cancelled_and_nothing_was_left_behind() -> None:
    seen = Seen()
    cleaned: list[str] = []

    async def scenario() -> None:
        started = asyncio.Event()

        async def endless() -> None:
            started.set()
            try:
                await asyncio.Event().wait()
            finally:
                cleaned.append("up")

        task = asyncio.ensure_future(FunctionTool(endless).call({}, seen.context()))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())
    assert cleaned == ["up"]
    assert seen.warnings == []


def test_a_tool_says_whether_a_second_call_would_do_the_same_once_more() -> None:
    def send(to: str) -> None: ...

    assert not FunctionTool(send).side_effects
    tool = FunctionTool(send, side_effects=True)
    assert tool.side_effects
    assert as_tool(tool, name="mail").side_effects
    assert not as_tool(tool, side_effects=False).side_effects

    asks = FunctionTool(send)
    asks.policy = "ask"
    assert asks.side_effects
    harmless = FunctionTool(send, side_effects=False)
    harmless.policy = "ask"
    assert not harmless.side_effects
