"""How many sockets are open, in all and of each task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

from agentkit.core.bounds import Bounds


class Sockets:
    """Counts the open sockets of a hub. It belongs to the hub's loop."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._all = 0
        self._of_tasks: Counter[str] = Counter()

    @contextmanager
    def opened(self, task_id: str | None = None) -> Generator[None]:
        """Count a socket for as long as it is open; a task's in its task too.

        Raises
        ------
        Full
            As many are open as may be.
        """
        self._bounds.check_room("sockets", self._all, "No further socket can be opened")
        if task_id is not None:
            of_task = self._of_tasks.get(task_id, 0)
            self._bounds.check_room(
                "task_sockets", of_task, "No further socket of this task can be opened"
            )
            self._of_tasks[task_id] += 1
        self._all += 1
        try:
            yield
        finally:
            self._all -= 1
            if task_id is not None:
                self._of_tasks[task_id] -= 1
                if not self._of_tasks[task_id]:
                    del self._of_tasks[task_id]
