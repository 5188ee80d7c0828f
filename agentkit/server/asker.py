"""Who asks, and which tasks are within their reach.

Where a host tells its users apart and keeps their tasks private, a task belongs to the user who started
it, and to nobody else it looks as if there were none. A task that no named user started (a kernel's, say,
which all users of a server share) is within everybody's reach. What follows a task up, or goes on with a
conversation, belongs to whom the conversation belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass

from agentkit.core.protocol import StartTask, TaskSummary
from agentkit.errors import NotFound
from agentkit.hub.hub import Hub
from agentkit.hub.task import Task


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, authenticated by the host.

    Attributes
    ----------
    name
        To be shown with an answer; empty when that has no name.
    user
        The user's name, which stays the same; ``None`` for one who has none.
    private
        Whether the host keeps the tasks of its users private.
    """

    name: str = ""
    user: str | None = None
    private: bool = False

    @property
    def reader(self) -> str | None:
        """Whose tasks lists show beside those of nobody; ``None``: all there are."""
        return (self.user or "") if self.private else None

    def reaches(self, summary: TaskSummary) -> bool:
        """Whether a task is within reach."""
        return self.reaches_those_of(summary.user)

    def reaches_those_of(self, user: str | None) -> bool:
        """Whether the tasks of a user are within reach; ``None``: those of nobody."""
        return not self.private or user in (None, self.user)

    async def task(self, hub: Hub, task_id: str) -> Task:
        """A task within reach.

        Raises
        ------
        NotFound
            There is none of that id, for this asker.
        """
        task = await hub.task(task_id)
        if not self.reaches(task.summary):
            raise NotFound(f"There is no task {task_id!r}.", reason="task_not_found")
        return task

    async def start(self, hub: Hub, request: StartTask) -> Task:
        """Start a task that belongs to the conversation's owner, else to the asker.

        Raises
        ------
        NotFound
            There is no such agent, or the task or conversation to go on with is out of reach.
        InvalidInput, Conflict
            As of ``Hub.start``.
        """
        earlier: list[TaskSummary] = []
        if request.thread_id is not None:
            earlier = await hub.journal.thread(request.thread_id)
            if not all(map(self.reaches, earlier)):
                message = f"There is no conversation {request.thread_id!r}."
                raise NotFound(message, reason="thread_not_found")
        if request.follows is not None:
            earlier.append((await self.task(hub, request.follows)).summary)
        owners = {each.user for each in earlier} or {self.user}
        # What was begun by all stays everybody's, whoever has added to it.
        return await hub.start(request, user=None if None in owners else self.user)


ANYBODY = Asker()
"""One of a host whose users are all one to it."""
