"""Which servers that write to a journal are still alive.

Each holds a SQLite lock on a small file of its own beside the journal for as long as it lives; the
operating system takes the lock back however the process ends, so neither clocks nor process numbers
(which are reused, and differ between containers) are asked.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

MEMORY = ":memory:"


class Alive:
    """The sign of life of one server, and the way to see others'.

    Parameters
    ----------
    is_writable
        Whether a sign can be put beside the journal; who only reads needs none.
    """

    def __init__(self, journal: str, owner: str, *, is_writable: bool = True) -> None:
        self._folder = None if journal == MEMORY else Path(f"{journal}.owners")
        self._lock: sqlite3.Connection | None = None
        self._owner = owner
        if self._folder is not None and is_writable:
            self._folder.mkdir(exist_ok=True, mode=0o700)
            self._lock = self._connect(owner)
            self._lock.execute("BEGIN EXCLUSIVE")

    def is_alive(self, owner: str) -> bool:
        """Whether the server of that name runs. A dead one's file is cleared away."""
        if owner == self._owner:
            return True
        if self._folder is None or not self._file(owner).exists():
            return False
        other = self._connect(owner)
        try:
            # To read takes a lock too, and can be done where nothing can be written.
            other.execute("SELECT 1 FROM sqlite_master").fetchall()
        except sqlite3.OperationalError:
            return True
        finally:
            other.close()
        with contextlib.suppress(OSError):  # what cannot be cleared away stays
            self._file(owner).unlink(missing_ok=True)
        return False

    def close(self) -> None:
        """Take the sign of life back."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None
            with contextlib.suppress(OSError):  # a reader that has it open on Windows
                self._file(self._owner).unlink(missing_ok=True)

    def _file(self, owner: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{owner}.lock"

    def _connect(self, owner: str) -> sqlite3.Connection:
        return sqlite3.connect(
            self._file(owner), isolation_level=None, check_same_thread=False, timeout=0
        )
