"""Events of one task on their way into the journal, all that have queued up at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from agentkit.core.protocol import TaskSummary
from agentkit.errors import JournalError
from agentkit.hub.record import Record

_LAST = "SELECT COALESCE(MAX(seq), 0) FROM events WHERE task = ?"

_ROWS = (256, 64, 16, 4, 1)
"""Rows that one statement stores. SQLite lets other threads in between two steps of a statement, and Python
waits for its interpreter lock after each: one statement for many rows costs a fraction of one for each. Few
sizes, so that each statement is prepared once."""

_INSERT = {
    rows: f"INSERT INTO events (task, seq, data) VALUES {', '.join(['(?, ?, ?)'] * rows)}"
    for rows in _ROWS
}


class Addition(NamedTuple):
    """An event to store, and how its task stands with it, where that must be on disk too."""

    record: Record
    summary: TaskSummary | None


def append_all(connection: sqlite3.Connection, task_id: str, additions: Sequence[Addition]) -> None:
    """Store events of one task, in their order.

    Raises
    ------
    JournalError
        One does not follow the one before it.
    """
    values: list[str | int] = []
    standing: TaskSummary | None = None
    (last,) = connection.execute(_LAST, (task_id,)).fetchone()
    for record, summary in additions:
        if not record.is_delta:
            last += 1
            if record.seq != last:
                raise JournalError(f"Event {record.seq} does not follow the last stored one.")
            values += (task_id, last, record.text)
        standing = summary or standing
    start = 0
    for rows in _ROWS:
        while len(values) - start >= 3 * rows:
            connection.execute(_INSERT[rows], values[start : start + 3 * rows])
            start += 3 * rows
    if standing is not None:
        connection.execute(
            "UPDATE tasks SET status = ?, summary = ? WHERE id = ?",
            (standing.status, standing.model_dump_json(), task_id),
        )
