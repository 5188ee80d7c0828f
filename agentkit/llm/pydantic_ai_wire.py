"""Messages as pydantic-ai takes them, and its answer read back. Imports pydantic-ai."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError
from pydantic_ai.messages import (
    BinaryContent,
    ModelMessage,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    ModelResponsePart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserContent,
    UserPromptPart,
)
from pydantic_ai.tools import ToolDefinition

from agentkit.core.protocol import ToolSpec
from agentkit.llm.protocol import ChatMessage, Image, LLMResponse, TokenUsage, ToolCall
from agentkit.llm.sdk import parsed_call

_KEY = "pydantic_ai"
"""Under which a response is kept whole: signatures, ids and thinking have to come back as they were."""

_RESPONSE = TypeAdapter(ModelResponse)

_FINISH: dict[str, Literal["length", "refusal"]] = {
    "length": "length",
    "content_filter": "refusal",
}


def written_tool(tool: ToolSpec) -> ToolDefinition:
    """A tool as pydantic-ai takes it."""
    return ToolDefinition(
        name=tool.name,
        description=tool.description,
        parameters_json_schema={"type": "object", **tool.parameters},
    )


def written_messages(messages: Sequence[ChatMessage], *, images: bool) -> list[ModelMessage]:
    """A conversation as pydantic-ai takes it: requests and responses in turn."""
    written: list[ModelMessage] = []
    waiting: list[ModelRequestPart] = []
    for message in messages:
        if message.role == "assistant":
            if waiting:
                written.append(ModelRequest(waiting))
            written.append(_answer(message))
            waiting = []
        elif message.role != "system":
            waiting.append(_part(message, message.images if images else ()))
    system = "\n\n".join(m.content for m in messages if m.role == "system" and m.content)
    return [*written, ModelRequest(waiting, instructions=system or None)]


def _part(message: ChatMessage, images: Sequence[Image]) -> ModelRequestPart:
    pictures = [BinaryContent(base64.b64decode(i.data), media_type=i.mime_type) for i in images]
    if message.role == "tool":
        return ToolReturnPart(
            message.name or "",
            [message.content, *pictures] if pictures else message.content,
            message.tool_call_id or "",
            outcome="failed" if message.failed else "success",
        )
    content: list[UserContent] = [message.content, *pictures] if message.content else [*pictures]
    return UserPromptPart(content if pictures else message.content)


def _answer(message: ChatMessage) -> ModelResponse:
    """The model's own words, as they came when they are kept, with the calls that the message names."""
    own = iter(message.tool_calls)
    if (kept := _kept(message)) is not None:
        # The order counts, but the calls are taken from the message: their ids may have been changed.
        return replace(kept, parts=[_renamed(part, own) for part in kept.parts])
    parts: list[ModelResponsePart] = [TextPart(message.content)] if message.content else []
    return ModelResponse([*parts, *(ToolCallPart(c.name, c.arguments, c.id) for c in own)])


def _renamed(part: ModelResponsePart, calls: Any) -> ModelResponsePart:
    if not isinstance(part, ToolCallPart):
        return part
    call: ToolCall = next(calls)
    return replace(part, args=call.arguments, tool_call_id=call.id)


def _kept(message: ChatMessage) -> ModelResponse | None:
    data = message.provider_data.get(_KEY)
    if data is None:
        return None
    try:
        kept = _RESPONSE.validate_python(data)
    except ValidationError:  # written by another version of pydantic-ai
        return None
    calls = sum(isinstance(part, ToolCallPart) for part in kept.parts)
    return kept if calls == len(message.tool_calls) else None


def read_response(answer: ModelResponse) -> LLMResponse:
    """An answer of pydantic-ai as agentkit's."""
    calls = [_call(part) for part in answer.parts if isinstance(part, ToolCallPart)]
    text = "".join(part.content for part in answer.parts if isinstance(part, TextPart))
    thoughts = [part.content for part in answer.parts if isinstance(part, ThinkingPart)]
    refusal = (answer.provider_details or {}).get("refusal")
    kept = _RESPONSE.dump_python(answer, mode="json")
    if "@" in (answer.provider_url or ""):
        kept["provider_url"] = None  # a name and a password stand in it
    return LLMResponse(
        content=text or (refusal if isinstance(refusal, str) else ""),
        model=answer.model_name or "",
        usage=_usage(answer),
        tool_calls=calls,
        thinking="\n\n".join(thought for thought in thoughts if thought),
        finish_reason=_FINISH.get(answer.finish_reason or "", "tool_calls" if calls else "stop"),
        provider_data={_KEY: kept},
        vendor=answer.provider_url or answer.provider_name or "",
    )


def _call(part: ToolCallPart) -> ToolCall:
    if isinstance(part.args, dict):
        return ToolCall(part.tool_call_id, part.tool_name, part.args)
    return parsed_call(part.tool_call_id, part.tool_name, part.args or "")


def _usage(answer: ModelResponse) -> TokenUsage | None:
    usage = answer.usage
    if usage.unmeasured_requests or not (usage.input_tokens or usage.output_tokens):
        return None
    return TokenUsage(
        usage.input_tokens,
        usage.output_tokens,
        cached_tokens=usage.cache_read_tokens or None,
        reasoning_tokens=usage.output_reasoning_tokens or None,
        cache_write_tokens=usage.cache_write_tokens or None,
    )
