"""How tasks stand: those that run here, those that are stored, and those whose server has died."""

from __future__ import annotations

from agentkit.core.protocol import TaskSummary
from agentkit.errors import Conflict, NotFound
from agentkit.hub.journal import Journal
from agentkit.hub.listing import Listing, following_up
from agentkit.hub.orphans import Orphans
from agentkit.hub.run import Run
from agentkit.hub.runs import Runs
from agentkit.hub.task import Task
from agentkit.hub.thread import thread_of


class Tasks:
    """All tasks of a journal, each as it stands now."""

    def __init__(self, journal: Journal, runs: Runs, orphans: Orphans) -> None:
        self._journal = journal
        self._runs = runs
        self._orphans = orphans

    async def get(self, task_id: str) -> Task:
        """The task of that id, finished ones too.

        Raises
        ------
        NotFound
            There is none.
        """
        if task := self._known(task_id):
            return task
        summary = await self._journal.summary(task_id)
        if summary is None:
            raise NotFound(f"There is no task {task_id!r}.", reason="task_not_found")
        if await self._have_died(summary):
            summary = await self._journal.summary(task_id) or summary
        # It may have been started while the journal was read.
        return self._known(task_id) or Task(summary)

    async def run(self, task_id: str, verb: str) -> Run:
        """The run of an unfinished task, which is about to be ``verb`` (such as "cancelled").

        Raises
        ------
        NotFound
            There is no such task.
        Conflict
            It has ended already, or another server runs it.
        """
        task = await self.get(task_id)
        if task.ended.is_set():
            raise Conflict(
                f"Task {task_id!r} has ended already: {task.summary.status}.",
                reason="task_finished",
            )
        run = self._runs.get(task_id)
        if run is None:
            raise Conflict(
                f"Task {task_id!r} runs in another server, and can only be {verb} there.",
                reason="task_elsewhere",
            )
        return run

    async def summaries(self, listing: Listing) -> list[TaskSummary]:
        """Those of a list, the newest first."""
        if listing.before is not None:
            # Else a page after a deleted task would look like the last one.
            await self.get(listing.before)
        stored = await self._journal.summaries(listing)
        if await self._have_died(*stored):
            stored = await self._journal.summaries(listing)
        return [task.summary if (task := self._known(s.task_id)) else s for s in stored]

    async def follow_ups(self, task_id: str) -> list[str]:
        """The ids of the tasks that follow a task up, and of those that follow these, in order.

        Raises
        ------
        NotFound
            There is no such task.
        """
        first = (await self.get(task_id)).summary
        return following_up(first, await self._journal.thread(thread_of(first)))

    async def look_again(self, task: Task) -> None:
        """Bring an unfinished task up to date that another server on the same journal runs.

        When that server has died, the task is ended here.
        """
        if task.id in self._runs:
            return
        self._runs.check_open()
        await self._orphans.end()
        known = self._orphans.known(task.id)
        summary = known.summary if known else await self._journal.summary(task.id)
        if summary is not None:
            task.summary = summary
        if summary is None or summary.status.is_final:
            task.end()

    async def delete(self, task_id: str) -> TaskSummary:
        """Delete a finished task with its events; gives what it was.

        Raises
        ------
        NotFound
            There is no such task.
        Conflict
            It has not ended.
        """
        task = await self.get(task_id)
        if not task.ended.is_set():
            raise Conflict(
                f"Task {task_id!r} is {task.summary.status}: cancel it before you delete it.",
                reason="task_running",
            )
        await self._journal.delete(task_id)
        self._orphans.forget(task_id)
        return task.summary

    def _known(self, task_id: str) -> Task | None:
        run = self._runs.get(task_id)
        return run.task if run else self._orphans.known(task_id)

    async def _have_died(self, *summaries: TaskSummary) -> bool:
        """Whether the server of one of these has; then they are ended."""
        if all(s.status.is_final or self._known(s.task_id) for s in summaries):
            return False
        return self._runs.is_open and await self._orphans.end_gently()
