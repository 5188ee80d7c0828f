"""The hub: starts tasks, keeps them whoever watches, and ends every one in a named state."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from agentkit.core.bounds import Bounds
from agentkit.core.protocol import AgentConfig, Limits, ResumeTask, StartTask, TaskSummary
from agentkit.core.redaction import Redactor
from agentkit.errors import JournalError
from agentkit.hub.changes import Changes
from agentkit.hub.client_tools import ClientDesk
from agentkit.hub.connections import ConnectionManager
from agentkit.hub.defaults import AWAY_SECONDS, MAX_QUEUED, MAX_RUNNING
from agentkit.hub.executor import InProcessExecutor
from agentkit.hub.intake import Intake
from agentkit.hub.journal import Journal
from agentkit.hub.listing import EVERY, Listing
from agentkit.hub.orphans import Orphans
from agentkit.hub.places import NoPlaces, Places
from agentkit.hub.publisher import Publisher
from agentkit.hub.retention import Retention, Sweeper
from agentkit.hub.run import Run
from agentkit.hub.runs import Runs
from agentkit.hub.sockets import Sockets
from agentkit.hub.sources import Sources
from agentkit.hub.task import Task
from agentkit.hub.tasks import Tasks
from agentkit.tools.protocol import Resolution


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
        self.redactor = redactor or Redactor()
        self.bounds = bounds or Bounds()
        self.sockets = Sockets(self.bounds)
        self.runs = Runs(max_running, max_queued)
        self._publisher = Publisher(self.connections, self.changes)
        self._orphans = Orphans(journal, self.redactor, self._publisher)
        self._tasks = Tasks(journal, self.runs, self._orphans)
        self._intake = Intake(
            executor,
            journal,
            self._publisher,
            self.runs,
            self.agents,
            redactor=self.redactor,
            bounds=self.bounds,
            limits=limits or Limits(),
            away_seconds=away_seconds,
            ended=self._ended,
        )
        self.offers = self._intake.offers
        self._opening: asyncio.Task[None] | None = None
        self._sweeper = Sweeper(journal, retention or Retention(), self.changes.removed)
        self._sweeping: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin on the running loop, once: end what a dead server has left unfinished.

        Every host calls it before it uses the hub; all calls but the first only wait for that one.
        """
        if self._opening is None:
            self._publisher.open()
            self.runs.open()
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
        self.runs.close()
        if opening is not None:
            await asyncio.wait((opening,))
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.wait((self._sweeping,))
            self._sweeping = None
        await asyncio.gather(*(run.interrupt() for run in self.runs), return_exceptions=True)
        await self._publisher.close()

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
        return await self._let_begin(await self._intake.start(request, before, user))

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
        return await self._let_begin(await self._intake.resume(request, before))

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
        return await self._tasks.get(task_id)

    async def look_again(self, task: Task) -> None:
        """Bring an unfinished task up to date that another server on the same journal runs.

        When that server has died, the task is ended here.
        """
        await self._tasks.look_again(task)

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
        run = await self._tasks.run(task_id, "cancelled")
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
        run = await self._tasks.run(task_id, "answered")
        run.answer(request_id, resolution)

    async def follow_ups(self, task_id: str) -> list[str]:
        """The ids of the tasks that follow a task up, and of those that follow these, in order.

        Raises
        ------
        NotFound
            There is no such task.
        """
        return await self._tasks.follow_ups(task_id)

    async def delete(self, task_id: str) -> None:
        """Delete a finished task with its events.

        Raises
        ------
        NotFound
            There is no such task.
        Conflict
            It has not ended.
        """
        deleted = await self._tasks.delete(task_id)
        self.changes.removed(task_id, deleted.user)

    async def summaries(self, listing: Listing = EVERY) -> list[TaskSummary]:
        """Tasks, the newest first, as they stand now."""
        return await self._tasks.summaries(listing)

    async def placed_summaries(self, summaries: Sequence[TaskSummary]) -> list[TaskSummary]:
        """Copies that say where each task is shown, as far as that is known."""
        places = await self.places.of(summaries)
        return [s.model_copy(update={"place": places.get(s.task_id)}) for s in summaries]

    async def _take_over(self) -> None:
        await self._orphans.end()
        self._sweeping = asyncio.ensure_future(self._sweeper.run())

    async def _let_begin(self, run: Run) -> Task:
        await self._orphans.store()
        self.changes.changed(run.task.summary)
        if not run.has_begun:  # or the hub was stopped meanwhile, and the task with it
            self.runs.enqueue(run)
        return run.task

    def _ended(self, run: Run) -> None:
        self.runs.remove(run)
        if not run.is_stored:
            self._orphans.keep(run.task)
