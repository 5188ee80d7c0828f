"""Who answers when nobody configured anything but the environment."""

from __future__ import annotations

import pytest

from agentkit.errors import NotFound
from agentkit.llm.anthropic import DEFAULT_MODEL as CLAUDE
from agentkit.llm.defaults import default_gateway
from agentkit.llm.openai import DEFAULT_MODEL as GPT


@pytest.mark.parametrize(
    ("environ", "provider", "model"),
    [
        ({}, "demo", "demo-rules"),
        ({"OPENAI_API_KEY": "x"}, "openai", GPT),
        ({"ANTHROPIC_API_KEY": "x"}, "anthropic", CLAUDE),
        ({"OPENAI_API_KEY": "x", "ANTHROPIC_API_KEY": "x"}, "openai", GPT),
        ({"OPENAI_BASE_URL": "http://localhost/v1"}, "openai", ""),
        ({"OPENAI_API_KEY": "x", "AGENTKIT_MODEL": "anthropic:big"}, "anthropic", "big"),
        ({"OPENAI_API_KEY": "x", "AGENTKIT_MODEL": "big"}, "openai", "big"),
        ({"OPENAI_API_KEY": "x", "AGENTKIT_MODEL": "demo"}, "demo", "demo-rules"),
    ],
)
def test_the_environment_chooses_who_answers(
    environ: dict[str, str], provider: str, model: str
) -> None:
    gateway = default_gateway(environ)
    route = gateway.resolve(None)
    assert (route.provider_name, route.model) == (provider, model)
    assert route.simulated == (provider == "demo")
    assert [status.name for status in gateway.status() if status.default] == [provider]


def test_every_provider_can_be_named_and_says_what_it_lacks() -> None:
    gateway = default_gateway({})
    assert {status.name: status.usable for status in gateway.status()} == {
        "openai": False,
        "anthropic": False,
        "demo": True,
    }
    assert gateway.resolve("openai:big").provider_name == "openai"


def test_a_model_that_nobody_can_be_asked_for_is_not_given_to_the_demo() -> None:
    with pytest.raises(NotFound, match="provider:model"):
        default_gateway({}).resolve("gpt-5")
