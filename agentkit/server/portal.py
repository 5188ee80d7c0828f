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


class Portal:
    """An event loop in a daemon thread, started when it is first needed."""

    def __init__(self, name: str = "agentkit-hub") -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop, running."""
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(
                    target=self._loop.run_forever, name=self._name, daemon=True
                ).start()
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
        """Stop the loop."""
        with self._lock:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._loop = None
