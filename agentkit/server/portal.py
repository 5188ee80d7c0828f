"""A loop of its own for the hub, for hosts whose loops come and go.

A run outlives the request that started it, and in some hosts also the event loop of that request: a
test client's, say, or a notebook's kernel without a server. There the hub lives on a loop in a
thread of its own, and everything reaches it through here.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")

PATIENCE = 1.0
"""Seconds that what still runs gets to end when a portal is closed."""


class Portal:
    """An event loop in a daemon thread, started when it is first needed."""

    def __init__(self, name: str = "agentkit-hub") -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop, running."""
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=_serve, args=(self._loop,), name=self._name, daemon=True
                )
                self._thread.start()
            return self._loop

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run ``work`` on the portal's loop; for a caller in any thread."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run ``work`` on the portal's loop and await it on the caller's.

        Cancelling the caller cancels the work.
        """
        return await asyncio.wrap_future(self.submit(work))

    def close(self) -> None:
        """Cancel what runs on the loop and close it; a later use starts another.

        Waits for that, unless it is called on the portal's own loop.
        """
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            if thread is not threading.current_thread():
                thread.join()


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:  # one that swallows its cancelling is not waited for without end
            loop.run_until_complete(asyncio.wait(left, timeout=PATIENCE))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()
