"""The gateway that a host has when nobody configured one: by the environment alone."""

from __future__ import annotations

import os
from collections.abc import Mapping

from agentkit.llm.anthropic import AnthropicProvider
from agentkit.llm.demo import DemoProvider
from agentkit.llm.gateway import LLMGateway
from agentkit.llm.openai import OpenAIProvider
from agentkit.llm.retry import RetryingProvider


def default_gateway(environ: Mapping[str, str] = os.environ) -> LLMGateway:
    """Know ``openai``, ``anthropic`` and ``demo``, and choose who answers when no model is named.

    That is ``AGENTKIT_MODEL`` when it is set; else OpenAI, when ``OPENAI_API_KEY`` (or, for a server of
    one's own, ``OPENAI_BASE_URL``) is set; else Anthropic, when ``ANTHROPIC_API_KEY`` is set; else the
    demo. The demo never stands in for a provider that failed; it can be named as ``demo``.

    Nothing is imported or asked until a model is.
    """
    if environ.get("OPENAI_API_KEY") or environ.get("OPENAI_BASE_URL"):
        chosen = "openai"
    elif environ.get("ANTHROPIC_API_KEY"):
        chosen = "anthropic"
    else:
        chosen = "demo"
    gateway = LLMGateway()
    gateway.default_model = environ.get("AGENTKIT_MODEL") or None
    for name, provider in {
        "openai": RetryingProvider(OpenAIProvider(environ=environ)),
        "anthropic": RetryingProvider(AnthropicProvider(environ=environ)),
        "demo": DemoProvider(),
    }.items():
        gateway.register_provider(name, provider, default=name == chosen)
    return gateway
