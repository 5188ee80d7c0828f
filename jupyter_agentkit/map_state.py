"""How far a map is: its inputs, their runs, and what came of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentkit.core.protocol import TaskStatus
from agentkit.errors import AgentKitError
from jupyter_agentkit.host import Frame

if TYPE_CHECKING:
    from jupyter_agentkit.widget import AgentRun

WHOLE_MAP = "The whole map was cancelled."
"""The reason with which a map's runs are cancelled. Who gives it for one of them, such as a page while
the kernel is busy, cancels them all."""

ALL_RUNS = "All runs were cancelled."
"""The reason that a page gives when it cancels every run of the server (``labextension/src/runs.ts``). A map
that began the next ones then would not let them be stopped."""


@dataclass(slots=True)
class Item:
    """One input of a map and what became of it."""

    body: Frame
    """What starts its run."""
    run: AgentRun | None = None
    refusal: AgentKitError | None = None
    """Why its run could not be started."""

    @property
    def input(self) -> str:
        """The question."""
        return self.body["input"]

    def status(self, *, over: bool) -> str:
        """The run's status; ``waiting`` or, once the map is over, ``cancelled`` without a run."""
        if self.run is not None:
            return self.run.status
        if self.refusal is not None:
            return TaskStatus.FAILED.value
        return TaskStatus.CANCELLED.value if over else "waiting"

    @property
    def fault(self) -> str | None:
        """Why there is no result; ``None`` while there may be one."""
        if self.refusal is not None:
            return self.refusal.message
        error = self.run.error if self.run is not None else None
        return error["message"] if error else None


class MapState:
    """What can be asked of a map, whoever carries it on.

    Parameters
    ----------
    bodies
        What starts each run.
    """

    def __init__(self, bodies: Sequence[Frame]) -> None:
        self._items = [Item(each) for each in bodies]
        self._began = time.monotonic()
        self._took: float | None = None

    @property
    def items(self) -> Sequence[Item]:
        """The inputs in their order, with their runs."""
        return self._items

    @property
    def runs(self) -> list[AgentRun | None]:
        """The runs in the order of the inputs; ``None`` for one that has not begun."""
        return [item.run for item in self._items]

    @property
    def results(self) -> list[str | None]:
        """The answers in the order of the inputs; ``None`` where there is none."""
        return [None if item.run is None else item.run.result for item in self._items]

    @property
    def is_over(self) -> bool:
        """Whether all runs have ended that will ever begin."""
        return self._took is not None

    @property
    def seconds(self) -> float:
        """How long it has taken so far, or took."""
        return time.monotonic() - self._began if self._took is None else self._took

    @property
    def counts(self) -> dict[str, int]:
        """How many inputs are in which state."""
        found: dict[str, int] = {}
        for item in self._items:
            status = item.status(over=self.is_over)
            found[status] = found.get(status, 0) + 1
        return found
