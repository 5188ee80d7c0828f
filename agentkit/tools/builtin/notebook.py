"""The tools with which an agent reads and edits the notebook that it was started from."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agentkit.core.protocol import MimeBundle, ToolSpec
from agentkit.errors import InvalidInput
from agentkit.tools.builtin.cell_text import cell_text, notebook_text, outputs_of
from agentkit.tools.builtin.cells import (
    Cell,
    CellChanged,
    CellNotFound,
    InsertCell,
    Notebook,
    Notebooks,
    ReplaceSource,
)
from agentkit.tools.builtin.edit import told_edit
from agentkit.tools.builtin.kernel import STOP_SECONDS, result_of
from agentkit.tools.faults import explain_arguments
from agentkit.tools.json_schema import parameters_schema
from agentkit.tools.protocol import Tool, ToolContext, ToolResult

RUNS_IN = "notebook"
"""Where these tools run, as their events say."""

EDITING_TOOLS = frozenset({"insert_cell", "edit_cell"})
"""Those whose results are edits."""

T = TypeVar("T", bound=BaseModel)

MAX_SOURCE = 200_000
"""Characters of a cell that an agent may write."""


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Read(_Arguments):
    cell_ids: list[str] | None = Field(
        default=None,
        min_length=1,
        description="Show only these cells, whole. Left out: all cells, long ones cut.",
    )


class _Insert(_Arguments):
    after: str = Field(
        description="The id of the cell behind which the new one is put, or 'start' or 'end'."
    )
    cell_type: Literal["code", "markdown"] = "code"
    source: str = Field(max_length=MAX_SOURCE)


class _Edit(_Arguments):
    cell_id: str
    hash: str = Field(description="The hash of the source that you saw, as read_notebook gave it.")
    source: str = Field(max_length=MAX_SOURCE, description="The whole new source of the cell.")


class _Run(_Arguments):
    cell_id: str
    hash: str | None = Field(
        default=None, description="Run it only if its source still has this hash."
    )


def notebook_tools(notebooks: Notebooks) -> list[Tool]:
    """Make ``read_notebook``, ``insert_cell``, ``edit_cell`` and ``run_cell`` for the notebook of a run."""
    return [
        ReadNotebook(notebooks),
        InsertCellTool(notebooks),
        EditCell(notebooks),
        RunCell(notebooks),
    ]


class _NotebookTool(Tool):
    runs_in = RUNS_IN

    def __init__(self, notebooks: Notebooks) -> None:
        self._notebooks = notebooks

    def _checked(self, shape: type[T], arguments: dict[str, Any]) -> T:
        try:
            return shape.model_validate(arguments)
        except ValidationError as error:
            message = explain_arguments(self.spec.name, error, arguments, list(shape.model_fields))
            raise InvalidInput(message, reason="invalid_arguments") from None


class ReadNotebook(_NotebookTool):
    """Shows the cells with their ids and hashes."""

    spec = ToolSpec(
        name="read_notebook",
        description="Read the notebook that the user works in: each cell with its id, the hash of its"
        " source, its source and its outputs, as they stand now, saved or not.",
        parameters=parameters_schema(_Read),
    )

    async def call(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """Read."""
        asked = self._checked(_Read, arguments)
        notebook = await self._notebooks.of(context.origin)
        cells = await notebook.read()
        if asked.cell_ids is None:
            return _told(notebook_text(notebook.path, cells))
        wanted = [_find(cells, cell_id) for cell_id in asked.cell_ids]
        return _told("\n\n".join(cell_text(cell, whole=True) for cell in wanted))


class InsertCellTool(_NotebookTool):
    """Inserts a cell."""

    policy = "ask"
    asks_because = "It inserts a cell into your notebook."
    spec = ToolSpec(
        name="insert_cell",
        description="Insert a new cell into the notebook. It is not run: call run_cell for that.",
        parameters=parameters_schema(_Insert),
    )

    async def call(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """Insert."""
        asked = self._checked(_Insert, arguments)
        notebook = await self._notebooks.of(context.origin)
        cells = await notebook.read()
        after = _place(cells, asked.after)
        inserted = await notebook.apply(
            InsertCell(
                cell_id=secrets.token_hex(4),
                after=after,
                cell_type=asked.cell_type,
                source=asked.source,
            )
        )
        return await _edited(notebook, None, inserted, asked.source)


class EditCell(_NotebookTool):
    """Replaces the source of a cell."""

    policy = "ask"
    asks_because = "It changes a cell of your notebook."
    spec = ToolSpec(
        name="edit_cell",
        description="Replace the source of a cell. Refused when the cell has changed since you read"
        " it. It is not run: call run_cell for that.",
        parameters=parameters_schema(_Edit),
    )

    async def preview(self, arguments: dict[str, Any], context: ToolContext) -> MimeBundle | None:
        """The edit, in the shape of its result; refused when ``call`` would be."""
        asked = self._checked(_Edit, arguments)
        notebook = await self._notebooks.of(context.origin)
        cell = _unchanged(await notebook.read(), asked.cell_id, asked.hash)
        return told_edit(notebook.path, cell, cell.model_copy(update={"source": asked.source}))

    async def call(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """Edit."""
        asked = self._checked(_Edit, arguments)
        notebook = await self._notebooks.of(context.origin)
        cell = _unchanged(await notebook.read(), asked.cell_id, asked.hash)
        if cell.source == asked.source:
            message = f"Cell {cell.id} has this source already; nothing was changed."
            return ToolResult.failed(message, "no_change")
        edited = await notebook.apply(
            ReplaceSource(cell_id=cell.id, before=cell.source, source=asked.source)
        )
        return await _edited(notebook, cell, edited, asked.source)


class RunCell(_NotebookTool):
    """Runs a code cell in the notebook's kernel."""

    policy = "ask"
    asks_because = "It runs a cell of your notebook in your kernel."
    grace = STOP_SECONDS
    spec = ToolSpec(
        name="run_cell",
        description="Run a code cell of the notebook in the user's kernel. Its outputs come to stand"
        " in the notebook and are returned.",
        parameters=parameters_schema(_Run),
    )

    async def call(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """Run."""
        asked = self._checked(_Run, arguments)
        notebook = await self._notebooks.of(context.origin)
        cell = _unchanged(await notebook.read(), asked.cell_id, asked.hash)
        if cell.cell_type != "code":
            message = f"Cell {cell.id} is a {cell.cell_type} cell; only code cells can be run."
            return ToolResult.failed(message, "not_code")
        if context.origin is not None and context.origin.cell_id == cell.id:
            message = f"Cell {cell.id} started this run: running it would start the run again."
            return ToolResult.failed(message, "own_cell")
        ran = await notebook.run(cell, lambda what: context.progress(0, None, what))
        if not ran.outputs:
            return _told(f"Cell {cell.id} ran and gave no output.")
        return result_of(outputs_of(ran.outputs))


def _told(text: str) -> ToolResult:
    return ToolResult("success", {"text/plain": text})


def _find(cells: Sequence[Cell], cell_id: str) -> Cell:
    for cell in cells:
        if cell.id == cell_id:
            return cell
    known = ", ".join(cell.id for cell in cells[:50]) or "none"
    raise CellNotFound(f"The notebook has no cell {cell_id!r}. Its cells are: {known}.")


def _place(cells: Sequence[Cell], after: str) -> str | None:
    if after == "start" or not cells:
        return None
    return cells[-1].id if after == "end" else _find(cells, after).id


def _unchanged(cells: Sequence[Cell], cell_id: str, seen: str | None) -> Cell:
    cell = _find(cells, cell_id)
    if seen is not None and cell.hash != seen:
        raise CellChanged(
            f"Cell {cell_id} is not as you saw it: its source has the hash {cell.hash} now, not"
            f" {seen}. Nothing was done. Read it again with read_notebook, then decide anew."
        )
    return cell


async def _edited(
    notebook: Notebook, before: Cell | None, after: Cell | None, source: str
) -> ToolResult:
    if after is None or after.source != source:
        found = "nothing" if after is None else f"a source with the hash {after.hash}"
        return ToolResult.failed(
            f"The cell was written, but {found} stands there now. Somebody may be editing it too:"
            " read the notebook again.",
            "not_as_written",
        )
    bundle = told_edit(notebook.path, before, after)
    return ToolResult("success", bundle, note=_where(await notebook.read(), after))


def _where(cells: Sequence[Cell], cell: Cell) -> str:
    ids = [each.id for each in cells]
    place = ids.index(cell.id) if cell.id in ids else -1
    before = f"behind cell {ids[place - 1]}" if place > 0 else "the first cell"
    behind = f"before cell {ids[place + 1]}" if 0 <= place < len(ids) - 1 else "the last cell"
    return f"Written and read back: cell {cell.id}, hash {cell.hash}; it is {before} and {behind}."
