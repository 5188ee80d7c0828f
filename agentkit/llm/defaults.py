"""The gateway of a host: the well-known providers, and those that its configuration names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from agentkit.llm.anthropic import AnthropicProvider
from agentkit.llm.azure import AzureOpenAIProvider
from agentkit.llm.configured import ProviderConfig, provider_of, ready
from agentkit.llm.demo import DemoProvider
from agentkit.llm.gateway import LLMGateway
from agentkit.llm.openai import OpenAIProvider
from agentkit.llm.prices import Prices
from agentkit.llm.pydantic_ai import PydanticAIProvider


def default_gateway(
    environ: Mapping[str, str] = os.environ,
    *,
    providers: Mapping[str, ProviderConfig] | None = None,
    prices: Mapping[str, Any] | None = None,
) -> LLMGateway:
    """Know the usual providers, and choose who answers when no model is named.

    They are ``openai``, ``anthropic``, ``azure``, ``pydantic-ai``, ``demo`` and the configured ones. Who
    answers is ``AGENTKIT_MODEL`` when it is set; else OpenAI, when ``OPENAI_API_KEY`` (or, for a server of
    one's own, ``OPENAI_BASE_URL``) is set; else Anthropic, when ``ANTHROPIC_API_KEY`` is set; else the only
    configured provider that names a model; else the demo. The demo never stands in for a provider that
    failed; it can be named as ``demo``.

    Nothing is imported or asked until a model is.

    Parameters
    ----------
    environ
        Where the variables are looked up.
    providers
        Further providers by name; one named like a usual one replaces it.
    prices
        See ``agentkit.llm.prices.Prices``.

    Raises
    ------
    InvalidInput
        A price is wrong.
    """
    configured = {name: provider_of(name, one, environ) for name, one in (providers or {}).items()}
    gateway = LLMGateway()
    gateway.prices = Prices(prices)
    gateway.default_model = environ.get("AGENTKIT_MODEL") or None
    chosen = _chosen(environ, providers or {})
    for name, provider in {
        "openai": ready(OpenAIProvider(environ=environ)),
        "anthropic": ready(AnthropicProvider(environ=environ)),
        "azure": ready(AzureOpenAIProvider(environ=environ)),
        "pydantic-ai": ready(PydanticAIProvider(environ=environ)),
        **configured,
        "demo": DemoProvider(),
    }.items():
        gateway.register_provider(name, provider, default=name == chosen)
    return gateway


def _chosen(environ: Mapping[str, str], providers: Mapping[str, ProviderConfig]) -> str:
    if environ.get("OPENAI_API_KEY") or environ.get("OPENAI_BASE_URL"):
        return "openai"
    if environ.get("ANTHROPIC_API_KEY"):
        return "anthropic"
    with_a_model = [name for name, one in providers.items() if one.model]
    return with_a_model[0] if len(with_a_model) == 1 else "demo"
