"""A server that kills itself in the middle of what it does with its journal.

No signal from outside would find a commit so surely.
"""

from __future__ import annotations

import os
import signal
import threading
import time

from agentkit.hub.journal import Journal


def light(journal: Journal, fuse: str) -> None:
    """Kill this process while its journal's thread does something.

    Parameters
    ----------
    fuse
        Such as ``"COMMIT 17 0.0003"``: 0.3 ms after the 17th statement has begun that starts so.
    """
    start, count, delay = fuse.rsplit(" ", 2)
    left, seconds = int(count), float(delay)
    reached = threading.Event()

    def kill() -> None:
        reached.wait()
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:  # a sleep is not so exact
            continue
        os.kill(os.getpid(), signal.SIGKILL)

    def burn(statement: str) -> None:
        nonlocal left
        left -= statement.lstrip().startswith(start)
        if left == 0:
            reached.set()

    threading.Thread(target=kill, daemon=True).start()
    writer = journal._writer  # pyright: ignore[reportPrivateUsage]
    writer._connection.set_trace_callback(burn)  # pyright: ignore[reportPrivateUsage]
