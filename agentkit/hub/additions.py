"""Events of one task on their way into the journal, all that have queued up at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
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

    task_id: str
    record: Record
    summary: TaskSummary | None


def append_all(connection: sqlite3.Connection, additions: Sequence[Addition]) -> None:
    """Store events of one task, in their order.

    Raises
    ------
    JournalError
        One does not follow the one before it.
    """
    task_id = additions[0].task_id
    records = [record for _, record, _ in additions if not record.is_delta]
    if records:
        (last,) = connection.execute(_LAST, (task_id,)).fetchone()
        for seq, record in enumerate(records, last + 1):
            if record.seq != seq:
                raise JournalError(f"Event {record.seq} does not follow the last stored one.")
        for part in _parts(records):
            values = [value for record in part for value in (task_id, record.seq, record.text)]
            connection.execute(_INSERT[len(part)], values)
    summary = next((each.summary for each in reversed(additions) if each.summary), None)
    if summary is not None:
        connection.execute(
            "UPDATE tasks SET status = ?, summary = ? WHERE id = ?",
            (summary.status, summary.model_dump_json(), task_id),
        )


def _parts(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    start = 0
    for rows in _ROWS:
        while len(records) - start >= rows:
            yield records[start : start + rows]
            start += rows
