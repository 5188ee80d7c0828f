"""Cells and their outputs in words for a model, and as one result for a reader."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, cast

from agentkit.core.protocol import MimeBundle
from agentkit.tools.builtin.cells import Cell
from agentkit.tools.display import cut_text, text_for_model
from agentkit.tools.protocol import ToolResult

SOURCE_CHARS = 4_000
"""Characters of a cell's source that are shown among all cells."""

OUTPUT_CHARS = 500
"""Characters of a cell's outputs that are shown among all cells."""

WHOLE_CHARS = 100_000
"""Characters of either that are shown of a cell that was asked for."""

ERROR_CHARS = 8_000
"""Characters of a failed cell's outputs that the model is told."""

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


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
            outputs_text(cell.outputs, WHOLE_CHARS), WHOLE_CHARS if whole else OUTPUT_CHARS
        )
        lines += ["--- outputs", shown]
    return "\n".join(lines)


def outputs_text(outputs: Sequence[dict[str, Any]], limit: int) -> str:
    """All outputs in words, in order, each cut to ``limit`` characters."""
    return "\n".join(text for output in outputs if (text := _output_text(output, limit)))


def result_of(outputs: Sequence[dict[str, Any]]) -> ToolResult:
    """What a run cell gave, as one result: all its words, and the last thing that it showed.

    A cell that raised is a failure, and the model is told what was raised.
    """
    words = outputs_text(outputs, WHOLE_CHARS)
    shown: MimeBundle = {}
    for output in outputs:
        if output.get("output_type") in ("display_data", "execute_result"):
            shown = _plain_bundle(output.get("data"))
    alone = len(outputs) == 1
    bundle = shown if alone and shown else {**_rich(shown), "text/plain": words}
    if any(output.get("output_type") == "error" for output in outputs):
        message = cut_text(words, ERROR_CHARS)[0]
        return ToolResult.failed(f"The cell raised an error.\n{message}", "cell_error", bundle)
    if not outputs:
        return ToolResult("success", {"text/plain": "The cell ran and gave no output."})
    return ToolResult("success", bundle)


def _rich(bundle: MimeBundle) -> MimeBundle:
    # Beside other words, only what words cannot say: a reader is shown the richest type alone.
    return {mime: data for mime, data in bundle.items() if mime.startswith("image/")}


def _output_text(output: dict[str, Any], limit: int) -> str:
    match output.get("output_type"):
        case "stream":
            return cut_text(_plain(output.get("text")).rstrip("\n"), limit)[0]
        case "error":
            trace = output.get("traceback")
            lines = cast("list[Any]", trace) if isinstance(trace, list) else []
            text = "\n".join(str(line) for line in lines)
            return _plain(text or f"{output.get('ename')}: {output.get('evalue')}")
        case _:
            return text_for_model(_plain_bundle(output.get("data")), limit)[0]


def _plain_bundle(data: object) -> MimeBundle:
    """A bundle with each text in one piece: nbformat lets it be a list of lines."""
    if not isinstance(data, dict):
        return {}
    fields = cast("dict[str, Any]", data)
    return {
        mime: content if mime.endswith("json") else _plain(content)
        for mime, content in fields.items()
    }


def _plain(text: object) -> str:
    if isinstance(text, list):
        text = "".join(str(line) for line in cast("list[Any]", text))
    return _ANSI.sub("", text) if isinstance(text, str) else ""
