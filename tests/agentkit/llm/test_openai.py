"""OpenAI's dialect: what is sent, and what is made of the chunks."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from agentkit.core.protocol import ToolSpec
from agentkit.errors import ProviderRejected
from agentkit.llm.openai import DEFAULT_MODEL, OpenAIProvider
from agentkit.llm.openai_wire import written_messages
from agentkit.llm.protocol import (
    ChatMessage,
    Image,
    LLMResponse,
    ThinkingPiece,
    TokenUsage,
    ToolCall,
)
from tests.agentkit.llm.dialects import KEY, QUESTION, OpenAI, answered, drained
from tests.agentkit.llm.wire import Reply, wire

IT = OpenAI()


def answer_to(*chunks: str) -> LLMResponse:
    async def ask() -> LLMResponse:
        async with wire(Reply(chunks=chunks)) as server:
            return await answered(IT.provider(server.url))

    return asyncio.run(ask())


def test_calls_that_are_split_over_chunks_and_parallel_are_put_together() -> None:
    response = answer_to(
        IT.chunk({"role": "assistant", "content": None}),
        IT.call(0, "a", "count", ""),
        IT.call(0, None, None, '{"of": "bi'),
        IT.call(1, "b", "draw", '{"wh'),
        IT.call(0, None, None, 'rds"}'),
        IT.call(1, None, None, 'at": 2}'),
        *IT.end("tool_calls"),
    )
    assert response.tool_calls == [
        ToolCall("a", "count", {"of": "birds"}),
        ToolCall("b", "draw", {"what": 2}),
    ]
    assert response.finish_reason == "tool_calls"


def test_a_server_that_numbers_all_calls_0_is_understood() -> None:
    response = answer_to(
        IT.call(0, "a", "count", '{"of": 1}'),
        IT.call(0, "b", "count", '{"of": 2}'),
        *IT.end("stop"),
    )
    assert [call.arguments for call in response.tool_calls] == [{"of": 1}, {"of": 2}]
    assert response.finish_reason == "tool_calls"


def test_a_call_without_an_id_is_given_one() -> None:
    response = answer_to(IT.call(0, None, "count", ""), *IT.end("tool_calls"))
    [call] = response.tool_calls
    assert call.id.startswith("call_")
    assert call.arguments == {}


@pytest.mark.parametrize("arguments", ['{"of": ', "[1]", "birds", '{"of":' * 20_000])
def test_arguments_that_are_no_object_are_kept_as_they_came(arguments: str) -> None:
    response = answer_to(IT.call(0, "a", "count", arguments), *IT.end("tool_calls"))
    assert response.tool_calls == [ToolCall("a", "count", malformed=arguments)]


def test_usage_holds_cached_and_reasoning_tokens() -> None:
    usage = {
        "prompt_tokens": 10,
        "completion_tokens": 7,
        "total_tokens": 17,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 3},
    }
    response = answer_to(*IT.start(), *IT.end("stop", usage))
    assert response.usage == TokenUsage(10, 7, cached_tokens=4, reasoning_tokens=3)


def test_a_server_that_reports_no_usage_is_not_guessed_at() -> None:
    assert answer_to(*IT.start(), *IT.end("stop")).usage is None


def test_an_answer_that_hit_the_limit_says_so() -> None:
    assert answer_to(*IT.start(), *IT.end("length")).finish_reason == "length"


@pytest.mark.parametrize(
    "chunks",
    [[IT.chunk({"refusal": "I will not."}), *IT.end("stop")], IT.end("content_filter")],
    ids=["said", "filtered"],
)
def test_a_refusal_says_so(chunks: list[str]) -> None:
    response = answer_to(*chunks)
    assert response.finish_reason == "refusal"
    assert response.content in ("I will not.", "")


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_thinking_of_compatible_servers_streams_and_comes_back_with_the_calls(field: str) -> None:
    async def ask() -> None:
        chunks = [
            IT.chunk({field: "Birds"}),
            IT.chunk({field: " first."}),
            IT.call(0, "a", "count", "{}"),
            *IT.end("tool_calls"),
        ]
        async with wire(Reply(chunks=chunks), Reply(chunks=IT.whole())) as server:
            provider = IT.provider(server.url)
            pieces = await drained(provider)
            assert pieces[:2] == [ThinkingPiece("Birds"), ThinkingPiece(" first.")]
            response = pieces[-1]
            assert isinstance(response, LLMResponse)
            assert response.thinking == "Birds first."
            said = ChatMessage(
                "assistant",
                tool_calls=response.tool_calls,
                provider_data=response.provider_data,
            )
            result = ChatMessage("tool", "3", tool_call_id="a", name="count")
            await drained(provider, [*QUESTION, said, result])
            sent = server.seen[1].body["messages"][1]
            assert sent[field] == "Birds first."
            assert sent["tool_calls"][0]["id"] == "a"

    asyncio.run(ask())


def test_the_signature_of_a_call_comes_back_with_the_call() -> None:
    signature = {"google": {"thought_signature": "c2lnbmVk"}}
    first = {"index": 0, "id": "a", "function": {"name": "count", "arguments": "{}"}}
    second = {"index": 1, "id": "b", "function": {"name": "count", "arguments": "{}"}}
    response = answer_to(
        IT.chunk({"tool_calls": [{**first, "extra_content": signature}]}),
        IT.chunk({"tool_calls": [second]}),
        *IT.end("tool_calls"),
    )
    calls = [ToolCall("renamed", "count"), ToolCall("b", "count")]
    said = ChatMessage("assistant", tool_calls=calls, provider_data=response.provider_data)
    [written] = written_messages([said], images=True)
    assert written["tool_calls"][0]["extra_content"] == signature
    assert "extra_content" not in written["tool_calls"][1]


def test_the_request_holds_tools_and_asks_for_usage() -> None:
    async def ask() -> None:
        async with wire(Reply(chunks=IT.whole())) as server:
            parameters: dict[str, Any] = {"type": "object", "properties": {"of": {}}}
            tool = ToolSpec(name="count", description="Counts.", parameters=parameters)
            await drained(IT.provider(server.url), tools=[tool])
            [seen] = server.seen
            assert seen.path == "/v1/chat/completions"
            assert seen.headers["authorization"] == f"bearer {KEY}".lower()
            assert seen.body["stream_options"] == {"include_usage": True}
            assert seen.body["tools"] == [
                {
                    "type": "function",
                    "function": {
                        "name": "count",
                        "description": "Counts.",
                        "parameters": parameters,
                    },
                }
            ]

    asyncio.run(ask())


def test_pictures_of_tools_follow_after_all_answers_of_the_turn() -> None:
    picture = Image("image/png", "AAAA")
    written = written_messages(
        [
            ChatMessage("system", "Be brief."),
            ChatMessage("user", "Draw.", images=[picture]),
            ChatMessage("assistant", tool_calls=[ToolCall("a", "draw"), ToolCall("b", "draw")]),
            ChatMessage("tool", "one", tool_call_id="a", images=[picture]),
            ChatMessage("tool", "two", tool_call_id="b"),
        ],
        images=True,
    )
    assert [message["role"] for message in written] == [
        "system",
        "user",
        "assistant",
        "tool",
        "tool",
        "user",
    ]
    url = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    assert written[1]["content"] == [{"type": "text", "text": "Draw."}, url]
    assert written[5]["content"][1] == url


def test_pictures_are_kept_from_servers_that_are_said_to_take_none() -> None:
    async def ask(**options: Any) -> Any:
        async with wire(Reply(chunks=IT.whole())) as server:
            question = [ChatMessage("user", "Look.", images=[Image("image/png", "AAAA")])]
            await drained(IT.provider(server.url, **options), question)
            return server.seen[0].body["messages"][0]["content"]

    assert asyncio.run(ask(images=False)) == "Look."
    assert len(asyncio.run(ask())) == 2


def test_a_server_of_ones_own_needs_no_key_but_a_model() -> None:
    provider = OpenAIProvider(environ={"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"})
    assert provider.missing is None
    assert provider.default_model == ""
    with pytest.raises(ProviderRejected, match="openai:MODEL"):
        asyncio.run(provider.chat(QUESTION))
    assert OpenAIProvider(environ={}).default_model == DEFAULT_MODEL
