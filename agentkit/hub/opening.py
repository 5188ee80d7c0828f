"""How a journal's file is opened: to be written, or where that cannot be, to be read."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple

from agentkit.errors import JournalError
from agentkit.hub.alive import Alive
from agentkit.hub.journal_faults import code, fault
from agentkit.hub.listing import prepare
from agentkit.hub.migrations import MIGRATIONS, migrate

MEMORY = ":memory:"


class Opened(NamedTuple):
    """An open journal. Both connections are the same where one has to do for all."""

    writing: sqlite3.Connection
    reading: sqlite3.Connection
    alive: Alive
    problem: JournalError | None
    """Why it can only be read."""


def opened(path: str, owner: str) -> Opened:
    """Open a journal for the server ``owner``; it is made where there is none.

    Raises
    ------
    JournalError
        It can be neither written nor read, or was written by a later version.
    """
    try:
        return _to_write(path, owner)
    except JournalError as error:
        raise JournalError(f"{path}: {error}", reason=error.reason) from None
    except (sqlite3.Error, OSError) as error:
        if found := _to_read(path, owner, error):
            return found
        problem = fault(path, error)
        raise JournalError(
            f"The journal {path} cannot be opened: {error}. Move it away, or name another.",
            reason=problem.reason,
        ) from error


def _to_write(path: str, owner: str) -> Opened:
    with ExitStack() as undo:
        if path != MEMORY:
            Path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            Path(path).touch(mode=0o600)  # what agents do is nobody else's business
        reading = writing = undo.enter_context(closing(_connect(path)))
        migrate(writing)
        alive = undo.enter_context(closing(Alive(path, owner)))
        if path != MEMORY:  # a second connection would see another memory
            reading = _connect(path)
        undo.pop_all()
    return Opened(writing, reading, alive, None)


def _to_read(path: str, owner: str, error: sqlite3.Error | OSError) -> Opened | None:
    """The journal as far as it can be read; ``None`` where it cannot, or another program holds it."""
    is_busy = isinstance(error, sqlite3.Error) and code(error) & 0xFF == sqlite3.SQLITE_BUSY
    file = Path(path)
    try:
        if is_busy or not file.is_file() or not file.stat().st_size:
            return None
        options = ["mode=ro"]
        log = Path(f"{path}-wal")
        if not (log.exists() and log.stat().st_size):
            # In a folder that cannot be written SQLite reads a file only if it need not look beside it.
            options.append("mode=ro&immutable=1")
    except OSError:
        return None
    for option in options:
        connection = sqlite3.connect(
            f"{file.absolute().as_uri()}?{option}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=10,
        )
        try:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            connection.execute("SELECT 1 FROM tasks LIMIT 1").fetchall()
            if version == len(MIGRATIONS):
                prepare(connection)
                alive = Alive(path, owner, is_writable=False)
                return Opened(connection, connection, alive, fault(path, error))
        except sqlite3.Error:
            pass  # the next option, or none: the error that led here is told
        connection.close()
    return None


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    try:
        # Of a new file, and before its first page is written. 20,000 events in batches of 50 take as long
        # with it as without (15 pairs, medians 3 % apart, pairs differ by more), and 0.2 % more bytes.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection
