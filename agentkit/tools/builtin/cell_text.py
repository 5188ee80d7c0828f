"""Cells and their outputs in words for a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from agentkit.core.protocol import MimeBundle
from agentkit.tools.builtin.cells import Cell
from agentkit.tools.builtin.outputs import Outputs, traceback_of
from agentkit.tools.builtin.ports import Printed, Raised, Shown
from agentkit.tools.display import cut_text

SOURCE_CHARS = 4_000
"""Characters of a cell's source that are shown among all cells."""

OUTPUT_CHARS = 500
"""Characters of a cell's outputs that are shown among all cells."""

WHOLE_CHARS = 100_000
"""Characters of either that are shown of a cell that was asked for."""


def notebook_text(path: str, cells: Sequence[Cell]) -> str:
    """Describe a notebook: a head, then every cell."""
    head = f"{path}: {len(cells)} cell{'' if len(cells) == 1 else 's'}"
    return "\n\n".join([head, *(cell_text(cell, whole=False) for cell in cells)])


def cell_text(cell: Cell, *, whole: bool) -> str:
    """Describe a cell: a line with its id, kind and hash, its source, its outputs."""
    ran = f", run as [{cell.execution_count}]" if cell.execution_count is not None else ""
    source, cut = cut_text(cell.source, WHOLE_CHARS if whole else SOURCE_CHARS)
    part = ", cut: read it alone to see all of it" if cut else ""
    lines = [f"=== cell {cell.id} ({cell.cell_type}, hash {cell.hash}{ran}{part})", source]
    if cell.outputs:
        shown, _ = cut_text(
            _words(outputs_of(cell.outputs)), WHOLE_CHARS if whole else OUTPUT_CHARS
        )
        lines += ["--- outputs", shown]
    return "\n".join(lines)


def outputs_of(nodes: Sequence[dict[str, Any]]) -> Outputs:
    """The outputs of a cell, given as nbformat has them."""
    outputs = Outputs()
    for node in nodes:
        match node.get("output_type"):
            case "stream":
                stream = "stderr" if node.get("name") == "stderr" else "stdout"
                outputs.add(Printed(_joined(node.get("text")), stream))
            case "error":
                trace = "\n".join(_lines(node.get("traceback")))
                name, message = str(node.get("ename")), str(node.get("evalue"))
                outputs.add(Raised(name, message, trace or f"{name}: {message}"))
            case _:
                outputs.add(Shown(_bundle(node.get("data"))))
    return outputs


def _words(outputs: Outputs) -> str:
    trace = traceback_of(outputs.raised) if outputs.raised else ""
    return "\n".join(part for part in (outputs.printed, trace) if part)


def _bundle(data: object) -> MimeBundle:
    fields = cast("dict[str, Any]", data) if isinstance(data, dict) else {}
    return {
        mime: content if mime.endswith("json") else _joined(content)
        for mime, content in fields.items()
    }


def _joined(text: object) -> str:
    """A text in one piece: nbformat lets it be a list of lines."""
    return text if isinstance(text, str) else "".join(_lines(text))


def _lines(text: object) -> list[str]:
    return [str(line) for line in cast("list[Any]", text)] if isinstance(text, list) else []
