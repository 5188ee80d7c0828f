"""A provider that asks again after a passing fault."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any

from agentkit.core.protocol import ToolSpec
from agentkit.errors import InvalidInput, ProviderUnavailable
from agentkit.llm.caller import Caller
from agentkit.llm.protocol import ChatMessage, Notice, Piece
from agentkit.llm.streaming import Streaming


class RetryingProvider(Streaming):
    """Asks again when the provider is unavailable, and tells of each try by a ``Notice``.

    The pause before try *n* is chosen evenly between 0 and ``base_delay · 2ⁿ⁻²`` ("full jitter",
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), and is never shorter
    than what the provider asked for. A provider that asks for more than ``max_delay`` is not asked
    again: its error is raised, so that nobody waits without knowing.

    Parameters
    ----------
    provider
        Any provider; what it can do is handed on.
    attempts
        Tries in all.
    base_delay, max_delay
        Seconds.
    sleep, jitter
        ``asyncio.sleep``, and a function that gives a number from 0 to 1; tests put theirs here.
    """

    def __init__(
        self,
        provider: Any,
        attempts: int = 4,
        base_delay: float = 0.5,
        max_delay: float = 20,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        if attempts < 1:
            raise InvalidInput(f"attempts is {attempts}; a provider is asked at least once")
        self._caller = Caller(provider)
        self._attempts = attempts
        self._base_delay = base_delay
        self._max_delay = max_delay
        self._sleep = sleep
        self._jitter = jitter

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
        """Ask, and ask again after a passing fault.

        Raises
        ------
        ProviderError
            Any final refusal at once; ``ProviderUnavailable`` when the tries are used up.
        """
        attempt = 1
        while True:
            sent = False
            pieces = self._caller.stream(messages, model=model or "", tools=tools)
            try:
                async with aclosing(pieces):
                    async for piece in pieces:
                        yield piece
                        sent = sent or not isinstance(piece, Notice)
                return
            except ProviderUnavailable as error:
                pause = self._pause(attempt, error.retry_after or 0)
                if pause is None:
                    raise
                attempt += 1
                yield Notice(
                    "retry",
                    f"{_sentence(error.message)} Trying again in {pause:.1f} s"
                    f" ({attempt} of {self._attempts}).",
                    restarted=sent,
                )
            await self._sleep(pause)

    def _pause(self, attempt: int, asked_for: float) -> float | None:
        """Seconds before the next try; ``None`` when there is none."""
        if attempt >= self._attempts or asked_for > self._max_delay:
            return None
        longest = min(self._max_delay, self._base_delay * 2 ** (attempt - 1))
        return max(asked_for, longest * self._jitter())


def _sentence(message: str) -> str:
    return message if message.endswith((".", "?", "!")) else f"{message}."
