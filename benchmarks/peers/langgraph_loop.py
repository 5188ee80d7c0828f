"""LangGraph: the prebuilt agent of LangChain 1 on it, its updates streamed. No checkpoints are kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import tool
from timing import Run, main


@tool
async def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


class Instant(BaseChatModel):
    left: int

    @property
    def _llm_type(self) -> str:
        return "instant"

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        return self

    async def _agenerate(self, *args: Any, **kwargs: Any) -> ChatResult:
        return self._generate()

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        usage: Any = {"input_tokens": 10, "output_tokens": 2, "total_tokens": 12}
        if self.left == 0:
            message = AIMessage("done", usage_metadata=usage)
        else:
            self.left -= 1
            call = {"name": "add", "args": {"a": self.left, "b": 1}, "id": f"c{self.left}"}
            message = AIMessage("", tool_calls=[call], usage_metadata=usage)
        return ChatResult(generations=[ChatGeneration(message=message)])


@asynccontextmanager
async def prepared(steps: int) -> AsyncIterator[Run]:
    agent: Any = create_agent(Instant(left=steps), [add])
    config = {"recursion_limit": 3 * steps + 10}

    async def run() -> int:
        question = {"messages": [("user", "?")]}
        seen = 0
        async for update in agent.astream(question, config, stream_mode="updates"):
            seen += "tools" in update
        return seen

    yield run


main(prepared)
