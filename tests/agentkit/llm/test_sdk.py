"""What both SDK dialects owe: errors in our words, retries, and connections that really close."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from agentkit.errors import (
    ProviderError,
    ProviderNotReady,
    ProviderRejected,
    ProviderUnavailable,
)
from agentkit.llm.anthropic import AnthropicProvider
from agentkit.llm.gateway import LLMGateway
from agentkit.llm.openai import OpenAIProvider
from agentkit.llm.protocol import LLMResponse, Notice, TextPiece
from agentkit.llm.retry import RetryingProvider
from tests.agentkit.llm.dialects import (
    ALL,
    BOTH,
    KEY,
    QUESTION,
    Anthropic,
    OpenAI,
    answered,
    drained,
)
from tests.agentkit.llm.wire import Reply, Wire, wire

Dialect = OpenAI | Anthropic
both = pytest.mark.parametrize("dialect", BOTH, ids=lambda dialect: dialect.name)
every = pytest.mark.parametrize("dialect", ALL, ids=lambda dialect: dialect.name)


def faults(dialect: Dialect, *replies: Reply) -> ProviderError:
    """The error of a call that fails."""

    async def ask() -> ProviderError:
        async with wire(*replies) as server:
            with pytest.raises(ProviderError) as caught:
                await drained(dialect.provider(server.url))
            return caught.value

    return asyncio.run(ask())


@every
def test_text_streams_and_the_response_is_the_whole(dialect: Dialect) -> None:
    async def ask() -> None:
        async with wire(Reply(chunks=dialect.whole())) as server:
            first, second, response = await drained(dialect.provider(server.url))
            assert (first, second) == (TextPiece("Hel"), TextPiece("lo"))
            assert isinstance(response, LLMResponse)
            assert (response.content, response.model) == ("Hello", "m-1")
            assert response.finish_reason == "stop"
            assert response.usage is not None
            assert (response.usage.prompt_tokens, response.usage.completion_tokens) == (10, 5)
            assert server.seen[0].body["model"] == "m"

    asyncio.run(ask())


@both
def test_a_provider_serves_one_event_loop_after_another(dialect: Dialect) -> None:
    environ: dict[str, str] = {}
    provider = dialect.provider_by(environ)

    async def ask() -> str:
        async with wire(Reply(chunks=dialect.whole())) as server:
            environ[dialect.variable.replace("API_KEY", "BASE_URL")] = server.url
            return (await answered(provider)).content

    assert [asyncio.run(ask()), asyncio.run(ask())] == ["Hello", "Hello"]


@every
def test_a_wrong_key_says_which_variable_to_check_and_never_the_key(dialect: Dialect) -> None:
    error = faults(dialect, Reply(401, body=dialect.error(f"bad key {KEY}")))
    assert isinstance(error, ProviderRejected)
    assert dialect.variable in error.message
    assert KEY not in error.message
    assert error.__cause__ is None


@every
def test_an_unknown_model_is_named(dialect: Dialect) -> None:
    error = faults(dialect, Reply(404, body=dialect.error("no such model")))
    assert isinstance(error, ProviderRejected)
    assert "'m'" in error.message


@every
def test_a_bad_request_is_final_and_quotes_the_server(dialect: Dialect) -> None:
    error = faults(dialect, Reply(400, body=dialect.error("context too long")))
    assert isinstance(error, ProviderRejected)
    assert "context too long" in error.message


@every
def test_a_spent_quota_is_final(dialect: Dialect) -> None:
    type = "insufficient_quota" if dialect.wire == "openai" else "billing_error"
    error = faults(dialect, Reply(429, body=dialect.error("pay first", type)))
    assert isinstance(error, ProviderRejected)
    assert "quota" in error.message


@every
@pytest.mark.parametrize(
    ("header", "value", "seconds"),
    [("retry-after", "7", 7), ("retry-after-ms", "250", 0.25), ("retry-after", "soon", None)],
)
def test_a_rate_limit_carries_how_long_to_wait(
    dialect: Dialect, header: str, value: str, seconds: float | None
) -> None:
    error = faults(dialect, Reply(429, {header: value}, dialect.error("slow down")))
    assert isinstance(error, ProviderUnavailable)
    assert error.retry_after == seconds


@every
def test_a_date_to_wait_for_becomes_seconds(dialect: Dialect) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    error = faults(dialect, Reply(503, {"retry-after": date}, dialect.error("later")))
    assert isinstance(error, ProviderUnavailable)
    assert error.retry_after == pytest.approx(60, abs=10)


@every
def test_a_stream_that_is_cut_is_unavailable(dialect: Dialect) -> None:
    error = faults(dialect, Reply(chunks=dialect.start(), then="break"))
    assert isinstance(error, ProviderUnavailable)
    assert "connection" in error.message


@every
def test_a_stream_that_ends_too_soon_is_unavailable(dialect: Dialect) -> None:
    error = faults(dialect, Reply(chunks=dialect.start()))
    assert isinstance(error, ProviderUnavailable)
    assert "broke off" in error.message


@every
def test_an_error_in_the_middle_of_a_stream_is_unavailable(dialect: Dialect) -> None:
    error = faults(dialect, Reply(chunks=[*dialect.start(), dialect.error_event("overloaded")]))
    assert isinstance(error, ProviderUnavailable)
    assert "overloaded" in error.message


@every
def test_a_stream_that_is_no_json_is_unavailable(dialect: Dialect) -> None:
    garbage = "event: message_start\ndata: {nonsense\n\n"
    error = faults(dialect, Reply(chunks=[garbage]))
    assert isinstance(error, ProviderUnavailable)
    assert "cannot be read" in error.message


@every
def test_a_server_that_is_not_there_is_unavailable(dialect: Dialect) -> None:
    async def ask() -> None:
        async with wire() as server:
            url = server.url
        with pytest.raises(ProviderUnavailable, match=r"at http://127\.0\.0\.1.*connection failed"):
            await drained(dialect.provider(url))

    asyncio.run(ask())


@every
def test_a_server_that_hangs_is_given_up_after_the_silence(dialect: Dialect) -> None:
    async def ask() -> None:
        async with wire(Reply(chunks=dialect.start(), then="silent")) as server:
            with pytest.raises(ProviderUnavailable, match="did not answer in time"):
                await drained(dialect.provider(server.url, silence=0.2))
            await server.hung_up.wait()

    asyncio.run(ask())


@every
def test_retries_go_through_the_wrapper_alone(dialect: Dialect) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def ask() -> None:
        busy = Reply(429, {"retry-after": "3"}, dialect.error("slow down"))
        failed = Reply(500, body=dialect.error("oops"))
        cut = Reply(chunks=dialect.start(), then="break")
        async with wire(busy, failed, cut, Reply(chunks=dialect.whole())) as server:
            provider = RetryingProvider(
                dialect.provider(server.url), sleep=sleep, jitter=lambda: 1.0
            )
            pieces = await drained(provider)
            notices = [piece for piece in pieces if isinstance(piece, Notice)]
            assert [notice.restarted for notice in notices] == [False, False, True]
            assert slept == [3, 1.0, 2.0]
            assert len(server.seen) == 4
            assert isinstance(pieces[-1], LLMResponse)

    asyncio.run(ask())


async def cancelled(
    dialect: Dialect, reply: Reply, act: Callable[[Wire], Awaitable[object]]
) -> None:
    async with wire(reply) as server:
        gateway = LLMGateway()
        gateway.register_provider("it", RetryingProvider(dialect.provider(server.url)))
        route = gateway.resolve("it:m")

        async def drain() -> None:
            async for _ in gateway.stream(route, QUESTION):
                pass

        task = asyncio.create_task(drain())
        await act(server)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(server.hung_up.wait(), 1)


@every
@pytest.mark.parametrize("moment", ["before the headers", "while silent", "while streaming"])
def test_cancelling_closes_the_connection(dialect: Dialect, moment: str) -> None:
    reply = {
        "before the headers": Reply(head=False),
        "while silent": Reply(chunks=dialect.start(), then="silent"),
        "while streaming": Reply(chunks=dialect.start(), then="repeat"),
    }[moment]
    asyncio.run(cancelled(dialect, reply, lambda server: server.waiting.wait()))


@every
def test_no_connection_is_left_open_after_an_answer(dialect: Dialect) -> None:
    async def ask() -> None:
        async with wire(Reply(chunks=dialect.whole(), then="stay")) as server:
            await drained(dialect.provider(server.url))
            await asyncio.wait_for(server.hung_up.wait(), 1)

    asyncio.run(ask())


@every
def test_closing_the_generator_early_closes_the_connection(dialect: Dialect) -> None:
    async def leave() -> None:
        async with wire(Reply(chunks=dialect.start(), then="silent")) as server:
            pieces = dialect.provider(server.url).stream(QUESTION, model="m")
            assert await anext(pieces) == TextPiece("Hel")
            await pieces.aclose()
            await asyncio.wait_for(server.hung_up.wait(), 1)

    asyncio.run(leave())


@pytest.mark.parametrize("kind", [OpenAIProvider, AnthropicProvider])
def test_a_missing_key_is_told_before_anything_is_asked(
    kind: type[OpenAIProvider] | type[AnthropicProvider],
) -> None:
    provider = kind(environ={})
    assert provider.missing is not None
    assert "_API_KEY" in provider.missing
    with pytest.raises(ProviderNotReady, match="_API_KEY"):
        asyncio.run(answered(provider))


@pytest.mark.parametrize("kind", [OpenAIProvider, AnthropicProvider])
def test_a_missing_package_is_told_with_what_to_type(
    kind: type[OpenAIProvider] | type[AnthropicProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = kind.__name__.removesuffix("Provider").lower()
    monkeypatch.setattr("importlib.util.find_spec", lambda package: None)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    provider = kind(KEY, environ={})
    assert provider.missing is not None
    assert f'pip install "jupyter-agentkit[{name}]"' in provider.missing
    with pytest.raises(ProviderNotReady, match="pip install"):
        asyncio.run(answered(provider))


def test_looking_for_what_is_missing_imports_no_sdk() -> None:
    code = (
        "import sys; from agentkit.llm.defaults import default_gateway;"
        "default_gateway({'OPENAI_API_KEY': 'x'}).status();"
        "sdks = ('openai', 'anthropic', 'pydantic_ai', 'genai_prices', 'httpx', 'httpx2');"
        "print([name for name in sdks if name in sys.modules])"
    )

    async def run() -> str:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await process.communicate()
        return out.decode().strip()

    assert asyncio.run(run()) == "[]"


@pytest.mark.parametrize("kind", [OpenAIProvider, AnthropicProvider])
def test_the_key_is_in_no_repr(kind: type[OpenAIProvider] | type[AnthropicProvider]) -> None:
    assert KEY not in repr(kind(KEY)) + repr(RetryingProvider(kind(KEY)))
