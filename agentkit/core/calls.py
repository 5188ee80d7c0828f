"""Running the tool calls of one turn: at the same time, each to a result, whatever happens in it."""

from __future__ import annotations

import asyncio
import json
import reprlib
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, cast

from pydantic_core import PydanticSerializationError, to_json, to_jsonable_python

from agentkit.core.bounded import Stop, Stopped, TimeUp
from agentkit.core.clock import Clock
from agentkit.core.events import StepEvent, ToolCalled, ToolFinished, ToolProgress, Warned
from agentkit.core.inline import Escaped
from agentkit.core.meter import Meter
from agentkit.core.protocol import Limits, Origin, TaskStatus
from agentkit.core.requests import Request
from agentkit.errors import AgentKitError
from agentkit.llm.protocol import ChatMessage, Image, ToolCall
from agentkit.tools.display import fit_for_reader, images_for_model, text_for_model
from agentkit.tools.protocol import Resolution, Tool, ToolContext, ToolResult

MAX_CALLS = 100
"""Calls of one turn that are run; each may take a thread."""

FREE_PROGRESS = 100
"""Words of progress of one call that are shown as they come."""

PROGRESS_PACE = 0.1
"""Seconds between two further ones, or a tight loop in a tool would fill the journal."""


class CallRunner:
    """Runs the calls of one run.

    Parameters
    ----------
    emit
        Takes an event; called on the run's loop.
    on_loop
        Runs a function on the run's loop; called from any thread.
    ask
        Shows a request and waits for its answer; the clock that it is given is held meanwhile.
    origin
        Where the run was started.
    meter
        Says how many calls may still run.
    stored
        Waits until all that was emitted is stored.
    """

    def __init__(
        self,
        tools: Mapping[str, Tool],
        limits: Limits,
        stop: Stop,
        emit: Callable[[StepEvent], None],
        on_loop: Callable[[Callable[[], None]], None],
        ask: Callable[[Request, Clock], Awaitable[Resolution]],
        origin: Origin | None,
        meter: Meter,
        stored: Callable[[], Awaitable[None]],
    ) -> None:
        self._tools = tools
        self._limits = limits
        self._stop = stop
        self._emit = emit
        self._on_loop = on_loop
        self._ask = ask
        self._origin = origin
        self._meter = meter
        self._stored = stored
        self._ids: set[str] = set()
        self._too_long: dict[str, int] = {}
        """Calls with longer arguments than are taken, and how long these were."""

    def reserve(self, messages: Iterable[ChatMessage]) -> None:
        """Let no further call have the id of one that was made before this run."""
        self._ids.update(call.id for message in messages for call in message.tool_calls)

    def claim(self, calls: Sequence[ToolCall]) -> list[ToolCall]:
        """The calls as events can hold them, under ids that are unique in the run.

        Not every model sends such.
        """
        return [self._bounded(call) for call in calls]

    def _bounded(self, call: ToolCall) -> ToolCall:
        arguments, malformed = _plain(call)
        size = len(malformed) if malformed is not None else _size(arguments)
        claimed = ToolCall(self._unique(str(call.id or "")), str(call.name), arguments, malformed)
        if size > self._limits.arguments_chars:
            # Nothing of them is kept: they would be stored, sent and shown like all others.
            self._too_long[claimed.id] = size
            claimed = ToolCall(claimed.id, claimed.name, malformed="")
        return claimed

    def _unique(self, wanted: str) -> str:
        unique = wanted or f"call_{len(self._ids) + 1}"
        while unique in self._ids:
            unique = f"{wanted or 'call'}_{len(self._ids) + 1}"
        self._ids.add(unique)
        return unique

    async def run(self, calls: Sequence[ToolCall]) -> list[ChatMessage]:
        """Run the calls and return what the model is told of each, in the order of ``calls``."""
        allowed = min(MAX_CALLS, self._meter.allowed_calls(len(calls)))
        for number, call in enumerate(calls):
            tool = self._tools.get(call.name)
            self._emit(
                ToolCalled(
                    tool_call_id=call.id,
                    tool_name=call.name,
                    arguments=call.arguments,
                    # A client runs what it sees, so a call that is not run must not name it.
                    runs_in=tool.runs_in
                    if tool and number < allowed and _may(tool, call)
                    else "server",
                    needs_approval=self._needs_approval(tool, call),
                )
            )
        if len(calls) == 1 and allowed:  # the common case needs no task of its own
            return [await self._finish(calls[0])]
        answers = await self._finish_all(calls[:allowed])
        message = f"It was not run: of the calls of one turn, only the first {MAX_CALLS} are."
        if allowed < min(MAX_CALLS, len(calls)):
            message = "It was not run: the run has used all its calls of tools (limits.tool_calls)."
        surplus = ToolResult.failed(message, "too_many_calls")
        return [*answers, *(self._hand_on(call, surplus, 0) for call in calls[allowed:])]

    async def _finish_all(self, calls: Sequence[ToolCall]) -> list[ChatMessage]:
        tasks = [asyncio.ensure_future(self._finish(call)) for call in calls]
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        return [
            # One call may cancel the task of another, even before that begins.
            self._hand_on(call, ToolResult.failed("CancelledError", "tool_error"), 0)
            if isinstance(answer, asyncio.CancelledError)
            else task.result()
            for call, task, answer in zip(calls, tasks, ended, strict=True)
        ]

    def _needs_approval(self, tool: Tool | None, call: ToolCall) -> Literal[True] | None:
        asks = tool and call.malformed is None and tool.needs_approval(call.arguments)
        return True if asks else None

    async def _finish(self, call: ToolCall) -> ChatMessage:
        clock = Clock(self._limits.tool_seconds)
        result = await self._result(call, clock)
        took = clock.used * 1000  # without the time in which somebody was asked
        try:
            return self._hand_on(call, result, took)
        except Exception as error:  # a tool's bundle may hold anything
            message = f"What {call.name} returned cannot be shown: {type(error).__name__}: {error}"
            return self._hand_on(call, ToolResult.failed(message, "bad_result"), took)

    def _hand_on(self, call: ToolCall, result: ToolResult, took: float) -> ChatMessage:
        """Tell the reader what came of a call, and return what the model is told."""
        content, note = fit_for_reader(result.content, self._limits.result_bytes)
        text, cut = self._told(result)
        images = [Image(mime, data) for mime, data in images_for_model(result.content)]
        finished = ToolFinished(
            tool_call_id=call.id,
            outcome=result.outcome,
            content=content,
            duration_ms=round(took, 3),
            error=result.error,
        )
        if note:
            self._warn(f"{call.name}: {note}", "truncated")
        if cut:
            limit = self._limits.result_chars
            self._warn(
                f"The model was given only {limit:,} characters of what {call.name} returned"
                " (limits.result_chars).",
                "truncated",
            )
        self._emit(finished)
        return ChatMessage(
            "tool",
            text,
            tool_call_id=call.id,
            name=call.name,
            failed=result.outcome != "success",
            images=images,
        )

    def _told(self, result: ToolResult) -> tuple[str, bool]:
        content = result.content
        if result.error is not None:
            content = {"text/plain": f"Error: {result.error.message}"}
        text, cut = text_for_model(content, self._limits.result_chars)
        return (text if result.note is None else f"{result.note}\n\n{text}"), cut

    def _warn(self, message: str, reason: str) -> None:
        self._emit(Warned(message=message, reason=reason))

    async def _result(self, call: ToolCall, clock: Clock) -> ToolResult:
        tool = self._tools.get(call.name)
        if tool is None:
            known = ", ".join(sorted(self._tools)) or "none"
            return ToolResult.failed(
                f"There is no tool named {call.name!r}. The tools are: {known}.", "unknown_tool"
            )
        if call.id in self._too_long:
            return ToolResult.failed(
                f"The arguments have {self._too_long[call.id]:,} characters,"
                f" {self._limits.arguments_chars:,} are allowed (limits.arguments_chars): send less.",
                "arguments_too_large",
            )
        if call.malformed is not None:
            return ToolResult.failed(
                f"The arguments were not a JSON object: {call.malformed[:200]!r}. "
                "Send them as one JSON object.",
                "invalid_arguments",
            )
        settled = False

        def unless_settled(emit: Callable[[], None]) -> None:
            # Looked at on the loop: a late word of an abandoned thread never follows the result.
            self._on_loop(lambda: None if settled else emit())

        shown, last_shown = 0, 0.0

        def progress(done: float, total: float | None = None, message: str | None = None) -> None:
            nonlocal shown, last_shown
            moment = time.monotonic()
            if shown >= FREE_PROGRESS and moment - last_shown < PROGRESS_PACE:
                return
            shown, last_shown = shown + 1, moment
            event = ToolProgress(tool_call_id=call.id, progress=done, total=total, message=message)
            unless_settled(lambda: self._emit(event))

        def warn(message: str, reason: str) -> None:
            unless_settled(lambda: self._warn(message, reason))

        def left_behind() -> None:
            warn(
                f"{call.name} could not be stopped and was left behind; what it returns is thrown"
                " away.",
                "tool_abandoned",
            )

        context = ToolContext(
            call.id,
            self._stop.token,
            progress,
            warn,
            request=lambda request: self._ask(request, clock),
            origin=self._origin,
            stored=self._stored,
        )
        try:
            result = await self._stop.bound(
                tool.call(call.arguments, context),
                clock=clock,
                left_behind=left_behind,
                grace=tool.grace,
            )
            if not isinstance(result, ToolResult):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise TypeError(f"the tool returned {type(result).__name__} and no ToolResult")
            return result
        except Stopped as stopped:
            # Why a run failed is what its end says, and would be said twice here.
            why = stopped.error if stopped.status is TaskStatus.CANCELLED else None
            message = "Stopped with the run." if why is None else why.message
            result = ToolResult.failed(message, "stopped")
            return replace(result, outcome="interrupted")
        except TimeUp:
            return ToolResult.failed(
                f"{call.name} was stopped after {clock.seconds:g} s, its time limit"
                " (limits.tool_seconds).",
                "tool_time_limit",
            )
        except AgentKitError as error:
            return ToolResult.failed(error.message, error.reason)
        except Escaped as error:
            return ToolResult.failed(str(error), "tool_error")
        except Exception as error:
            return ToolResult.failed(f"{type(error).__name__}: {error}", "tool_error")
        finally:
            settled = True


def _may(tool: Tool, call: ToolCall) -> bool:
    return call.malformed is None and not tool.forbids(call.arguments)


def _size(arguments: dict[str, Any]) -> int:
    try:
        return len(to_json(arguments))
    except PydanticSerializationError:  # half of a character, which has no UTF-8
        return len(json.dumps(arguments))


def _plain(call: ToolCall) -> tuple[dict[str, Any], str | None]:
    """The arguments, and the raw ones where they were no JSON object."""
    try:
        arguments = to_jsonable_python(call.arguments, fallback=str)
    except (ValueError, RecursionError):  # in a circle, too deep, or bytes
        arguments = None
    if isinstance(arguments, dict):
        return cast("dict[str, Any]", arguments), call.malformed
    return {}, call.malformed or reprlib.repr(call.arguments)
