"""Taking back what a run did to its notebook, from what it told of it: nothing else is stored.

A cell is only touched while it still has a text that the run gave it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from pydantic import BaseModel, Field, ValidationError

from agentkit.errors import AgentKitError
from agentkit.tools.builtin.cells import Cell, Notebook, RemoveCell, ReplaceSource, source_hash
from agentkit.tools.builtin.edit import EDIT_TYPE, Edit
from agentkit.tools.builtin.notebook import EDITING_TOOLS, RUNS_IN


class Kept(BaseModel):
    """Edits of a cell that stand."""

    cell_id: str
    message: str


class Undone(BaseModel):
    """What came of it."""

    undone: int = 0
    """Edits that were taken back."""
    kept: list[Kept] = Field(default_factory=list["Kept"])


def edits_of(events: Iterable[Mapping[str, Any]]) -> tuple[list[Edit], list[Kept]]:
    """The edits of a run, in order, and those of which too little was kept to take them back.

    Only what the tools of this server said counts: any other tool may return what looks like an edit.
    """
    ours: dict[str, Mapping[str, Any]] = {}
    edits: list[Edit] = []
    lost: list[Kept] = []
    for event in events:
        if event["event_type"] == "tool_call" and event["tool_name"] in EDITING_TOOLS:
            if event["runs_in"] == RUNS_IN:
                ours[event["tool_call_id"]] = event["arguments"]
        elif event["event_type"] == "tool_result" and event["outcome"] == "success":
            if (arguments := ours.get(event["tool_call_id"])) is None:
                continue
            try:
                edits.append(Edit.model_validate(event["content"].get(EDIT_TYPE)))
            except ValidationError:
                message = "The edit was too large to be kept whole, so it cannot be taken back."
                lost.append(Kept(cell_id=str(arguments.get("cell_id", "")), message=message))
    return edits, lost


async def undo(notebook: Notebook, edits: Sequence[Edit]) -> Undone:
    """Take the edits back, the last first, each cell in one step."""
    done = Undone()
    for chain in reversed(_chains(edits)):
        cell_id = chain[0].cell_id
        # Read anew for each: in a file without ids, cells are known by their places.
        cells = {cell.id: cell for cell in await notebook.read()}
        try:
            count, message = await _undo_cell(notebook, cells.get(cell_id), chain)
        except AgentKitError as error:
            count, message = 0, error.message
        done.undone += count
        if message:
            done.kept.append(Kept(cell_id=cell_id, message=message))
    return done


def _chains(edits: Iterable[Edit]) -> list[list[Edit]]:
    """Edits of one cell that follow upon each other; the chain that ends last comes last."""
    chains: list[list[Edit]] = []
    for edit in edits:
        chain = next((each for each in reversed(chains) if each[0].cell_id == edit.cell_id), None)
        if chain is None or edit.kind == "insert" or chain[-1].after_hash != edit.before_hash:
            chains.append([edit])
        else:
            chains.remove(chain)
            chains.append([*chain, edit])
    return chains


async def _undo_cell(
    notebook: Notebook, cell: Cell | None, chain: Sequence[Edit]
) -> tuple[int, str]:
    """How many edits of a chain were taken back, and why others were not; empty when none is left."""
    states = _states(chain)
    current = cell.hash if cell else _ABSENT
    at = max((place for place, (digest, _) in enumerate(states) if digest == current), default=-1)
    if at < 0 and cell is None:
        return 0, "The cell was deleted since."
    if at < 0:
        return 0, "The cell was changed since, so the edits of this run stand."
    # Where a secret was masked before the run was stored, the text is not known any more.
    target = next((place for place in range(at) if states[place][1] is not None), at)
    message = ""
    if target > 0:
        message = (
            "The text before this run held a secret, which is not stored, so it cannot be put back."
        )
    if cell is None or target == at or states[target][0] == current:
        return 0, message
    if states[target][0] == _ABSENT:
        await notebook.apply(RemoveCell(cell_id=cell.id, before=cell.source))
    else:
        source = cast("str", states[target][1])
        await notebook.apply(ReplaceSource(cell_id=cell.id, before=cell.source, source=source))
    return at - target, message


_ABSENT = ""
"""The hash of a cell that is not there."""


def _states(chain: Sequence[Edit]) -> list[tuple[str, str | None]]:
    """The cell before the first edit and after each: its hash, and its text where that is whole."""
    first = chain[0]
    states = [(first.before_hash, first.before), *((e.after_hash, e.after) for e in chain)]
    return [
        (digest, text if digest in (_ABSENT, source_hash(text)) else None)
        for digest, text in states
    ]
