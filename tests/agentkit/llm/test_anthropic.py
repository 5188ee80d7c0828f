"""Anthropic's dialect: what is sent, and what is made of the events."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from agentkit.core.protocol import ToolSpec
from agentkit.llm.anthropic_wire import written_messages
from agentkit.llm.protocol import (
    ChatMessage,
    Image,
    LLMResponse,
    TextPiece,
    ThinkingPiece,
    TokenUsage,
    ToolCall,
)
from tests.agentkit.llm.dialects import KEY, QUESTION, Anthropic, answered, drained
from tests.agentkit.llm.wire import Reply, wire

IT = Anthropic()
THOUGHT = IT.block(
    0,
    {"type": "thinking", "thinking": "", "signature": ""},
    {"type": "thinking_delta", "thinking": "Birds"},
    {"type": "thinking_delta", "thinking": " first."},
    {"type": "signature_delta", "signature": "c2lnbmVk"},
)


def answer_to(*events: str) -> LLMResponse:
    async def ask() -> LLMResponse:
        async with wire(Reply(chunks=events)) as server:
            return await answered(IT.provider(server.url))

    return asyncio.run(ask())


def test_calls_that_are_split_over_events_and_parallel_are_put_together() -> None:
    response = answer_to(
        IT.begin(),
        *IT.text(0, "Let me see."),
        *IT.call(1, "a", "count", "", '{"of": "bi', 'rds"}'),
        *IT.call(2, "b", "draw"),
        *IT.end("tool_use"),
    )
    assert response.content == "Let me see."
    assert response.tool_calls == [ToolCall("a", "count", {"of": "birds"}), ToolCall("b", "draw")]
    assert response.finish_reason == "tool_calls"


def test_arguments_that_are_no_object_are_kept_as_they_came() -> None:
    response = answer_to(IT.begin(), *IT.call(0, "a", "count", '{"of": '), *IT.end("max_tokens"))
    assert response.tool_calls == [ToolCall("a", "count", malformed='{"of": ')]
    assert response.finish_reason == "length"


@pytest.mark.parametrize(
    ("stop_reason", "finish_reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "refusal"),
    ],
)
def test_the_end_is_named(stop_reason: str, finish_reason: str) -> None:
    response = answer_to(IT.begin(), *IT.text(0, "Hm."), *IT.end(stop_reason))
    assert response.finish_reason == finish_reason


def test_cached_tokens_count_as_part_of_the_prompt() -> None:
    response = answer_to(
        IT.begin(cache_read_input_tokens=100, cache_creation_input_tokens=20),
        *IT.text(0, "Hm."),
        *IT.end("end_turn", output_tokens_details={"thinking_tokens": 3}),
    )
    assert response.usage == TokenUsage(
        130, 5, cached_tokens=100, reasoning_tokens=3, cache_write_tokens=20
    )


def test_signed_thinking_streams_and_comes_back_as_it_was() -> None:
    async def ask() -> None:
        hidden = {"type": "redacted_thinking", "data": "aGlkZGVu"}
        events = [
            IT.begin(),
            *THOUGHT,
            *IT.block(1, hidden),
            *IT.text(2, "Let me see."),
            *IT.call(3, "a", "count", '{"of": "birds"}'),
            *IT.end("tool_use"),
        ]
        async with wire(Reply(chunks=events), Reply(chunks=IT.whole())) as server:
            provider = IT.provider(server.url)
            pieces = await drained(provider)
            assert pieces[:3] == [
                ThinkingPiece("Birds"),
                ThinkingPiece(" first."),
                TextPiece("Let me see."),
            ]
            response = pieces[-1]
            assert isinstance(response, LLMResponse)
            assert response.thinking == "Birds first."
            said = ChatMessage(
                "assistant",
                response.content,
                tool_calls=[ToolCall("renamed", "count", {"of": "birds"})],
                provider_data=response.provider_data,
            )
            result = ChatMessage("tool", "3", tool_call_id="renamed", name="count")
            await drained(provider, [*QUESTION, said, result])
            sent = server.seen[1].body["messages"]
            assert sent[1]["content"] == [
                {"type": "thinking", "thinking": "Birds first.", "signature": "c2lnbmVk"},
                hidden,
                {"type": "text", "text": "Let me see."},
                {"type": "tool_use", "id": "renamed", "name": "count", "input": {"of": "birds"}},
            ]
            assert sent[2]["content"][0]["tool_use_id"] == "renamed"

    asyncio.run(ask())


def test_events_of_unknown_kinds_are_passed_over() -> None:
    response = answer_to(
        IT.begin(), IT.event("ping"), IT.event("novelty", x=1), *IT.text(0, "Hm."),
        *IT.end("end_turn"),
    )  # fmt: skip
    assert response.content == "Hm."


def test_the_request_holds_system_tools_and_limits() -> None:
    async def ask() -> None:
        async with wire(Reply(chunks=IT.whole())) as server:
            parameters: dict[str, Any] = {"type": "object", "properties": {"of": {}}}
            tool = ToolSpec(name="count", description="Counts.", parameters=parameters)
            thinking = {"type": "enabled", "budget_tokens": 2048}
            provider = IT.provider(server.url, max_tokens=4096, thinking=thinking)
            await drained(provider, [ChatMessage("system", "Be brief."), *QUESTION], tools=[tool])
            [seen] = server.seen
            assert seen.path == "/v1/messages"
            # The SDK moved the key from one header to another between its versions.
            assert {KEY, f"bearer {KEY}"} & set(seen.headers.values())
            assert seen.body == {
                "model": "m",
                "max_tokens": 4096,
                "thinking": thinking,
                "system": "Be brief.",
                "stream": True,
                "messages": [{"role": "user", "content": [{"type": "text", "text": "well?"}]}],
                "tools": [{"name": "count", "description": "Counts.", "input_schema": parameters}],
            }

    asyncio.run(ask())


@pytest.mark.parametrize(("kind", "asked_for"), [("enabled", False), ("adaptive", True)])
def test_within_a_turn_whose_signed_thinking_is_lost_none_is_asked_for(
    kind: str, asked_for: bool
) -> None:
    async def ask() -> None:
        async with wire(Reply(chunks=IT.whole()), Reply(chunks=IT.whole())) as server:
            provider = IT.provider(server.url, thinking={"type": kind, "budget_tokens": 2048})
            called = ChatMessage("assistant", tool_calls=[ToolCall("a", "count", {})])
            result = ChatMessage("tool", "3", tool_call_id="a", name="count")
            await drained(provider, [*QUESTION, called, result])
            # The next question begins a turn of its own.
            await drained(provider, [*QUESTION, called, result, *QUESTION])
            assert ["thinking" in seen.body for seen in server.seen] == [asked_for, True]

    asyncio.run(ask())


def test_answers_of_one_turn_are_one_message_with_pictures_and_failures() -> None:
    written = written_messages(
        [
            ChatMessage("user", "Draw."),
            ChatMessage("assistant", tool_calls=[ToolCall("a", "draw"), ToolCall("b", "draw")]),
            ChatMessage("tool", "one", tool_call_id="a", images=[Image("image/png", "AAAA")]),
            ChatMessage("tool", "no ink", tool_call_id="b", failed=True),
            ChatMessage("user", "Go on."),
        ]
    )
    assert [message["role"] for message in written] == ["user", "assistant", "user"]
    first, second, text = written[2]["content"]
    assert first["content"][1]["source"]["data"] == "AAAA"
    assert second["is_error"] is True
    assert text == {"type": "text", "text": "Go on."}
