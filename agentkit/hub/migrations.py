"""The journal's tables, as an append-only list of numbered steps."""

from __future__ import annotations

import sqlite3

from agentkit.errors import JournalError

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE tasks (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        owner TEXT NOT NULL,
        agent TEXT NOT NULL,
        status TEXT NOT NULL,
        created_at TEXT NOT NULL,
        summary TEXT NOT NULL
    );
    CREATE INDEX tasks_by_status ON tasks (status, number);
    CREATE INDEX tasks_by_agent ON tasks (agent, number);
    CREATE TABLE events (
        task TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
        seq INTEGER NOT NULL,
        data TEXT NOT NULL,
        PRIMARY KEY (task, seq)
    ) WITHOUT ROWID;
    """,
    # A task without a thread is the first of one that has its own id.
    """
    ALTER TABLE tasks ADD COLUMN thread TEXT;
    UPDATE tasks SET thread = COALESCE(json_extract(summary, '$.thread_id'), id);
    CREATE INDEX tasks_by_thread ON tasks (thread, number)
    """,
    """
    CREATE TABLE displays (
        number INTEGER PRIMARY KEY,
        task TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
        kernel TEXT NOT NULL,
        notebook TEXT NOT NULL,
        cell TEXT NOT NULL,
        execution TEXT NOT NULL,
        UNIQUE (task, cell, execution)
    );
    CREATE INDEX displays_by_kernel ON displays (kernel);
    CREATE INDEX displays_by_notebook ON displays (notebook)
    """,
    # Lists go through an index whatever they are filtered by, and search a table without the results in it.
    """
    DROP INDEX tasks_by_agent;
    CREATE INDEX tasks_by_agent ON tasks (agent, status, number);
    CREATE TABLE words (
        number INTEGER PRIMARY KEY REFERENCES tasks (number) ON DELETE CASCADE,
        text TEXT NOT NULL
    );
    INSERT INTO words (number, text)
    SELECT number, agentkit_folded(agent || char(10) || COALESCE(json_extract(summary, '$.input'), ''))
    FROM tasks
    """,
    """
    CREATE TABLE agents (
        task TEXT PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE,
        config TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE limits (
        task TEXT PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE,
        given TEXT NOT NULL
    ) WITHOUT ROWID
    """,
)
"""Never change one that has been released: add another."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a journal to the present form.

    Raises
    ------
    JournalError
        It was written by a later version.
    """
    connection.execute("BEGIN IMMEDIATE")  # two servers may start at the same moment
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > len(MIGRATIONS):
            raise JournalError(
                f"The journal has version {version}, this agentkit knows up to {len(MIGRATIONS)}."
                " Update jupyter-agentkit, or name another journal.",
                reason="journal_version",
            )
        for number in range(version, len(MIGRATIONS)):
            for statement in MIGRATIONS[number].split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
