"""Why a server refused: told by a reason that programs can compare, in every dialect."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from agentkit.core.protocol import ToolSpec
from agentkit.errors import ProviderError, ProviderRejected, ProviderUnavailable
from agentkit.llm.protocol import ChatMessage, Image
from tests.agentkit.llm.dialects import (
    ALL,
    KEY,
    QUESTION,
    Anthropic,
    AnthropicThroughPydanticAI,
    OpenAI,
    OpenAIThroughPydanticAI,
    drained,
)
from tests.agentkit.llm.wire import Reply, wire

TOOLS = [
    ToolSpec(name="count", description="Counts."),
    ToolSpec(name="count_all", description="Counts all."),
]
PICTURE = [ChatMessage("user", "Look.", images=[Image("image/png", "AAAA")])]
every = pytest.mark.parametrize("dialect", ALL, ids=lambda dialect: dialect.name)
OPENAI = [OpenAI(), OpenAIThroughPydanticAI()]
ANTHROPIC = [Anthropic(), AnthropicThroughPydanticAI()]
openai = pytest.mark.parametrize("dialect", OPENAI, ids=lambda dialect: dialect.name)
anthropic = pytest.mark.parametrize("dialect", ANTHROPIC, ids=lambda dialect: dialect.name)


def refusal(
    dialect: OpenAI | Anthropic,
    status: int,
    body: Any,
    *,
    messages: list[ChatMessage] = QUESTION,
    tools: list[ToolSpec] = TOOLS,
) -> ProviderError:
    async def ask() -> ProviderError:
        async with wire(Reply(status, body=body)) as server:
            with pytest.raises(ProviderError) as caught:
                await drained(dialect.provider(server.url), messages, tools=tools)
            return caught.value

    return asyncio.run(ask())


@every
@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key_is_told_apart(dialect: OpenAI | Anthropic, status: int) -> None:
    error = refusal(dialect, status, dialect.error(f"Incorrect API key provided: {KEY}"))
    assert isinstance(error, ProviderRejected)
    assert error.reason == "wrong_key"
    assert dialect.variable in error.message
    assert KEY not in error.message


@openai
def test_a_key_that_is_refused_with_400_is_told_apart(dialect: OpenAI) -> None:
    error = refusal(dialect, 400, dialect.error("API key not valid. Please pass a valid API key."))
    assert error.reason == "wrong_key"


@every
def test_an_unknown_model_is_told_apart(dialect: OpenAI | Anthropic) -> None:
    error = refusal(dialect, 404, dialect.error("model: m", "not_found_error"))
    assert isinstance(error, ProviderRejected)
    assert error.reason == "unknown_model"
    assert "'m'" in error.message


@openai
@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (400, "m is not a valid model ID", None),
        (400, "Model Not Exist", None),
        (403, "Project does not have access to model m", "model_not_found"),
        (404, "The API deployment for this resource does not exist.", "DeploymentNotFound"),
    ],
)
def test_an_unknown_model_is_known_by_each_servers_words(
    dialect: OpenAI, status: int, message: str, code: str | None
) -> None:
    assert refusal(dialect, status, dialect.error(message, code=code)).reason == "unknown_model"


@every
@pytest.mark.parametrize(
    "body", ["<!DOCTYPE html><title>404 Not Found</title>", {"detail": "Not Found"}]
)
def test_a_wrong_base_url_is_told_with_the_url(dialect: OpenAI | Anthropic, body: Any) -> None:
    error = refusal(dialect, 404, body)
    assert isinstance(error, ProviderRejected)
    assert error.reason == "wrong_base_url"
    assert "http://127.0.0.1" in error.message


@pytest.mark.parametrize("dialect", [OpenAI(), Anthropic()], ids=["openai", "anthropic"])
def test_an_answer_that_is_no_stream_points_at_the_base_url(dialect: OpenAI | Anthropic) -> None:
    for body in ({"error": "Unexpected endpoint or method."}, "<!DOCTYPE html><title>Hi</title>"):
        error = refusal(dialect, 200, body)
        assert error.reason == "wrong_base_url"
        assert "ends in /v1" in error.message


@every
def test_a_server_that_is_not_there_points_at_the_base_url(dialect: OpenAI | Anthropic) -> None:
    async def ask() -> None:
        async with wire() as server:
            url = server.url
        with pytest.raises(ProviderUnavailable, match="is the base URL right"):
            await drained(dialect.provider(url))

    asyncio.run(ask())


@openai
@pytest.mark.parametrize(
    ("status", "message", "type", "code"),
    [
        (400, "too long", "invalid_request_error", "context_length_exceeded"),
        (400, "This model's maximum context length is 4096 tokens.", "BadRequestError", None),
        (400, "the request exceeds the available context size", "exceed_context_size_error", None),
        (400, "prompt too long; exceeded max context length by 12 tokens", "api_error", None),
        (400, "model is loaded with context length of only 4096 tokens", "error", None),
        (500, "Input token count (9) exceeds the maximum number of tokens allowed", "error", None),
        (413, "Payload Too Large", "error", None),
        (429, "Request too large for m on tokens per min (TPM)", "tokens", "rate_limit_exceeded"),
    ],
)
def test_a_context_overflow_is_known_by_each_servers_words(
    dialect: OpenAI, status: int, message: str, type: str, code: str | None
) -> None:
    error = refusal(dialect, status, dialect.error(message, type, code))
    assert isinstance(error, ProviderRejected)
    assert error.reason == "context_overflow"
    assert "larger window" in error.message


@anthropic
@pytest.mark.parametrize(
    ("status", "message", "type"),
    [
        (400, "prompt is too long: 208310 tokens > 200000 maximum", "invalid_request_error"),
        (400, "input length and `max_tokens` exceed context limit", "invalid_request_error"),
        (413, "Request exceeds the maximum size", "request_too_large"),
    ],
)
def test_a_context_overflow_is_known_by_anthropics_words(
    dialect: Anthropic, status: int, message: str, type: str
) -> None:
    error = refusal(dialect, status, dialect.error(message, type))
    assert error.reason == "context_overflow"


@openai
def test_a_context_overflow_in_the_middle_of_a_stream_is_final(dialect: OpenAI) -> None:
    event = dialect.error_event("This model's maximum context length is 4096 tokens.")

    async def ask() -> None:
        async with wire(Reply(chunks=[*dialect.start(), event])) as server:
            with pytest.raises(ProviderRejected) as caught:
                await drained(dialect.provider(server.url))
            assert caught.value.reason == "context_overflow"

    asyncio.run(ask())


@openai
@pytest.mark.parametrize(
    ("message", "param"),
    [
        ("Invalid schema for function 'count_all': array schema missing items", None),
        ("Invalid parameters", "tools[1].function.parameters"),
    ],
)
def test_a_refused_schema_names_the_tool(dialect: OpenAI, message: str, param: str | None) -> None:
    body = dialect.error(message, "invalid_request_error", "invalid_function_parameters")
    body["error"]["param"] = param
    error = refusal(dialect, 400, body)
    assert isinstance(error, ProviderRejected)
    assert error.reason == "tool_schema_refused"
    assert "the tool 'count_all'" in error.message


@anthropic
def test_a_refused_schema_is_named_by_its_place(dialect: Anthropic) -> None:
    message = "tools.1.custom.input_schema: JSON schema is invalid."
    error = refusal(dialect, 400, dialect.error(message, "invalid_request_error"))
    assert error.reason == "tool_schema_refused"
    assert "the tool 'count_all'" in error.message


@openai
def test_a_refused_schema_of_an_unnamed_tool_is_still_one(dialect: OpenAI) -> None:
    error = refusal(dialect, 400, dialect.error("Failed to parse grammar"))
    assert error.reason == "tool_schema_refused"
    assert "a tool" in error.message


@openai
@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "library/gemma:2b does not support tools"),
        (404, "No endpoints found that support tool use."),
        (400, '"auto" tool choice requires --enable-auto-tool-choice'),
    ],
)
def test_a_model_that_takes_no_tools_says_so(dialect: OpenAI, status: int, message: str) -> None:
    error = refusal(dialect, status, dialect.error(message))
    assert error.reason == "tools_not_supported"


@openai
@pytest.mark.parametrize("status", [400, 500])
def test_refused_pictures_are_told_apart_where_some_were_sent(dialect: OpenAI, status: int) -> None:
    body = dialect.error("this model does not support image input")
    assert refusal(dialect, status, body, messages=PICTURE).reason == "images_refused"
    assert refusal(dialect, status, body).reason != "images_refused"


@openai
def test_a_spent_quota_is_told_apart(dialect: OpenAI) -> None:
    body = dialect.error("You exceeded your current quota.", "insufficient_quota")
    assert refusal(dialect, 429, body).reason == "quota_spent"


@every
def test_a_rate_limit_that_speaks_of_tokens_is_still_passing(dialect: OpenAI | Anthropic) -> None:
    message = "This request would exceed the rate limit of 40,000 input tokens per minute."
    error = refusal(dialect, 429, dialect.error(message, "rate_limit_error"))
    assert isinstance(error, ProviderUnavailable)
    assert error.reason == "provider_unavailable"


@every
def test_a_password_in_the_base_url_is_in_no_message(dialect: OpenAI | Anthropic) -> None:
    async def ask() -> None:
        async with wire(Reply(404, body="no such page")) as server:
            url = server.url.replace("//", "//me:my-password@")
            with pytest.raises(ProviderError) as caught:
                await drained(dialect.provider(url))
            assert "at http://127.0.0.1" in caught.value.message
            assert "my-password" not in caught.value.message

    asyncio.run(ask())
