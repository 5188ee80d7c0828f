"""What is wrong with a journal, told so that its user can act.

SQLite's own words ("database disk image is malformed") say neither which file nor what to do.
"""

from __future__ import annotations

import errno
import sqlite3

from agentkit.errors import JournalError

_FULL = (
    "The disk of the journal {path} is full ({error}). Make room; then runs can be started again."
)
_READ_ONLY = (
    "The journal {path} cannot be written ({error}): stored runs can be read, and no run can be started."
    " Make it writable for this server, or name another."
)
_CORRUPT = (
    "The journal {path} is damaged ({error}). What can still be read of it is. Stop the server and move the"
    " file away, with those beside it that begin with its name; a new one is made."
)
_DISK = (
    "The disk of the journal {path} failed ({error}). It may be full, or what you may use of it; stored runs"
    " can be read as far as that is possible."
)
_BUSY = "The journal {path} is held by another program ({error}). Try again."

_BY_CODE = {
    sqlite3.SQLITE_FULL: ("journal_full", _FULL),
    sqlite3.SQLITE_READONLY: ("journal_read_only", _READ_ONLY),
    sqlite3.SQLITE_PERM: ("journal_read_only", _READ_ONLY),
    sqlite3.SQLITE_CORRUPT: ("journal_corrupt", _CORRUPT),
    sqlite3.SQLITE_NOTADB: ("journal_corrupt", _CORRUPT),
    sqlite3.SQLITE_IOERR: ("journal_disk", _DISK),
    sqlite3.SQLITE_BUSY: ("journal_busy", _BUSY),
    sqlite3.SQLITE_LOCKED: ("journal_busy", _BUSY),
}
_BY_ERRNO = {
    errno.ENOSPC: ("journal_full", _FULL),
    errno.EDQUOT: ("journal_full", _FULL),
    errno.EROFS: ("journal_read_only", _READ_ONLY),
    errno.EACCES: ("journal_read_only", _READ_ONLY),
    errno.EPERM: ("journal_read_only", _READ_ONLY),
}
_ANY = ("journal", "The journal {path} failed: {error}.")


def fault(path: str, error: BaseException) -> JournalError:
    """The error to raise for one of SQLite or of the operating system."""
    if isinstance(error, JournalError):
        return error
    found = _ANY
    if isinstance(error, sqlite3.Error):
        found = _BY_CODE.get(code(error) & 0xFF, _ANY)
    elif isinstance(error, OSError):
        found = _BY_ERRNO.get(error.errno or 0, _ANY)
    reason, text = found
    return JournalError(text.format(path=path, error=error), reason=reason)


def code(error: sqlite3.Error) -> int:
    """SQLite's extended result code; 0 for an error of Python's own."""
    return getattr(error, "sqlite_errorcode", 0)
