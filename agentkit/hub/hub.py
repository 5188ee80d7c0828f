"""The hub: starts tasks, keeps them whoever watches, and ends every one in a named state."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from agentkit.core.approval import check_edited
from agentkit.core.bounds import Bounds
from agentkit.core.events import ApprovalRequested
from agentkit.core.protocol import (
    AgentConfig,
    Limits,
    ResumeTask,
    StartTask,
    TaskSummary,
)
from agentkit.core.redaction import Redactor
from agentkit.core.requests import Requests
from agentkit.errors import Conflict, JournalError, NotFound, Refused
from agentkit.hub.changes import Changes
from agentkit.hub.client_tools import AWAY_SECONDS, ClientDesk
from agentkit.hub.connections import ConnectionManager
from agentkit.hub.executor import InProcessExecutor
from agentkit.hub.journal import Journal
from agentkit.hub.listing import EVERY, Listing, following_up
from agentkit.hub.offers import BroughtAgents, Offers
from agentkit.hub.orphans import Orphans
from agentkit.hub.places import NoPlaces, Places
from agentkit.hub.plan import planned
from agentkit.hub.publisher import Publisher
from agentkit.hub.retention import Retention, Sweeper
from agentkit.hub.run import Run
from agentkit.hub.runs import Runs
from agentkit.hub.sockets import Sockets
from agentkit.hub.sources import Sources
from agentkit.hub.stored_agents import written
from agentkit.hub.task import Task
from agentkit.hub.thread import Told, left_by, resuming, thread_of, told_before
from agentkit.hub.typed_secrets import typed_secrets
from agentkit.hub.unmasked import with_true_arguments
from agentkit.hub.writer import TaskWriter
from agentkit.tools.protocol import Resolution

MAX_RUNNING = 1_000
"""Tasks that run at the same time, where nothing else is said."""

MAX_QUEUED = 10_000
"""Tasks that wait for a place, where nothing else is said."""


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
        What holds where neither the agent nor the run says otherwise.
    max_running
        Tasks that run at the same time; further ones are ``queued``, and begin in the order in which
        they were started, whatever their agents.
    max_queued
        Tasks that wait for a place; further ones are refused.
    away_seconds
        How long calls wait for a client that runs its own tools and is away.
    sources
        Where agents and skills are defined besides; they are the executor's skills.
    retention
        What the journal keeps.
    bounds
        The most that is taken of clients.
    """

    def __init__(
        self,
        executor: InProcessExecutor,
        journal: Journal,
        *,
        redactor: Redactor | None = None,
        limits: Limits | None = None,
        max_running: int = MAX_RUNNING,
        max_queued: int = MAX_QUEUED,
        away_seconds: float = AWAY_SECONDS,
        sources: Sources | None = None,
        retention: Retention | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        self.executor = executor
        self.journal = journal
        self.sources = sources or Sources(executor.skills)
        self.agents = self.sources.agents
        self.connections = ConnectionManager()
        self.changes = Changes()
        self.places: Places = NoPlaces()
        """A host with notebooks puts its own here."""
        self.offers = Offers()
        self._brought = BroughtAgents()
        self.redactor = redactor or Redactor()
        self._limits = limits or Limits()
        self.bounds = bounds or Bounds()
        self.sockets = Sockets(self.bounds)
        self._away_seconds = away_seconds
        self.runs = Runs(max_running, max_queued)
        self._orphans = Orphans(journal, self.redactor)
        self._publisher: Publisher | None = None
        self._opening: asyncio.Task[None] | None = None
        self._sweeper = Sweeper(journal, retention or Retention(), self.changes.removed)
        self._sweeping: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin on the running loop, once: end what a dead server has left unfinished.

        Every host calls it before it uses the hub; all calls but the first only wait for that one.
        """
        if self._opening is None:
            if self._publisher is None:
                self._publisher = Publisher(self.connections, self.changes)
            self._opening = asyncio.ensure_future(self._take_over())
        opening = self._opening
        try:
            await asyncio.shield(opening)
        except JournalError as error:
            # What can be read is read, and what can run runs; the next caller tries again.
            if self._opening is opening:
                self._opening = None
                self._orphans.complain(error)

    async def stop(self) -> None:
        """End what runs as ``interrupted``. The hub may be opened again."""
        opening, self._opening = self._opening, None
        publisher, self._publisher = self._publisher, None
        if opening is not None:
            await asyncio.wait((opening,))
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.wait((self._sweeping,))
            self._sweeping = None
        self.runs.clear_queue()
        await asyncio.gather(*(run.interrupt() for run in self.runs), return_exceptions=True)
        if publisher is not None:
            await publisher.close()

    async def close(self) -> None:
        """Stop for good and close the journal."""
        await self.stop()
        await asyncio.to_thread(self.journal.close)

    def register(self, agent: AgentConfig) -> bool:
        """Add or replace an agent; ``True`` when its name is new.

        Raises
        ------
        AgentKitError
            It names a provider, tool or skill that does not exist, or is too large.
        Full
            There are as many agents as may be.
        """
        self.bounds.check_agent(agent)
        self.executor.check_names(agent)
        if agent.name not in self.agents:
            self.bounds.check_room("agents", len(self.agents), "No further agent can be registered")
        return self.agents.register(agent)

    async def start(self, request: StartTask, *, user: str | None = None) -> Task:
        """Start a task.

        Parameters
        ----------
        user
            Whose it is, where that has a name.

        Raises
        ------
        NotFound
            No such agent, provider, tool or skill.
        InvalidInput
            No agent was named and there are several.
        Conflict
            There is a task of that id, or the conversation has a run that goes on.
        Full
            As many tasks wait as may.
        """
        await self.sources.refresh()
        follows = request.follows
        before = None if follows is None else (await self.task(follows)).summary
        return await self._begin(request, before, partial(told_before, self.journal), user)

    async def resume(self, task_id: str, request: ResumeTask) -> Task:
        """Start a task that takes another one on: one that was interrupted, failed or was cancelled.

        It is told all that was finished there, and runs the calls again that have no result; a person is
        asked before that where a tool has side effects and may have run.

        Raises
        ------
        NotFound
            There is no such task, or what its agent needs does not exist any more.
        Conflict
            It goes on, has its answer, or its conversation has gone on without it.
        """
        await self.sources.refresh()
        before = (await self.task(task_id)).summary
        start = resuming(request, before)
        return await self._begin(
            start, before, partial(left_by, self.journal, task_id), before.user
        )

    async def _begin(
        self,
        request: StartTask,
        before: TaskSummary | None,
        tell: Callable[[str, int], Awaitable[Told]],
        user: str | None,
    ) -> Task:
        plan = await planned(
            request,
            before,
            tell=tell,
            agents=self.agents,
            journal=self.journal,
            offers=self.offers,
            brought=self._brought,
            limits=self._limits,
        )
        publisher = self._open_publisher()
        self.bounds.check_size("input_chars", len(plan.request.input), "The input")
        if plan.request.config is not None:
            self.bounds.check_agent(plan.request.config)
        self.bounds.check_tools(plan.client_tools)
        self.executor.check(plan.agent)
        task_id = request.task_id or secrets.token_hex(8)
        # A task without a thread is the first of one that has its own id.
        thread_id = plan.request.thread_id or task_id
        if plan.request.thread_id is not None:
            present = await self.journal.thread_length(thread_id)
            self.bounds.check_room(
                "thread_tasks", present, f"The conversation {thread_id!r} takes no further task"
            )
        # Somebody else may have begun it, or the thread's next run, while the journal was read. From here on
        # nothing is waited for until the run stands among the others.
        self.runs.check(task_id, thread_id)
        summary = plan.summary(task_id, self.redactor)
        summary.user = user
        desk = ClientDesk(plan.client_tools, self._away_seconds) if plan.client_tools else None
        writer = TaskWriter(Task(summary), self.journal, self.redactor, publisher)
        run = Run(writer, self.executor, plan, desk, Requests(request.on_ask), self._ended)
        self.runs.add(run)
        try:
            brought = plan.request.config and written(plan.request.config, self.redactor)
            await self.journal.create(summary, brought)
        except BaseException:
            self.runs.remove(run)
            raise
        await self._orphans.store(publisher)
        if request.config is not None:
            self._brought.keep(plan.request.origin, request.config)
        self.changes.changed(summary)
        if plan.offer is not None and desk is not None:
            plan.offer.serve(task_id, desk.key)
        if not run.has_begun:  # or the hub was stopped meanwhile, and the task with it
            self.runs.enqueue(run)
        return run.task

    async def placed(self, task: Task) -> None:
        """Wait until a task that has just been started is running, or waits for a free place."""
        run = self.runs.get(task.id)
        if run is not None and run.has_begun:
            await task.begun.wait()

    async def task(self, task_id: str) -> Task:
        """The task of that id, finished ones too.

        Raises
        ------
        NotFound
            There is none.
        """
        if task := self._known(task_id):
            return task
        summary = await self.journal.summary(task_id)
        if summary is None:
            raise NotFound(f"There is no task {task_id!r}.", reason="task_not_found")
        if await self._have_died(summary):
            summary = await self.journal.summary(task_id) or summary
        # It may have been started while the journal was read.
        return self._known(task_id) or Task(summary)

    def _known(self, task_id: str) -> Task | None:
        run = self.runs.get(task_id)
        return run.task if run else self._orphans.known(task_id)

    async def _have_died(self, *summaries: TaskSummary) -> bool:
        """Whether the server of one of these has; then they are ended."""
        publisher = self._publisher
        if publisher is None or all(s.status.is_final or self._known(s.task_id) for s in summaries):
            return False
        return await self._orphans.end_gently(publisher)

    async def look_again(self, task: Task) -> None:
        """Bring an unfinished task up to date that another server on the same journal runs.

        When that server has died, the task is ended here.
        """
        if task.id in self.runs:
            return
        await self._orphans.end(self._open_publisher())
        known = self._orphans.known(task.id)
        summary = known.summary if known else await self.journal.summary(task.id)
        if summary is not None:
            task.summary = summary
        if summary is None or summary.status.is_final:
            task.end()

    def desk(self, task_id: str) -> ClientDesk | None:
        """Where the unfinished task's calls of its client's tools wait; ``None`` when it has none."""
        run = self.runs.get(task_id)
        return run.desk if run else None

    async def cancel(self, task_id: str, reason: str | None = None) -> None:
        """Cancel a task; it ends as ``cancelled`` by itself, soon after.

        Raises
        ------
        NotFound
            There is no such task.
        Conflict
            It has ended already, or another server runs it.
        """
        self.bounds.check_size("reason_chars", len(reason or ""), "The reason")
        run = await self._unfinished(task_id, "cancelled")
        run.task.token.cancel(reason)
        self.runs.skip_queue(run)

    async def answer(self, task_id: str, request_id: str, resolution: Resolution) -> None:
        """Answer an open request of a task; the first answer counts.

        Raises
        ------
        NotFound
            There is no such task, or it has no such request.
        Conflict
            It was answered already, its task has ended, or another server runs the task.
        InvalidInput
            The answer does not fit the request, which stays open.
        """
        written = len(json.dumps(resolution.value, ensure_ascii=False))
        self.bounds.check_size("answer_chars", written, "The answer")
        run = await self._unfinished(task_id, "answered")
        request = run.requests.get(request_id)
        if isinstance(request, ApprovalRequested):
            resolution = with_true_arguments(resolution, request, run.writer.redactor)
            check_edited((self.executor.policy, run.plan.agent.policy), request, resolution)
        else:
            run.writer.learn(typed_secrets(request.schema_, resolution.value))
        run.requests.answer(request_id, resolution)

    async def _unfinished(self, task_id: str, verb: str) -> Run:
        task = await self.task(task_id)
        if task.ended.is_set():
            raise Conflict(
                f"Task {task_id!r} has ended already: {task.summary.status}.",
                reason="task_finished",
            )
        run = self.runs.get(task_id)
        if run is None:
            raise Conflict(
                f"Task {task_id!r} runs in another server, and can only be {verb} there.",
                reason="task_elsewhere",
            )
        return run

    async def follow_ups(self, task_id: str) -> list[str]:
        """The ids of the tasks that follow a task up, and of those that follow these, in order.

        Raises
        ------
        NotFound
            There is no such task.
        """
        first = (await self.task(task_id)).summary
        return following_up(first, await self.journal.thread(thread_of(first)))

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
        self._orphans.forget(task_id)
        self.changes.removed(task_id)

    async def summaries(self, listing: Listing = EVERY) -> list[TaskSummary]:
        """Tasks, the newest first, as they stand now."""
        if listing.before is not None:
            # Else a page after a deleted task would look like the last one.
            await self.task(listing.before)
        stored = await self.journal.summaries(listing)
        if await self._have_died(*stored):
            stored = await self.journal.summaries(listing)
        return [task.summary if (task := self._known(s.task_id)) else s for s in stored]

    async def placed_summaries(self, summaries: Sequence[TaskSummary]) -> list[TaskSummary]:
        """Copies that say where each task is shown, as far as that is known."""
        places = await self.places.of(summaries)
        return [s.model_copy(update={"place": places.get(s.task_id)}) for s in summaries]

    def _open_publisher(self) -> Publisher:
        if self._publisher is None:
            raise Refused("The agents' server is being stopped.", reason="stopped")
        return self._publisher

    async def _take_over(self) -> None:
        await self._orphans.end(self._open_publisher())
        self._sweeping = asyncio.ensure_future(self._sweeper.run())

    def _ended(self, run: Run) -> None:
        self.runs.remove(run)
        if not run.is_stored:
            self._orphans.keep(run.task)
