"""Runs one stdio server and leaves no process behind: ``python mcp_keeper.py command args…`` (POSIX).

It stands between this process and the server, in a process group of their own, and hands standard input and
output through untouched. When the server ends, or this process dies without a word, it ends
all that the server has started. It imports nothing of agentkit, so that it starts fast.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time

LOOK = 1.0
"""Seconds between two looks whether the parent still lives."""

GRACE = 0.2
"""Seconds that what is left of the group gets to end by itself."""


def main(arguments: list[str]) -> None:
    """Run the command to its end, then end the rest of the process group."""
    parent = os.getppid()
    # The group is told to end as a whole: the server decides when, the keeper waits for it.
    signal.signal(signal.SIGTERM, lambda number, frame: None)
    signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        child = subprocess.Popen(arguments)
    except OSError as error:
        sys.exit(f"{arguments[0]}: {error.strerror}")
    # Held here, the pipes would outlive the server: it could close them and nobody would see it.
    for stream in (sys.stdin, sys.stdout):
        os.close(stream.fileno())
    while True:
        try:
            code = child.wait(LOOK)
            with contextlib.suppress(OSError):  # whoever would read it may be gone
                os.write(2, f"The server ended with exit code {code}.\n".encode())
            break
        except subprocess.TimeoutExpired:
            if os.getppid() != parent:
                break
    os.killpg(0, signal.SIGTERM)
    time.sleep(GRACE)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1:])
