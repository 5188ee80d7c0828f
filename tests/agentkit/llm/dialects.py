"""The two wire formats, as their servers write them."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Protocol

from agentkit.core.protocol import ToolSpec
from agentkit.llm.anthropic import AnthropicProvider
from agentkit.llm.openai import OpenAIProvider
from agentkit.llm.protocol import ChatMessage, LLMResponse, Piece
from agentkit.llm.pydantic_ai import PydanticAIProvider

KEY = "sk-secret-0123456789"
QUESTION = [ChatMessage("user", "well?")]


class Streams(Protocol):
    def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        model: str | None = None,
        tools: Sequence[ToolSpec] = (),
    ) -> AsyncGenerator[Piece]: ...


async def drained(
    provider: Streams,
    messages: Sequence[ChatMessage] = QUESTION,
    *,
    tools: Sequence[ToolSpec] = (),
) -> list[Piece]:
    async with aclosing(provider.stream(messages, model="m", tools=tools)) as pieces:
        return [piece async for piece in pieces]


async def answered(provider: Streams, messages: Sequence[ChatMessage] = QUESTION) -> LLMResponse:
    response = (await drained(provider, messages))[-1]
    assert isinstance(response, LLMResponse)
    return response


class OpenAI:
    """Chunks of chat completions."""

    name = "openai"
    wire = "openai"
    variable = "OPENAI_API_KEY"

    def provider_by(self, environ: Mapping[str, str]) -> OpenAIProvider:
        return OpenAIProvider(KEY, environ=environ)

    def provider(self, url: str, **options: Any) -> OpenAIProvider | PydanticAIProvider:
        return OpenAIProvider(KEY, f"{url}/v1", environ={}, **options)

    def chunk(
        self,
        delta: Mapping[str, Any] | None = None,
        finish: str | None = None,
        usage: Mapping[str, Any] | None = None,
    ) -> str:
        choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
        data = {
            "id": "c",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "m-1",
            "choices": choices,
            "usage": usage,
        }
        return f"data: {json.dumps(data)}\n\n"

    def call(self, index: int, id: str | None, name: str | None, arguments: str) -> str:
        function = {"name": name, "arguments": arguments}
        call = {"index": index, "id": id, "type": "function", "function": function}
        return self.chunk({"tool_calls": [call]})

    def start(self) -> list[str]:
        return [self.chunk({"role": "assistant", "content": "Hel"})]

    def whole(self) -> list[str]:
        usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
        return [*self.start(), self.chunk({"content": "lo"}), *self.end("stop", usage)]

    def end(self, finish: str, usage: Mapping[str, Any] | None = None) -> list[str]:
        return [self.chunk({}, finish), self.chunk(usage=usage), "data: [DONE]\n\n"]

    def error(self, message: str, type: str = "error", code: str | None = None) -> dict[str, Any]:
        return {"error": {"message": message, "type": type, "code": code}}

    def error_event(self, message: str) -> str:
        return f"data: {json.dumps(self.error(message, 'server_error'))}\n\n"


class Anthropic:
    """Events of the messages API."""

    name = "anthropic"
    wire = "anthropic"
    variable = "ANTHROPIC_API_KEY"

    def provider_by(self, environ: Mapping[str, str]) -> AnthropicProvider:
        return AnthropicProvider(KEY, environ=environ)

    def provider(self, url: str, **options: Any) -> AnthropicProvider | PydanticAIProvider:
        return AnthropicProvider(KEY, url, environ={}, **options)

    def event(self, type: str, **data: Any) -> str:
        return f"event: {type}\ndata: {json.dumps({'type': type, **data})}\n\n"

    def begin(self, **usage: int) -> str:
        message: dict[str, Any] = {
            "id": "msg",
            "type": "message",
            "role": "assistant",
            "content": [],
            "model": "m-1",
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 10, "output_tokens": 1, **usage},
        }
        return self.event("message_start", message=message)

    def block(self, index: int, block: Mapping[str, Any], *deltas: Mapping[str, Any]) -> list[str]:
        return [
            self.event("content_block_start", index=index, content_block=block),
            *(self.event("content_block_delta", index=index, delta=delta) for delta in deltas),
            self.event("content_block_stop", index=index),
        ]

    def text(self, index: int, *texts: str) -> list[str]:
        deltas = [{"type": "text_delta", "text": text} for text in texts]
        return self.block(index, {"type": "text", "text": ""}, *deltas)

    def call(self, index: int, id: str, name: str, *parts: str) -> list[str]:
        deltas = [{"type": "input_json_delta", "partial_json": part} for part in parts]
        block: dict[str, Any] = {"type": "tool_use", "id": id, "name": name, "input": {}}
        return self.block(index, block, *deltas)

    def start(self) -> list[str]:
        return [self.begin(), *self.text(0, "Hel")[:2]]

    def whole(self) -> list[str]:
        return [self.begin(), *self.text(0, "Hel", "lo"), *self.end("end_turn")]

    def end(self, stop_reason: str, **usage: Any) -> list[str]:
        delta = {"stop_reason": stop_reason, "stop_sequence": None}
        return [
            self.event("message_delta", delta=delta, usage={"output_tokens": 5, **usage}),
            self.event("message_stop"),
        ]

    def error(self, message: str, type: str = "error", code: str | None = None) -> dict[str, Any]:
        return {"type": "error", "error": {"message": message, "type": type}}

    def error_event(self, message: str) -> str:
        return self.event("error", error={"type": "overloaded_error", "message": message})


class OpenAIThroughPydanticAI(OpenAI):
    """The same wire, asked by pydantic-ai."""

    name = "pydantic-ai-openai"

    def provider(self, url: str, **options: Any) -> PydanticAIProvider:
        return PydanticAIProvider(
            "openai-chat", KEY, f"{url}/v1", key_variable=self.variable, environ={}, **options
        )


class AnthropicThroughPydanticAI(Anthropic):
    """The same wire, asked by pydantic-ai."""

    name = "pydantic-ai-anthropic"

    def provider(self, url: str, **options: Any) -> PydanticAIProvider:
        return PydanticAIProvider(
            "anthropic", KEY, url, key_variable=self.variable, environ={}, **options
        )


BOTH = [OpenAI(), Anthropic()]
"""The two with an SDK of their own."""

ALL = [*BOTH, OpenAIThroughPydanticAI(), AnthropicThroughPydanticAI()]
