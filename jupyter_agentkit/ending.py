"""A run's end, to be waited for from any thread and any event loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from concurrent.futures import Future

from jupyter_agentkit.lending import lending

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
        """Block until it happens, or for ``timeout`` seconds; whether it has happened.

        In the main thread of a kernel, what agents run in the kernel is run meanwhile.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        wake = threading.Event()
        self._future.add_done_callback(lambda _: wake.set())
        with lending(wake.set) as serve:
            while not self._future.done():
                left = SLICE if deadline is None else min(SLICE, deadline - time.monotonic())
                if left < 0:
                    return False
                wake.wait(left)
                wake.clear()
                serve()
        return True

    async def reached(self) -> None:
        """Wait on the running loop until it happens; as ``wait``."""
        loop = asyncio.get_running_loop()
        mine = asyncio.wrap_future(self._future)
        wake = asyncio.Event()
        mine.add_done_callback(lambda _: wake.set())
        with lending(lambda: loop.call_soon_threadsafe(wake.set)) as serve:
            while not mine.done():
                # Unlike awaiting it, this leaves it alone when the waiting is cancelled.
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(wake.wait(), SLICE)
                wake.clear()
                serve()
