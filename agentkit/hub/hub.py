"""The hub: starts tasks, keeps them whoever watches, and ends every one in a named state."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections import deque
from dataclasses import dataclass

from agentkit.core.events import RunFinished
from agentkit.core.limits import narrowed
from agentkit.core.protocol import (
    AgentConfig,
    ErrorInfo,
    Limits,
    StartTask,
    TaskStatus,
    TaskSummary,
)
from agentkit.core.redaction import Redactor
from agentkit.errors import Conflict, JournalError, NotFound
from agentkit.hub.agents import AgentRegistry
from agentkit.hub.client_tools import AWAY_SECONDS, ClientDesk
from agentkit.hub.connections import ConnectionManager
from agentkit.hub.executor import InProcessExecutor
from agentkit.hub.journal import Journal
from agentkit.hub.publisher import Publisher
from agentkit.hub.task import Task, now
from agentkit.hub.writer import TaskWriter

log = logging.getLogger("agentkit")


@dataclass(slots=True)
class _Live:
    """What a task has only while it is not finished."""

    task: Task
    agent: AgentConfig
    input: str
    """As it was asked; the summary's has its secrets masked."""
    limits: Limits
    desk: ClientDesk | None
    runner: asyncio.Task[None] | None = None


class Hub:
    """Tasks on one event loop: all its methods belong to the loop that called ``open``.

    Parameters
    ----------
    executor
        Where runs execute.
    journal
        The store of tasks and events; the hub closes it.
    redactor
        Masks secrets before anything is stored or sent.
    limits
        The widest limits, which agents and runs may narrow.
    max_running
        Tasks that run at the same time; further ones are ``queued``.
    away_seconds
        How long calls wait for a client that runs its own tools and is away.
    """

    def __init__(
        self,
        executor: InProcessExecutor,
        journal: Journal,
        *,
        redactor: Redactor | None = None,
        limits: Limits | None = None,
        max_running: int = 1_000,
        away_seconds: float = AWAY_SECONDS,
    ) -> None:
        self.executor = executor
        self.journal = journal
        self.agents = AgentRegistry()
        self.connections = ConnectionManager()
        self._redactor = redactor or Redactor()
        self._limits = limits or Limits()
        self._max_running = max_running
        self._away_seconds = away_seconds
        self._live: dict[str, _Live] = {}
        self._waiting: deque[_Live] = deque()
        self._publisher: Publisher | None = None
        self._opening: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin on the running loop, once: end what a dead server has left unfinished.

        Every host calls it before it uses the hub; all calls but the first only wait for that one.
        """
        if self._opening is None:
            self._opening = asyncio.ensure_future(self._open())
        await asyncio.shield(self._opening)

    async def _open(self) -> None:
        self._publisher = Publisher(self.connections)
        for summary in await self.journal.orphans():
            writer = self._writer(Task(summary))
            await writer.finish(_interrupted("Its server died while it ran."))

    async def stop(self) -> None:
        """End what runs as ``interrupted``. The hub may be opened again."""
        self._waiting.clear()
        for live in self._live.values():
            live.runner = live.runner or asyncio.ensure_future(self._run(live))
        # A runner that has not begun would be cancelled before it could say how it ended.
        await asyncio.sleep(0)
        runners = [live.runner for live in self._live.values() if live.runner]
        for runner in runners:
            runner.cancel()
        await asyncio.gather(*runners, return_exceptions=True)
        if self._publisher is not None:
            await self._publisher.close()
        self._opening = None

    async def close(self) -> None:
        """Stop for good and close the journal."""
        await self.stop()
        await asyncio.to_thread(self.journal.close)

    @property
    def running(self) -> int:
        """How many tasks are running."""
        return sum(live.runner is not None for live in self._live.values())

    def register(self, agent: AgentConfig) -> bool:
        """Add or replace an agent; ``True`` when its name is new.

        Raises
        ------
        AgentKitError
            It names a provider, tool or skill that does not exist.
        """
        self.executor.check_names(agent)
        return self.agents.register(agent)

    async def start(self, request: StartTask) -> Task:
        """Start a task.

        Raises
        ------
        NotFound
            No such agent, provider, tool or skill.
        InvalidInput
            No agent was named and there are several.
        Conflict
            There is a task of that id.
        """
        agent = self.agents.choose(request.agent)
        self.executor.check(agent)
        task_id = request.task_id or secrets.token_hex(8)
        if task_id in self._live:
            raise Conflict(f"There is a task {task_id!r} already.", reason="task_exists")
        summary = TaskSummary(
            task_id=task_id,
            agent=agent.name,
            input=self._redactor.redact_text(request.input),
            status=TaskStatus.QUEUED,
            thread_id=request.thread_id,
            created_at=now(),
        )
        desk = None
        if request.client_tools:
            desk = ClientDesk(request.client_tools, self._away_seconds)
        limits = narrowed(self._limits, agent.limits, request.limits)
        live = self._live[task_id] = _Live(Task(summary), agent, request.input, limits, desk)
        try:
            await self.journal.create(summary)
        except BaseException:
            del self._live[task_id]
            raise
        self._waiting.append(live)
        self._start_waiting()
        return live.task

    async def task(self, task_id: str) -> Task:
        """The task of that id, finished ones too.

        Raises
        ------
        NotFound
            There is none.
        """
        if live := self._live.get(task_id):
            return live.task
        summary = await self.journal.summary(task_id)
        if summary is None:
            raise NotFound(f"There is no task {task_id!r}.", reason="task_not_found")
        if live := self._live.get(task_id):  # started while the journal was read
            return live.task
        return Task(summary)

    def desk(self, task_id: str) -> ClientDesk | None:
        """Where the unfinished task's calls of its client's tools wait; ``None`` when it has none."""
        live = self._live.get(task_id)
        return live.desk if live else None

    async def cancel(self, task_id: str, reason: str | None = None) -> None:
        """Cancel a task; it ends as ``cancelled`` by itself, soon after.

        Raises
        ------
        NotFound
            There is no such task.
        Conflict
            It has ended already.
        """
        task = await self.task(task_id)
        if task.ended.is_set():
            raise Conflict(
                f"Task {task_id!r} has ended already: {task.summary.status}.",
                reason="task_finished",
            )
        task.token.cancel(reason)
        live = self._live.get(task_id)
        if live in self._waiting:  # it needs no place to end in
            self._waiting.remove(live)
            live.runner = asyncio.ensure_future(self._run(live))

    async def answer(self, task_id: str, request_id: str) -> None:
        """Answer an open request of a task.

        Raises
        ------
        NotFound
            There is no such task or request.
        """
        await self.task(task_id)
        raise NotFound(
            f"Task {task_id!r} has no open request {request_id!r}.", reason="request_not_found"
        )

    async def delete(self, task_id: str) -> None:
        """Delete a finished task with its events.

        Raises
        ------
        NotFound
            There is no such task.
        Conflict
            It has not ended.
        """
        task = await self.task(task_id)
        if not task.ended.is_set():
            raise Conflict(
                f"Task {task_id!r} is {task.summary.status}: cancel it before you delete it.",
                reason="task_running",
            )
        await self.journal.delete(task_id)

    async def summaries(
        self,
        *,
        status: TaskStatus | None = None,
        agent: str | None = None,
        limit: int = 100,
        before: str | None = None,
    ) -> list[TaskSummary]:
        """Tasks, the newest first, as they stand now; see ``Journal.summaries``."""
        stored = await self.journal.summaries(
            status=status, agent=agent, limit=limit, before=before
        )
        live = self._live
        return [live[s.task_id].task.summary if s.task_id in live else s for s in stored]

    def _writer(self, task: Task) -> TaskWriter:
        assert self._publisher is not None, "the hub has not been opened"
        return TaskWriter(task, self.journal, self._redactor, self._publisher)

    def _start_waiting(self) -> None:
        while self._waiting and self.running < self._max_running:
            live = self._waiting.popleft()
            live.runner = asyncio.ensure_future(self._run(live))

    async def _run(self, live: _Live) -> None:
        task = live.task
        writer = self._writer(task)
        log.info("Task %s started: agent %s", task.id, live.agent.name)
        try:
            try:
                await self._execute(live, writer)
            except asyncio.CancelledError:  # the hub is closing
                await writer.finish(_interrupted("The server was stopped while it ran."))
            except JournalError:
                raise
            except Exception as error:  # a fault of ours; the run still ends in a named state
                log.exception("Task %s failed inside agentkit", task.id)
                info = ErrorInfo(message=f"{type(error).__name__}: {error}", reason="internal")
                await writer.finish(RunFinished(status=TaskStatus.FAILED, error=info))
        except JournalError as error:
            log.error("Task %s: %s", task.id, error)
            writer.give_up(error)
        finally:
            self._live.pop(task.id, None)
            log.info("Task %s ended: %s", task.id, task.summary.status)
            self._start_waiting()

    async def _execute(self, live: _Live, writer: TaskWriter) -> None:
        events = self.executor.run(
            live.agent,
            live.input,
            token=live.task.token,
            limits=live.limits,
            client_tools=live.desk.tools if live.desk else (),
        )
        async with contextlib.aclosing(events):
            async for event in events:
                await writer.write(event)
        await writer.ended()


def _interrupted(message: str) -> RunFinished:
    error = ErrorInfo(message=message, reason="server_stopped")
    return RunFinished(status=TaskStatus.INTERRUPTED, error=error)
