"""A notebook that no page has open: read and written through the server's contents manager."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast, get_args

from jupyter_core.utils import ensure_async
from tornado.web import HTTPError

from agentkit.errors import AgentKitError
from agentkit.tools.builtin.cells import (
    Cell,
    CellChanged,
    CellNotFound,
    CellType,
    Change,
    InsertCell,
    NotebookGone,
    ReplaceSource,
)
from agentkit.tools.builtin.ports import Ears, Kernels
from jupyter_agentkit.ports.cell_outputs import CellOutputs

_Node = dict[str, Any]

_CELL_TYPES = get_args(CellType)

NOT_RUN = "The kernel of this notebook has been shut down, so its cells cannot be run."


@dataclass(frozen=True, slots=True)
class NotebookFile:
    """A notebook on the disk, or wherever the contents manager keeps it.

    A change reads the file anew, and is written only if nobody has written the file since. The format
    stays what it is: a file whose cells have no ids gets none.

    Parameters
    ----------
    writing
        Held while a file is read, changed and written.
    """

    path: str
    contents: Any
    writing: asyncio.Lock
    kernels: Kernels
    kernel_id: str | None

    async def read(self) -> list[Cell]:
        """All cells."""
        content = (await self._get())["content"]
        return [_cell(node, number) for number, node in enumerate(content["cells"], 1)]

    async def apply(self, change: Change) -> Cell | None:
        """Change the file."""
        async with self.writing:
            model = await self._get()
            content: Any = model["content"]
            number = _apply(content["cells"], change, has_ids=_has_ids(content))
            await self._save(model)
            if number is None:
                return None
            written = await self.read()
            return written[number - 1] if number <= len(written) else None

    async def run(self, cell: Cell, say: Callable[[str], None]) -> Cell:
        """Run the source in the kernel, then write its outputs into the file."""
        if self.kernel_id is None:
            raise AgentKitError(NOT_RUN, reason="kernel_not_found")
        outputs = CellOutputs()
        await self.kernels.execute(self.kernel_id, cell.source, Ears(outputs.add, say))
        async with self.writing:
            model = await self._get()
            cells: list[_Node] = model["content"]["cells"]
            try:
                node = cells[_with_text(cells, cell.id, cell.source)]
            except AgentKitError as error:
                raise type(error)(
                    f"The cell has run, but its outputs were not kept. {error.message}",
                    reason=error.reason,
                ) from None
            trusted = all(_is_trusted(each) for each in cells if each is not node)
            node["outputs"] = outputs.nodes
            node["execution_count"] = None
            # As in a page: what the user lets run is as much trusted as what stands around it.
            node["metadata"]["trusted"] = trusted
            await self._save(model)
        return cell.model_copy(update={"outputs": outputs.nodes, "execution_count": None})

    async def _get(self) -> Any:
        try:
            model = await ensure_async(self.contents.get(self.path, type="notebook"))
        except HTTPError as error:
            if error.status_code != 404:
                raise self._unusable(error, "read") from None
            raise NotebookGone(
                f"There is no notebook at {self.path} any more: it was deleted, or moved by something"
                " other than Jupyter."
            ) from None
        for number, node in enumerate(model["content"]["cells"], 1):
            # Jupyter reads such files too, and only says that they are not valid.
            if node.get("cell_type") not in _CELL_TYPES or not isinstance(node.get("source"), str):
                raise AgentKitError(
                    f"{self.path} is no valid notebook: cell {number} has no text, or is neither code nor"
                    " markdown nor raw. Nothing was changed.",
                    reason="notebook_not_read",
                )
        return model

    async def _save(self, model: Any) -> None:
        try:
            now = await ensure_async(self.contents.get(self.path, content=False))
            if now["last_modified"] != model["last_modified"]:
                raise CellChanged(
                    f"{self.path} was written by somebody else at this moment. Nothing was changed:"
                    " read it again."
                )
            await ensure_async(self.contents.save(model, self.path))
        except HTTPError as error:
            raise self._unusable(error, "written") from None

    def _unusable(self, error: HTTPError, verb: str) -> AgentKitError:
        said = error.log_message or error.reason or f"error {error.status_code}"
        return AgentKitError(f"{self.path} cannot be {verb}: {said}", reason=f"notebook_not_{verb}")


def _cell(node: _Node, number: int) -> Cell:
    kind = node["cell_type"]
    return Cell(
        id=_id(node, number),
        cell_type=kind,
        source=node["source"],
        execution_count=node.get("execution_count"),
        outputs=[cast("_Node", output) for output in node.get("outputs", [])],
    )


def _id(node: _Node, number: int) -> str:
    return node.get("id") or f"#{number}"


def _has_ids(content: _Node) -> bool:
    return (content["nbformat"], content["nbformat_minor"]) >= (4, 5)


def _apply(cells: list[_Node], change: Change, *, has_ids: bool) -> int | None:
    """Change the cells; the number of the cell that was changed, from 1, or none when it was removed."""
    if isinstance(change, InsertCell):
        place = 0 if change.after is None else _find(cells, change.after) + 1
        cells.insert(place, _new(change, has_ids=has_ids))
        return place + 1
    place = _with_text(cells, change.cell_id, change.before)
    if isinstance(change, ReplaceSource):
        cells[place]["source"] = change.source
        return place + 1
    del cells[place]
    return None


def _new(change: InsertCell, *, has_ids: bool) -> _Node:
    node: _Node = {"cell_type": change.cell_type, "metadata": {}, "source": change.source}
    if has_ids:
        node["id"] = change.cell_id
    if change.cell_type == "code":
        node |= {"outputs": [], "execution_count": None}
    return node


def _find(cells: list[_Node], cell_id: str) -> int:
    for place, node in enumerate(cells):
        if _id(node, place + 1) == cell_id:
            return place
    raise CellNotFound(f"The notebook has no cell {cell_id!r} any more.")


def _with_text(cells: list[_Node], cell_id: str, source: str) -> int:
    place = _find(cells, cell_id)
    if cells[place]["source"] != source:
        raise CellChanged(f"Cell {cell_id} was changed meanwhile. Read it again.")
    return place


def _is_trusted(node: _Node) -> bool:
    return (
        node["cell_type"] != "code" or not node["outputs"] or bool(node["metadata"].get("trusted"))
    )
