"""Messages as OpenAI's chat completions write them, and the answer gathered from its chunks."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from agentkit.core.protocol import ToolSpec
from agentkit.llm.protocol import (
    ChatMessage,
    Image,
    LLMResponse,
    TextPiece,
    ThinkingPiece,
    TokenUsage,
    ToolCall,
)
from agentkit.llm.sdk import parsed_call

if TYPE_CHECKING:
    from openai.types import CompletionUsage
    from openai.types.chat import ChatCompletionChunk
    from openai.types.chat.chat_completion_chunk import ChoiceDeltaToolCall

_KEY = "openai"
"""Under which a response keeps what this dialect wants back."""

_THINKING_FIELDS = ("reasoning_content", "reasoning")
"""Of compatible servers: DeepSeek and vLLM use the first, OpenRouter and Ollama the second."""

_SIGNED = "extra_content"
"""Of Gemini's compatible API: a call has to come back with the signature of its thought."""

_FINISH: dict[str, Literal["stop", "tool_calls", "length", "refusal"]] = {
    "length": "length",
    "content_filter": "refusal",
}


def written_tool(tool: ToolSpec) -> dict[str, Any]:
    """A tool in this dialect."""
    return {
        "type": "function",
        "function": {
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters,
        },
    }


def written_messages(messages: Sequence[ChatMessage], *, images: bool) -> list[dict[str, Any]]:
    """A conversation in this dialect.

    A tool's message cannot hold pictures here: they follow in a message of the user, after the last
    answer of the same turn, because nothing may stand between these.
    """
    written: list[dict[str, Any]] = []
    pictures: list[Image] = []
    for message in messages:
        if pictures and message.role != "tool":
            written.append(_shown(pictures))
            pictures = []
        if message.role == "tool":
            written.append(
                {
                    "role": "tool",
                    "tool_call_id": message.tool_call_id,
                    "content": message.content,
                }
            )
            pictures += message.images if images else []
        elif message.role == "assistant":
            written.append(_assistant(message))
        elif message.role == "user" and message.images and images:
            parts = [{"type": "text", "text": message.content}] if message.content else []
            written.append({"role": "user", "content": [*parts, *map(_picture, message.images)]})
        else:
            written.append({"role": message.role, "content": message.content})
    return [*written, _shown(pictures)] if pictures else written


def _assistant(message: ChatMessage) -> dict[str, Any]:
    written: dict[str, Any] = {"role": "assistant", "content": message.content or None}
    if not message.tool_calls:
        return {**written, "content": message.content}
    kept: dict[str, Any] = message.provider_data.get(_KEY, {})
    signed: dict[str, Any] = kept.get("signed", {})
    written["tool_calls"] = [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": json.dumps(call.arguments)},
            **({_SIGNED: signed[str(place)]} if str(place) in signed else {}),
        }
        for place, call in enumerate(message.tool_calls)
    ]
    return {**written, **kept.get("message", {})}


def _shown(pictures: Sequence[Image]) -> dict[str, Any]:
    note = {"type": "text", "text": "The pictures that the tools returned:"}
    return {"role": "user", "content": [note, *map(_picture, pictures)]}


def _picture(image: Image) -> dict[str, Any]:
    url = f"data:{image.mime_type};base64,{image.data}"
    return {"type": "image_url", "image_url": {"url": url}}


@dataclass(slots=True)
class _Call:
    id: str
    name: str
    arguments: str = ""
    signed: Any = None


class Answer:
    """A response, growing chunk by chunk."""

    def __init__(self, model: str) -> None:
        self.finish_reason: str | None = None
        self.begun = False
        self._model = model
        self._text = ""
        self._thinking = ""
        self._thinking_field = ""
        self._refused = False
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}
        self._usage: TokenUsage | None = None

    def take(self, chunk: ChatCompletionChunk) -> Iterator[TextPiece | ThinkingPiece]:
        """Add a chunk, and give what of it is to be shown."""
        self.begun = True
        self._model = chunk.model or self._model
        if chunk.usage is not None:
            self._usage = _usage(chunk.usage)
        for choice in chunk.choices[:1]:
            delta = choice.delta
            self.finish_reason = choice.finish_reason or self.finish_reason
            for name in _THINKING_FIELDS:
                thought = (delta.model_extra or {}).get(name)
                if isinstance(thought, str) and thought:
                    self._thinking += thought
                    self._thinking_field = name
                    yield ThinkingPiece(thought)
                    break
            if delta.refusal:
                self._refused = True
            if text := (delta.content or "") + (delta.refusal or ""):
                self._text += text
                yield TextPiece(text)
            for call in delta.tool_calls or ():
                self._take_call(call)

    def response(self) -> LLMResponse:
        """The whole, when the stream has ended."""
        calls = [parsed_call(call.id, call.name, call.arguments) for call in self._calls]
        back: dict[str, Any] = {}
        if self._thinking and calls:
            back["message"] = {self._thinking_field: self._thinking}
        # By place, as text: what is kept goes through JSON, and ids may be changed.
        if signed := {str(n): c.signed for n, c in enumerate(self._calls) if c.signed}:
            back["signed"] = signed
        return LLMResponse(
            content=self._text,
            model=self._model,
            usage=self._usage,
            tool_calls=calls,
            thinking=self._thinking,
            finish_reason=self._reason(calls),
            provider_data={_KEY: back} if back else {},
        )

    def _take_call(self, delta: ChoiceDeltaToolCall) -> None:
        call = self._by_index.get(delta.index)
        name = (delta.function and delta.function.name) or ""
        # Some servers number all calls of a turn 0: there a new id begins a new call.
        if call is None or (delta.id and name and delta.id != call.id):
            call = _Call(delta.id or f"call_{uuid.uuid4().hex}", "")
            self._by_index[delta.index] = call
            self._calls.append(call)
        call.name = call.name or name
        call.signed = (delta.model_extra or {}).get(_SIGNED) or call.signed
        call.arguments += (delta.function and delta.function.arguments) or ""

    def _reason(
        self, calls: Sequence[ToolCall]
    ) -> Literal["stop", "tool_calls", "length", "refusal"]:
        if self._refused:
            return "refusal"
        return _FINISH.get(self.finish_reason or "", "tool_calls" if calls else "stop")


def _usage(usage: CompletionUsage) -> TokenUsage:
    prompt, completion = usage.prompt_tokens_details, usage.completion_tokens_details
    return TokenUsage(
        usage.prompt_tokens,
        usage.completion_tokens,
        cached_tokens=prompt.cached_tokens if prompt else None,
        reasoning_tokens=completion.reasoning_tokens if completion else None,
    )
