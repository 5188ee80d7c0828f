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

    def __init__(self, journal: Journal, redactor: Redactor) -> None:
        self._journal = journal
        self._redactor = redactor
        self._unstored: dict[str, Task] = {}

    def known(self, task_id: str) -> Task | None:
        """An ended task of which the journal says otherwise."""
        return self._unstored.get(task_id)

    def keep(self, task: Task) -> None:
        """Keep how a task ended that the journal could not be told of."""
        self._unstored[task.id] = task

    def forget(self, task_id: str) -> None:
        """Nobody asks for the task any more."""
        self._unstored.pop(task_id, None)

    async def end(self, publisher: Publisher) -> None:
        """End the tasks of servers that have died as ``interrupted``.

        Raises
        ------
        JournalError
            It cannot be said which these are.
        """
        end = interrupted("Its server died while it ran.")
        for summary in await self._journal.take_orphans():
            if summary.task_id not in self._unstored:
                await self._finish(summary, end.model_copy(), publisher)

    async def store(self, publisher: Publisher) -> None:
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
                await self._finish(stored, end, publisher)

    async def _finish(self, summary: TaskSummary, end: RunFinished, publisher: Publisher) -> None:
        task = Task(summary)
        writer = TaskWriter(task, self._journal, self._redactor, publisher)
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
