"""Retry and fallback: wrappers around any provider."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from agentkit.errors import InvalidInput, ProviderError, ProviderRejected, ProviderUnavailable
from agentkit.llm.demo import DemoProvider
from agentkit.llm.fallback import FallbackProvider
from agentkit.llm.gateway import LLMGateway
from agentkit.llm.protocol import ChatMessage, LLMResponse, Notice, Piece, TextPiece
from agentkit.llm.retry import RetryingProvider
from agentkit.llm.scripted import ScriptedProvider, Turn

QUESTION = [ChatMessage("user", "well?")]
BUSY = ProviderUnavailable("rate limit")


class Clock:
    """A sleep that only notes how long it should have been."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def retrying(clock: Clock, *script: Turn, **options: Any) -> RetryingProvider:
    options.setdefault("jitter", lambda: 1.0)
    return RetryingProvider(ScriptedProvider(script), sleep=clock.sleep, **options)


async def drained(provider: RetryingProvider | FallbackProvider) -> list[Piece]:
    async with aclosing(provider.stream(QUESTION)) as pieces:
        return [piece async for piece in pieces]


def test_a_passing_fault_is_tried_again_and_told() -> None:
    clock = Clock()
    pieces = asyncio.run(drained(retrying(clock, BUSY, BUSY, "yes")))
    assert pieces == [
        Notice("retry", "rate limit. Trying again in 0.5 s (2 of 4)."),
        Notice("retry", "rate limit. Trying again in 1.0 s (3 of 4)."),
        TextPiece("yes"),
        LLMResponse("yes", "script"),
    ]
    assert clock.slept == [0.5, 1.0]


def test_a_fault_that_ends_in_a_question_keeps_its_mark() -> None:
    away = ProviderUnavailable("No connection. Does it run?")
    pieces = asyncio.run(drained(retrying(Clock(), away, "yes")))
    assert pieces[0] == Notice(
        "retry", "No connection. Does it run? Trying again in 0.5 s (2 of 4)."
    )


def test_pieces_of_a_failed_try_are_void() -> None:
    pieces = asyncio.run(drained(retrying(Clock(), ["hal", BUSY], "whole")))
    assert pieces[:2] == [
        TextPiece("hal"),
        Notice("retry", "rate limit. Trying again in 0.5 s (2 of 4).", restarted=True),
    ]
    assert pieces[-1] == LLMResponse("whole", "script")


def test_the_pause_doubles_up_to_its_limit_and_is_jittered() -> None:
    clock = Clock()
    provider = retrying(
        clock, *[BUSY] * 6, "yes", attempts=7, base_delay=1, max_delay=5, jitter=lambda: 0.5
    )
    asyncio.run(drained(provider))
    assert clock.slept == [0.5, 1, 2, 2.5, 2.5, 2.5]


def test_what_the_provider_asks_for_is_waited() -> None:
    clock = Clock()
    provider = retrying(
        clock, ProviderUnavailable("slow down", retry_after=7), "yes", jitter=lambda: 0.0
    )
    asyncio.run(drained(provider))
    assert clock.slept == [7]


def test_a_longer_wait_than_the_limit_is_not_waited() -> None:
    clock = Clock()
    with pytest.raises(ProviderUnavailable, match="slow down"):
        asyncio.run(
            drained(retrying(clock, ProviderUnavailable("slow down", retry_after=3600), "yes"))
        )
    assert clock.slept == []


def test_the_last_error_is_raised_when_the_tries_are_used_up() -> None:
    clock = Clock()
    with pytest.raises(ProviderUnavailable, match="rate limit"):
        asyncio.run(drained(retrying(clock, BUSY, BUSY, "yes", attempts=2)))
    assert len(clock.slept) == 1


def test_a_final_refusal_is_not_tried_again() -> None:
    clock = Clock()
    with pytest.raises(ProviderRejected, match="wrong key"):
        asyncio.run(drained(retrying(clock, ProviderRejected("wrong key"), "yes")))
    assert clock.slept == []


def test_no_attempt_at_all_is_refused() -> None:
    with pytest.raises(InvalidInput, match="attempts"):
        RetryingProvider(ScriptedProvider([]), attempts=0)


def test_cancelling_ends_the_pause_between_tries() -> None:
    async def cancel() -> None:
        paused = asyncio.Event()

        async def sleep(seconds: float) -> None:
            paused.set()
            await asyncio.Event().wait()

        inner = ScriptedProvider([BUSY, "yes"])
        task = asyncio.create_task(drained(RetryingProvider(inner, sleep=sleep)))
        await paused.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(inner.requests) == 1

    asyncio.run(cancel())


@pytest.mark.parametrize("wrap", ["retry", "fallback"])
def test_cancelling_passes_through_to_the_stream_below(wrap: str) -> None:
    class Silent:
        streaming = True
        closed = False

        def __init__(self) -> None:
            self.silent = asyncio.Event()

        async def chat(self) -> LLMResponse:
            raise AssertionError("it streams")

        async def stream(self) -> Any:
            try:
                yield TextPiece("a")
                self.silent.set()
                await asyncio.Event().wait()
            finally:
                self.closed = True

    async def cancel() -> None:
        silent = Silent()
        backup = ScriptedProvider(["never"])
        provider = (
            RetryingProvider(silent)
            if wrap == "retry"
            else FallbackProvider([("a", silent, ""), ("b", backup, "")])
        )
        task = asyncio.create_task(drained(provider))
        await silent.silent.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert silent.closed
        assert backup.requests == []

    asyncio.run(cancel())


def test_a_wrapper_declares_what_the_wrapped_one_can_do() -> None:
    gateway = LLMGateway()
    gateway.register_provider("demo", RetryingProvider(DemoProvider(["yes"])))
    route = gateway.resolve("demo")
    assert (route.simulated, route.model) == (True, "demo-rules")


def fallback(*scripts: tuple[str, Turn, str]) -> tuple[FallbackProvider, list[ScriptedProvider]]:
    providers = [ScriptedProvider([turn]) for _, turn, _ in scripts]
    ways = [
        (name, provider, model)
        for (name, _, model), provider in zip(scripts, providers, strict=True)
    ]
    return FallbackProvider(ways), providers


@pytest.mark.parametrize("error", [ProviderRejected("no such model"), BUSY, ProviderError("odd")])
def test_the_next_provider_answers_when_one_fails(error: ProviderError) -> None:
    provider, _ = fallback(("a", ["hal", error], "big"), ("b", "yes", "small"))
    pieces = asyncio.run(drained(provider))
    assert pieces == [
        TextPiece("hal"),
        Notice("fallback", f"a failed ({error.message}); asking b.", restarted=True),
        TextPiece("yes"),
        LLMResponse("yes", "small", provider="b"),
    ]


def test_the_gateway_keeps_the_name_of_the_one_that_answered() -> None:
    provider, _ = fallback(("a", BUSY, ""), ("b", "yes", "small"))
    gateway = LLMGateway()
    gateway.register_provider("chain", provider)

    async def last() -> Piece:
        return [piece async for piece in gateway.stream(gateway.resolve(None), QUESTION)][-1]

    assert asyncio.run(last()) == LLMResponse("yes", "small", provider="b")


def test_a_model_that_the_caller_names_is_asked_of_the_first_alone() -> None:
    provider, asked = fallback(("a", BUSY, "big"), ("b", "yes", "small"))
    asyncio.run(provider.chat(QUESTION, model="huge"))
    assert [each.requests[0].model for each in asked] == ["huge", "small"]


def test_the_last_error_is_raised_when_all_have_failed() -> None:
    provider, _ = fallback(("a", BUSY, ""), ("b", ProviderRejected("wrong key"), ""))
    with pytest.raises(ProviderRejected, match="wrong key"):
        asyncio.run(drained(provider))


def test_a_simulated_provider_may_not_stand_in() -> None:
    with pytest.raises(InvalidInput, match="'demo' is simulated"):
        FallbackProvider([("a", ScriptedProvider([]), ""), ("demo", DemoProvider(), "")])
    with pytest.raises(InvalidInput, match="'demo' is simulated"):
        FallbackProvider([("demo", RetryingProvider(DemoProvider()), "")])


def test_an_empty_chain_is_refused() -> None:
    with pytest.raises(InvalidInput, match="at least one"):
        FallbackProvider([])
