"""Tasks whose end the journal does not have: their server died, or it could not be written."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable

from agentkit.core.events import RunFinished
from agentkit.core.protocol import TaskSummary
from agentkit.core.redaction import Redactor
from agentkit.errors import JournalError
from agentkit.hub.journal import Journal
from agentkit.hub.publisher import Publisher
from agentkit.hub.run import interrupted
from agentkit.hub.task import Task
from agentkit.hub.writer import TaskWriter

log = logging.getLogger("agentkit")


class Orphans:
    """Ends such tasks in the journal, and knows how those stand that it cannot be told of."""

    def __init__(self, journal: Journal, redactor: Redactor, publisher: Publisher) -> None:
        self._journal = journal
        self._redactor = redactor
        self._publisher = publisher
        self._unstored: dict[str, Task] = {}
        self._complaint = ""

    def known(self, task_id: str) -> Task | None:
        """An ended task of which the journal says otherwise."""
        return self._unstored.get(task_id)

    def keep(self, task: Task) -> None:
        """Keep how a task ended that the journal could not be told of."""
        self._unstored[task.id] = task

    def forget(self, task_id: str) -> None:
        """Nobody asks for the task any more."""
        self._unstored.pop(task_id, None)

    def complain(self, error: JournalError) -> None:
        """Log that it cannot be said which tasks are orphans, once: it is tried for each request."""
        if error.message != self._complaint:
            self._complaint = error.message
            log.error("What dead servers have left could not be ended: %s", error)

    async def end_gently(self) -> bool:
        """As ``end``, for who wants to read what there is."""
        try:
            return await self.end()
        except JournalError as error:
            self.complain(error)
            return False

    async def end(self) -> bool:
        """End the tasks of servers that have died as ``interrupted``; whether there were any.

        Raises
        ------
        JournalError
            It cannot be said which these are.
        """
        end = interrupted("Its server died while it ran.")
        left = await self._journal.take_orphans()
        for summary in left:
            if summary.task_id not in self._unstored:
                await self._finish(summary, end.model_copy())
        return bool(left)

    async def store(self) -> None:
        """Tell the journal what it could not be told before, now that it can be written."""
        for task in tuple(self._unstored.values()):
            try:
                stored = await self._journal.summary(task.id)
            except JournalError as error:
                log.error("Task %s could not be looked at: %s", task.id, error)
                continue
            self.forget(task.id)
            if stored is not None and not stored.status.is_final:
                end = RunFinished(status=task.summary.status, error=task.summary.error)
                await self._finish(stored, end)

    async def _finish(self, summary: TaskSummary, end: RunFinished) -> None:
        task = Task(summary)
        writer = TaskWriter(task, self._journal, self._redactor, self._publisher)
        try:
            if last := await self._journal.events(task.id, summary.last_seq - 1, 1):
                writer.not_before(_times(last))
            await writer.finish(end)
        except JournalError as error:
            log.error("The end of task %s could not be stored: %s", task.id, error)
            await writer.give_up(end)
            self.keep(task)


def _times(events: Iterable[str]) -> str:
    return max(json.loads(text)["ts"] for text in events)
