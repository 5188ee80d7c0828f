"""What all providers share that stream: an answer in one piece is a stream that was read to its end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from agentkit.core.protocol import ToolSpec
from agentkit.errors import ProviderUnavailable
from agentkit.llm.protocol import ChatMessage, LLMResponse, Piece


class Streaming(ABC):
    """A provider that streams."""

    streaming = True

    @abstractmethod
    def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        model: str | None = None,
        tools: Sequence[ToolSpec] = (),
    ) -> AsyncGenerator[Piece]:
        """Answer piece by piece; the last one, and only the last, is the whole response."""

    async def chat(
        self,
        messages: Sequence[ChatMessage],
        *,
        model: str | None = None,
        tools: Sequence[ToolSpec] = (),
    ) -> LLMResponse:
        """Answer in one piece; see ``stream``."""
        async with aclosing(self.stream(messages, model=model, tools=tools)) as pieces:
            async for piece in pieces:
                if isinstance(piece, LLMResponse):
                    return piece
        raise ProviderUnavailable("The stream ended without an answer")
