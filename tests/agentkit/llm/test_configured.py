"""Providers of the configuration: what they ask, which key they send, and what is refused."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from pydantic import ValidationError

from agentkit.errors import InvalidInput, ProviderNotReady
from agentkit.llm.azure import AzureOpenAIProvider
from agentkit.llm.configured import ProviderConfig, checked_providers, keys_of, provider_of
from agentkit.llm.gateway import LLMGateway
from agentkit.llm.protocol import LLMResponse
from tests.agentkit.llm.dialects import KEY, QUESTION, Anthropic, OpenAI, answered, drained
from tests.agentkit.llm.wire import Reply, Seen, wire

ENVIRON = {"MY_KEY": KEY, "OPENAI_API_KEY": "sk-openais-own", "ANTHROPIC_API_KEY": "sk-ants-own"}


def asked(config: dict[str, Any], model: str = "m") -> tuple[LLMResponse, Seen]:
    """What a configured provider sends to its server."""
    dialect = Anthropic() if "anthropic" in config.values() else OpenAI()

    async def ask() -> tuple[LLMResponse, Seen]:
        async with wire(Reply(chunks=dialect.whole())) as server:
            base = server.url if dialect.wire == "anthropic" else f"{server.url}/v1"
            [one] = checked_providers({"lab": {"base_url": base, **config}}).values()
            gateway = LLMGateway()
            gateway.register_provider("lab", provider_of("lab", one, ENVIRON))
            route = gateway.resolve(f"lab:{model}" if model else "lab")
            pieces = [piece async for piece in gateway.stream(route, QUESTION)]
            response = pieces[-1]
            assert isinstance(response, LLMResponse)
            return response, server.seen[0]

    return asyncio.run(ask())


KINDS = pytest.mark.parametrize(
    "config",
    [
        {"kind": "openai"},
        {"kind": "anthropic"},
        {"kind": "pydantic-ai", "vendor": "openai-chat"},
        {"kind": "pydantic-ai", "vendor": "anthropic"},
    ],
    ids=lambda config: "-".join(config.values()),
)


@KINDS
def test_the_configured_server_is_asked_with_the_configured_key(config: dict[str, str]) -> None:
    response, seen = asked({**config, "api_key_env": "MY_KEY"})
    assert response.content == "Hello"
    assert response.provider == "lab"
    assert KEY in " ".join(seen.headers.values())
    assert seen.body["model"] == "m"


@KINDS
def test_a_key_in_the_configuration_is_sent(config: dict[str, str]) -> None:
    _, seen = asked({**config, "api_key": "sk-in-the-configuration"})
    assert "sk-in-the-configuration" in " ".join(seen.headers.values())


@KINDS
def test_the_vendors_own_key_never_reaches_another_server(
    config: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    _, seen = asked(config)
    sent = json.dumps([seen.headers, seen.body])
    assert not any(value in sent for value in ENVIRON.values())


def test_the_default_model_and_the_settings_are_sent() -> None:
    thinking = {"type": "enabled", "budget_tokens": 1024}
    config: dict[str, Any] = {"kind": "anthropic", "model": "big"}
    _, seen = asked({**config, "max_tokens": 2048, "thinking": thinking}, "")
    assert seen.body["model"] == "big"
    assert (seen.body["max_tokens"], seen.body["thinking"]) == (2048, thinking)
    config = {"kind": "pydantic-ai", "vendor": "openai-chat", "model": "big"}
    _, seen = asked({**config, "settings": {"temperature": 0.5}}, "")
    assert (seen.body["model"], seen.body["temperature"]) == ("big", 0.5)


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_a_server_without_a_named_model_says_how_to_name_one(kind: str) -> None:
    [one] = checked_providers({"lab": {"kind": kind, "base_url": "http://127.0.0.1:9"}}).values()
    provider = provider_of("lab", one, {})
    assert provider.missing is None
    with pytest.raises(Exception, match="lab:MODEL"):
        asyncio.run(provider.chat(QUESTION))


@pytest.mark.parametrize("kind", ["openai", "azure", "anthropic", "pydantic-ai"])
def test_a_key_variable_that_is_not_set_is_told(kind: str) -> None:
    config = {"kind": kind, "base_url": "http://127.0.0.1:9", "api_key_env": "NOT_SET"}
    [one] = checked_providers({"lab": config}).values()
    provider = provider_of("lab", one, {})
    assert provider.missing is not None
    assert "NOT_SET" in provider.missing
    with pytest.raises(ProviderNotReady, match=r"lab cannot be used.*NOT_SET"):
        asyncio.run(provider.chat(QUESTION, model="openai:m"))


@pytest.mark.parametrize(
    ("name", "config", "words"),
    [
        ("lab", {"kind": "ollama"}, "'openai', 'azure', 'anthropic' or 'pydantic-ai'"),
        ("lab", {}, "'lab'.kind"),
        ("lab", {"kind": "openai", "base_url": "localhost:11434"}, "base_url"),
        ("lab", {"kind": "openai", "api_key_env": "sk-not a name"}, "api_key_env"),
        ("lab", {"kind": "openai", "vendor": "groq"}, "vendor belongs to the kind pydantic-ai"),
        ("lab", {"kind": "openai", "key": "x"}, "key"),
        ("lab", {"kind": "openai", "api_key": "x", "api_key_env": "Y"}, "one of them"),
        ("lab", "openai", "'lab'"),
        ("my lab", {"kind": "openai"}, "'my lab'"),
        ("a:b", {"kind": "openai"}, "'a:b'"),
        ("demo", {"kind": "openai"}, "simulated"),
    ],
)
def test_what_cannot_be_used_is_named(name: str, config: Any, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        checked_providers({name: config})
    assert words in caught.value.message


def test_a_refused_configuration_shows_no_key() -> None:
    for config in (
        {"kind": "openai", "api_key": KEY, "novelty": 1},
        {"kind": "openai", "api_key_env": f"{KEY} "},
        {"kind": "openai", "api_key": [KEY]},
        {"kind": "openai", "base_url": KEY},
        KEY,
    ):
        with pytest.raises(InvalidInput) as caught:
            checked_providers({"lab": config})
        assert KEY not in caught.value.message
        assert caught.value.__cause__ is None
        with pytest.raises(ValidationError) as raw:
            ProviderConfig.model_validate(config)
        assert KEY not in str(raw.value)


def test_keys_are_given_to_those_who_mask_them_and_shown_to_nobody_else() -> None:
    providers = checked_providers(
        {
            "a": {"kind": "openai", "api_key": KEY},
            "b": {"kind": "groq", "api_key_env": "HARMLESS_NAME"} | {"kind": "openai"},
            "c": {"kind": "openai", "api_key_env": "NOT_SET"},
            "d": {"kind": "openai", "base_url": "http://me:my-password@localhost/v1"},
        }
    )
    assert keys_of(providers, {"HARMLESS_NAME": "sk-named"}) == [KEY, "sk-named", "my-password"]
    assert KEY not in repr(providers)
    assert KEY not in repr(provider_of("a", providers["a"]))


@pytest.mark.parametrize(
    ("environ", "version", "path", "header"),
    [
        ({}, None, "/openai/v1/chat/completions", "authorization"),
        (
            {},
            "2024-10-21",
            "/openai/deployments/m/chat/completions?api-version=2024-10-21",
            "api-key",
        ),
        (
            {"OPENAI_API_VERSION": "2024-10-21"},
            None,
            "/openai/deployments/m/chat/completions?api-version=2024-10-21",
            "api-key",
        ),
    ],
)
def test_azure_is_asked_by_its_new_api_and_by_its_old_one(
    environ: dict[str, str], version: str | None, path: str, header: str
) -> None:
    async def ask() -> None:
        async with wire(Reply(chunks=OpenAI().whole())) as server:
            settings = {"AZURE_OPENAI_ENDPOINT": server.url, "AZURE_OPENAI_API_KEY": KEY}
            provider = AzureOpenAIProvider(api_version=version, environ={**settings, **environ})
            assert provider.missing is None
            assert (await answered(provider)).content == "Hello"
            assert server.seen[0].path == path
            assert KEY in server.seen[0].headers[header]

    asyncio.run(ask())


def test_azure_says_what_is_missing() -> None:
    assert "AZURE_OPENAI_API_KEY" in (AzureOpenAIProvider(environ={}).missing or "")
    provider = AzureOpenAIProvider(environ={"AZURE_OPENAI_API_KEY": KEY})
    assert "AZURE_OPENAI_ENDPOINT" in (provider.missing or "")
    with pytest.raises(ProviderNotReady, match="AZURE_OPENAI_ENDPOINT"):
        asyncio.run(drained(provider))
