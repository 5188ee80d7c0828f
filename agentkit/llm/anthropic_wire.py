"""Messages as Anthropic's API writes them, and the answer gathered from its events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from agentkit.core.protocol import ToolSpec
from agentkit.llm.protocol import (
    ChatMessage,
    Image,
    LLMResponse,
    TextPiece,
    ThinkingPiece,
    TokenUsage,
)
from agentkit.llm.sdk import parsed_call

if TYPE_CHECKING:
    from anthropic.types import (
        MessageDeltaUsage,
        RawContentBlockDeltaEvent,
        RawMessageStreamEvent,
        Usage,
    )

_KEY = "anthropic"
"""Under which a response keeps its blocks: signed thinking has to come back as it was."""

_FINISH: dict[str, Literal["stop", "tool_calls", "length", "refusal"]] = {
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}


def written_tool(tool: ToolSpec) -> dict[str, Any]:
    """A tool in this dialect."""
    return {
        "name": tool.name,
        "description": tool.description,
        "input_schema": {"type": "object", **tool.parameters},
    }


def system_text(messages: Sequence[ChatMessage]) -> str:
    """The system messages, which stand apart from the conversation here."""
    return "\n\n".join(m.content for m in messages if m.role == "system" and m.content)


def written_messages(messages: Sequence[ChatMessage]) -> list[dict[str, Any]]:
    """A conversation in this dialect: answers of tools are the user's, and turns alternate."""
    written: list[dict[str, Any]] = []
    for message in messages:
        if message.role == "system":
            continue
        role = "assistant" if message.role == "assistant" else "user"
        blocks = _blocks(message)
        if written and written[-1]["role"] == role:
            written[-1]["content"] += blocks
        elif blocks:
            written.append({"role": role, "content": blocks})
    return written


def turn_began_without_thinking(messages: Sequence[ChatMessage]) -> bool:
    """Whether the calls since the last question began without signed thinking.

    So it is in a run that was resumed: what is signed is not stored. A request with ``thinking`` that is
    enabled for good would be refused then.
    """
    first = None
    for message in reversed(messages):
        if message.role == "user":
            break
        if message.role == "assistant":
            first = message
    return first is not None and _KEY not in first.provider_data


def _blocks(message: ChatMessage) -> list[dict[str, Any]]:
    if message.role == "assistant":
        return _assistant(message)
    content = [*_text(message.content), *map(_picture, message.images)]
    if message.role == "user":
        return content
    result: dict[str, Any] = {
        "type": "tool_result",
        "tool_use_id": message.tool_call_id,
        "content": content,
    }
    return [{**result, "is_error": True} if message.failed else result]


def _assistant(message: ChatMessage) -> list[dict[str, Any]]:
    calls = [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments}
        for call in message.tool_calls
    ]
    kept: list[dict[str, Any]] = message.provider_data.get(_KEY, [])
    if sum(block["type"] == "tool_use" for block in kept) != len(calls) or not kept:
        return [*_text(message.content), *calls]
    # The order counts, but the calls are taken from the message: their ids may have been changed.
    own = iter(calls)
    return [next(own) if block["type"] == "tool_use" else block for block in kept]


def _text(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": text}] if text.strip() else []


def _picture(image: Image) -> dict[str, Any]:
    source = {"type": "base64", "media_type": image.mime_type, "data": image.data}
    return {"type": "image", "source": source}


class Answer:
    """A response, growing event by event."""

    def __init__(self, model: str) -> None:
        self.complete = False
        self.begun = False
        self._model = model
        self._blocks: dict[int, dict[str, Any]] = {}
        self._arguments: dict[int, str] = {}
        self._stop_reason: str | None = None
        self._usage: TokenUsage | None = None

    def take(self, event: RawMessageStreamEvent) -> Iterator[TextPiece | ThinkingPiece]:
        """Add an event, and give what of it is to be shown."""
        self.begun = True
        match event.type:
            case "message_start":
                self._model = event.message.model or self._model
                self._count(event.message.usage)
            case "content_block_start":
                block = event.content_block.model_dump(mode="json", exclude_none=True)
                self._blocks[event.index] = block
                yield from _shown(str(block.get("text", "")), str(block.get("thinking", "")))
            case "content_block_delta":
                yield from self._delta(event)
            case "message_delta":
                self._stop_reason = event.delta.stop_reason or self._stop_reason
                self._count(event.usage)
            case "message_stop":
                self.complete = True
            case _:
                # Kinds of events may be added: https://docs.anthropic.com/en/api/versioning
                return

    def response(self) -> LLMResponse:
        """The whole, when the stream has ended."""
        blocks = [self._blocks[index] for index in sorted(self._blocks)]
        calls = [
            parsed_call(block["id"], block["name"], self._arguments.get(index, ""))
            for index, block in sorted(self._blocks.items())
            if block["type"] == "tool_use"
        ]
        has_thinking = any("thinking" in block["type"] for block in blocks)
        kept = [b for b in blocks if b["type"] != "text" or b["text"].strip()]
        return LLMResponse(
            content="".join(b["text"] for b in blocks if b["type"] == "text"),
            model=self._model,
            usage=self._usage,
            tool_calls=calls,
            thinking="\n\n".join(b["thinking"] for b in blocks if b["type"] == "thinking"),
            finish_reason=_FINISH.get(self._stop_reason or "", "stop"),
            provider_data={_KEY: kept} if has_thinking else {},
        )

    def _delta(self, event: RawContentBlockDeltaEvent) -> Iterator[TextPiece | ThinkingPiece]:
        block, delta = self._blocks[event.index], event.delta
        match delta.type:
            case "text_delta":
                block["text"] += delta.text
                yield from _shown(delta.text, "")
            case "thinking_delta":
                block["thinking"] += delta.thinking
                yield from _shown("", delta.thinking)
            case "signature_delta":
                block["signature"] = delta.signature
            case "input_json_delta":
                known = self._arguments.get(event.index, "")
                self._arguments[event.index] = known + delta.partial_json
            case _:
                return

    def _count(self, usage: Usage | MessageDeltaUsage) -> None:
        """Take the counts over: they are totals, and those that are not sent again still hold."""
        total = self._usage or TokenUsage()
        if usage.input_tokens is not None:
            cached = usage.cache_read_input_tokens or 0
            created = usage.cache_creation_input_tokens or 0
            # Here, unlike elsewhere, the cached tokens are not part of the input tokens.
            total.prompt_tokens = usage.input_tokens + cached + created
            total.cached_tokens = usage.cache_read_input_tokens
            total.cache_write_tokens = usage.cache_creation_input_tokens
        total.completion_tokens = usage.output_tokens
        if usage.output_tokens_details is not None:
            total.reasoning_tokens = usage.output_tokens_details.thinking_tokens
        self._usage = total


def _shown(text: str, thinking: str) -> Iterator[TextPiece | ThinkingPiece]:
    if thinking:
        yield ThinkingPiece(thinking)
    if text:
        yield TextPiece(text)
