"""A notebook in memory, and calls of the tools that work in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from agentkit.core.protocol import Origin
from agentkit.tools.builtin.cells import (
    Cell,
    CellChanged,
    Change,
    InsertCell,
    Notebook,
    RemoveCell,
)
from agentkit.tools.builtin.edit import EDIT_TYPE, Edit
from agentkit.tools.builtin.notebook import notebook_tools
from agentkit.tools.protocol import ToolContext, ToolResult


class MemoryNotebook:
    """Cells ``a``, ``b``, … with the given sources."""

    path = "work/memory.ipynb"

    def __init__(self, *sources: str) -> None:
        names = "abcdefgh"
        self.cells = [
            Cell(id=names[place], cell_type="code", source=source)
            for place, source in enumerate(sources)
        ]
        self.outputs: list[dict[str, Any]] = []
        self.spoils: Callable[[str], str] = lambda source: source
        """What becomes of a text on its way into the notebook."""
        self.writes = 0

    async def read(self) -> list[Cell]:
        return list(self.cells)

    async def apply(self, change: Change) -> Cell | None:
        self.writes += 1
        ids = [cell.id for cell in self.cells]
        if isinstance(change, InsertCell):
            place = 0 if change.after is None else ids.index(change.after) + 1
            cell = Cell(
                id=change.cell_id, cell_type=change.cell_type, source=self.spoils(change.source)
            )
            self.cells.insert(place, cell)
            return cell
        place = ids.index(change.cell_id)
        if self.cells[place].source != change.before:
            raise CellChanged("changed")
        if isinstance(change, RemoveCell):
            del self.cells[place]
            return None
        source = self.spoils(change.source)
        self.cells[place] = self.cells[place].model_copy(update={"source": source})
        return self.cells[place]

    async def run(self, cell: Cell, say: Callable[[str], None]) -> Cell:
        say("Waiting for the kernel")
        return cell.model_copy(update={"outputs": self.outputs})

    def type(self, cell_id: str, source: str) -> None:
        """Write into a cell, as its user does."""
        self.cells = [
            cell.model_copy(update={"source": source}) if cell.id == cell_id else cell
            for cell in self.cells
        ]

    @property
    def sources(self) -> dict[str, str]:
        return {cell.id: cell.source for cell in self.cells}


N = TypeVar("N", bound=Notebook)


class Run(Generic[N]):
    """A run that works in a notebook; its events are kept."""

    def __init__(self, notebook: N) -> None:
        self.notebook = notebook
        self.events: list[dict[str, Any]] = []
        self.progress: list[str | None] = []
        self._tools = {tool.spec.name: tool for tool in notebook_tools(self)}

    async def of(self, origin: Origin | None) -> Notebook:
        assert origin is not None
        return self.notebook

    async def call(self, name: str, **arguments: Any) -> ToolResult:
        """Make one call."""
        tool = self._tools[name]
        call_id = f"call-{len(self.events)}"
        context = ToolContext(
            call_id,
            progress=lambda done, total, message: self.progress.append(message),
            origin=Origin(kernel_id="k", cell_id="h"),
        )
        result = await tool.call(arguments, context)
        self.events += [
            {
                "event_type": "tool_call",
                "tool_call_id": call_id,
                "tool_name": name,
                "arguments": arguments,
                "runs_in": tool.runs_in,
            },
            {
                "event_type": "tool_result",
                "tool_call_id": call_id,
                "outcome": result.outcome,
                "content": result.content,
            },
        ]
        return result

    async def edit(self, cell_id: str, source: str) -> ToolResult:
        """Edit a cell as it stands."""
        cell = next(cell for cell in await self.notebook.read() if cell.id == cell_id)
        return await self.call("edit_cell", cell_id=cell_id, hash=cell.hash, source=source)


def edit_in(result: ToolResult) -> Edit:
    """The edit that a result tells of."""
    return Edit.model_validate(result.content[EDIT_TYPE])
