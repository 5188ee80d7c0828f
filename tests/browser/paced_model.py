"""A server extension for the tests: a model that calls ``tick`` a number of times, at a steady pace.

``paced:5x0.2`` streams a sentence, calls ``tick`` with 1 to 5, waiting 0.2 s before each, and answers.
What it does depends on the conversation alone, so any number of runs may use it at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from agentkit.core.protocol import ToolSpec
from agentkit.llm.protocol import ChatMessage, LLMResponse, Piece, TextPiece, ToolCall


class PacedModel:
    """The model."""

    streaming = True

    async def chat(
        self, messages: Sequence[ChatMessage], *, model: str | None = None, tools: Sequence[ToolSpec] = ()
    ) -> LLMResponse:
        """Answer without streaming."""
        async for piece in self.stream(messages, model=model, tools=tools):
            if isinstance(piece, LLMResponse):
                return piece
        raise AssertionError("the stream had no end")

    async def stream(
        self, messages: Sequence[ChatMessage], *, model: str | None = None, tools: Sequence[ToolSpec] = ()
    ) -> AsyncGenerator[Piece]:
        """Go on from where the conversation stands."""
        turns, _, pause = (model or "3x0.1").partition("x")
        done = [message for message in messages if message.role == "tool"]
        if len(done) < int(turns):
            number = len(done) + 1
            for word in ("Calling ", "tick ", f"{number}."):
                await asyncio.sleep(float(pause) / 3)
                yield TextPiece(word)
            call = ToolCall(f"tick-{number}", "tick", {"number": number})
            yield LLMResponse(
                f"Calling tick {number}.", model or "", tool_calls=[call], finish_reason="tool_calls"
            )
            return
        answer = f"**{len(done)} ticks**: {', '.join(message.content for message in done)}"
        yield TextPiece(answer)
        yield LLMResponse(answer, model or "")


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "paced_model"}]


def _load_jupyter_server_extension(server: Any) -> None:
    gateway = server.web_app.settings["agentkit_hub"].executor.gateway
    gateway.register_provider("paced", PacedModel())
