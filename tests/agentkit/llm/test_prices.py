"""What an answer cost: the user's table, the price list by who answered, and otherwise nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import genai_prices
import pytest

from agentkit.core.protocol import ToolSpec
from agentkit.errors import InvalidInput
from agentkit.llm.gateway import LLMGateway
from agentkit.llm.prices import Prices, Sold
from agentkit.llm.protocol import ChatMessage, LLMResponse, TokenUsage
from tests.agentkit.llm.dialects import QUESTION

USAGE = TokenUsage(2_000_000, 100_000, cached_tokens=1_000_000)
OPENAI = "https://api.openai.com/v1"
GPT = Sold("openai", ("gpt-5",), OPENAI)
OWN = Sold("ollama", ("llama3.2:3b",), "http://localhost:11434/v1")


def cost(prices: Prices, sold: Sold, usage: TokenUsage = USAGE) -> float | None:
    return asyncio.run(prices.cost(usage, sold))


def window(prices: Prices, sold: Sold) -> int | None:
    return asyncio.run(prices.window(sold))


def listed(**tokens: int) -> float:
    found = genai_prices.calc_price(genai_prices.Usage(**tokens), "gpt-5", provider_api_url=OPENAI)
    return float(found.total_price)


def test_the_price_list_is_asked_with_cached_tokens() -> None:
    expected = listed(input_tokens=2_000_000, cache_read_tokens=1_000_000, output_tokens=100_000)
    assert expected < listed(input_tokens=2_000_000, output_tokens=100_000)
    assert cost(Prices(), GPT) == pytest.approx(expected)


def test_a_model_on_a_server_of_ones_own_has_no_price_whatever_its_name() -> None:
    assert cost(Prices(), Sold("openai", ("gpt-5",), "http://localhost:11434/v1")) is None
    assert cost(Prices(), Sold("openai", ("gpt-5",), "")) is None


def test_a_model_that_the_list_does_not_know_has_no_price() -> None:
    assert cost(Prices(), Sold("openai", ("new-model-9",), OPENAI)) is None


def test_the_asked_name_is_tried_when_the_answers_name_is_not_known() -> None:
    sold = Sold("azure", ("deployment-of-mine", "gpt-5"), OPENAI)
    assert cost(Prices(), sold) == cost(Prices(), GPT)


def test_ones_own_price_goes_before_the_list() -> None:
    prices = Prices({"gpt-5*": {"input": 1, "cached_input": 0.5, "output": 10}})
    assert cost(prices, GPT) == pytest.approx(1 + 0.5 + 1)


def test_cached_input_costs_as_other_input_where_no_price_is_given() -> None:
    assert cost(Prices({"gpt-5": {"input": 1, "output": 10}}), GPT) == pytest.approx(3)


@pytest.mark.parametrize("pattern", ["ollama:*", "llama3.2:*", "ollama:llama3.2:3b", "*"])
def test_a_pattern_fits_the_model_with_and_without_its_provider(pattern: str) -> None:
    assert cost(Prices({pattern: {"input": 0, "output": 0}}), OWN) == 0


def test_a_pattern_that_does_not_fit_says_nothing() -> None:
    assert cost(Prices({"vllm:*": {"input": 0, "output": 0}}), OWN) is None


def test_windows_come_from_the_table_then_the_list() -> None:
    prices = Prices({"ollama:*": {"window": 8192}})
    assert window(prices, OWN) == 8192
    assert cost(prices, OWN) is None
    assert window(prices, GPT) == 400_000
    assert window(Prices(), OWN) is None


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"input": -1, "output": 1}, "greater than or equal to 0"),
        ({"input": 1}, "belong together"),
        ({"cached_input": 1}, "needs input and output"),
        ({"inputs": 1}, "inputs"),
        ({"window": 0}, "window"),
        (3, "gpt-5"),
    ],
)
def test_a_wrong_entry_is_named(entry: Any, words: str) -> None:
    with pytest.raises(InvalidInput, match=r"gpt-5") as caught:
        Prices({"gpt-5": entry})
    assert words in caught.value.message


def test_without_the_price_list_only_ones_own_prices_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda package: None)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    assert cost(Prices(), GPT) is None
    assert cost(Prices({"gpt-5": {"input": 1, "output": 10}}), GPT) == pytest.approx(3)


class Sells:
    """A provider that reports what it was told to."""

    vendor = OPENAI

    def __init__(self, response: LLMResponse) -> None:
        self.response = response

    async def chat(self, messages: list[ChatMessage], tools: tuple[ToolSpec, ...]) -> LLMResponse:
        return self.response


def answered(
    response: LLMResponse, *, model: str = "gpt-5", simulated: bool = False
) -> LLMResponse:
    async def ask() -> LLMResponse:
        gateway = LLMGateway()
        gateway.register_provider("it", Sells(response), simulated=simulated)
        [piece] = [p async for p in gateway.stream(gateway.resolve(f"it:{model}"), QUESTION)]
        assert isinstance(piece, LLMResponse)
        return piece

    return asyncio.run(ask())


def test_the_gateway_fills_in_the_cost() -> None:
    response = LLMResponse("x", "gpt-5-2025-08-07", USAGE, vendor=OPENAI)
    usage = answered(response).usage
    assert usage is not None
    assert usage.cost == cost(Prices(), GPT)
    assert response.usage is not None
    assert response.usage.cost is None


def test_a_provider_of_many_vendors_is_priced_by_the_vendor_in_the_models_name() -> None:
    usage = answered(LLMResponse("x", "gpt-5", USAGE), model="openai:gpt-5").usage
    assert usage is not None
    assert usage.cost == cost(Prices(), GPT)


@pytest.mark.parametrize(
    ("response", "simulated", "expected"),
    [
        (LLMResponse("x", "gpt-5", TokenUsage(1, 1, cost=7.0), vendor=OPENAI), False, 7.0),
        (LLMResponse("x", "gpt-5", USAGE, vendor=OPENAI), True, None),
        (LLMResponse("x", "gpt-5", USAGE), False, None),
    ],
    ids=["reported", "simulated", "unknown vendor"],
)
def test_a_cost_is_neither_overwritten_nor_invented(
    response: LLMResponse, simulated: bool, expected: float | None
) -> None:
    usage = answered(response, simulated=simulated).usage
    assert usage is not None
    assert usage.cost == expected


def test_the_gateway_knows_the_window_of_a_route() -> None:
    async def ask() -> list[int | None]:
        gateway = LLMGateway()
        gateway.register_provider("it", Sells(LLMResponse()))
        return [await gateway.window(gateway.resolve(name)) for name in ("it:gpt-5", "it:other")]

    assert asyncio.run(ask()) == [400_000, None]
