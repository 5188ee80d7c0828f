"""One provider, ready to be asked: what it can do, and one way to ask it.

A provider can be a plain double, or a mock that answers to every attribute name. So what it can do
is read from its class or told at registration, and it is given only the keywords that its signature
takes.

A class declares with an attribute, or with a property when the answer depends on the instance::

    class Provider:
        streaming = True               # it has ``stream``, an async generator of pieces
        simulated = False              # True: there is no language model behind it
        default_model = "model-1"      # used when an agent names the provider alone
        vendor = ""                    # whose prices hold: an API's address, or a name

        @property
        def missing(self) -> str | None:   # what to install or set before it can be used
            ...
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, cast

from agentkit.core.protocol import ToolSpec
from agentkit.errors import (
    AgentKitError,
    InvalidInput,
    ProviderError,
    ProviderRejected,
    ProviderUnavailable,
)
from agentkit.llm.protocol import ChatMessage, LLMResponse, Notice, Piece, TextPiece, ThinkingPiece

_PIECES = (TextPiece, ThinkingPiece, Notice, LLMResponse)


class Caller:
    """A provider with its capabilities, asked by ``stream``.

    Parameters
    ----------
    provider
        Any object with ``async chat(...) -> LLMResponse``.
    streaming, simulated, default_model
        What the provider can do; left out, what its class declares.

    Raises
    ------
    InvalidInput
        There is no ``chat`` that could be called, or no ``stream`` where streaming is declared.
    """

    def __init__(
        self,
        provider: Any,
        *,
        streaming: bool | None = None,
        simulated: bool | None = None,
        default_model: str | None = None,
    ) -> None:
        self.provider = provider
        self.streaming = _declared_flag(provider, "streaming") if streaming is None else streaming
        self._simulated = simulated
        self._default_model = default_model
        self._ask = _fitted(provider, "stream" if self.streaming else "chat")

    @property
    def simulated(self) -> bool:
        """Whether there is no language model behind it."""
        if self._simulated is None:
            return _declared_flag(self.provider, "simulated")
        return self._simulated

    @property
    def default_model(self) -> str:
        """The model used when none is named; empty when the provider declares none."""
        return self._default_model or _declared_text(self.provider, "default_model") or ""

    @property
    def vendor(self) -> str:
        """Whose prices hold, as ``LLMResponse.vendor``; empty when the provider declares none."""
        return _declared_text(self.provider, "vendor") or ""

    @property
    def missing(self) -> str | None:
        """What has to be installed or set before it can be used; ``None`` when it is usable."""
        return _declared_text(self.provider, "missing")

    async def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        model: str = "",
        tools: Sequence[ToolSpec] = (),
        completed: Callable[[LLMResponse], Awaitable[LLMResponse]] | None = None,
    ) -> AsyncGenerator[Piece]:
        """Ask; the last piece is the whole ``LLMResponse``, as ``completed`` gives it back, if there is one.

        Closing this generator, or cancelling the task that iterates it, closes the provider's.

        Raises
        ------
        ProviderError
            As the provider raised it, or around any other exception that came out of it.
        """
        kind = type(self.provider).__name__
        response: LLMResponse | None = None
        try:
            answer = self._ask(list(messages), model or None, tuple(tools))
            if inspect.isawaitable(answer):
                answer = await answer
            if not self.streaming:
                if not isinstance(answer, LLMResponse):
                    raise ProviderRejected(
                        f"chat of the provider {kind} returned {type(answer).__name__} where an "
                        "LLMResponse is expected"
                    )
                response = answer
            else:
                iterator = cast("AsyncIterator[Any]", answer)
                try:
                    async for piece in iterator:
                        if not isinstance(piece, _PIECES):
                            raise ProviderRejected(
                                f"stream of the provider {kind} yielded {type(piece).__name__}, "
                                "which is no piece of a stream"
                            )
                        if isinstance(piece, LLMResponse):
                            response = piece
                            break
                        yield piece
                finally:
                    # `async for` leaves an abandoned generator, and with it the connection, open.
                    close = getattr(iterator, "aclose", None)
                    if close is not None:
                        await close()
        except AgentKitError:
            raise
        except Exception as error:
            raise ProviderError(f"The provider {kind} failed: {_told(error)}") from error
        if response is None:
            raise ProviderUnavailable(f"The stream of the provider {kind} ended without an answer")
        yield response if completed is None else await completed(response)


def _told(error: Exception) -> str:
    name = type(error).__name__
    return f"{name}: {error}" if str(error) else name


def _declared(provider: Any, name: str) -> Any:
    found = inspect.getattr_static(cast("type[Any]", type(provider)), name, None)
    return found.__get__(provider) if isinstance(found, property) else found


def _declared_flag(provider: Any, name: str) -> bool:
    return _declared(provider, name) is True


def _declared_text(provider: Any, name: str) -> str | None:
    value = _declared(provider, name)
    return value if isinstance(value, str) and value else None


def _fitted(
    provider: Any, name: str
) -> Callable[[list[ChatMessage], str | None, tuple[ToolSpec, ...]], Any]:
    """The method, called with the messages and those of the keywords that its signature takes."""
    method = getattr(provider, name, None)
    kind = type(provider).__name__
    if not callable(method):
        why = ", though it declares streaming" if name == "stream" else ""
        raise InvalidInput(f"{kind} is no provider: it has no method {name!r}{why}")
    try:
        signature = inspect.signature(method)
    except (TypeError, ValueError):  # a callable written in C, say
        return lambda messages, model, tools: method(messages)

    taken = signature.parameters.values()
    named = {p.name for p in taken if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    any_keyword = any(p.kind is p.VAR_KEYWORD for p in taken)
    any_position = any(p.kind is not p.KEYWORD_ONLY and p.kind is not p.VAR_KEYWORD for p in taken)
    by_name = "messages" in named or not any_position

    def keywords(**values: Any) -> dict[str, Any]:
        return {n: value for n, value in values.items() if any_keyword or n in named}

    def ask(messages: list[ChatMessage], model: str | None, tools: tuple[ToolSpec, ...]) -> Any:
        if by_name:
            return method(**keywords(messages=messages, model=model, tools=tools))
        return method(messages, **keywords(model=model, tools=tools))

    try:
        if by_name:
            signature.bind(**keywords(messages=[], model=None, tools=()))
        else:
            signature.bind([], **keywords(model=None, tools=()))
    except TypeError as error:
        raise InvalidInput(
            f"{name}{signature} of {kind} cannot be called with messages, model and tools: {error}"
        ) from None
    return ask
