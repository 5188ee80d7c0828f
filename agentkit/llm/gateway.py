"""Which model answers: providers by name, and the way from ``provider:model`` to one of them."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from agentkit.core.protocol import ToolSpec
from agentkit.errors import AgentKitError, Conflict, InvalidInput, NotFound, ProviderNotReady
from agentkit.llm.caller import Caller
from agentkit.llm.prices import Prices, Sold
from agentkit.llm.protocol import ChatMessage, LLMResponse, Piece


@dataclass(frozen=True, slots=True)
class Route:
    """The provider and the model that a run will use."""

    provider_name: str
    provider: Any
    model: str
    """Empty when neither the agent nor the provider names one."""
    simulated: bool
    caller: Caller = field(repr=False)


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """A registered provider, as a status page shows it."""

    name: str
    usable: bool
    missing: str | None
    """What to install or set, when it is not usable."""
    simulated: bool
    default: bool
    """Whether it answers agents that name no model."""


class LLMGateway:
    """Providers by name.

    Attributes
    ----------
    default_model
        The ``provider:model`` of agents that name none. When it is ``None`` they get the only
        provider, or the one that was registered as the default.
    prices
        What answers cost and how much models can read.
    """

    def __init__(self) -> None:
        self.default_model: str | None = None
        self.prices = Prices()
        self._callers: dict[str, Caller] = {}
        self._default_provider: str | None = None

    def register_provider(
        self,
        name: str,
        provider: Any,
        *,
        streaming: bool | None = None,
        simulated: bool | None = None,
        default_model: str | None = None,
        default: bool = False,
        replace: bool = False,
    ) -> None:
        """Make a provider known.

        Parameters
        ----------
        name
            What stands before the colon in ``provider:model``.
        provider
            Any object with ``async chat(...) -> LLMResponse``.
        streaming, simulated, default_model
            What it can do; left out, what its class declares (see ``agentkit.llm.caller``).
        default
            It answers agents that name no model.
        replace
            Take the place of a provider of the same name.

        Raises
        ------
        InvalidInput
            The name is empty or holds a colon or white space, or the object cannot be called.
        Conflict
            The name is taken.
        """
        if not name or ":" in name or any(character.isspace() for character in name):
            raise InvalidInput(
                f"{name!r} cannot name a provider: use a word without colon and white space"
            )
        if name in self._callers and not replace:
            raise Conflict(f"A provider is named {name!r} already; pass replace=True to replace it")
        self._callers[name] = Caller(
            provider, streaming=streaming, simulated=simulated, default_model=default_model
        )
        if default:
            self._default_provider = name

    @property
    def problem(self) -> str | None:
        """Why agents that name no model cannot run, where a default model is set; ``None`` when they can."""
        if self.default_model is None:
            return None
        try:
            self.resolve(None)
        except AgentKitError as error:
            return error.message
        return None

    def copy(self) -> LLMGateway:
        """A gateway that knows the same, and whose providers can be replaced by themselves."""
        other = LLMGateway()
        other.__dict__.update(self.__dict__, _callers=dict(self._callers))
        return other

    def remove_provider(self, name: str) -> None:
        """Forget a provider; runs that were routed to it go on.

        Raises
        ------
        NotFound
            No provider has that name.
        """
        if name not in self._callers:
            raise self._unknown(name)
        del self._callers[name]
        if self._default_provider == name:
            self._default_provider = None

    def resolve(self, model: str | None) -> Route:
        """Find who answers for ``provider:model``, a provider's name, a model's name, or nothing.

        A model's name alone goes to the default provider, unless that is a simulated one: it has
        no models.

        Raises
        ------
        NotFound
            No provider has that name.
        InvalidInput
            No model is named, and there are several providers and no default.
        ProviderNotReady
            There is no provider at all.
        """
        if not self._callers:
            raise ProviderNotReady(
                "No provider is registered, so no model can be asked: register one with "
                "register_provider(name, provider)"
            )
        wanted = model or self.default_model
        if not wanted:
            return self._route(self._default(), "")
        if wanted in self._callers:
            return self._route(wanted, "")
        name, colon, rest = wanted.partition(":")
        if colon:
            if name not in self._callers:
                raise self._unknown(name, of=wanted)
            return self._route(name, rest)
        name = self._default()
        if self._callers[name].simulated:
            raise self._unknown(wanted)
        return self._route(name, wanted)

    def stream(
        self, route: Route, messages: Sequence[ChatMessage], *, tools: Sequence[ToolSpec] = ()
    ) -> AsyncGenerator[Piece]:
        """Ask a route; the last piece is the response, with its provider, model and cost filled in.

        A provider that does not stream yields its response alone. To stop, cancel the task that
        iterates this, or close it: either closes the provider's connection.

        Raises
        ------
        ProviderError
            The model could not be asked.
        """
        completed = partial(_completed, route=route, prices=self.prices)
        return route.caller.stream(messages, model=route.model, tools=tools, completed=completed)

    async def window(self, route: Route) -> int | None:
        """Tokens that question and answer may have together; ``None`` when that is not known."""
        return await self.prices.window(
            _sold(route.provider_name, route.caller.vendor, route.model)
        )

    def status(self) -> list[ProviderStatus]:
        """All providers, in the order of their registration."""
        default = self._default_or_none()
        return [
            ProviderStatus(
                name=name,
                usable=caller.missing is None,
                missing=caller.missing,
                simulated=caller.simulated,
                default=name == default,
            )
            for name, caller in self._callers.items()
        ]

    def _route(self, name: str, model: str) -> Route:
        caller = self._callers[name]
        return Route(name, caller.provider, model or caller.default_model, caller.simulated, caller)

    def _default_or_none(self) -> str | None:
        named = (self.default_model or "").partition(":")[0]
        if named in self._callers:
            return named
        if len(self._callers) == 1:
            return next(iter(self._callers))
        return self._default_provider

    def _default(self) -> str:
        name = self._default_or_none()
        if name is None:
            raise InvalidInput(
                "No provider is named and none is the default: give the agent a model such as "
                f'"{next(iter(self._callers))}:…". Registered: {", ".join(self._callers)}'
            )
        return name

    def _unknown(self, name: str, *, of: str | None = None) -> NotFound:
        message = f"No provider is named {name!r}" + (f" (in the model {of!r})" if of else "")
        close = difflib.get_close_matches(name, self._callers, n=1)
        if close:
            message += f"; did you mean {close[0]!r}?"
        else:
            message += "; a model is written provider:model."
        return NotFound(f"{message} Registered: {', '.join(self._callers) or 'none'}")


async def _completed(response: LLMResponse, route: Route, prices: Prices) -> LLMResponse:
    """The response with who gave it, and what it cost where that is known."""
    provider, model = response.provider or route.provider_name, response.model or route.model
    usage = response.usage
    if usage is not None and usage.cost is None and not route.simulated:
        cost = await prices.cost(usage, _sold(provider, response.vendor, model, route.model))
        if cost is not None:
            usage = dataclasses.replace(usage, cost=cost)
    return dataclasses.replace(response, provider=provider, model=model, usage=usage)


def _sold(provider: str, vendor: str, *models: str) -> Sold:
    if vendor:
        return Sold(provider, models, vendor)
    # A provider that asks many vendors names the vendor in the model: "anthropic:claude-…".
    vendor, _, model = models[-1].rpartition(":")
    return Sold(provider, (*models, model), vendor)
