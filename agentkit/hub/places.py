"""In which notebook a task is shown; only a host with notebooks knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from agentkit.core.protocol import Place, TaskSummary


class Places(Protocol):
    """What a host tells of its notebooks."""

    async def of(self, tasks: Sequence[TaskSummary]) -> Mapping[str, Place]:
        """Task id → where it is shown, of those of which that is known."""
        ...


class NoPlaces:
    """A host without notebooks."""

    async def of(self, tasks: Sequence[TaskSummary]) -> Mapping[str, Place]:
        """Nothing is known."""
        return {}
