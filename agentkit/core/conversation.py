"""What one run tells its model, and what the model says, as events."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from agentkit.core.bounded import Stop
from agentkit.core.events import (
    Message,
    MessageDelta,
    StepEvent,
    Thinking,
    ThinkingDelta,
    UsageReported,
    Warned,
)
from agentkit.core.history import History, room_for_history
from agentkit.core.inline import Escaped
from agentkit.core.meter import Allowance
from agentkit.core.protocol import ToolSpec
from agentkit.errors import AgentKitError, ProviderError
from agentkit.llm.gateway import LLMGateway, Route
from agentkit.llm.protocol import ChatMessage, LLMResponse, Notice, TextPiece, ThinkingPiece


class Conversation:
    """Asks a model turn by turn.

    Parameters
    ----------
    system
        The system message; empty for none.
    history
        The messages of earlier turns.
    messages
        What the run begins with: the question.
    emit
        Takes an event of the run.
    catch_up
        Waits for a reader who is far behind.

    Attributes
    ----------
    messages
        What the run itself has said so far, beginning with what it was given.
    """

    def __init__(
        self,
        gateway: LLMGateway,
        route: Route,
        *,
        system: str,
        history: Sequence[ChatMessage],
        messages: Sequence[ChatMessage],
        emit: Callable[[StepEvent], None],
        catch_up: Callable[[], Awaitable[None]],
        stop: Stop,
        allowance: Allowance,
    ) -> None:
        self.messages = list(messages)
        self._gateway = gateway
        self._route = route
        self._system = [ChatMessage("system", system)] if system else []
        self._history = History(history)
        self._emit = emit
        self._catch_up = catch_up
        self._stop = stop
        self._allowance = allowance
        self._said = _Said("", "")

    @property
    def text_id(self) -> str:
        """The id under which the last turn's text was streamed."""
        return self._said.text_id

    async def fit(self, tools: Sequence[ToolSpec], history_tokens: int | None) -> None:
        """Leave out the earlier turns that do not fit the model's window, or ``history_tokens``."""
        if not self._history:
            return
        window = await self._stop.bound(self._gateway.window(self._route))
        rooms = [history_tokens]
        if window is not None:
            rooms.append(room_for_history(window, [*self._system, *self.messages], tools))
        for room in rooms:
            if room is not None:
                self._warn_of_trim(self._history.fit(room))

    def _warn_of_trim(self, message: str | None) -> None:
        if message is not None:
            self._emit(Warned(message=message, reason="history_trimmed"))

    async def turn(self, number: int, tools: Sequence[ToolSpec]) -> LLMResponse:
        """Ask the model once, and tell its answer, thoughts and usage.

        Raises
        ------
        Stopped
            The run shall end.
        AgentKitError
            The provider failed, or the model refused to answer.
        """
        self._said = _Said(f"m{number}", f"t{number}")
        try:
            response = await self._stop.bound(self._answer(tools))
        except Escaped as error:
            self._keep_what_was_said()
            raise ProviderError(
                f"The provider {self._route.provider_name!r} failed: {error}"
            ) from error
        except BaseException:
            self._keep_what_was_said()
            raise
        if response.thinking:
            self._emit(Thinking(message_id=self._said.thinking_id, text=response.thinking))
        if warning := self._allowance.spend(response.usage):
            self._emit(Warned(message=warning, reason="cost_unknown"))
        if usage := response.usage:
            self._emit(
                UsageReported(
                    provider=response.provider,
                    model=response.model,
                    input_tokens=usage.prompt_tokens,
                    output_tokens=usage.completion_tokens,
                    cached_input_tokens=usage.cached_tokens,
                    reasoning_tokens=usage.reasoning_tokens,
                    cost=usage.cost,
                )
            )
        if response.finish_reason == "length":
            message = "The model's answer ends at its length limit and is not complete."
            self._emit(Warned(message=message, reason="truncated"))
        if response.finish_reason == "refusal":
            if response.content:
                self._emit(Message(message_id=self._said.text_id, text=response.content))
            said = response.content or "it gave no reason"
            raise AgentKitError(f"The model refused to answer: {said}", reason="refusal")
        return response

    async def _answer(self, tools: Sequence[ToolSpec]) -> LLMResponse:
        """Ask, with less of the history when the model says that it is too much."""
        while True:
            try:
                return await self._ask(tools)
            except ProviderError as error:
                if error.reason != "context_overflow" or not self._history:
                    raise
                self._warn_of_trim(self._history.halve())

    async def _ask(self, tools: Sequence[ToolSpec]) -> LLMResponse:
        messages = [*self._system, *self._history.messages, *self.messages]
        stream = self._gateway.stream(self._route, messages, tools=tools)
        async with contextlib.aclosing(stream):
            async for piece in stream:
                said = self._said
                match piece:
                    case TextPiece(text) if text:
                        said.text.append(text)
                        self._emit(MessageDelta(message_id=said.text_id, delta=text))
                    case ThinkingPiece(text) if text:
                        said.thinking.append(text)
                        self._emit(ThinkingDelta(message_id=said.thinking_id, delta=text))
                    case Notice(reason=reason, message=message, restarted=restarted):
                        if restarted:
                            self._keep_what_was_said()
                        self._emit(Warned(message=message, reason=reason))
                    case LLMResponse():
                        return piece
                    case _:  # an empty piece
                        pass
                await self._catch_up()
        raise AgentKitError(
            f"The provider {self._route.provider_name!r} ended its stream without a response.",
            reason="provider_rejected",
        )

    def _keep_what_was_said(self) -> None:
        """Store the text of a try that will not be finished: the reader has seen it already."""
        said = self._said
        if said.thinking:
            self._emit(Thinking(message_id=said.thinking_id, text="".join(said.thinking)))
        if said.text:
            self._emit(Message(message_id=said.text_id, text="".join(said.text)))
        self._said = _Said(said.text_id + "+", said.thinking_id + "+")


@dataclass(slots=True)
class _Said:
    """What one try of one turn has streamed so far, and the ids under which it did."""

    text_id: str
    thinking_id: str
    text: list[str] = field(default_factory=list[str])
    thinking: list[str] = field(default_factory=list[str])
