"""Deleting from the journal in slices, between which everybody else gets their turn."""

from __future__ import annotations

import sqlite3
import time

from agentkit.core.protocol import TaskStatus
from agentkit.hub.listing import UNFINISHED

SLICE = 0.003
"""Seconds that one job deletes; events that wait to be stored wait that much longer."""

_STEP = 20
"""Events that are deleted at once: a slice goes on by so many, which may be large."""

_PAGES = 64
"""Pages of the file that one job gives back."""

_DELETED = "deleted"
"""The state of a row, and of no task: nobody is shown it, and its events are being deleted."""

_GOES_ON = "status IN ({})".format(", ".join(f"'{status}'" for status in UNFINISHED))
_HAS_ENDED = "status IN ({})".format(
    ", ".join(f"'{status}'" for status in TaskStatus if status.is_final)
)

_LAST_OF_THREADS = f"""
    SELECT number, thread, created_at FROM tasks AS last WHERE number > ? AND {_HAS_ENDED}
    AND NOT EXISTS (
        SELECT 1 FROM tasks
        WHERE thread = last.thread AND number > last.number AND status != '{_DELETED}'
    )
    ORDER BY number LIMIT 200
"""

_HIDE = f"""
    UPDATE tasks SET status = '{_DELETED}' WHERE {{}}
    RETURNING id, number, json_extract(summary, '$.user')
"""
_HIDE_TASK = _HIDE.format(f"id = ? AND status != '{_DELETED}'")
_HIDE_THREAD = _HIDE.format(f"""
    thread = :thread AND status != '{_DELETED}' AND NOT EXISTS (
        SELECT 1 FROM tasks AS each WHERE each.thread = :thread AND (
            each.{_GOES_ON}
            OR COALESCE(json_extract(each.summary, '$.finished_at'), each.created_at) >= :before
        )
    )
""")

_NEXT = f"SELECT id FROM tasks WHERE status = '{_DELETED}' LIMIT 1"
_LAST_EVENTS = """
    DELETE FROM events
    WHERE task = :task AND seq > (SELECT MAX(seq) FROM events WHERE task = :task) - :step
"""

NOT_DELETED = f"status != '{_DELETED}'"


def last_of_threads(connection: sqlite3.Connection, after: int) -> list[tuple[int, str, str]]:
    """Some conversations by the number of their last task, greater than ``after``: it, id, begin."""
    return connection.execute(_LAST_OF_THREADS, (after,)).fetchall()


def hide(connection: sqlite3.Connection, task_id: str) -> bool:
    """Make a task one that is not there any more; ``erase`` deletes it. ``False``: there is none."""
    return bool(_hidden(connection, connection.execute(_HIDE_TASK, (task_id,)).fetchall()))


def hide_thread(
    connection: sqlite3.Connection, thread: str, before: str
) -> list[tuple[str, str | None]]:
    """The same with all tasks of a conversation, unless one of them goes on or ended later.

    Returns
    -------
    list of (str, str or None)
        The ids of the tasks, and whose they were.
    """
    values = {"thread": thread, "before": before}
    return _hidden(connection, connection.execute(_HIDE_THREAD, values).fetchall())


def _hidden(
    connection: sqlite3.Connection, rows: list[tuple[str, int, str | None]]
) -> list[tuple[str, str | None]]:
    for task_id, number, _ in rows:
        connection.execute("DELETE FROM words WHERE number = ?", (number,))
        connection.execute("DELETE FROM displays WHERE task = ?", (task_id,))
    return [(task_id, user) for task_id, _, user in rows]


def erase(connection: sqlite3.Connection, task_id: str | None = None) -> bool:
    """Delete a slice of what is hidden, or of one such task; whether more is left."""
    until = time.monotonic() + SLICE
    while True:
        task = task_id
        if task is None:
            found = connection.execute(_NEXT).fetchone()
            if found is None:
                return False
            (task,) = found
        gone = connection.execute(_LAST_EVENTS, {"task": task, "step": _STEP}).rowcount
        if gone < _STEP:
            connection.execute("DELETE FROM tasks WHERE id = ?", (task,))
            if task_id is not None:
                return False
        if time.monotonic() >= until:
            return True


def size(connection: sqlite3.Connection) -> int:
    """Bytes of the file that hold something."""
    pages, free, page = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * page


def shrink(connection: sqlite3.Connection) -> bool:
    """Give a slice of the file's free pages back to the disk; whether more are left.

    In a file that was made without that, the pages stay, and are used for what comes next.
    """
    (kind,) = connection.execute("PRAGMA auto_vacuum").fetchone()
    if not kind:
        return False
    connection.execute(f"PRAGMA incremental_vacuum({_PAGES})").fetchall()
    (left,) = connection.execute("PRAGMA freelist_count").fetchone()
    return left > 0
