"""The gateway: who answers, and how anything with a ``chat`` is asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any
from unittest.mock import AsyncMock, MagicMock

import pytest

from agentkit.core.protocol import ToolSpec
from agentkit.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    ProviderError,
    ProviderNotReady,
    ProviderRejected,
    ProviderUnavailable,
)
from agentkit.llm.gateway import LLMGateway
from agentkit.llm.protocol import ChatMessage, LLMResponse, Piece, TextPiece, TokenUsage

ANSWER = LLMResponse("yes", "m", TokenUsage(1, 2))
QUESTION = [ChatMessage("user", "well?")]
TOOLS = [ToolSpec(name="count")]


class Plain:
    """A provider that notes how it was called."""

    def __init__(self) -> None:
        self.seen: dict[str, Any] = {}

    async def chat(
        self,
        messages: Sequence[ChatMessage],
        *,
        model: str | None = None,
        tools: Sequence[ToolSpec] = (),
    ) -> LLMResponse:
        self.seen = {"messages": messages, "model": model, "tools": tools}
        return ANSWER


async def ask(gateway: LLMGateway, model: str | None = None) -> list[Piece]:
    pieces = gateway.stream(gateway.resolve(model), QUESTION, tools=TOOLS)
    async with aclosing(pieces):
        return [piece async for piece in pieces]


def answered_by(provider: Any, model: str | None = None, **declared: Any) -> list[Piece]:
    gateway = LLMGateway()
    gateway.register_provider("it", provider, **declared)
    return asyncio.run(ask(gateway, model))


def gateway_of(*names: str) -> LLMGateway:
    gateway = LLMGateway()
    for name in names:
        gateway.register_provider(name, Plain())
    return gateway


def test_a_provider_that_does_not_stream_gives_its_response_with_the_provider_filled_in() -> None:
    [response] = answered_by(Plain())
    assert response == LLMResponse("yes", "m", TokenUsage(1, 2), provider="it")


def test_the_model_that_was_asked_for_is_filled_in_when_the_response_names_none() -> None:
    [response] = answered_by(AsyncMock(chat=AsyncMock(return_value=LLMResponse("x"))), "it:big")
    assert isinstance(response, LLMResponse)
    assert (response.provider, response.model) == ("it", "big")


def test_messages_model_and_tools_reach_a_provider_that_takes_them() -> None:
    provider = Plain()
    answered_by(provider, "it:big")
    assert provider.seen == {"messages": QUESTION, "model": "big", "tools": tuple(TOOLS)}


class TakesAnyKeyword:
    async def chat(self, messages: list[ChatMessage], **kwargs: Any) -> LLMResponse:
        return LLMResponse(f"{messages[0].content} {sorted(kwargs)}")


class TakesTools:
    async def chat(self, messages: list[ChatMessage], tools: Any = None) -> LLMResponse:
        return LLMResponse(f"{messages[0].content} {[tool.name for tool in tools]}")


class TakesAnything:
    async def chat(self, *args: Any, **kwargs: Any) -> LLMResponse:
        return LLMResponse(f"{args[0][0].content} {sorted(kwargs)}")


class TakesMessages:
    async def chat(self, messages: list[ChatMessage]) -> LLMResponse:
        return LLMResponse(messages[0].content)


class TakesAPrompt:
    async def chat(self, prompt: list[ChatMessage], /, model: str = "") -> LLMResponse:
        return LLMResponse(f"{prompt[0].content} {model}")


class TakesKeywordsOnly:
    async def chat(self, **kwargs: Any) -> LLMResponse:
        return LLMResponse(f"{kwargs['messages'][0].content} {sorted(kwargs)}")


class TakesTheModelFirst:
    async def chat(self, model: str, messages: list[ChatMessage]) -> LLMResponse:
        return LLMResponse(f"{messages[0].content} {model}")


class TakesNothing:
    async def chat(self) -> LLMResponse:
        return LLMResponse("whatever")


@pytest.mark.parametrize(
    ("provider", "content"),
    [
        (TakesAnyKeyword(), "well? ['model', 'tools']"),
        (TakesTools(), "well? ['count']"),
        (TakesAnything(), "well? ['model', 'tools']"),
        (TakesMessages(), "well?"),
        (TakesAPrompt(), "well? big"),
        (TakesKeywordsOnly(), "well? ['messages', 'model', 'tools']"),
        (TakesTheModelFirst(), "well? big"),
        (TakesNothing(), "whatever"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_a_chat_is_given_what_its_signature_takes(provider: Any, content: str) -> None:
    [response] = answered_by(provider, "it:big")
    assert isinstance(response, LLMResponse)
    assert response.content == content


def test_a_chat_that_needs_more_is_refused_at_registration() -> None:
    class Demanding:
        async def chat(self, messages: Any, temperature: float) -> LLMResponse:
            return ANSWER

    with pytest.raises(InvalidInput, match="temperature"):
        LLMGateway().register_provider("it", Demanding())


def test_an_object_without_chat_is_refused_at_registration() -> None:
    with pytest.raises(InvalidInput, match="no method 'chat'"):
        LLMGateway().register_provider("it", object())


@pytest.mark.parametrize(
    "mock",
    [
        AsyncMock(chat=AsyncMock(return_value=ANSWER)),
        MagicMock(chat=AsyncMock(return_value=ANSWER)),
        AsyncMock(**{"chat.return_value": ANSWER}),
    ],
    ids=["async", "magic", "configured"],
)
def test_a_mock_that_answers_to_every_name_is_asked_by_chat_alone(mock: Any) -> None:
    gateway = LLMGateway()
    gateway.register_provider("mock", mock)
    [response] = asyncio.run(ask(gateway))
    assert isinstance(response, LLMResponse)
    assert response.content == "yes"
    [status] = gateway.status()
    assert (status.usable, status.missing, status.simulated) == (True, None, False)
    assert gateway.resolve(None).model == ""
    mock.stream.assert_not_called()


def test_what_an_instance_says_of_itself_is_not_believed() -> None:
    provider = AsyncMock(streaming=True, simulated=True, default_model="big", missing="all")
    provider.chat.return_value = ANSWER
    gateway = LLMGateway()
    gateway.register_provider("mock", provider)
    route = gateway.resolve(None)
    assert (route.simulated, route.model) == (False, "")
    assert gateway.status()[0].usable
    assert len(asyncio.run(ask(gateway))) == 1


@pytest.mark.parametrize("answer", ["text", None, {"content": "text"}, MagicMock()])
def test_a_chat_that_returns_something_else_is_rejected_by_its_type(answer: Any) -> None:
    with pytest.raises(ProviderRejected, match=type(answer).__name__):
        answered_by(AsyncMock(chat=AsyncMock(return_value=answer)))


def test_an_exception_of_a_provider_becomes_a_provider_error_that_quotes_it() -> None:
    with pytest.raises(ProviderError, match="RuntimeError: out of coffee") as caught:
        answered_by(AsyncMock(chat=AsyncMock(side_effect=RuntimeError("out of coffee"))))
    assert isinstance(caught.value.__cause__, RuntimeError)


class Streaming:
    streaming = True
    simulated = True
    default_model = "small"

    def __init__(self, *pieces: Any) -> None:
        self.pieces = pieces
        self.closed = False
        self.silent = asyncio.Event()

    async def chat(self) -> LLMResponse:
        return LLMResponse("by chat")

    async def stream(self, messages: Any, model: str | None) -> AsyncGenerator[Any]:
        try:
            for piece in self.pieces:
                yield piece
            if not self.pieces:
                yield TextPiece("a")
                self.silent.set()
                await asyncio.Event().wait()
        finally:
            self.closed = True


def test_a_class_declares_what_it_can_do() -> None:
    pieces = answered_by(Streaming(TextPiece("a"), TextPiece("b"), LLMResponse("ab")))
    assert pieces == [
        TextPiece("a"),
        TextPiece("b"),
        LLMResponse("ab", provider="it", model="small"),
    ]


def test_what_is_told_at_registration_wins_over_the_class() -> None:
    gateway = LLMGateway()
    gateway.register_provider(
        "it", Streaming(), streaming=False, simulated=False, default_model="large"
    )
    route = gateway.resolve("it")
    assert (route.simulated, route.model) == (False, "large")
    assert asyncio.run(ask(gateway)) == [LLMResponse("by chat", "large", provider="it")]


def test_streaming_without_a_stream_is_refused_at_registration() -> None:
    with pytest.raises(InvalidInput, match="no method 'stream'"):
        LLMGateway().register_provider("it", Plain(), streaming=True)


def test_a_stream_that_ends_without_a_response_is_unavailable() -> None:
    with pytest.raises(ProviderUnavailable, match="ended without an answer"):
        answered_by(Streaming(TextPiece("a")))


def test_a_stream_that_yields_something_else_is_rejected_by_its_type() -> None:
    provider = Streaming(TextPiece("a"), {"text": "b"})
    with pytest.raises(ProviderRejected, match="dict"):
        answered_by(provider)
    assert provider.closed


def test_nothing_of_a_stream_counts_after_its_response() -> None:
    provider = Streaming(LLMResponse("a"), TextPiece("b"))
    assert len(answered_by(provider)) == 1
    assert provider.closed


def test_cancelling_the_task_closes_the_stream_of_the_provider() -> None:
    provider = Streaming()

    async def cancel() -> None:
        gateway = LLMGateway()
        gateway.register_provider("it", provider)
        task = asyncio.create_task(ask(gateway))
        await provider.silent.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert provider.closed

    asyncio.run(cancel())


def test_closing_the_generator_early_closes_the_stream_of_the_provider() -> None:
    provider = Streaming()

    async def leave() -> None:
        gateway = LLMGateway()
        gateway.register_provider("it", provider)
        pieces = gateway.stream(gateway.resolve(None), QUESTION)
        assert await anext(pieces) == TextPiece("a")
        await pieces.aclose()
        assert provider.closed

    asyncio.run(leave())


def test_an_agent_without_a_model_gets_the_only_provider() -> None:
    assert gateway_of("one").resolve(None).provider_name == "one"
    assert gateway_of("one").resolve("").provider_name == "one"


def test_among_several_an_agent_without_a_model_gets_the_default() -> None:
    gateway = gateway_of("one", "two")
    gateway.register_provider("three", Plain(), default=True)
    assert gateway.resolve(None).provider_name == "three"
    gateway.default_model = "two:big"
    route = gateway.resolve(None)
    assert (route.provider_name, route.model) == ("two", "big")
    assert [status.name for status in gateway.status() if status.default] == ["two"]


def test_among_several_without_a_default_the_agent_has_to_name_one() -> None:
    with pytest.raises(InvalidInput, match="one, two"):
        gateway_of("one", "two").resolve(None)


@pytest.mark.parametrize(
    ("model", "provider", "rest"),
    [
        ("two:big", "two", "big"),
        ("two", "two", ""),
        ("big", "one", "big"),
        ("two:openai:gpt-5", "two", "openai:gpt-5"),
    ],
)
def test_a_model_string_finds_its_provider(model: str, provider: str, rest: str) -> None:
    gateway = gateway_of("two")
    gateway.register_provider("one", Plain(), default=True)
    route = gateway.resolve(model)
    assert (route.provider_name, route.model) == (provider, rest)


def test_an_unknown_provider_is_answered_with_the_known_ones_and_a_guess() -> None:
    with pytest.raises(NotFound, match=r"'opnai'.*did you mean 'openai'.*openai, anthropic"):
        gateway_of("openai", "anthropic").resolve("opnai:gpt-5")


def test_a_model_without_a_provider_is_not_given_to_a_simulated_default() -> None:
    gateway = LLMGateway()
    gateway.register_provider("demo", Streaming())
    with pytest.raises(NotFound, match=r"'gpt-5'.*provider:model"):
        gateway.resolve("gpt-5")


def test_a_gateway_without_providers_says_what_to_do() -> None:
    with pytest.raises(ProviderNotReady, match="register_provider"):
        LLMGateway().resolve("openai:gpt-5")


def test_a_taken_name_is_refused_unless_it_is_to_be_replaced() -> None:
    gateway = gateway_of("one")
    with pytest.raises(Conflict, match="'one'"):
        gateway.register_provider("one", Plain())
    replacement = Plain()
    gateway.register_provider("one", replacement, replace=True)
    assert gateway.resolve("one").provider is replacement


@pytest.mark.parametrize("name", ["", "a:b", "a b"])
def test_a_name_that_a_model_string_could_not_hold_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot name a provider"):
        LLMGateway().register_provider(name, Plain())


def test_a_removed_provider_is_unknown_and_no_longer_the_default() -> None:
    gateway = gateway_of("one", "two")
    gateway.register_provider("three", Plain(), default=True)
    gateway.remove_provider("three")
    with pytest.raises(NotFound):
        gateway.resolve("three:x")
    with pytest.raises(InvalidInput):
        gateway.resolve(None)
    with pytest.raises(NotFound):
        gateway.remove_provider("three")


def test_the_status_says_what_is_missing() -> None:
    class Unready(Plain):
        @property
        def missing(self) -> str | None:
            return "set UNREADY_KEY"

    gateway = LLMGateway()
    gateway.register_provider("unready", Unready())
    [status] = gateway.status()
    assert (status.usable, status.missing) == (False, "set UNREADY_KEY")
