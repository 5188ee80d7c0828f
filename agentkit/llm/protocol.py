"""How a model is asked and what it answers: messages, the response, the pieces of a stream.

A provider is any object with ``async chat(messages, …) -> LLMResponse``. One that can stream says
so on its class (``streaming = True`` and an async generator ``stream``) or where it is registered;
what it can do is never read from the instance, because an instance may answer to every name.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from agentkit.core.protocol import ToolSpec


@dataclass(slots=True)
class TokenUsage:
    """Tokens of one call, as the provider reported them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int | None = None
    """The part of ``prompt_tokens`` that came from the provider's cache."""
    reasoning_tokens: int | None = None
    """The part of ``completion_tokens`` that was spent on thinking."""
    cost: float | None = None
    """In US dollars, when known."""
    cache_write_tokens: int | None = None
    """The part of ``prompt_tokens`` that was written to the provider's cache, where that is reported."""


@dataclass(slots=True)
class ToolCall:
    """A model's wish to call a tool."""

    id: str
    name: str
    arguments: dict[str, Any] = field(default_factory=dict[str, Any])
    malformed: str | None = None
    """The raw text, when the model's arguments were no JSON object; ``arguments`` is empty then."""


@dataclass(slots=True)
class Image:
    """A picture for a model that takes pictures."""

    mime_type: str
    data: str
    """Base64."""


@dataclass(slots=True)
class ChatMessage:
    """One message of a conversation, in every provider's dialect the same."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str = ""
    tool_calls: list[ToolCall] = field(default_factory=list[ToolCall])
    """Of an assistant's message."""
    tool_call_id: str | None = None
    """Of a tool's message: the call that it answers."""
    name: str | None = None
    """Of a tool's message: the tool's name."""
    failed: bool = False
    """Of a tool's message: the call did not succeed."""
    images: list[Image] = field(default_factory=list[Image])
    provider_data: dict[str, Any] = field(default_factory=dict[str, Any])
    """What a dialect needs to see again in the next call, such as signed thinking blocks."""


@dataclass(slots=True)
class LLMResponse:
    """What a model answered."""

    content: str = ""
    model: str = ""
    usage: TokenUsage | None = None
    """``None`` when the provider reports none."""
    tool_calls: list[ToolCall] = field(default_factory=list[ToolCall])
    thinking: str = ""
    finish_reason: Literal["stop", "tool_calls", "length", "refusal"] = "stop"
    provider: str = ""
    """Filled in by the gateway: which provider answered, after fallbacks."""
    provider_data: dict[str, Any] = field(default_factory=dict[str, Any])
    vendor: str = ""
    """Who sold the answer, as price lists know it: the address of an API, or a name such as
    ``anthropic``; empty when that is not known."""


@dataclass(slots=True)
class TextPiece:
    """The next piece of the answer's text."""

    text: str


@dataclass(slots=True)
class ThinkingPiece:
    """The next piece of the model's thinking."""

    text: str


@dataclass(slots=True)
class Notice:
    """Something the reader should know of this call: a retry, a fallback.

    ``restarted`` says that the pieces sent so far belong to a try that failed and are void.
    """

    reason: str
    message: str
    restarted: bool = False


Piece = TextPiece | ThinkingPiece | Notice | LLMResponse
"""A stream's items; the last one, and only the last, is the whole ``LLMResponse``."""


class Provider(Protocol):
    """The least that a provider is."""

    async def chat(
        self,
        messages: Sequence[ChatMessage],
        *,
        model: str | None = None,
        tools: Sequence[ToolSpec] = (),
    ) -> LLMResponse: ...


class StreamingProvider(Provider, Protocol):
    """A provider that declares ``streaming = True`` on its class."""

    streaming: bool

    def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        model: str | None = None,
        tools: Sequence[ToolSpec] = (),
    ) -> AsyncIterator[Piece]: ...
