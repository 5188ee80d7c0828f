"""The double that follows a script."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from agentkit.core.protocol import ToolSpec
from agentkit.errors import ProviderRejected, ProviderUnavailable
from agentkit.llm.demo import DemoProvider
from agentkit.llm.gateway import LLMGateway
from agentkit.llm.protocol import (
    ChatMessage,
    LLMResponse,
    Notice,
    Piece,
    TextPiece,
    ThinkingPiece,
    TokenUsage,
    ToolCall,
)
from agentkit.llm.scripted import Request, ScriptedProvider

QUESTION = [ChatMessage("user", "well?")]


async def drained(provider: ScriptedProvider | DemoProvider) -> list[Piece]:
    async with aclosing(provider.stream(QUESTION)) as pieces:
        return [piece async for piece in pieces]


def test_each_call_plays_the_next_turn() -> None:
    provider = ScriptedProvider(["one", ["t", "wo"]])
    assert asyncio.run(drained(provider)) == [TextPiece("one"), LLMResponse("one", "script")]
    assert asyncio.run(drained(provider)) == [
        TextPiece("t"),
        TextPiece("wo"),
        LLMResponse("two", "script"),
    ]


def test_a_turn_holds_thinking_notices_calls_and_usage() -> None:
    call = ToolCall("1", "count", {"of": "birds"})
    usage = TokenUsage(3, 4)
    pieces = asyncio.run(
        drained(ScriptedProvider([[ThinkingPiece("hm"), Notice("x", "y"), "Look.", call, usage]]))
    )
    assert pieces == [
        ThinkingPiece("hm"),
        Notice("x", "y"),
        TextPiece("Look."),
        LLMResponse(
            "Look.",
            "script",
            usage,
            tool_calls=[call],
            thinking="hm",
            finish_reason="tool_calls",
        ),
    ]


def test_an_exception_is_raised_after_what_stands_before_it() -> None:
    async def play() -> None:
        pieces = ScriptedProvider([["half", ProviderUnavailable("cut off")]]).stream(QUESTION)
        assert await anext(pieces) == TextPiece("half")
        with pytest.raises(ProviderUnavailable, match="cut off"):
            await anext(pieces)

    asyncio.run(play())


def test_a_gate_holds_the_turn_until_it_is_opened() -> None:
    async def play() -> None:
        gate = asyncio.Event()
        pieces = ScriptedProvider([["before", gate, "after"]]).stream(QUESTION)
        assert await anext(pieces) == TextPiece("before")
        coming = asyncio.ensure_future(anext(pieces))
        await asyncio.sleep(0)
        assert not coming.done()
        gate.set()
        assert await coming == TextPiece("after")
        await pieces.aclose()

    asyncio.run(play())


def test_a_callable_sees_the_request_and_gives_the_parts() -> None:
    def calls(request: Request) -> list[ToolCall]:
        return [ToolCall("1", tool.name) for tool in request.tools]

    provider = ScriptedProvider([calls])
    response = asyncio.run(provider.chat(QUESTION, tools=[ToolSpec(name="count")]))
    assert response.tool_calls == [ToolCall("1", "count")]


def test_a_whole_response_is_given_as_it_is() -> None:
    response = LLMResponse("cut", "m", finish_reason="length")
    assert asyncio.run(ScriptedProvider([response]).chat(QUESTION)) is response


def test_the_requests_are_kept() -> None:
    provider = ScriptedProvider(["one"])
    tool = ToolSpec(name="count")
    asyncio.run(provider.chat(QUESTION, model="m", tools=[tool]))
    assert provider.requests == [Request(tuple(QUESTION), "m", (tool,))]


def test_a_script_that_has_ended_says_so() -> None:
    provider = ScriptedProvider(["one"])
    asyncio.run(provider.chat(QUESTION))
    with pytest.raises(ProviderRejected, match=r"1 turns, and call 2 came.*'well\?'") as caught:
        asyncio.run(provider.chat(QUESTION))
    assert caught.value.reason == "script_ended"


def test_the_demo_provider_follows_a_script_and_stays_simulated() -> None:
    demo = DemoProvider(script=["one"])
    gateway = LLMGateway()
    gateway.register_provider("demo", demo)
    assert gateway.resolve(None).simulated
    assert asyncio.run(drained(demo)) == [TextPiece("one"), LLMResponse("one", "script")]
    assert [request.messages for request in demo.requests] == [tuple(QUESTION)]
