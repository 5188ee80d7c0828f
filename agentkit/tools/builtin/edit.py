"""An edit of a notebook, as a result tells it: to be shown as a diff, and to be taken back."""

from __future__ import annotations

import difflib
from typing import Literal

from pydantic import BaseModel

from agentkit.core.protocol import MimeBundle
from agentkit.tools.builtin.cells import Cell, CellType

EDIT_TYPE = "application/vnd.agentkit.edit+json"
"""An edit as it is stored: ``path``, ``cell_id``, ``kind``, ``cell_type``, ``before``, ``after``,
``before_hash``, ``after_hash``."""


class Edit(BaseModel):
    """One edit of a run, told so that it can be shown and taken back."""

    path: str
    cell_id: str
    kind: Literal["insert", "edit"]
    cell_type: CellType
    before: str
    """Empty for a cell that was inserted, as its hash is."""
    after: str
    before_hash: str
    after_hash: str


def told_edit(path: str, before: Cell | None, after: Cell) -> MimeBundle:
    """An edit as a result: its record, and its diff. ``before`` is none for a cell that was inserted."""
    edit = Edit(
        path=path,
        cell_id=after.id,
        kind="edit" if before else "insert",
        cell_type=after.cell_type,
        before=before.source if before else "",
        after=after.source,
        before_hash=before.hash if before else "",
        after_hash=after.hash,
    )
    return {EDIT_TYPE: edit.model_dump(), "text/plain": unified_diff(edit)}


def unified_diff(edit: Edit) -> str:
    """The edit as ``diff -u`` writes it."""
    lines = difflib.unified_diff(
        edit.before.splitlines(),
        edit.after.splitlines(),
        f"{edit.path}#{edit.cell_id}" if edit.before_hash else "/dev/null",
        f"{edit.path}#{edit.cell_id}",
        lineterm="",
    )
    return "\n".join(lines)
