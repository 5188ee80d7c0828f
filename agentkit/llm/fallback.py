"""A provider that turns to the next one when one fails."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from agentkit.core.protocol import ToolSpec
from agentkit.errors import InvalidInput, ProviderError
from agentkit.llm.caller import Caller
from agentkit.llm.protocol import ChatMessage, LLMResponse, Notice, Piece
from agentkit.llm.streaming import Streaming


class FallbackProvider(Streaming):
    """Asks its providers in order until one answers, and tells of each change by a ``Notice``.

    Parameters
    ----------
    providers
        ``(name, provider, model)`` of each; an empty model means the provider's own default. A model
        that the caller names is asked of the first alone: the others do not have it.

    Raises
    ------
    InvalidInput
        There are none, or one is simulated: an answer without a model must never pass for a real one.
    """

    def __init__(self, providers: Sequence[tuple[str, Any, str]]) -> None:
        if not providers:
            raise InvalidInput("A FallbackProvider needs at least one (name, provider, model)")
        self._ways = [(name, Caller(provider), model) for name, provider, model in providers]
        for name, caller, _ in self._ways:
            if caller.simulated:
                raise InvalidInput(
                    f"{name!r} is simulated and cannot stand in for a real model: take it out"
                )

    @property
    def default_model(self) -> str:
        """The first one's."""
        _, caller, model = self._ways[0]
        return model or caller.default_model

    @property
    def vendor(self) -> str:
        """The first one's."""
        return self._ways[0][1].vendor

    @property
    def missing(self) -> str | None:
        """What is missing, when none of them can be used."""
        missing = [caller.missing for _, caller, _ in self._ways]
        return None if None in missing else "; or ".join(text for text in missing if text)

    async def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        model: str | None = None,
        tools: Sequence[ToolSpec] = (),
    ) -> AsyncGenerator[Piece]:
        """Ask one after the other until one answers; its name is in the response.

        Raises
        ------
        ProviderError
            The last one's, when all have failed.
        """
        for place, (name, caller, own_model) in enumerate(self._ways):
            asked = own_model or caller.default_model
            if place == 0 and model:
                asked = model
            sent = False
            pieces = caller.stream(messages, model=asked, tools=tools)
            try:
                async with aclosing(pieces):
                    async for piece in pieces:
                        if isinstance(piece, LLMResponse):
                            piece = replace(
                                piece,
                                provider=piece.provider or name,
                                model=piece.model or asked,
                            )
                        yield piece
                        sent = sent or not isinstance(piece, Notice)
                return
            except ProviderError as error:
                if place + 1 == len(self._ways):
                    raise
                yield Notice(
                    "fallback",
                    f"{name} failed ({error.message.rstrip('.')}); asking {self._ways[place + 1][0]}.",
                    restarted=sent,
                )
