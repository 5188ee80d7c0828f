"""The notebook's own functions, offered to one run: called here when the run asks for them."""

from __future__ import annotations

import asyncio
import contextvars
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agentkit.tools.display import fit_for_reader
from agentkit.tools.protocol import Tool, ToolContext, ToolResult
from jupyter_agentkit.host import Frame

RESULT_BYTES = 1_990_000
"""The most of one result that is sent. Just under what a run keeps by default, so that a result is cut
once, and the note of the cut tells its true size."""
FRAME_CHARS = 3_900_000
"""A frame above 4,000,000 characters is refused by the server."""


class OfferedTools:
    """Runs the calls of one run, each once. Used on the client's loop.

    A call waits until the connection has told everything that is stored, because a call that was
    asked for before a break may have been settled since. One that needs consent waits until it was
    given, and runs with the arguments that were consented to. A result stays here until the run has
    taken it, so that it can be sent again.

    Parameters
    ----------
    tools
        By name.
    context
        The context of the cell that started the run: what a tool prints goes there.
    """

    def __init__(self, tools: Mapping[str, Tool], context: contextvars.Context) -> None:
        self._tools = tools
        self._context = context
        self._unapproved: dict[str, dict[str, Any]] = {}
        self._requests: dict[str, str] = {}
        """The open request → the call that it is about."""
        self._asked: dict[str, dict[str, Any]] = {}
        self._running: dict[str, _Call] = {}
        self._results: dict[str, Frame] = {}

    @property
    def results(self) -> list[Frame]:
        """The results that the run has not taken yet."""
        return list(self._results.values())

    def take(self, event: dict[str, Any]) -> None:
        """Take in a stored event: in order, and each once."""
        match event["event_type"]:
            case "tool_call" if event["runs_in"] == "kernel" and event["tool_name"] in self._tools:
                waiting = self._unapproved if event.get("needs_approval") else self._asked
                waiting[event["tool_call_id"]] = event
            case "approval_requested":
                self._requests[event["request_id"]] = event["tool_call_id"]
            case "request_resolved":
                self._resolve(event)
            case "tool_result":
                self._settle(event["tool_call_id"])
            case "run_finished":
                self.stop()
            case _:
                pass

    def start(self, deliver: Callable[[Frame], Awaitable[None]]) -> None:
        """Start the calls that are asked for; ``deliver`` is given each result."""
        for call_id, event in self._asked.items():
            context = ToolContext(call_id)
            # Each call has a copy of its own: what one sets is not seen by the next.
            task = asyncio.create_task(
                self._call(event, context, deliver), context=self._context.copy()
            )
            self._running[call_id] = _Call(task, context)
        self._asked.clear()

    def stop(self) -> None:
        """Stop everything: the run is over or lost. A function in a thread is left behind."""
        for call_id in {*self._unapproved, *self._asked, *self._running, *self._results}:
            self._settle(call_id)

    def _resolve(self, event: dict[str, Any]) -> None:
        call = self._unapproved.pop(self._requests.pop(event["request_id"], ""), None)
        if call is None or event["decision"] != "approve":
            return
        consent: dict[str, Any] = event.get("value") or {}
        if (arguments := consent.get("arguments")) is not None:
            call = {**call, "arguments": arguments}
        self._asked[call["tool_call_id"]] = call

    def _settle(self, call_id: str) -> None:
        self._unapproved.pop(call_id, None)
        self._asked.pop(call_id, None)
        self._results.pop(call_id, None)
        if (call := self._running.pop(call_id, None)) is not None:
            call.context.token.cancel("the run no longer waits for this call")
            call.task.cancel()

    async def _call(
        self,
        event: dict[str, Any],
        context: ToolContext,
        deliver: Callable[[Frame], Awaitable[None]],
    ) -> None:
        call_id, name = event["tool_call_id"], event["tool_name"]
        try:
            result = await self._tools[name].call(event["arguments"], context)
        except Exception as error:
            # A FunctionTool returns its failures; this is a tool of the user's own class.
            result = ToolResult.failed(f"{type(error).__name__}: {error}", "tool_error")
        frame = result_frame(call_id, result)
        self._running.pop(call_id, None)
        self._results[call_id] = frame
        await deliver(frame)


@dataclass(frozen=True, slots=True)
class _Call:
    task: asyncio.Task[None]
    context: ToolContext


def offered_specs(tools: Mapping[str, Tool]) -> list[Frame]:
    """What a server is told of tools that are called here; it knows no more of them."""
    return [
        {**tool.spec.model_dump(mode="json"), "side_effects": tool.side_effects}
        for tool in tools.values()
    ]


def result_frame(call_id: str, result: ToolResult) -> Frame:
    """The frame that answers a call, cut to what the socket takes."""
    limit, content = RESULT_BYTES, result.content
    while True:
        content, _note = fit_for_reader(content, limit)
        frame = {
            "type": "tool_result",
            "tool_call_id": call_id,
            "outcome": result.outcome,
            "content": content,
        }
        if result.error is not None:
            frame["error"] = result.error.model_dump(mode="json")
        # Quotes and line ends grow when written as JSON, so the size is only known now.
        if len(json.dumps(frame, ensure_ascii=False)) <= FRAME_CHARS:
            return frame
        limit //= 2
