"""The unfinished runs of a hub: those that have a place, and the queue of those that wait for one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from agentkit.errors import Conflict, Full, Refused
from agentkit.hub.run import Run
from agentkit.hub.thread import busy, thread_of


class Runs:
    """Runs by their tasks' ids; they begin in the order in which they were started, whatever their agents.

    Attributes
    ----------
    max_running
        Runs that go on at the same time.
    max_queued
        Further ones, which wait for a place.
    is_open
        Whether further ones are taken: between ``open`` and ``close``.
    """

    def __init__(self, max_running: int, max_queued: int) -> None:
        self.max_running = max_running
        self.max_queued = max_queued
        self.is_open = False
        self._all: dict[str, Run] = {}
        self._queue: deque[Run] = deque()

    def __iter__(self) -> Iterator[Run]:
        """All, in the order in which they were started."""
        return iter(tuple(self._all.values()))

    def __contains__(self, task_id: str) -> bool:
        """Whether the task is unfinished and this hub's."""
        return task_id in self._all

    def get(self, task_id: str) -> Run | None:
        """The run of an unfinished task of this hub."""
        return self._all.get(task_id)

    @property
    def running(self) -> int:
        """How many have a place."""
        return sum(run.has_begun for run in self._all.values())

    @property
    def queued(self) -> int:
        """How many wait for one."""
        return len(self._queue)

    def open(self) -> None:
        """Take runs."""
        self.is_open = True

    def close(self) -> None:
        """Take no further one, and let none begin any more that waits now."""
        self.is_open = False
        self._queue.clear()

    def check_open(self) -> None:
        """Refuse what would be seen by nobody.

        Raises
        ------
        Refused
            They are closed (reason ``stopped``).
        """
        if not self.is_open:
            raise Refused("The agents' server is being stopped.", reason="stopped")

    def check(self, task_id: str, thread_id: str) -> None:
        """Refuse a run that cannot be added.

        Raises
        ------
        Refused
            They are closed.
        Conflict
            There is an unfinished task of that id, or one of that conversation.
        Full
            As many wait as may.
        """
        self.check_open()
        if task_id in self._all:
            raise Conflict(f"There is a task {task_id!r} already.", reason="task_exists")
        if any(thread_of(run.task.summary) == thread_id for run in self._all.values()):
            raise busy(thread_id)
        if len(self._all) >= self.max_running + self.max_queued:
            raise Full(
                f"{self.max_queued:,} tasks wait for a place already, as many as may"
                " (AgentKitApp.max_queued): start it later, cancel some, or raise that setting.",
                reason="queue_full",
            )

    def add(self, run: Run) -> None:
        """Take a run in; it neither begins nor waits yet."""
        self._all[run.task.id] = run

    def remove(self, run: Run) -> None:
        """Leave out a run that has ended, or was never started."""
        self._all.pop(run.task.id, None)
        self._fill()

    def enqueue(self, run: Run) -> None:
        """Let a run begin when there is a place for it; never after ``close``, which ends all that wait."""
        if self.is_open:
            self._queue.append(run)
            self._fill()

    def skip_queue(self, run: Run) -> None:
        """Let a run that waits begin now: one that is cancelled needs no place to end in."""
        if run in self._queue:
            self._queue.remove(run)
            run.begin()

    def _fill(self) -> None:
        if self._queue:
            for _ in range(min(self.max_running - self.running, len(self._queue))):
                self._queue.popleft().begin()
