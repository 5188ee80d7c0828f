"""The loop: a model asks for tools, the tools answer, until the model answers the question.

``react`` is that loop (ReAct: Yao et al. 2022, https://arxiv.org/abs/2210.03629), ``llm_generate`` a
single call of the model. Both are async iterators of typed events; the first is ``run_started``, the
last is always ``run_finished`` with a named state. They know no host and no store.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from agentkit.core.asking import Asker
from agentkit.core.bounded import Escaped, Stop, Stopped
from agentkit.core.calls import CallRunner
from agentkit.core.events import (
    FinalAnswer,
    Message,
    MessageDelta,
    RunFinished,
    RunStarted,
    StepEvent,
    Thinking,
    ThinkingDelta,
    UsageReported,
    Warned,
)
from agentkit.core.history import History, room_for_history
from agentkit.core.limits import narrowed
from agentkit.core.meter import Allowance
from agentkit.core.protocol import (
    AgentConfig,
    CancellationToken,
    ErrorInfo,
    Limits,
    Origin,
    TaskStatus,
)
from agentkit.core.requests import Requests
from agentkit.errors import AgentKitError, ProviderError
from agentkit.llm.gateway import LLMGateway, Route
from agentkit.llm.protocol import ChatMessage, LLMResponse, Notice, TextPiece, ThinkingPiece
from agentkit.tools.protocol import Tool

AHEAD = 100
"""Events that a model may be ahead of their reader. A provider that never waits (its whole answer has
arrived already) would otherwise keep the loop from everything else, a cancel included."""

FindTools = Callable[[Callable[[str, str], None]], Coroutine[Any, Any, Sequence[Tool]]]
"""Finds a run's tools when it has started; is given ``say(message, reason)`` for what takes time or fails."""


def react(
    agent: AgentConfig,
    input: str,
    *,
    gateway: LLMGateway,
    tools: Sequence[Tool] | FindTools = (),
    instructions: str = "",
    history: Sequence[ChatMessage] = (),
    token: CancellationToken | None = None,
    limits: Limits | None = None,
    requests: Requests | None = None,
    origin: Origin | None = None,
) -> AsyncGenerator[StepEvent]:
    """Run the tool loop.

    Parameters
    ----------
    agent
        Who runs. Its ``tools`` and ``skills`` have been resolved into ``tools`` and ``instructions``.
    input
        The question.
    tools
        What the model may call. Calls of one turn run at the same time; each ``tool_result`` comes when
        its call ends, and the model is given them in the order of its calls. A function finds them
        once the run has started, when some may have to be waited for.
    instructions
        Added to the agent's identity in the system message.
    history
        Earlier messages of the conversation, without a system message.
    token
        Cancelling it stops the model's request and the running tools, and ends the run as ``cancelled``.
    limits
        The limits that hold; the agent's own are asked when left out.
    requests
        Where the run asks people; left out, all that it asks is denied.
    origin
        The place in a notebook from which it was started.

    Yields
    ------
    The run's events, without ``seq`` and ``ts``.
    """
    run = _Run(agent, input, gateway, tools, instructions, history, token, limits, requests, origin)
    return run.events(run.loop)


def llm_generate(
    agent: AgentConfig,
    input: str,
    *,
    gateway: LLMGateway,
    instructions: str = "",
    history: Sequence[ChatMessage] = (),
    token: CancellationToken | None = None,
    limits: Limits | None = None,
    requests: Requests | None = None,
) -> AsyncGenerator[StepEvent]:
    """Ask the model once, without tools. Parameters and events as in ``react``."""
    run = _Run(agent, input, gateway, (), instructions, history, token, limits, requests, None)
    return run.events(run.once)


class _Run:
    def __init__(
        self,
        agent: AgentConfig,
        input: str,
        gateway: LLMGateway,
        tools: Sequence[Tool] | FindTools,
        instructions: str,
        history: Sequence[ChatMessage],
        token: CancellationToken | None,
        limits: Limits | None,
        requests: Requests | None,
        origin: Origin | None,
    ) -> None:
        self.agent = agent
        self.requests = requests or Requests("deny")
        self.origin = origin
        self.input = input
        self.gateway = gateway
        self.token = token or CancellationToken()
        self.limits = limits or narrowed(agent.limits)
        self.tools: dict[str, Tool] = {}
        self._given = tools
        system = "\n\n".join(part for part in (agent.prompt.identity, instructions) if part)
        self.system = [ChatMessage("system", system)] if system else []
        self.history = History(history)
        self.messages = [ChatMessage("user", input)]
        self.step = 0
        self._said = _Said("", "")

    async def events(self, work: Callable[[Route], Awaitable[None]]) -> AsyncGenerator[StepEvent]:
        """Run ``work`` in a task and hand on what it emits."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._queue: asyncio.Queue[StepEvent | None] = asyncio.Queue()
        driver = asyncio.ensure_future(self._drive(work))
        try:
            while (event := await self._queue.get()) is not None:
                yield event
                self._queue.task_done()
            await driver
        finally:
            if not driver.done():
                driver.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await driver

    def emit(self, event: StepEvent) -> None:
        """Put an event of the present step into the stream."""
        event.step = self.step
        self._queue.put_nowait(event)

    def on_loop(self, act: Callable[[], None]) -> None:
        """Do something on the run's loop, from any thread."""
        if threading.get_ident() == self._thread:
            act()
        else:
            with contextlib.suppress(RuntimeError):  # the loop has closed: nobody listens any more
                self._loop.call_soon_threadsafe(act)

    async def _drive(self, work: Callable[[Route], Awaitable[None]]) -> None:
        """Carry the work to a named end, whatever happens in it."""
        self.stop = Stop(self.token, self.limits.seconds)
        self.asker = Asker(self.requests, self.emit, self.stop, self.limits.ask_seconds)
        self.allowance = Allowance(self.limits, self.asker, self.stop)
        try:
            route = self._route()
            await self._fit_history(route)
            await work(route)
            end = RunFinished(status=TaskStatus.COMPLETED)
        except Stopped as stopped:
            end = RunFinished(status=stopped.status, error=stopped.error)
        except AgentKitError as error:
            info = ErrorInfo(message=error.message, reason=error.reason)
            end = RunFinished(status=TaskStatus.FAILED, error=info)
        except Exception as error:
            info = ErrorInfo(message=f"{type(error).__name__}: {error}", reason="internal")
            end = RunFinished(status=TaskStatus.FAILED, error=info)
        finally:
            self.stop.close()
        self.emit(end)
        self._queue.put_nowait(None)

    def _route(self) -> Route:
        model, provider, simulated = self.agent.model or "", "", False
        try:
            route = self.gateway.resolve(self.agent.model)
            model, provider, simulated = route.model, route.provider_name, route.simulated
            return route
        finally:
            # Also a run that finds no model has started, and says for whom it failed.
            self.emit(
                RunStarted(
                    agent=self.agent.name,
                    input=self.input,
                    model=model,
                    provider=provider,
                    simulated=simulated,
                )
            )

    async def _fit_history(self, route: Route) -> None:
        if not self.history:
            return
        window = await self.gateway.window(route)
        rooms = [self.limits.history_tokens]
        if window is not None:
            specs = [tool.spec for tool in self.tools.values()]
            rooms.append(room_for_history(window, [*self.system, *self.messages], specs))
        for room in rooms:
            if room is not None:
                self._warn_of_trim(self.history.fit(room))

    def _warn_of_trim(self, message: str | None) -> None:
        if message is not None:
            self.emit(Warned(message=message, reason="history_trimmed"))

    async def once(self, route: Route) -> None:
        """One call of the model."""
        response = await self._turn(route)
        self.emit(FinalAnswer(text=response.content))

    async def loop(self, route: Route) -> None:
        """Turns until the model answers without calling a tool."""
        found = (
            await self.stop.bound(self._given(self._say)) if callable(self._given) else self._given
        )
        self.tools = {tool.spec.name: tool for tool in found}
        runner = CallRunner(
            self.tools,
            self.limits,
            self.stop,
            self.emit,
            self.on_loop,
            self.asker.ask,
            self.origin,
            self.allowance.meter,
        )
        while self.step < self.limits.max_steps:
            response = await self._turn(route)
            if not response.tool_calls:
                self.emit(FinalAnswer(text=response.content))
                return
            if response.content:
                self.emit(Message(message_id=self._said.text_id, text=response.content))
            calls = runner.claim(response.tool_calls)
            self.messages.append(
                ChatMessage(
                    "assistant",
                    response.content,
                    tool_calls=calls,
                    provider_data=response.provider_data,
                )
            )
            self.messages += await runner.run(calls)
            self.stop.check()
        raise AgentKitError(
            f"Stopped after {self.step} steps without an answer (limits.max_steps).",
            reason="max_steps",
        )

    def _say(self, message: str, reason: str) -> None:
        self.emit(Warned(message=message, reason=reason))

    async def _turn(self, route: Route) -> LLMResponse:
        self.stop.check()
        await self.allowance.check()
        self.step += 1
        self._said = _Said(f"m{self.step}", f"t{self.step}")
        try:
            response = await self.stop.bound(self._answer(route))
        except Escaped as error:
            self._keep_what_was_said()
            raise ProviderError(f"The provider {route.provider_name!r} failed: {error}") from error
        except BaseException:
            self._keep_what_was_said()
            raise
        if response.thinking:
            self.emit(Thinking(message_id=self._said.thinking_id, text=response.thinking))
        if warning := self.allowance.spend(response.usage):
            self.emit(Warned(message=warning, reason="cost_unknown"))
        if usage := response.usage:
            self.emit(
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
            self.emit(Warned(message=message, reason="truncated"))
        if response.finish_reason == "refusal":
            if response.content:
                self.emit(Message(message_id=self._said.text_id, text=response.content))
            said = response.content or "it gave no reason"
            raise AgentKitError(f"The model refused to answer: {said}", reason="refusal")
        return response

    async def _answer(self, route: Route) -> LLMResponse:
        """Ask, with less of the history when the model says that it is too much."""
        while True:
            try:
                return await self._ask(route)
            except ProviderError as error:
                if error.reason != "context_overflow" or not self.history:
                    raise
                self._warn_of_trim(self.history.halve())

    async def _ask(self, route: Route) -> LLMResponse:
        specs = [tool.spec for tool in self.tools.values()]
        messages = [*self.system, *self.history.messages, *self.messages]
        stream = self.gateway.stream(route, messages, tools=specs)
        async with contextlib.aclosing(stream):
            async for piece in stream:
                said = self._said
                match piece:
                    case TextPiece(text) if text:
                        said.text.append(text)
                        self.emit(MessageDelta(message_id=said.text_id, delta=text))
                    case ThinkingPiece(text) if text:
                        said.thinking.append(text)
                        self.emit(ThinkingDelta(message_id=said.thinking_id, delta=text))
                    case Notice(reason=reason, message=message, restarted=restarted):
                        if restarted:
                            self._keep_what_was_said()
                        self.emit(Warned(message=message, reason=reason))
                    case LLMResponse():
                        return piece
                    case _:  # an empty piece
                        pass
                if self._queue.qsize() >= AHEAD:
                    await self._queue.join()
        raise AgentKitError(
            f"The provider {route.provider_name!r} ended its stream without a response.",
            reason="provider_rejected",
        )

    def _keep_what_was_said(self) -> None:
        """Store the text of a try that will not be finished: the reader has seen it already."""
        said = self._said
        if said.thinking:
            self.emit(Thinking(message_id=said.thinking_id, text="".join(said.thinking)))
        if said.text:
            self.emit(Message(message_id=said.text_id, text="".join(said.text)))
        self._said = _Said(said.text_id + "+", said.thinking_id + "+")


@dataclass(slots=True)
class _Said:
    """What one try of one turn has streamed so far, and the ids under which it did."""

    text_id: str
    thinking_id: str
    text: list[str] = field(default_factory=list[str])
    thinking: list[str] = field(default_factory=list[str])
