"""Who answers when nobody configured anything but the environment."""

from __future__ import annotations

import pytest

from agentkit.errors import InvalidInput, NotFound
from agentkit.llm.anthropic import DEFAULT_MODEL as CLAUDE
from agentkit.llm.configured import ProviderConfig
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
        "azure": False,
        "pydantic-ai": True,
        "demo": True,
    }
    missing = {status.name: status.missing or "" for status in gateway.status()}
    assert "OPENAI_API_KEY (or OPENAI_BASE_URL" in missing["openai"]
    assert "ANTHROPIC_API_KEY" in missing["anthropic"]
    assert "AZURE_OPENAI_API_KEY" in missing["azure"]
    assert gateway.resolve("openai:big").provider_name == "openai"


def test_a_model_that_nobody_can_be_asked_for_is_not_given_to_the_demo() -> None:
    with pytest.raises(NotFound, match="provider:model"):
        default_gateway({}).resolve("gpt-5")


def test_a_configured_provider_answers_when_it_alone_names_a_model() -> None:
    lab = ProviderConfig(kind="openai", base_url="http://localhost:11434/v1", model="llama3.2")
    bare = ProviderConfig(kind="openai", base_url="http://localhost:1234/v1")
    route = default_gateway({}, providers={"lab": lab, "bare": bare}).resolve(None)
    assert (route.provider_name, route.model) == ("lab", "llama3.2")
    both = default_gateway({}, providers={"lab": lab, "other": lab})
    assert both.resolve(None).provider_name == "demo"
    keyed = default_gateway({"OPENAI_API_KEY": "x"}, providers={"lab": lab})
    assert keyed.resolve(None).provider_name == "openai"


def test_a_configured_provider_replaces_a_usual_one_of_its_name() -> None:
    own = ProviderConfig(kind="openai", base_url="http://localhost/v1", model="mine")
    gateway = default_gateway({}, providers={"openai": own})
    assert gateway.resolve("openai").model == "mine"
    assert gateway.resolve("openai").caller.missing is None


def test_a_wrong_price_is_told() -> None:
    with pytest.raises(InvalidInput, match="gpt-5"):
        default_gateway({}, prices={"gpt-5": {"input": "much"}})
