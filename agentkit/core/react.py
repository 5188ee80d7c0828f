"""The loop: a model asks for tools, the tools answer, until the model answers the question.

``react`` is that loop (ReAct: Yao et al. 2022, https://arxiv.org/abs/2210.03629), ``llm_generate`` a
single call of the model. Both are async iterators of typed events; the first is ``run_started``, the
last is always ``run_finished`` with a named state. They know no host and no store.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from typing import Any

from agentkit.core.asking import Asker
from agentkit.core.bounded import Stop, Stopped
from agentkit.core.calls import CallRunner
from agentkit.core.conversation import Conversation
from agentkit.core.events import (
    FinalAnswer,
    Message,
    RunFinished,
    RunStarted,
    StepEvent,
    Warned,
)
from agentkit.core.limits import narrowed
from agentkit.core.meter import Allowance
from agentkit.core.protocol import (
    AgentConfig,
    CancellationToken,
    ErrorInfo,
    Limits,
    Origin,
    TaskStatus,
    ToolSpec,
)
from agentkit.core.requests import Requests
from agentkit.core.transcript import Unfinished
from agentkit.errors import AgentKitError
from agentkit.llm.gateway import LLMGateway, Route
from agentkit.llm.protocol import ChatMessage, LLMResponse
from agentkit.tools.protocol import Tool, stored_nowhere

AHEAD = 100
"""Events that a model may be ahead of their reader. A provider that never waits (its whole answer has
arrived already) would otherwise keep the loop from everything else, a cancel included."""

FindTools = Callable[[Callable[[str, str], None]], Coroutine[Any, Any, Sequence[Tool]]]
"""Finds a run's tools when it has started; is given ``say(message, reason)`` for what takes time or fails."""


async def at_once() -> None:
    """Go on: nothing else shares the loop."""


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
    left: Unfinished | None = None,
    stored: Callable[[], Awaitable[None]] = stored_nowhere,
    pace: Callable[[], Awaitable[None]] = at_once,
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
    left
        What another run of the same question has left: the loop goes on there. The open calls come first.
    stored
        Waits until the events that were yielded are stored; a tool with side effects runs after that.
    pace
        Waits until the run may go on, before each turn and after each piece of an answer.

    Yields
    ------
    The run's events, without ``seq`` and ``ts``.
    """
    run = _Run(
        agent,
        input,
        gateway,
        tools,
        instructions,
        history,
        token,
        limits,
        requests,
        origin,
        left,
        stored,
        pace,
    )
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
    left: Unfinished | None = None,
    pace: Callable[[], Awaitable[None]] = at_once,
) -> AsyncGenerator[StepEvent]:
    """Ask the model once, without tools. Parameters and events as in ``react``."""
    run = _Run(
        agent,
        input,
        gateway,
        (),
        instructions,
        history,
        token,
        limits,
        requests,
        None,
        left,
        stored_nowhere,
        pace,
    )
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
        left: Unfinished | None,
        stored: Callable[[], Awaitable[None]],
        pace: Callable[[], Awaitable[None]],
    ) -> None:
        self.agent = agent
        self.pace = pace
        self.left = left
        self.stored = stored
        self.requests = requests or Requests("deny")
        self.origin = origin
        self.input = input
        self.gateway = gateway
        self.token = token or CancellationToken()
        self.limits = limits or narrowed(agent.limits)
        self.tools: dict[str, Tool] = {}
        self._given = tools
        self.system = "\n\n".join(part for part in (agent.prompt.identity, instructions) if part)
        self.history = history
        self.step = 0

    async def events(self, work: Callable[[], Awaitable[None]]) -> AsyncGenerator[StepEvent]:
        """Run ``work`` in a task and hand on what it emits."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._emitted: deque[StepEvent] = deque()
        self._wake = asyncio.Event()
        self._is_read = asyncio.Event()
        self.stop = Stop(self.token, self.limits.seconds)
        driver = asyncio.ensure_future(self._drive(work))
        driver.add_done_callback(lambda _: self._wake.set())
        try:
            while not (driver.done() and not self._emitted):
                while self._emitted:
                    yield self._emitted.popleft()
                self._is_read.set()
                await self._wake.wait()
                self._wake.clear()
            await driver
        finally:
            self.stop.close()
            if not driver.done():
                driver.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await driver

    def emit(self, event: StepEvent) -> None:
        """Put an event of the present step into the stream."""
        event.step = self.step
        self._emitted.append(event)
        self._is_read.clear()
        self._wake.set()

    def on_loop(self, act: Callable[[], None]) -> None:
        """Do something on the run's loop, from any thread."""
        if threading.get_ident() == self._thread:
            act()
        else:
            with contextlib.suppress(RuntimeError):  # the loop has closed: nobody listens any more
                self._loop.call_soon_threadsafe(act)

    async def _drive(self, work: Callable[[], Awaitable[None]]) -> None:
        """Carry the work to a named end, whatever happens in it."""
        self.asker = Asker(self.requests, self.emit, self.stop, self.limits.ask_seconds)
        self.allowance = Allowance(self.limits, self.asker, self.stop)
        try:
            route = self._route()
            self.conversation = Conversation(
                self.gateway,
                route,
                system=self.system,
                history=self.history,
                messages=self.left.messages if self.left else [ChatMessage("user", self.input)],
                emit=self.emit,
                catch_up=self._catch_up,
                stop=self.stop,
                allowance=self.allowance,
            )
            await work()
            end = RunFinished(status=TaskStatus.COMPLETED)
        except Stopped as stopped:
            end = RunFinished(status=stopped.status, error=stopped.error)
        except AgentKitError as error:
            info = ErrorInfo(message=error.message, reason=error.reason)
            end = RunFinished(status=TaskStatus.FAILED, error=info)
        except Exception as error:
            info = ErrorInfo(message=f"{type(error).__name__}: {error}", reason="internal")
            end = RunFinished(status=TaskStatus.FAILED, error=info)
        self.emit(end)

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
                    resumes=self.left.task_id if self.left else None,
                )
            )

    async def _catch_up(self) -> None:
        await self.pace()
        if len(self._emitted) >= AHEAD:
            await self._is_read.wait()

    async def _all_stored(self) -> None:
        await self._is_read.wait()
        await self.stored()

    async def once(self) -> None:
        """One call of the model."""
        await self.conversation.fit((), self.limits.history_tokens)
        response = await self._turn()
        self.emit(FinalAnswer(text=response.content))

    async def loop(self) -> None:
        """Turns until the model answers without calling a tool."""
        found = (
            await self.stop.bound(self._given(self._say)) if callable(self._given) else self._given
        )
        self.tools = {tool.spec.name: tool for tool in found}
        specs = [tool.spec for tool in self.tools.values()]
        await self.conversation.fit(specs, self.limits.history_tokens)
        runner = CallRunner(
            self.tools,
            self.limits,
            self.stop,
            self.emit,
            self.on_loop,
            self.asker.ask,
            self.origin,
            self.allowance.meter,
            self._all_stored,
        )
        if self.left is not None:
            runner.reserve(self.left.messages)
            self.conversation.messages += await runner.run(self.left.calls)
            self.stop.check()
        while self.step < self.limits.max_steps:
            response = await self._turn(specs)
            if not response.tool_calls:
                self.emit(FinalAnswer(text=response.content))
                return
            if response.content:
                self.emit(Message(message_id=self.conversation.text_id, text=response.content))
            calls = runner.claim(response.tool_calls)
            self.conversation.messages.append(
                ChatMessage(
                    "assistant",
                    response.content,
                    tool_calls=calls,
                    provider_data=response.provider_data,
                )
            )
            self.conversation.messages += await runner.run(calls)
            self.stop.check()
        raise AgentKitError(
            f"Stopped after {self.step} turns without an answer (limits.max_steps).",
            reason="max_steps",
        )

    def _say(self, message: str, reason: str) -> None:
        self.emit(Warned(message=message, reason=reason))

    async def _turn(self, tools: Sequence[ToolSpec] = ()) -> LLMResponse:
        self.stop.check()
        await self.allowance.check()
        await self.pace()
        self.step += 1
        return await self.conversation.turn(self.step, tools)
