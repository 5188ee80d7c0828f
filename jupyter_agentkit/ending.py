"""A run's end, to be waited for from any thread and any event loop."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time
from collections.abc import Callable, Generator

from agentkit.errors import InvalidInput
from jupyter_agentkit.lending import lending

SLICE = 0.5
"""Seconds after which whoever waits looks for an interrupt: a lock on Windows and an idle event loop
may not be woken by one."""


def seconds(timeout: float | None) -> float | None:
    """A timeout as it was given, for ``Ending.wait``.

    Raises
    ------
    InvalidInput
        It is not a number of seconds.
    """
    if timeout is None:
        return None
    if not isinstance(timeout, int | float) or timeout != timeout:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidInput(f"timeout has to be a number of seconds, not {timeout!r}.")
    try:
        return float(timeout)
    except OverflowError:  # longer than any clock counts
        return math.inf if timeout > 0 else -math.inf


class Ending:
    """Happens once. Who stops waiting for it disturbs nobody else."""

    def __init__(self) -> None:
        self._happened = False
        self._wakers: list[Callable[[], object]] = []

    @property
    def happened(self) -> bool:
        """Whether it has happened."""
        return self._happened

    def happen(self) -> None:
        """Wake all who wait."""
        # Whoever begins to wait in this moment looks at this first.
        self._happened = True
        for wake in tuple(self._wakers):
            wake()

    def wait(self, timeout: float | None) -> bool:
        """Block until it happens, or for ``timeout`` seconds; whether it has happened.

        In the main thread of a kernel, what agents run in the kernel is run meanwhile.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        wake = threading.Event()
        with self._woken(wake.set) as serve:
            while not self._happened:
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
        wake = asyncio.Event()

        def wake_loop() -> None:
            with contextlib.suppress(
                RuntimeError
            ):  # the loop has closed: nobody waits there any more
                loop.call_soon_threadsafe(wake.set)

        with self._woken(wake_loop) as serve:
            while not self._happened:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(wake.wait(), SLICE)
                wake.clear()
                serve()

    @contextlib.contextmanager
    def _woken(self, wake: Callable[[], object]) -> Generator[Callable[[], None]]:
        """Have ``wake`` called, from any thread, when it happens or there is something to run."""
        self._wakers.append(wake)
        try:
            with lending(wake) as serve:
                yield serve
        finally:
            self._wakers.remove(wake)
