"""What an answer cost, and how much a model can read: from the user's table, else from a price list.

The list is that of the package ``genai-prices`` (public list prices of the vendors, collected by its
maintainers; dated by its version, used offline). It is asked by the address that answered, so a model
of the same name on a server of one's own has no price. What is not known is ``None``, never a guess.
"""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from agentkit.errors import InvalidInput
from agentkit.llm.protocol import TokenUsage

if TYPE_CHECKING:
    from genai_prices.types import PriceCalculation

_MILLION = 1_000_000


class Price(BaseModel):
    """What a user knows of a model: US dollars per million tokens, and its window in tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: float | None = Field(default=None, ge=0)
    output: float | None = Field(default=None, ge=0)
    cached_input: float | None = Field(default=None, ge=0)
    """Left out, cached input costs as much as other input."""
    window: int | None = Field(default=None, ge=1)
    """Tokens that question and answer may have together."""

    @model_validator(mode="after")
    def _whole(self) -> Price:
        if (self.input is None) != (self.output is None):
            raise ValueError("input and output belong together: give both prices or none")
        if self.cached_input is not None and self.input is None:
            raise ValueError("cached_input needs input and output beside it")
        return self


_TABLE = TypeAdapter(dict[str, Price])


@dataclass(frozen=True, slots=True)
class Sold:
    """A model as price lists know it.

    Attributes
    ----------
    provider
        The name under which it is asked, as in ``provider:model``.
    models
        Its names, the most exact first: a server may answer with a dated one.
    vendor
        As ``LLMResponse.vendor``.
    """

    provider: str
    models: tuple[str, ...]
    vendor: str = ""


class Prices:
    """Prices and windows, the user's own before the list's.

    Parameters
    ----------
    own
        ``{pattern: {"input", "output", "cached_input", "window"}}``: dollars per million tokens, and
        tokens. A pattern with ``*`` and ``?`` is compared with the model's name and with
        ``provider:model``; the first that fits and has what is asked for counts.

    Raises
    ------
    InvalidInput
        An entry is wrong; the message names it.
    """

    def __init__(self, own: Mapping[str, Any] | None = None) -> None:
        try:
            self._own = _TABLE.validate_python(dict(own or {}))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or "the table"
            raise InvalidInput(
                f"The price of {place} cannot be used: {first['msg']}. A price is "
                '{"input": …, "output": …, "cached_input": …, "window": …} in US dollars per million '
                "tokens; window is in tokens"
            ) from None

    async def cost(self, usage: TokenUsage, sold: Sold) -> float | None:
        """What these tokens cost, in US dollars; ``None`` when that is not known."""
        for price in self._fitting(sold):
            if price.input is not None and price.output is not None:
                return _times(usage, price.input, price.output, price.cached_input)
        found = await self._listed(usage, sold)
        return float(found.total_price) if found else None

    async def window(self, sold: Sold) -> int | None:
        """Tokens that question and answer may have together; ``None`` when that is not known."""
        for price in self._fitting(sold):
            if price.window is not None:
                return price.window
        found = await self._listed(TokenUsage(), sold)
        return found.model.context_window if found else None

    def _fitting(self, sold: Sold) -> list[Price]:
        names = [n for model in sold.models for n in (f"{sold.provider}:{model}", model)]
        return [
            price
            for pattern, price in self._own.items()
            if any(fnmatchcase(name, pattern) for name in names)
        ]

    async def _listed(self, usage: TokenUsage, sold: Sold) -> PriceCalculation | None:
        if not sold.vendor or importlib.util.find_spec("genai_prices") is None:
            return None
        # Importing the list takes a third of a second.
        return await asyncio.to_thread(_looked_up, usage, sold)


def _times(usage: TokenUsage, input: float, output: float, cached_input: float | None) -> float:
    cached = usage.cached_tokens or 0
    price_of_cached = input if cached_input is None else cached_input
    return (
        (usage.prompt_tokens - cached) * input
        + cached * price_of_cached
        + usage.completion_tokens * output
    ) / _MILLION


def _looked_up(usage: TokenUsage, sold: Sold) -> PriceCalculation | None:
    from genai_prices import Usage, calc_price

    by_address = "://" in sold.vendor
    where: dict[str, Any] = {
        "provider_api_url" if by_address else "provider_id": sold.vendor,
    }
    tokens = Usage(
        input_tokens=usage.prompt_tokens,
        output_tokens=usage.completion_tokens,
        cache_read_tokens=usage.cached_tokens,
        cache_write_tokens=usage.cache_write_tokens,
    )
    for model in sold.models:
        try:
            return calc_price(tokens, model, **where)
        except (LookupError, ValueError):  # not in the list, or counts that contradict each other
            continue
    return None
