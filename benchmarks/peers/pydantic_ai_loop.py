"""Pydantic AI: an agent's events streamed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic_ai import Agent, FunctionToolResultEvent
from pydantic_ai.messages import ModelMessage
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, FunctionModel
from pydantic_ai.usage import UsageLimits
from timing import Run, main


@asynccontextmanager
async def prepared(steps: int) -> AsyncIterator[Run]:
    left = steps

    async def answer(
        messages: list[ModelMessage], info: AgentInfo
    ) -> AsyncIterator[str | dict[int, DeltaToolCall]]:
        nonlocal left
        if left == 0:
            yield "done"
            return
        left -= 1
        yield {0: DeltaToolCall("add", f'{{"a": {left}, "b": 1}}', tool_call_id=f"c{left}")}

    agent = Agent(FunctionModel(stream_function=answer))

    @agent.tool_plain
    async def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    async def run() -> int:
        seen = 0
        limits = UsageLimits(request_limit=None)
        async with agent.run_stream_events("?", usage_limits=limits) as events:
            async for event in events:
                seen += isinstance(event, FunctionToolResultEvent)
        return seen

    yield run


main(prepared)
