"""A provider that goes on without pictures when the model does not take them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from agentkit.core.protocol import ToolSpec
from agentkit.errors import ProviderRejected
from agentkit.llm.caller import Caller
from agentkit.llm.protocol import ChatMessage, Notice, Piece
from agentkit.llm.streaming import Streaming

# Some servers refuse a picture without naming it: "content must be a string".
_REASONS = frozenset({"images_refused", "provider_rejected"})


class PicturesOptional(Streaming):
    """Asks again without pictures when a request that holds some is refused.

    Whether a model sees is not known before it is asked, least of all behind a server of one's own. What
    a tool returned still stands in words in its message. The reader is told once for each new picture.

    Parameters
    ----------
    provider
        Any provider; what it can do is handed on.
    """

    def __init__(self, provider: Any) -> None:
        self._caller = Caller(provider)

    @property
    def simulated(self) -> bool:
        """As the wrapped provider."""
        return self._caller.simulated

    @property
    def default_model(self) -> str:
        """As the wrapped provider."""
        return self._caller.default_model

    @property
    def missing(self) -> str | None:
        """As the wrapped provider."""
        return self._caller.missing

    @property
    def vendor(self) -> str:
        """As the wrapped provider."""
        return self._caller.vendor

    async def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        model: str | None = None,
        tools: Sequence[ToolSpec] = (),
    ) -> AsyncGenerator[Piece]:
        """Ask, and ask again without pictures when they are refused.

        Raises
        ------
        ProviderError
            As the provider raised it, the second time.
        """
        try:
            async with aclosing(
                self._caller.stream(messages, model=model or "", tools=tools)
            ) as pieces:
                async for piece in pieces:
                    yield piece
            return
        except ProviderRejected as error:
            if error.reason not in _REASONS or not any(m.images for m in messages):
                raise
            refused = error
        without = [replace(m, images=[]) if m.images else m for m in messages]
        async with aclosing(self._caller.stream(without, model=model or "", tools=tools)) as pieces:
            told = not _new_picture(messages)
            async for piece in pieces:
                if not told:
                    # Only now is it known that it was the pictures.
                    yield Notice("images_refused", f"Pictures were left out. {refused.message}")
                    told = True
                yield piece


def _new_picture(messages: Sequence[ChatMessage]) -> bool:
    """Whether there is one after the model's last word."""
    for message in reversed(messages):
        if message.role == "assistant":
            return False
        if message.images:
            return True
    return False
