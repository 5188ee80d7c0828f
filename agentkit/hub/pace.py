"""How fast all runs together go on, so that whatever else the loop has to do need not wait for them all."""

from __future__ import annotations

import asyncio
from collections import deque

STEPS = 8
"""Small steps of runs (a piece of a model's answer, an event) in one turn of the loop. Each takes 0.1 to
0.3 ms, so a thousand runs that all have something to do would keep a request waiting for seconds."""

STEPS_OF_FEW = 32
"""The same while few wait: to a run that goes on alone, each turn costs as much as a small step."""


class Pace:
    """Lets runs take their steps in the order in which they come, a few in each turn of the loop.

    A run that goes on alone hardly waits. It may be used on several loops in turn.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._begin()

    def _begin(self) -> None:
        self._left = STEPS_OF_FEW
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def keep(self) -> None:
        """Wait until the run may take its next step."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # what waited on a loop that has gone will not go on
            self._loop = loop
            self._begin()
        if self._left:
            self._take(loop)
        else:
            waiter: asyncio.Future[None] = loop.create_future()
            self._waiting.append(waiter)
            await waiter

    def _take(self, loop: asyncio.AbstractEventLoop) -> None:
        self._left -= 1
        if not self._left:  # and not before: a run that goes on alone would pay for it in each turn
            loop.call_soon(self._next_turn, loop)

    def _next_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        if loop is not self._loop:
            return
        self._left = STEPS if len(self._waiting) > STEPS else STEPS_OF_FEW
        while self._left and self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():  # a run that is stopped waits no longer
                waiter.set_result(None)
                self._take(loop)
