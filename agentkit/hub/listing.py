"""Which of the journal's tasks a list shows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import cast

from agentkit.core.protocol import TaskStatus

UNFINISHED: tuple[TaskStatus, ...] = tuple(each for each in TaskStatus if not each.is_final)

_LIST = """
    SELECT summary FROM tasks
    WHERE (:statuses IS NULL OR status IN (SELECT value FROM json_each(:statuses)))
    AND (:agent IS NULL OR agent = :agent)
    AND (:before IS NULL OR number < (SELECT number FROM tasks WHERE id = :before))
    AND (:words IS NULL OR agentkit_mentions(
        :words, agent, json_extract(summary, '$.input'),
        (SELECT group_concat(notebook, char(10)) FROM displays WHERE task = tasks.id)
    ))
    ORDER BY number DESC LIMIT :limit
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
    """

    statuses: Sequence[TaskStatus] = ()
    agent: str | None = None
    words: str = ""
    limit: int = 100
    before: str | None = None


EVERY = Listing()
"""The newest ones."""


def prepare(connection: sqlite3.Connection) -> None:
    """Give a connection what ``listed`` needs."""
    connection.create_function("agentkit_mentions", 4, _mentions, deterministic=True)


def listed(connection: sqlite3.Connection, listing: Listing) -> list[str]:
    """The stored summaries, as JSON texts."""
    words = listing.words.casefold().split()
    rows = connection.execute(
        _LIST,
        {
            "statuses": json.dumps(list(listing.statuses)) if listing.statuses else None,
            "agent": listing.agent,
            "words": json.dumps(words) if words else None,
            "before": listing.before,
            "limit": listing.limit,
        },
    )
    return [text for (text,) in rows]


def _mentions(words: str, agent: str, asked: object, notebooks: str | None) -> bool:
    # Only the names of the files: the folder of the server is in all of them.
    names = [PurePath(each).name for each in (notebooks or "").split("\n")]
    text = "\n".join((agent, str(asked or ""), *names)).casefold()
    return all(word in text for word in cast("list[str]", json.loads(words)))
