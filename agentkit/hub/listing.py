"""Which of the journal's tasks a list shows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from agentkit.core.protocol import TaskStatus, TaskSummary

UNFINISHED: tuple[TaskStatus, ...] = tuple(each for each in TaskStatus if not each.is_final)

_FOUND = "SELECT summary FROM tasks WHERE number IN ({}) ORDER BY number DESC LIMIT :limit"

_NEWEST = "SELECT number FROM {} WHERE {} ORDER BY number DESC LIMIT :limit"

_SEARCHED = "tasks CROSS JOIN words USING (number)"

_NOTEBOOKS = """
    WITH RECURSIVE each_once (name) AS (
        SELECT MIN(notebook) FROM displays
        UNION ALL
        SELECT (SELECT MIN(notebook) FROM displays WHERE notebook > name) FROM each_once
        WHERE name IS NOT NULL
    )
    SELECT name FROM each_once WHERE name IS NOT NULL
"""
"""A seek for each: few notebooks show many tasks."""

_SHOWN = """
    number IN (
        SELECT shown.number FROM displays JOIN tasks AS shown ON shown.id = displays.task
        WHERE notebook IN (SELECT value FROM json_each({}))
    )
"""


@dataclass(frozen=True, slots=True)
class Listing:
    """Which tasks, the newest first.

    Attributes
    ----------
    statuses
        Only tasks in one of these states; empty: in any.
    words
        Each of them stands in the agent's name, in the input, or in the name of a notebook that shows the
        task; upper and lower case are the same.
    before
        The id of the last task of the page before.
    reader
        Only this user's tasks and those of nobody.
    """

    statuses: Sequence[TaskStatus] = ()
    agent: str | None = None
    words: str = ""
    limit: int = 100
    before: str | None = None
    reader: str | None = None


EVERY = Listing()
"""The newest ones."""


def prepare(connection: sqlite3.Connection) -> None:
    """Give a connection what the journal's migrations need."""
    connection.create_function("agentkit_folded", 1, str.casefold, deterministic=True)


def searched(summary: TaskSummary) -> str:
    """What is kept of a task to look for words in; migrations fill it with the same."""
    return f"{summary.agent}\n{summary.input}".casefold()


def listed(connection: sqlite3.Connection, listing: Listing) -> list[str]:
    """The stored summaries, as JSON texts."""
    values: dict[str, object] = {"limit": listing.limit}
    conditions: list[str] = []
    if listing.agent is not None:
        values["agent"] = listing.agent
        conditions.append("agent = :agent")
    if listing.before is not None:
        values["before"] = listing.before
        conditions.append("number < (SELECT number FROM tasks WHERE id = :before)")
    if listing.reader is not None:
        values["reader"] = listing.reader
        conditions.append("coalesce(json_extract(summary, '$.user'), :reader) = :reader")
    words = listing.words.casefold().split()
    notebooks = [name for (name,) in connection.execute(_NOTEBOOKS)] if words else []
    for number, word in enumerate(words):
        values[f"word{number}"] = word
        mentioned = f"instr(text, :word{number})"
        # Only the names of the files: the folder of the server is in all of them.
        if named := [each for each in notebooks if word in PurePath(each).name.casefold()]:
            values[f"notebooks{number}"] = json.dumps(named)
            mentioned += " OR " + _SHOWN.format(f":notebooks{number}")
        conditions.append(f"({mentioned})")
    if words and not listing.statuses and listing.agent is None and listing.reader is None:
        found = _NEWEST.format("words", " AND ".join(conditions))
    else:
        # An index has the tasks of one state in order, and none those of several.
        source = _SEARCHED if words else "tasks"
        found = " UNION ALL ".join(
            f"SELECT * FROM ({_NEWEST.format(source, ' AND '.join((*conditions, is_in)))})"
            for is_in in (f"status = '{status}'" for status in listing.statuses or TaskStatus)
        )
    rows = connection.execute(_FOUND.format(found), values)
    return [text for (text,) in rows]


def following_up(first: TaskSummary, tasks: Iterable[TaskSummary]) -> list[str]:
    """The ids of those of a conversation's tasks, the oldest first, that come from one of them."""
    followed = {first.task_id}
    later: list[str] = []
    for each in tasks:
        if each.follows in followed:
            followed.add(each.task_id)
            later.append(each.task_id)
    return later
