"""Takes tasks in: a request becomes a run that stands among the others, and in the journal."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from functools import partial

from agentkit.core.bounds import Bounds
from agentkit.core.limits import narrowed
from agentkit.core.protocol import Limits, ResumeTask, StartTask, TaskSummary
from agentkit.core.redaction import Redactor
from agentkit.core.requests import Requests
from agentkit.hub.agents import AgentRegistry
from agentkit.hub.client_tools import ClientDesk
from agentkit.hub.executor import InProcessExecutor
from agentkit.hub.journal import Journal
from agentkit.hub.offers import BroughtAgents, Offers
from agentkit.hub.plan import planned
from agentkit.hub.publisher import Publisher
from agentkit.hub.run import Run
from agentkit.hub.runs import Runs
from agentkit.hub.started_with import written
from agentkit.hub.task import Task
from agentkit.hub.thread import Told, left_by, resuming, told_before
from agentkit.hub.writer import TaskWriter


class Intake:
    """Works out what a task will be, refuses what is too much, and stores the rest.

    Parameters
    ----------
    runs
        Where a run is put that was taken in.
    limits
        What holds where neither the agent nor the run says otherwise.
    away_seconds
        How long calls wait for a client that runs its own tools and is away.
    ended
        Called with a run when its task has ended.

    Attributes
    ----------
    offers
        The tools of notebooks, for who goes on with their conversations.
    """

    def __init__(
        self,
        executor: InProcessExecutor,
        journal: Journal,
        publisher: Publisher,
        runs: Runs,
        agents: AgentRegistry,
        *,
        redactor: Redactor,
        bounds: Bounds,
        limits: Limits,
        away_seconds: float,
        ended: Callable[[Run], None],
    ) -> None:
        self.offers = Offers()
        self._brought = BroughtAgents()
        self._executor = executor
        self._journal = journal
        self._publisher = publisher
        self._runs = runs
        self._agents = agents
        self._redactor = redactor
        self._bounds = bounds
        self._limits = limits
        self._away_seconds = away_seconds
        self._ended = ended

    async def start(self, request: StartTask, before: TaskSummary | None, user: str | None) -> Run:
        """Take in a task with a question of its own; ``before`` is the one that it follows."""
        return await self._take(request, before, partial(told_before, self._journal), user)

    async def resume(self, request: ResumeTask, before: TaskSummary) -> Run:
        """Take in a task that goes on with the question of another one, within that one's limits."""
        told = partial(left_by, self._journal, before.task_id)
        start = resuming(request, before)
        given = await self._journal.limits(before.task_id)
        start = start.model_copy(update={"limits": narrowed(given, start.limits)})
        return await self._take(start, before, told, before.user)

    async def _take(
        self,
        request: StartTask,
        before: TaskSummary | None,
        tell: Callable[[str, int], Awaitable[Told]],
        user: str | None,
    ) -> Run:
        plan = await planned(
            request,
            before,
            tell=tell,
            agents=self._agents,
            journal=self._journal,
            offers=self.offers,
            brought=self._brought,
            limits=self._limits,
        )
        bounds = self._bounds
        bounds.check_size("input_chars", len(plan.request.input), "The input")
        if plan.request.config is not None:
            bounds.check_agent(plan.request.config)
        bounds.check_tools(plan.client_tools)
        self._executor.check(plan.agent)
        task_id = request.task_id or secrets.token_hex(8)
        # A task without a thread is the first of one that has its own id.
        thread_id = plan.request.thread_id or task_id
        if plan.request.thread_id is not None:
            present = await self._journal.thread_length(thread_id)
            bounds.check_room(
                "thread_tasks", present, f"The conversation {thread_id!r} takes no further task"
            )
        # Somebody else may have begun it, or the thread's next run, while the journal was read. From here on
        # nothing is waited for until the run stands among the others.
        self._runs.check(task_id, thread_id)
        summary = plan.summary(task_id, self._redactor)
        summary.user = user
        desk = ClientDesk(plan.client_tools, self._away_seconds) if plan.client_tools else None
        writer = TaskWriter(Task(summary), self._journal, self._redactor, self._publisher)
        run = Run(writer, self._executor, plan, desk, Requests(request.on_ask), self._ended)
        self._runs.add(run)
        try:
            brought = plan.request.config and written(plan.request.config, self._redactor)
            await self._journal.create(summary, brought, plan.request.limits)
        except BaseException:
            self._runs.remove(run)
            raise
        if request.config is not None:
            self._brought.keep(plan.request.origin, request.config)
        if plan.offer is not None and desk is not None:
            plan.offer.serve(task_id, desk.key)
        return run
