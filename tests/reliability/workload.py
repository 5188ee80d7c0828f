"""What the servers of these tests run: a model that needs no network, and the tools that it calls.

The model keeps nothing between its calls, so that any number of runs can share it: the first word of the
question says what the run does, and how long the conversation is by now says how far it has come.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from agentkit.core.protocol import ToolSpec
from agentkit.llm.gateway import LLMGateway
from agentkit.llm.protocol import ChatMessage, LLMResponse, Piece, TextPiece, TokenUsage, ToolCall
from agentkit.llm.streaming import Streaming
from agentkit.tools.function import FunctionTool
from agentkit.tools.protocol import ToolContext
from agentkit.tools.registry import ToolRegistry

PROVIDER = "workload"

AGENT: dict[str, Any] = {
    "name": "worker",
    "model": f"{PROVIDER}:any",
    "tools": ["echo", "hold", "risky"],
    "skills": [],
    "policy": {"risky": "ask"},
    "limits": {"max_steps": 10_000},
}
"""The agent; its questions begin with one of

=========  ===========================================================
``busy``   streams and calls a tool, turn after turn, for ever
``hold``   calls a tool that does not return
``ask``    waits for somebody's consent
``short``  one turn with a tool, then the answer
``plain``  the answer
=========  ===========================================================
"""


class Workload(Streaming):
    """The model."""

    async def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        model: str | None = None,
        tools: Sequence[ToolSpec] = (),
    ) -> AsyncGenerator[Piece]:
        question = next(each.content for each in messages if each.role == "user")
        kind = question.partition(" ")[0]
        turn = sum(each.role == "assistant" for each in messages)
        response = LLMResponse(model="any", usage=TokenUsage(10, 5))
        call = {"busy": "echo", "short": "echo", "hold": "hold", "ask": "risky"}.get(kind)
        if call is None or (kind == "short" and turn):
            response.content = f"The answer to {question!r}."
            yield TextPiece(response.content)
        else:
            for word in (f"Turn {turn}: ", "I shall ", "call a tool. "):
                response.content += word
                yield TextPiece(word)
            if kind == "busy":
                await asyncio.sleep(random.uniform(0, 0.004))
            response.tool_calls.append(ToolCall(f"call-{turn}", call, {"text": f"{turn} " * 20}))
            response.finish_reason = "tool_calls"
        yield response


async def echo(text: str, context: ToolContext) -> str:
    """Return the text."""
    context.progress(1, 2, "half")
    return text


async def hold(text: str) -> str:
    """Never return."""
    await asyncio.Event().wait()
    return text


async def risky(text: str) -> str:
    """Return the text; needs consent."""
    return text


def add_model(gateway: LLMGateway) -> None:
    gateway.register_provider(PROVIDER, Workload())


def add_tools(tools: ToolRegistry) -> None:
    for function in (echo, hold, risky):
        tools.register(FunctionTool(function))
