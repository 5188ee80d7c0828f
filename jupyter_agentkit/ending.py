"""A run's end, to be waited for from any thread and any event loop."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import Future

SLICE = 0.5
"""Seconds after which whoever waits looks for an interrupt: a lock on Windows and an idle event loop
may not be woken by one."""


class Ending:
    """Happens once. Who stops waiting for it disturbs nobody else."""

    def __init__(self) -> None:
        self._future: Future[None] = Future()

    @property
    def happened(self) -> bool:
        """Whether it has happened."""
        return self._future.done()

    def happen(self) -> None:
        """Wake all who wait."""
        self._future.set_result(None)

    def wait(self, timeout: float | None) -> bool:
        """Block until it happens, or for ``timeout`` seconds; whether it has happened."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._future.done():
            left = SLICE if deadline is None else min(SLICE, deadline - time.monotonic())
            if left < 0:
                return False
            try:
                self._future.result(left)
            except TimeoutError:
                continue
        return True

    async def reached(self) -> None:
        """Wait on the running loop until it happens."""
        mine = asyncio.wrap_future(self._future)
        while not mine.done():
            # Unlike awaiting it, this leaves it alone when the waiting is cancelled.
            await asyncio.wait({mine}, timeout=SLICE)
