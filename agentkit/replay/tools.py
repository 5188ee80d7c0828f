"""The tools and the people of a replay: those that are really asked, and those that the record speaks for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agentkit.core.events import ApprovalRequested, InputRequested
from agentkit.core.protocol import ToolSpec
from agentkit.core.requests import Request, Requests
from agentkit.replay.record import Call, Record
from agentkit.tools.protocol import Resolution, Tool, ToolContext, ToolResult

BY = "the replay"
"""Who denies what the record says nothing of."""

Note = Callable[[str], object]


@dataclass(slots=True)
class RecordedTool(Tool):
    """Answers each call as it was answered then, after asking what was asked then."""

    name: str
    record: Record

    @property
    def spec(self) -> ToolSpec:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Its name is all that the record has of it."""
        # A recorded name may be one that no tool of today could have.
        return ToolSpec.model_construct(name=self.name, description="", parameters={})

    @property
    def runs_in(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Where it ran."""
        return _place(self.record, self.name)

    def needs_approval(self, arguments: dict[str, Any]) -> bool:
        """Whether consent was asked for then."""
        calls = self.record.calls.values()
        return any(
            call.approval and (call.name, call.arguments) == (self.name, arguments)
            for call in calls
        )

    async def call(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """Ask if it was asked, and give what it gave."""
        call = self.record.calls.get(context.tool_call_id)
        if call is None:
            return ToolResult.failed("The record has no such call.", "not_recorded")
        if call.approval:
            await context.request(
                ApprovalRequested.model_construct(
                    request_id="",
                    tool_call_id=context.tool_call_id,
                    tool_name=self.name,
                    arguments=call.approval.get("arguments", arguments),
                    reason=str(call.approval.get("reason", "")),
                    preview=call.approval.get("preview"),
                )
            )
        for event in call.told:
            if event["event_type"] == "input_requested":
                await context.request(_question(event))
            elif "limits.result_chars" not in str(event.get("message")):  # the loop's own
                context.warn(str(event.get("message")), str(event.get("reason")))
        return given_then(call)


@dataclass(slots=True)
class RepeatedTool(Tool):
    """Calls the tool, but for the calls that cannot be repeated: those have their recorded result."""

    tool: Tool
    record: Record
    note: Note

    @property
    def spec(self) -> ToolSpec:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The tool's."""
        return self.tool.spec

    @property
    def runs_in(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Where it ran."""
        return _place(self.record, self.spec.name)

    @property
    def policy(self) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The tool's."""
        return self.tool.policy

    @property
    def asks_because(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The tool's."""
        return self.tool.asks_because

    async def preview(self, arguments: dict[str, Any], context: ToolContext) -> Any:
        """The tool's."""
        return await self.tool.preview(arguments, context)

    async def call(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """Run the tool, or give what it gave."""
        call = self.record.calls.get(context.tool_call_id)
        then = RecordedTool(self.spec.name, self.record)
        if call is not None and call.was_cut:
            return await then.call(arguments, context)
        if call is not None and call.is_masked:
            self.note(
                f"{call.name} was not called again where its arguments hold a masked secret; those calls"
                " have their recorded results."
            )
            return await then.call(arguments, context)
        return await self.tool.call(arguments, context)


@dataclass(slots=True)
class CutTool(Tool):
    """A guarded tool whose cut calls end as they did, whatever the guard says of them."""

    tool: Tool
    record: Record

    @property
    def spec(self) -> ToolSpec:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The tool's."""
        return self.tool.spec

    @property
    def runs_in(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The tool's."""
        return self.tool.runs_in

    def needs_approval(self, arguments: dict[str, Any]) -> bool:
        """The tool's."""
        return self.tool.needs_approval(arguments)

    def forbids(self, arguments: dict[str, Any]) -> bool:
        """The tool's."""
        return self.tool.forbids(arguments)

    async def call(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """Run the tool; of a call that was cut, only what it asked."""
        call = self.record.calls.get(context.tool_call_id)
        result = await self.tool.call(arguments, context)
        return given_then(call) if call is not None and call.was_cut else result


class RecordedPeople(Requests):
    """Gives the recorded decisions and answers; denies what the record has none for.

    Attributes
    ----------
    left_open
        The ids of requests that nobody had closed when the recorded run ended.
    """

    def __init__(self, record: Record, note: Note) -> None:
        super().__init__()
        self._record = record
        self._note = note
        self.left_open: set[str] = set()

    def open(self, request: Request) -> asyncio.Future[Resolution]:
        """As then, at once."""
        waiting = super().open(request)
        self._close(request.request_id, self._resolution(request))
        return waiting

    def _resolution(self, request: Request) -> Resolution:
        if isinstance(request, ApprovalRequested):
            found = self._record.consent(request.tool_call_id)
            call = self._record.calls.get(request.tool_call_id)
            was_open = call is not None and bool(call.approval) and found is None
            what = f"whether {request.tool_name} may be called"
        else:
            found, was_open = self._record.answer(request.question)
            what = f"an answer to {request.question!r}"
        if found is not None:
            return found
        if was_open:
            self.left_open.add(request.request_id)
            return Resolution("expired")
        self._note(f"The record does not say {what}, so it was denied.")
        return Resolution("deny", "The record has no answer.", BY)


def _question(event: Mapping[str, Any]) -> InputRequested:
    return InputRequested.model_construct(
        request_id="",
        question=str(event.get("question", "")),
        schema_=event.get("schema"),
        choices=event.get("choices"),
    )


def given_then(call: Call) -> ToolResult:
    """What a call gave; one that never ended is interrupted."""
    result = call.result
    if result is None:
        return ToolResult("interrupted")
    return ToolResult(result.outcome, result.content, result.error)


def recorded_tools(record: Record, names: Mapping[str, object]) -> list[Tool]:
    """A recorded tool for each called one that is not among the names."""
    called = dict.fromkeys(call.name for call in record.calls.values())
    return [RecordedTool(name, record) for name in called if name not in names]


def _place(record: Record, name: str) -> str:
    # A call that was not to run is said to run on the server, wherever the tool is.
    places = [call.runs_in for call in record.calls.values() if call.name == name]
    return next((place for place in places if place != "server"), "server")
