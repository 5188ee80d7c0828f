"""OpenAI Agents SDK: a run's events streamed, its tracing switched off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from agents import Agent, Model, ModelResponse, RunConfig, Runner, Usage, function_tool
from openai.types.responses import (
    Response,
    ResponseCompletedEvent,
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseOutputText,
)
from timing import Run, main


@function_tool
async def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


class Instant(Model):
    def __init__(self, steps: int) -> None:
        self.left = steps

    async def get_response(self, *args: Any, **kwargs: Any) -> ModelResponse:
        return ModelResponse(output=[self._next()], usage=Usage(), response_id=None)

    async def stream_response(self, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        response = Response(
            id="r",
            created_at=0,
            model="instant",
            object="response",
            output=[self._next()],
            parallel_tool_calls=False,
            tool_choice="auto",
            tools=[],
        )
        yield ResponseCompletedEvent(
            response=response, sequence_number=0, type="response.completed"
        )

    def _next(self) -> Any:
        if self.left == 0:
            text = ResponseOutputText(annotations=[], text="done", type="output_text")
            return ResponseOutputMessage(
                id="m", content=[text], role="assistant", status="completed", type="message"
            )
        self.left -= 1
        arguments = f'{{"a": {self.left}, "b": 1}}'
        return ResponseFunctionToolCall(
            arguments=arguments, call_id=f"c{self.left}", name="add", type="function_call"
        )


@asynccontextmanager
async def prepared(steps: int) -> AsyncIterator[Run]:
    agent = Agent(name="a", model=Instant(steps), tools=[add])
    config = RunConfig(tracing_disabled=True)

    async def run() -> int:
        result = Runner.run_streamed(agent, "?", max_turns=steps + 5, run_config=config)
        seen = 0
        async for event in result.stream_events():
            seen += event.type == "run_item_stream_event" and event.name == "tool_output"
        return seen

    yield run


main(prepared)
