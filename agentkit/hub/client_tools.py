"""Tools that run in the process that started the task: a notebook's functions."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agentkit.core.protocol import ToolSpec
from agentkit.errors import NotFound
from agentkit.hub.defaults import AWAY_SECONDS
from agentkit.tools.protocol import Tool, ToolContext, ToolResult


class ClientDesk:
    """Where a task's calls wait for the client that runs them.

    The calls themselves reach the client as ``tool_call`` events; it answers by id. Only who holds
    ``key`` is that client: other watchers of the task see the calls and cannot answer.
    """

    def __init__(self, specs: Sequence[ToolSpec], away_seconds: float = AWAY_SECONDS) -> None:
        self.key = secrets.token_urlsafe(24)
        self.tools: list[Tool] = [ClientTool(spec, self) for spec in specs]
        self._away_seconds = away_seconds
        self._present = 0
        self._calls: dict[str, asyncio.Future[ToolResult]] = {}
        self._contexts: dict[str, ToolContext] = {}
        self._losses: dict[str, asyncio.TimerHandle] = {}
        # A client that has never come is away from the start.
        self._deadline = asyncio.get_running_loop().time() + away_seconds

    def admits(self, key: str) -> bool:
        """Whether ``key`` is the client's."""
        return secrets.compare_digest(key.encode(), self.key.encode())

    def arrive(self) -> None:
        """The client has connected."""
        self._present += 1
        for timer in self._losses.values():
            timer.cancel()
        self._losses.clear()

    def leave(self) -> None:
        """The client's connection is gone; its calls wait for it, but not for ever."""
        self._present -= 1
        if not self._present:
            self._deadline = asyncio.get_running_loop().time() + self._away_seconds
            for call_id, context in self._contexts.items():
                self._give_up_later(call_id)
                context.progress(0, None, self._waiting)

    def answer(self, tool_call_id: str, result: ToolResult) -> None:
        """Take a call's result.

        Raises
        ------
        NotFound
            No such call is waiting: it was answered, stopped or never made.
        """
        call = self._calls.get(tool_call_id)
        if call is None or call.done():
            raise NotFound(
                f"No call {tool_call_id!r} is waiting for a result.", reason="call_not_found"
            )
        call.set_result(result)

    async def ask(self, context: ToolContext) -> ToolResult:
        """Wait for the client's result of a call."""
        call_id = context.tool_call_id
        call = self._calls[call_id] = asyncio.get_running_loop().create_future()
        self._contexts[call_id] = context
        if not self._present:
            self._give_up_later(call_id)
        try:
            return await call
        finally:
            del self._calls[call_id], self._contexts[call_id]
            if timer := self._losses.pop(call_id, None):
                timer.cancel()

    @property
    def _waiting(self) -> str:
        return f"The process that runs this tool is away; waiting up to {self._away_seconds:g} s"

    def _give_up_later(self, call_id: str) -> None:
        loop = asyncio.get_running_loop()
        self._losses[call_id] = loop.call_at(self._deadline, self._give_up, call_id)

    def _give_up(self, call_id: str) -> None:
        call = self._calls.get(call_id)
        if call is None or call.done():
            return
        message = (
            "The process that runs this tool went away and did not come back within"
            f" {self._away_seconds:g} s. If it was a notebook, its kernel was restarted or died."
        )
        result = ToolResult.failed(message, "client_away")
        result.outcome = "interrupted"
        call.set_result(result)


@dataclass(slots=True)
class ClientTool(Tool):
    """A tool whose calls wait at the desk. The client checks the arguments itself."""

    spec: ToolSpec
    desk: ClientDesk
    runs_in = "kernel"

    async def call(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """Wait for the client; ``arguments`` have reached it with the ``tool_call`` event."""
        return await self.desk.ask(context)
