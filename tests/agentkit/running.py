"""What tests of runs are written in: a gateway with a script, tools, and the events of a run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, TypeVar

from agentkit.core.events import StepEvent
from agentkit.core.protocol import AgentConfig, ToolSpec
from agentkit.llm.gateway import LLMGateway
from agentkit.llm.scripted import ScriptedProvider, Turn
from agentkit.tools.protocol import Tool, ToolContext, ToolResult

E = TypeVar("E", bound=StepEvent)

AGENT = AgentConfig(name="analyst")
SOON = 5
"""Seconds that a test waits for what must come; far more than it takes."""


class AsyncTool(Tool):
    """A tool whose call is the given coroutine function, without what a `FunctionTool` adds."""

    def __init__(self, name: str, call: Callable[[dict[str, Any], ToolContext], Any]) -> None:
        self.spec = ToolSpec(name=name)
        self._call = call

    async def call(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        return await self._call(arguments, context)


def text(value: str) -> ToolResult:
    return ToolResult("success", {"text/plain": value})


def echo(name: str = "echo") -> Tool:
    """A tool that returns the text it is given at once."""

    async def call(arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        return text(str(arguments.get("text", "")))

    return AsyncTool(name, call)


def gateway_of(provider: Any) -> LLMGateway:
    gateway = LLMGateway()
    gateway.register_provider("test", provider)
    return gateway


def scripted(*turns: Turn) -> tuple[LLMGateway, ScriptedProvider]:
    provider = ScriptedProvider(turns)
    return gateway_of(provider), provider


async def collect(events: AsyncIterator[StepEvent]) -> list[StepEvent]:
    async with asyncio.timeout(SOON):
        return [event async for event in events]


def names(events: Sequence[StepEvent]) -> list[str]:
    """The event types, in order."""
    return [str(event.model_dump()["event_type"]) for event in events]


def of(kind: type[E], events: Sequence[StepEvent]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


def only(kind: type[E], events: Sequence[StepEvent]) -> E:
    [event] = of(kind, events)
    return event


async def until(condition: Callable[[], bool]) -> None:
    """Let everything else run until ``condition`` holds."""
    async with asyncio.timeout(SOON):
        while not condition():  # noqa: ASYNC110 - what it waits for has no event of its own
            await asyncio.sleep(0)
