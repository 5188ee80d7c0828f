"""Who is told that a task has changed, whichever it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from agentkit.core.protocol import TaskSummary


class Listener(Protocol):
    """Takes in what has changed; never waits."""

    def changed(self, summary: TaskSummary) -> None: ...

    def removed(self, task_id: str, user: str | None) -> None: ...


class Changes:
    """The listeners to all tasks. It belongs to the hub's loop."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tell a listener from now on; the returned function ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def changed(self, summary: TaskSummary) -> None:
        """A task is new, or its summary says something else; later changes show in the same object."""
        for listener in self._listeners:
            listener.changed(summary)

    def removed(self, task_id: str, user: str | None) -> None:
        """A task of that user, or of nobody by name, was deleted."""
        for listener in self._listeners:
            listener.removed(task_id, user)
