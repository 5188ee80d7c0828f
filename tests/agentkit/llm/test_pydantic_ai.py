"""The way through pydantic-ai, with its real models: what is sent, and what is made of the answer.

What it shares with the other dialects (errors, retries, cancellation) is in ``test_sdk``.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import Any

import pytest

from agentkit.core.protocol import ToolSpec
from agentkit.errors import ProviderNotReady, ProviderRejected
from agentkit.llm.protocol import (
    ChatMessage,
    Image,
    LLMResponse,
    TextPiece,
    ThinkingPiece,
    TokenUsage,
    ToolCall,
)
from agentkit.llm.pydantic_ai import PydanticAIProvider
from tests.agentkit.llm.dialects import (
    KEY,
    QUESTION,
    AnthropicThroughPydanticAI,
    OpenAIThroughPydanticAI,
    answered,
    drained,
)
from tests.agentkit.llm.wire import Reply, wire

OPENAI = OpenAIThroughPydanticAI()
ANTHROPIC = AnthropicThroughPydanticAI()
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
COUNT = ToolSpec(
    name="count",
    description="Counts.",
    parameters={"type": "object", "properties": {"of": {"type": "string"}}},
)
THOUGHT = ANTHROPIC.block(
    0,
    {"type": "thinking", "thinking": "", "signature": ""},
    {"type": "thinking_delta", "thinking": "Birds"},
    {"type": "thinking_delta", "thinking": " first."},
    {"type": "signature_delta", "signature": "c2lnbmVk"},
)


def answer_to(dialect: OpenAIThroughPydanticAI | AnthropicThroughPydanticAI, *chunks: str) -> Any:
    async def ask() -> LLMResponse:
        async with wire(Reply(chunks=chunks)) as server:
            return await answered(dialect.provider(server.url))

    return asyncio.run(ask())


def test_calls_that_are_split_over_chunks_and_parallel_are_put_together() -> None:
    response = answer_to(
        OPENAI,
        OPENAI.call(0, "a", "count", ""),
        OPENAI.call(0, None, None, '{"of": "bi'),
        OPENAI.call(1, "b", "draw", '{"wh'),
        OPENAI.call(0, None, None, 'rds"}'),
        OPENAI.call(1, None, None, 'at": 2}'),
        *OPENAI.end("tool_calls"),
    )
    assert response.tool_calls == [
        ToolCall("a", "count", {"of": "birds"}),
        ToolCall("b", "draw", {"what": 2}),
    ]
    assert response.finish_reason == "tool_calls"


def test_calls_that_are_split_over_events_and_parallel_are_put_together() -> None:
    response = answer_to(
        ANTHROPIC,
        ANTHROPIC.begin(),
        *ANTHROPIC.text(0, "Let me see."),
        *ANTHROPIC.call(1, "a", "count", "", '{"of": "bi', 'rds"}'),
        *ANTHROPIC.call(2, "b", "draw"),
        *ANTHROPIC.end("tool_use"),
    )
    assert response.content == "Let me see."
    assert response.tool_calls == [ToolCall("a", "count", {"of": "birds"}), ToolCall("b", "draw")]
    assert response.finish_reason == "tool_calls"


def test_arguments_that_are_no_object_are_kept_as_they_came() -> None:
    response = answer_to(OPENAI, OPENAI.call(0, "a", "count", '{"of": '), *OPENAI.end("tool_calls"))
    assert response.tool_calls == [ToolCall("a", "count", malformed='{"of": ')]


def test_an_answer_that_hit_the_limit_says_so() -> None:
    response = answer_to(OPENAI, *OPENAI.start(), *OPENAI.end("length"))
    assert (response.finish_reason, response.content) == ("length", "Hel")
    begun = [ANTHROPIC.begin(), *ANTHROPIC.text(0, "Hm.")]
    assert answer_to(ANTHROPIC, *begun, *ANTHROPIC.end("max_tokens")).finish_reason == "length"


def test_a_refusal_says_so_with_its_words() -> None:
    refused = [OPENAI.chunk({"refusal": "I will not."}), *OPENAI.end("stop")]
    response = answer_to(OPENAI, *refused)
    assert (response.finish_reason, response.content) == ("refusal", "I will not.")
    begun = [ANTHROPIC.begin(), *ANTHROPIC.text(0, "No.")]
    assert answer_to(ANTHROPIC, *begun, *ANTHROPIC.end("refusal")).finish_reason == "refusal"


def test_usage_holds_cached_and_reasoning_tokens() -> None:
    usage = {
        "prompt_tokens": 10,
        "completion_tokens": 7,
        "total_tokens": 17,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 3},
    }
    response = answer_to(OPENAI, *OPENAI.start(), *OPENAI.end("stop", usage))
    assert response.usage == TokenUsage(10, 7, cached_tokens=4, reasoning_tokens=3)


def test_a_server_that_reports_no_usage_is_not_guessed_at() -> None:
    assert answer_to(OPENAI, *OPENAI.start(), *OPENAI.end("stop")).usage is None


def test_signed_thinking_streams_and_comes_back_as_it_was() -> None:
    async def ask() -> None:
        events = [
            ANTHROPIC.begin(),
            *THOUGHT,
            *ANTHROPIC.text(1, "Let me see."),
            *ANTHROPIC.call(2, "a", "count", '{"of": "birds"}'),
            *ANTHROPIC.end("tool_use"),
        ]
        async with wire(Reply(chunks=events), Reply(chunks=ANTHROPIC.whole())) as server:
            provider = ANTHROPIC.provider(server.url)
            pieces = await drained(provider, tools=[COUNT])
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
                # As it comes back from a store.
                provider_data=json.loads(json.dumps(response.provider_data)),
            )
            result = ChatMessage("tool", "3", tool_call_id="renamed", name="count")
            await drained(provider, [*QUESTION, said, result], tools=[COUNT])
            sent = server.seen[1].body["messages"]
            thinking, text, call = sent[1]["content"]
            assert thinking == {
                "type": "thinking",
                "thinking": "Birds first.",
                "signature": "c2lnbmVk",
            }
            assert text["text"] == "Let me see."
            assert (call["id"], call["input"]) == ("renamed", {"of": "birds"})
            assert sent[2]["content"][0]["tool_use_id"] == "renamed"

    asyncio.run(ask())


def test_what_is_kept_of_an_answer_holds_neither_key_nor_password() -> None:
    async def ask() -> None:
        async with wire(Reply(chunks=OPENAI.whole())) as server:
            url = server.url.replace("//", "//me:my-password@")
            kept = json.dumps((await answered(OPENAI.provider(url))).provider_data)
            assert "Hello" in kept
            assert "my-password" not in kept
            assert KEY not in kept

    asyncio.run(ask())


def test_an_answer_that_another_dialect_gave_is_written_from_its_words() -> None:
    async def ask() -> None:
        said = ChatMessage(
            "assistant",
            "Let me see.",
            tool_calls=[ToolCall("a", "count", {"of": "birds"})],
            provider_data={"pydantic_ai": {"no": "response"}, "openai": {"reasoning": "x"}},
        )
        result = ChatMessage("tool", "3", tool_call_id="a", name="count")
        async with wire(Reply(chunks=OPENAI.whole())) as server:
            await drained(OPENAI.provider(server.url), [*QUESTION, said, result], tools=[COUNT])
            sent = server.seen[0].body["messages"]
            assert [message["role"] for message in sent] == ["user", "assistant", "tool"]
            assert sent[1]["content"] == "Let me see."
            assert json.loads(sent[1]["tool_calls"][0]["function"]["arguments"]) == {"of": "birds"}
            assert sent[2]["tool_call_id"] == "a"

    asyncio.run(ask())


def with_pictures() -> list[ChatMessage]:
    return [
        ChatMessage("system", "Be brief."),
        ChatMessage("user", "Draw.", images=[Image("image/png", PIXEL)]),
        ChatMessage("assistant", tool_calls=[ToolCall("a", "draw"), ToolCall("b", "draw")]),
        ChatMessage(
            "tool", "one", tool_call_id="a", name="draw", images=[Image("image/png", PIXEL)]
        ),
        ChatMessage("tool", "no ink", tool_call_id="b", name="draw", failed=True),
    ]


def test_pictures_of_the_user_and_of_tools_are_sent_in_openais_dialect() -> None:
    async def ask() -> None:
        async with wire(Reply(chunks=OPENAI.whole())) as server:
            await drained(OPENAI.provider(server.url), with_pictures(), tools=[COUNT])
            sent = server.seen[0].body["messages"]
            roles = [message["role"] for message in sent]
            assert roles == ["system", "user", "assistant", "tool", "tool", "user"]
            assert sent[0]["content"] == "Be brief."
            assert json.dumps(sent[1]).count(PIXEL) == 1
            assert PIXEL not in json.dumps(sent[3])
            assert json.dumps(sent[5]).count(PIXEL) == 1

    asyncio.run(ask())


def test_pictures_of_tools_stand_in_the_result_in_anthropics_dialect() -> None:
    async def ask() -> None:
        async with wire(Reply(chunks=ANTHROPIC.whole())) as server:
            await drained(ANTHROPIC.provider(server.url), with_pictures(), tools=[COUNT])
            body = server.seen[0].body
            assert "Be brief." in json.dumps(body["system"])
            first, second = body["messages"][2]["content"]
            assert PIXEL in json.dumps(first)
            assert second["is_error"] is True

    asyncio.run(ask())


def test_pictures_are_kept_back_when_told_to() -> None:
    async def ask() -> None:
        async with wire(Reply(chunks=OPENAI.whole())) as server:
            await drained(OPENAI.provider(server.url, images=False), with_pictures(), tools=[COUNT])
            assert PIXEL not in json.dumps(server.seen[0].body)

    asyncio.run(ask())


def test_tools_and_settings_reach_the_server() -> None:
    async def ask() -> None:
        async with wire(Reply(chunks=ANTHROPIC.whole())) as server:
            provider = ANTHROPIC.provider(server.url, settings={"max_tokens": 123})
            await drained(provider, tools=[COUNT])
            [seen] = server.seen
            assert seen.body["max_tokens"] == 123
            assert seen.body["tools"][0]["name"] == "count"
            assert seen.body["tools"][0]["input_schema"]["properties"] == {"of": {"type": "string"}}
            assert KEY in " ".join(seen.headers.values())

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("model", "error", "words"),
    [
        ("groq", ProviderRejected, "pydantic-ai:VENDOR:MODEL"),
        ("nobody:big", ProviderRejected, "'nobody'"),
        ("openai-chat:gpt-5", ProviderNotReady, "OPENAI_API_KEY"),
    ],
)
def test_what_cannot_be_asked_is_told_before_anything_is_sent(
    model: str, error: type[Exception], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(error, match=words):
        asyncio.run(PydanticAIProvider().chat(QUESTION, model=model))


def test_a_vendors_missing_package_is_told() -> None:
    with pytest.raises(ProviderNotReady, match="install"):
        asyncio.run(PydanticAIProvider("cohere", KEY).chat(QUESTION, model="command-r"))


def test_a_missing_pydantic_ai_is_told_with_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda package: None)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    missing = PydanticAIProvider().missing
    assert missing is not None
    assert 'pip install "jupyter-agentkit[providers]"' in missing


def test_a_configured_key_variable_that_is_empty_is_told() -> None:
    provider = PydanticAIProvider("groq", key_variable="MY_GROQ_KEY", environ={})
    assert provider.missing is not None
    assert "MY_GROQ_KEY" in provider.missing


def test_knowing_the_provider_imports_nothing_of_pydantic_ai() -> None:
    code = (
        "import sys; from agentkit.llm.pydantic_ai import PydanticAIProvider;"
        "PydanticAIProvider().missing; print('pydantic_ai' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
