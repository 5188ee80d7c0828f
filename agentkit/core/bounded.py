"""Waiting that always ends: for the work, for the run's stop, or for the time that it was given."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from agentkit.core.clock import Clock
from agentkit.core.inline import Rung, carried
from agentkit.core.protocol import CancellationToken, ErrorInfo, TaskStatus

T = TypeVar("T")

GRACE = 0.05
"""Seconds that cancelled work gets to clean up before it is left behind.

A provider or tool that swallows its cancellation must not keep the run from ending."""


class Stopped(Exception):
    """The run shall end now, in ``status``."""

    def __init__(self, status: TaskStatus, error: ErrorInfo | None) -> None:
        super().__init__(error.message if error else status)
        self.status = status
        self.error = error


class TimeUp(Exception):
    """The work's own time was up."""


class Stop:
    """One run's stop signal: its token, or the end of its time. Made and closed on the run's loop."""

    def __init__(self, token: CancellationToken, seconds: float | None) -> None:
        self.token = token
        self.clock = Clock(seconds)
        self._loop = asyncio.get_running_loop()
        self._stopped: Stopped | None = None
        self._alarms: set[_Alarm] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._is_closed = False
        self._look_at_clock()
        self._forget = token.on_cancel(self._cancel_from_any_thread)

    def _cancel_from_any_thread(self) -> None:
        self._loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        reason = self.token.reason
        error = ErrorInfo(message=reason, reason="cancelled") if reason else None
        self._give(Stopped(TaskStatus.CANCELLED, error))

    def _look_at_clock(self) -> None:
        if self.clock.left == 0:
            seconds = self.clock.seconds
            message = f"Stopped after {seconds:g} s, the run's time limit (limits.seconds)."
            self.fail(ErrorInfo(message=message, reason="time_limit"))
        elif (wait := self.clock.next_look) is not None:
            self._timer = self._loop.call_later(wait, self._look_at_clock)

    def fail(self, error: ErrorInfo) -> None:
        """End the run as failed, whatever it is waiting for."""
        self._give(Stopped(TaskStatus.FAILED, error))

    def _give(self, stopped: Stopped) -> None:
        if self._stopped is None:
            self._stopped = stopped
            for alarm in self._alarms:
                alarm.ring()

    def check(self) -> None:
        """Raise ``Stopped`` if the run shall end."""
        if self.token.is_cancelled:
            self._cancel()
        if self._stopped is not None:
            raise self._stopped

    async def bound(
        self,
        work: Awaitable[T],
        *,
        clock: Clock | None = None,
        left_behind: Callable[[], None] = lambda: None,
        grace: float | None = None,
    ) -> T:
        """Await ``work``, so that stopping the run really cancels it, and ends the waiting.

        Parameters
        ----------
        clock
            Time for this work; none: no limit.
        left_behind
            Called when the work was cancelled and did not end within ``grace``.
        grace
            Seconds; none: ``GRACE``.

        Raises
        ------
        Stopped
            The run was stopped; the work has been cancelled.
        TimeUp
            The clock has run down; the work has been cancelled.
        Escaped
            The work raised what is no ``Exception``.
        """
        alarm = _Alarm(clock, self._alarms, lambda: self._stopped is not None)
        before = alarm.task.cancelling()
        try:
            return await carried(
                work,
                alarm,
                is_closing=lambda: self._is_closed,
                grace=GRACE if grace is None else grace,
                left_behind=left_behind,
            )
        except Rung:
            if self._stopped is not None:
                raise self._stopped from None
            raise TimeUp from None
        finally:
            alarm.silence()
            if alarm.task.cancelling() > before:
                await self._calm(alarm.task, before)

    async def _calm(self, task: asyncio.Task[Any], before: int) -> None:
        """Let a task forget that its work was cancelled, or has cancelled it."""
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            if self._is_closed:
                raise
        while task.cancelling() > before:
            task.uncancel()

    def close(self) -> None:
        """Forget the token and the timer; whoever cancels the run's tasks from now on means them."""
        self._is_closed = True
        self._forget()
        if self._timer is not None:
            self._timer.cancel()


class _Alarm:
    """Rings for one piece of work: at the run's stop, or when its clock has run down."""

    def __init__(
        self, clock: Clock | None, alarms: set[_Alarm], is_stopped: Callable[[], bool]
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.task = task
        self.has_rung = False
        self._clock = clock
        self._alarms = alarms
        self._is_stopped = is_stopped
        self._timer: asyncio.TimerHandle | None = None

    def set(self) -> None:
        """Be ready to ring from now on."""
        if self not in self._alarms:
            self._alarms.add(self)
            if self._is_stopped():
                self.ring()
            self._look_at_clock()

    def _look_at_clock(self) -> None:
        if self._clock is None or (wait := self._clock.next_look) is None:
            return
        if self._clock.left == 0:
            self.ring()
        else:
            self._timer = asyncio.get_running_loop().call_later(wait, self._look_at_clock)

    def ring(self) -> None:
        """Cancel the task."""
        # Not while it runs: it would be told at its next waiting, when this work has ended, it may be.
        asyncio.get_running_loop().call_soon(self._cancel)

    def _cancel(self) -> None:
        if self in self._alarms and not self.has_rung:
            self.has_rung = True
            self.task.cancel()

    def silence(self) -> None:
        """Ring no more."""
        self._alarms.discard(self)
        if self._timer is not None:
            self._timer.cancel()
