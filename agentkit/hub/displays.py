"""Which cells show which tasks: what gives a notebook back what it showed and nobody saved."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from agentkit.hub.deleting import NOT_DELETED


@dataclass(frozen=True, slots=True)
class Display:
    """A task that was shown in a cell.

    Attributes
    ----------
    notebook
        Names the notebook's file, for the time when its kernel is gone.
    execution_id
        Of the cell: what one execution shows replaces what those before it have shown.
    """

    task_id: str
    kernel_id: str
    notebook: str
    cell_id: str
    execution_id: str


def add_display(connection: sqlite3.Connection, display: Display) -> None:
    """Keep a display, and forget those that it replaces."""
    connection.execute(
        "DELETE FROM displays WHERE cell = ?1 AND execution != ?2 AND (kernel = ?3 OR notebook = ?4)",
        (display.cell_id, display.execution_id, display.kernel_id, display.notebook),
    )
    connection.execute(
        "INSERT INTO displays (task, kernel, notebook, cell, execution)"
        " SELECT ?1, ?2, ?3, ?4, ?5"
        f" WHERE EXISTS (SELECT 1 FROM tasks WHERE id = ?1 AND {NOT_DELETED})"
        " ON CONFLICT DO NOTHING",
        astuple(display),
    )


def displays_of(
    connection: sqlite3.Connection, notebook: str, kernel_ids: Sequence[str]
) -> list[Display]:
    """What is shown in a notebook: by its file's name, or by the kernels that it has now."""
    marks = ", ".join("?" * len(kernel_ids))
    rows = connection.execute(
        "SELECT task, kernel, notebook, cell, execution FROM displays"
        f" WHERE notebook = ? OR kernel IN ({marks}) ORDER BY number",
        (notebook, *kernel_ids),
    )
    return [Display(*row) for row in rows]


def displays_of_tasks(
    connection: sqlite3.Connection, task_ids: Sequence[str], kernel_ids: Sequence[str]
) -> list[Display]:
    """The displays of tasks, and the last one of each notebook of a kernel."""
    rows = connection.execute(
        "SELECT task, kernel, notebook, cell, execution FROM displays WHERE number IN ("
        " SELECT number FROM displays WHERE task IN (SELECT value FROM json_each(?1))"
        " UNION SELECT MAX(number) FROM displays"
        " WHERE kernel IN (SELECT value FROM json_each(?2)) GROUP BY kernel) ORDER BY number",
        (json.dumps(list(task_ids)), json.dumps(list(kernel_ids))),
    )
    return [Display(*row) for row in rows]
