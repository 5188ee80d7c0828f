"""The messages API of Anthropic.

Wire format: https://docs.anthropic.com/en/api/messages-streaming.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from agentkit.core.protocol import ToolSpec
from agentkit.errors import ProviderRejected
from agentkit.llm.anthropic_wire import (
    Answer,
    system_text,
    turn_began_without_thinking,
    written_messages,
    written_tool,
)
from agentkit.llm.faults import Call, broke_off, in_our_words, no_answer
from agentkit.llm.protocol import ChatMessage, Piece
from agentkit.llm.sdk import CONNECT_SECONDS, Access
from agentkit.llm.streaming import Streaming

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic, AsyncStream
    from anthropic.types import RawMessageStreamEvent

DEFAULT_MODEL = "claude-sonnet-5-5"

_ANTHROPIC = "https://api.anthropic.com"


class AnthropicProvider(Streaming):
    """Asks Anthropic, or a server that speaks its dialect.

    Parameters
    ----------
    api_key
        Left out, what ``key_variable`` holds.
    base_url
        Left out, ``ANTHROPIC_BASE_URL``, else Anthropic itself.
    default_model
        The model that is asked when none is named.
    name
        What the provider is called in messages.
    key_variable
        The environment variable of the key; empty, none is looked up and none is needed.
    max_tokens
        Tokens of one answer at most, thinking included; this API wants it said.
    thinking
        The API's ``thinking`` parameter, such as ``{"type": "enabled", "budget_tokens": 4096}``. Left
        out, the model's own default.
    silence
        Seconds that the server may be silent before the call fails.
    environ
        Where the variables are looked up, at each call.
    """

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        default_model: str = DEFAULT_MODEL,
        *,
        name: str = "anthropic",
        key_variable: str = "ANTHROPIC_API_KEY",
        max_tokens: int = 16_000,
        thinking: Mapping[str, Any] | None = None,
        silence: float = 300,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._access = Access(name, "anthropic", api_key, key_variable, environ)
        self._base_url = base_url
        self._default_model = default_model
        self._max_tokens = max_tokens
        self._thinking = thinking
        self._silence = silence
        self._environ = environ

    @property
    def default_model(self) -> str:
        """The model that is asked when none is named."""
        return self._default_model

    @property
    def missing(self) -> str | None:
        """What to install or set; found without importing the SDK."""
        return self._access.missing(needs_key=self._needs_key)

    @property
    def vendor(self) -> str:
        """The address that is asked: prices depend on it."""
        return self._url or _ANTHROPIC

    async def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        model: str | None = None,
        tools: Sequence[ToolSpec] = (),
    ) -> AsyncGenerator[Piece]:
        """Ask, and give the answer piece by piece.

        Raises
        ------
        ProviderNotReady
            The package or the key is missing.
        ProviderUnavailable, ProviderRejected
            See ``agentkit.llm.sdk``.
        """
        key = self._access.key(needs_key=self._needs_key)
        asked = model or self._default_model
        if not asked:
            name = self._access.name
            raise ProviderRejected(
                f"{name} at {self._url}: no model is named; name it as {name}:MODEL, in the agent or as "
                "the default model (AGENTKIT_MODEL)",
                reason="unknown_model",
            )
        request: dict[str, Any] = {
            "model": asked,
            "max_tokens": self._max_tokens,
            "messages": written_messages(messages),
            "stream": True,
        }
        if system := system_text(messages):
            request["system"] = system
        if tools:
            request["tools"] = [written_tool(tool) for tool in tools]
        if self._thinking and (
            self._thinking.get("type") != "enabled" or not turn_began_without_thinking(messages)
        ):
            request["thinking"] = dict(self._thinking)
        call = Call(
            self._access.name,
            asked,
            self._url,
            key_hint=self._access.key_variable,
            key=key,
            tools=tuple(tool.name for tool in tools),
            images=any(message.images for message in messages),
        )
        answer = Answer(asked)
        with in_our_words(call):
            async with await asyncio.to_thread(self._client, key) as client:
                events = cast(
                    "AsyncStream[RawMessageStreamEvent]", await client.messages.create(**request)
                )
                async with events:
                    async for event in events:
                        for piece in answer.take(event):
                            yield piece
                    streamed = "event-stream" in events.response.headers.get("content-type", "")
        if not answer.complete:
            raise broke_off(call) if answer.begun or streamed else no_answer(call)
        yield replace(answer.response(), vendor=self.vendor)

    def _client(self, key: str) -> AsyncAnthropic:
        from anthropic import AsyncAnthropic, Timeout

        return AsyncAnthropic(
            api_key=key,
            base_url=self._url or _ANTHROPIC,
            max_retries=0,
            timeout=Timeout(self._silence, connect=min(CONNECT_SECONDS, self._silence)),
        )

    @property
    def _url(self) -> str | None:
        return self._base_url or self._environ.get("ANTHROPIC_BASE_URL") or None

    @property
    def _needs_key(self) -> bool:
        return self._url is None or bool(self._access.key_variable)
