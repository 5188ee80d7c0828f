"""Waiting that always ends: for the work, for the run's stop, or for the time that it was given."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import Callable, Coroutine, Generator
from typing import Any, TypeVar

from agentkit.core.protocol import CancellationToken, ErrorInfo, TaskStatus

T = TypeVar("T")

GRACE = 0.05
"""Seconds that cancelled work gets to clean up before it is left behind.

A provider or tool that swallows its cancellation must not keep the run from ending."""

LOOK = 0.05
"""Seconds between two looks at a clock that is held."""


class Stopped(Exception):
    """The run shall end now, in ``status``."""

    def __init__(self, status: TaskStatus, error: ErrorInfo | None) -> None:
        super().__init__(error.message if error else status)
        self.status = status
        self.error = error


class TimeUp(Exception):
    """The work's own time was up."""


class Escaped(Exception):
    """The work raised what is no ``Exception``: ``SystemExit``, or a ``CancelledError`` of its own.

    Let out of an asyncio task, the first would end the loop and everything on it, and the second
    would pass for our own cancelling.
    """

    def __init__(self, cause: BaseException) -> None:
        told = f": {cause}" if str(cause) else ""
        super().__init__(f"{type(cause).__name__}{told}")


class Clock:
    """Seconds that run down, but not while somebody is asked."""

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self._now = asyncio.get_running_loop().time
        self._started = self._now()
        self._held_since: list[float] = []
        self._held = 0.0

    @property
    def used(self) -> float:
        """Seconds that have counted."""
        until = self._held_since[0] if self._held_since else self._now()
        return until - self._started - self._held

    @property
    def left(self) -> float | None:
        """Seconds until the time is up; ``None`` for no limit."""
        return None if self.seconds is None else max(0.0, self.seconds - self.used)

    @property
    def next_look(self) -> float | None:
        """Seconds after which to look at ``left`` again."""
        left = self.left
        return max(left, LOOK) if left is not None and self._held_since else left

    @contextlib.contextmanager
    def held(self) -> Generator[None]:
        """Let no time count; several may hold it at once."""
        self._held_since.append(self._now())
        try:
            yield
        finally:
            since = self._held_since[0]
            self._held_since.pop()
            if not self._held_since:
                self._held += self._now() - since


class Stop:
    """One run's stop signal: its token, or the end of its time. Made and closed on the run's loop."""

    def __init__(self, token: CancellationToken, seconds: float | None) -> None:
        self.token = token
        self.clock = Clock(seconds)
        self._loop = asyncio.get_running_loop()
        self._stopped: Stopped | None = None
        self._bells: set[_Bell] = set()
        self._timer: asyncio.TimerHandle | None = None
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
            for bell in self._bells:
                bell.ring()

    def check(self) -> None:
        """Raise ``Stopped`` if the run shall end."""
        if self.token.is_cancelled:
            self._cancel()
        if self._stopped is not None:
            raise self._stopped

    async def bound(
        self,
        work: Coroutine[Any, Any, T],
        *,
        clock: Clock | None = None,
        left_behind: Callable[[], None] | None = None,
        grace: float | None = None,
    ) -> T:
        """Await ``work`` in a task of its own, so that stopping the run really cancels it.

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
        bell = _Bell()
        self._bells.add(bell)
        task = asyncio.ensure_future(_contained(work, bell))
        task.add_done_callback(bell.ring_at_end)
        try:
            while not (task.done() or self._stopped or (clock is not None and clock.left == 0)):
                await bell.hear(clock and clock.next_look)
            if task.done():
                return _result(task)
        finally:
            self._bells.discard(bell)
            if not task.done():
                task.cancel()
                if _unbegun(work):
                    # Python would warn that nobody awaited it; and our waiting may be cancelled too.
                    task.add_done_callback(lambda _: work.close())
                _, pending = await asyncio.wait((task,), timeout=GRACE if grace is None else grace)
                if pending and left_behind is not None:
                    left_behind()
            elif task.cancelled() and _unbegun(work):  # by somebody else
                work.close()
        if self._stopped is not None:
            raise self._stopped
        raise TimeUp

    def close(self) -> None:
        """Forget the token and the timer."""
        self._forget()
        if self._timer is not None:
            self._timer.cancel()


class _Bell:
    """Wakes the one who waits for some work, in fewer turns of the loop than ``asyncio.wait`` takes."""

    def __init__(self) -> None:
        self._heard: asyncio.Future[None] | None = None

    def ring(self) -> None:
        """Wake whoever waits now."""
        if self._heard is not None and not self._heard.done():
            self._heard.set_result(None)

    def ring_at_end(self, task: asyncio.Task[Any]) -> None:
        """Wake whoever waits for a task that was cancelled before it could ring; a turn later than others."""
        if not task.cancelled():
            task.exception()  # heard, though nobody may wait any more
        self.ring()

    async def hear(self, seconds: float | None) -> None:
        """Wait until it rings, ``seconds`` at the most."""
        loop = asyncio.get_running_loop()
        self._heard = loop.create_future()
        timer = None if seconds is None else loop.call_later(seconds, self.ring)
        try:
            await self._heard
        finally:
            if timer is not None:
                timer.cancel()


def _unbegun(work: Coroutine[Any, Any, Any]) -> bool:
    return inspect.iscoroutine(work) and inspect.getcoroutinestate(work) == inspect.CORO_CREATED


def _result(task: asyncio.Task[T]) -> T:
    try:
        return task.result()
    except (GeneratorExit, asyncio.CancelledError) as error:
        # The work's own doing, or that of another's work: we have neither closed nor cancelled it.
        raise Escaped(error) from error


async def _contained(work: Coroutine[Any, Any, T], bell: _Bell) -> T:
    task = asyncio.current_task()
    assert task is not None
    try:
        return await work
    except (Exception, GeneratorExit):
        raise
    except asyncio.CancelledError as error:
        if task.cancelling():  # it is we who stop it
            raise
        raise Escaped(error) from error
    except BaseException as error:
        raise Escaped(error) from error
    finally:
        bell.ring()
