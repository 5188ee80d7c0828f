"""A provider that follows a script: the double for tests, and for shows that must not vary.

A script is a sequence of turns, one for each call of the model; a turn is a part or several::

    ScriptedProvider([
        ["Let me look. ", ToolCall("1", "count", {"of": "birds"})],
        [ThinkingPiece("Hm"), gate, "There are ", "three."],      # waits for an ``asyncio.Event``
        ["It is", ProviderUnavailable("cut off")],                # raised after the text
    ])
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast

from agentkit.core.protocol import ToolSpec
from agentkit.errors import ProviderRejected
from agentkit.llm.protocol import (
    ChatMessage,
    LLMResponse,
    Notice,
    Piece,
    TextPiece,
    ThinkingPiece,
    TokenUsage,
    ToolCall,
)
from agentkit.llm.streaming import Streaming


@dataclass(frozen=True, slots=True)
class Request:
    """What a scripted provider was asked."""

    messages: tuple[ChatMessage, ...]
    model: str | None
    tools: tuple[ToolSpec, ...]


Part = (
    str
    | float
    | TextPiece
    | ThinkingPiece
    | Notice
    | ToolCall
    | TokenUsage
    | LLMResponse
    | BaseException
    | asyncio.Event
    | Callable[[Request], Any]
)
"""What a turn is made of.

=====================  ===================================================================
text, pieces, notices  sent as they are, each text as one piece
``ToolCall``           joins the calls of the response
``TokenUsage``         the response's usage
number                 a pause in seconds
``asyncio.Event``      waited for
exception              raised
callable               called with the ``Request`` and awaited if need be; what it returns is
                       played as further parts, unless that is ``None`` or ``True``
``LLMResponse``        ends the turn, as it is
=====================  ===================================================================
"""

Turn = Part | Sequence[Part]


class ScriptedProvider(Streaming):
    """A provider that answers its calls, in order, with the turns of a script.

    Attributes
    ----------
    requests
        What it was asked so far, one entry a call.
    """

    def __init__(self, script: Iterable[Turn]) -> None:
        self._turns = list(script)
        self.requests: list[Request] = []

    async def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        model: str | None = None,
        tools: Sequence[ToolSpec] = (),
    ) -> AsyncGenerator[Piece]:
        """Play the next turn piece by piece.

        Raises
        ------
        ProviderRejected
            The script has ended (reason ``script_ended``).
        """
        request = Request(tuple(messages), model, tuple(tools))
        self.requests.append(request)
        number = len(self.requests)
        if number > len(self._turns):
            last = request.messages[-1].content if request.messages else ""
            raise ProviderRejected(
                f"The script has {len(self._turns)} turns, and call {number} came; its last "
                f"message is {last[:200]!r}",
                reason="script_ended",
            )
        response = LLMResponse(model=model or "script")
        parts = _played(self._turns[number - 1], request)
        async with aclosing(parts):
            async for part in parts:
                match part:
                    case LLMResponse():
                        yield part
                        return
                    case ToolCall():
                        response.tool_calls.append(part)
                        response.finish_reason = "tool_calls"
                    case TokenUsage():
                        response.usage = part
                    case TextPiece():
                        response.content += part.text
                        yield part
                    case ThinkingPiece():
                        response.thinking += part.text
                        yield part
                    case Notice():
                        yield part
        yield response


async def _played(turn: Turn, request: Request) -> AsyncGenerator[Piece | ToolCall | TokenUsage]:
    """The parts that a reader gets to see, after the pauses and calls between them."""
    parts: list[Part] = [*turn] if isinstance(turn, list | tuple) else [cast("Part", turn)]
    for part in parts:
        if isinstance(part, str):
            yield TextPiece(part)
        elif isinstance(part, int | float):
            await asyncio.sleep(part)
        elif isinstance(part, asyncio.Event):
            await part.wait()
        elif isinstance(part, BaseException):
            raise part
        elif callable(part):
            result = part(request)
            if inspect.isawaitable(result):
                result = await result
            # `Event.wait` gives True: an answer to nobody.
            if result is not None and result is not True:
                async for further in _played(result, request):
                    yield further
        else:
            yield part
