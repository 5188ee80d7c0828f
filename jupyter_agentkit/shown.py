"""In which notebook of the server a task is shown: what lists of tasks tell beside its summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agentkit.core.protocol import Origin, Place, TaskSummary
from agentkit.hub.displays import Display
from agentkit.hub.journal import Journal
from jupyter_agentkit.ports.notebooks import ServerNotebooks


class ShownPlaces:
    """The places of tasks: what kernels told when they showed them, else where the tasks were started.

    A notebook is where its kernel is now; one whose kernel is gone, where its file was.
    """

    def __init__(self, journal: Journal, notebooks: ServerNotebooks) -> None:
        self._journal = journal
        self._notebooks = notebooks

    async def of(self, tasks: Sequence[TaskSummary]) -> Mapping[str, Place]:
        """See ``agentkit.hub.places.Places``."""
        origins = {task.task_id: task.origin for task in tasks if task.origin is not None}
        displays = await self._journal.displays_of_tasks(
            [task.task_id for task in tasks],
            sorted({origin.kernel_id for origin in origins.values()}),
        )
        if not displays and not origins:
            return {}
        paths = await self._notebooks.paths()
        by_task = {display.task_id: display for display in displays}
        by_kernel = {display.kernel_id: display for display in displays}
        places: dict[str, Place] = {}
        for task in tasks:
            display, origin = by_task.get(task.task_id), origins.get(task.task_id)
            if display is not None:
                place = self._of_display(display, display.cell_id, paths)
            elif origin is not None:
                place = self._of_origin(origin, by_kernel.get(origin.kernel_id), paths)
            else:
                place = None
            if place is not None:
                places[task.task_id] = place
        return places

    def _of_display(
        self, display: Display, cell_id: str | None, paths: Mapping[str, str]
    ) -> Place | None:
        path = paths.get(display.kernel_id) or self._notebooks.path_from(display.notebook)
        return None if path is None else Place(path=path, cell_id=cell_id)

    def _of_origin(
        self, origin: Origin, display: Display | None, paths: Mapping[str, str]
    ) -> Place | None:
        if display is not None:
            return self._of_display(display, origin.cell_id, paths)
        path = paths.get(origin.kernel_id)
        return None if path is None else Place(path=path, cell_id=origin.cell_id)
