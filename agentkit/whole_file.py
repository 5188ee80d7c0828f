"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path


def write_whole(file: Path, content: bytes, *, mode: int = 0o666) -> None:
    """Put ``content`` into ``file`` in one step: a reader finds what was there before, or all of it.

    What is no ordinary file (a pipe, ``/dev/stdout``) is written as it is.

    Parameters
    ----------
    mode
        Who may read and write a new file, less the umask. A file that exists keeps its own.

    Raises
    ------
    OSError
        It cannot be written; what was there before is untouched.
    """
    if file.exists() and not file.is_file():
        file.write_bytes(content)
        return
    place = file.resolve()  # a link stays one
    if place.exists() and not os.access(place, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(file))
    # Beside it, since only within one file system a file takes another's place in one step.
    beside = place.with_name(f".{secrets.token_hex(8)}.part")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as stream:
            if place.exists():
                beside.chmod(place.stat().st_mode)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(place)
    except OSError as error:
        # The reader named the other file.
        raise OSError(error.errno, error.strerror, str(file)) from error
    finally:
        beside.unlink(missing_ok=True)
