"""What a run did to a notebook's cells, and how a change between two texts is written."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agentkit.trace.read import as_mapping, as_text
from agentkit.trace.words import as_words, counted, one_line, visible

EDIT_MIME = "application/vnd.agentkit.edit+json"
"""The type under which a tool's result tells what it did to a cell."""

_MOST_LINES = 4_000
"""Longer texts are written one after the other: comparing them takes time that grows with their square."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A change between two texts.

    Attributes
    ----------
    place
        Where it was made: ``analysis.ipynb, cell 4f1c``, or an argument's name.
    lines
        As in a unified diff without its header: each line begins with ``+``, ``-``, a space, or ``@@``.
    """

    place: str
    lines: tuple[str, ...]

    @property
    def amount(self) -> str:
        """``2 lines added, 1 removed``."""
        added = sum(line.startswith("+") for line in self.lines)
        removed = sum(line.startswith("-") for line in self.lines)
        if not added:
            return f"{counted(removed, 'line')} removed" if removed else "nothing changed"
        return counted(added, "line") + " added" + (f", {removed} removed" if removed else "")

    @property
    def text(self) -> str:
        """The lines as one text."""
        return "\n".join(self.lines)


def edit_of(bundle: Mapping[str, Any]) -> Edit | None:
    """What a result says that was done to a cell."""
    told = as_mapping(bundle.get(EDIT_MIME))
    before, after = as_text(told.get("before")), as_text(told.get("after"))
    if before is None and after is None:
        return None
    file = one_line((as_text(told.get("path")) or "").rpartition("/")[2])
    cell = one_line(as_text(told.get("cell_id")) or "", 40)
    place = ", ".join(filter(None, (file, f"cell {cell}" if cell else "")))
    return Edit(place, _diff(before or "", after or ""))


def changes(asked: Mapping[str, Any], approved: Mapping[str, Any]) -> list[Edit]:
    """Which arguments somebody approved otherwise than they were asked for."""
    texts = [
        (name, _words(asked.get(name)), _words(approved.get(name)))
        for name in {**asked, **approved}
    ]
    return [
        Edit(one_line(name, 60), _diff(before, after))
        for name, before, after in texts
        if before != after
    ]


def _words(value: object) -> str:
    return "" if value is None else as_words(value, indent=2)


def _diff(before: str, after: str) -> tuple[str, ...]:
    old, new = visible(before).splitlines(), visible(after).splitlines()
    if len(old) + len(new) > _MOST_LINES:
        return tuple([f"-{line}" for line in old] + [f"+{line}" for line in new])
    # The first two lines name files.
    return tuple(list(difflib.unified_diff(old, new, lineterm=""))[2:])
