"""Awaiting work in one's own task, and still being able to leave it behind.

A task of its own for each call would cost a short one many times what it does itself: the loop turns twice
before its result is seen, and whoever reads the run's events is woken for each of them. So the waiting task
takes the work's steps itself, as ``await`` does. What does not end when it is told to goes on in a new task.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

_Wanted = asyncio.Future[Any] | None
"""What work waits for; ``None``: the loop's next turn."""

_LEFT: set[asyncio.Task[None]] = set()
"""Work that was left behind and has not ended: asyncio itself holds no task."""


class Rung(Exception):
    """The alarm has rung; the work has ended or was left behind."""


class Escaped(Exception):
    """The work raised what is no ``Exception``: ``SystemExit``, or a ``CancelledError`` of its own.

    Let out of an asyncio task, the first would end the loop and everything on it, and the second
    would pass for our own cancelling.
    """

    def __init__(self, cause: BaseException) -> None:
        told = f": {cause}" if str(cause) else ""
        super().__init__(f"{type(cause).__name__}{told}")


class Alarm(Protocol):
    """Cancels the task that carries the work, once, while that waits.

    Attributes
    ----------
    has_rung
        Whether it has.
    """

    has_rung: bool

    def set(self) -> None:
        """Be ready to ring from now on; called each time that the work begins to wait."""
        ...


@types.coroutine
def carried(
    work: Awaitable[T],
    alarm: Alarm,
    *,
    is_closing: Callable[[], bool],
    grace: float,
    left_behind: Callable[[], None],
) -> Generator[Any, Any, T]:
    """Await ``work``.

    Parameters
    ----------
    is_closing
        Whether it is this task itself that is cancelled, where the alarm has not rung.
    grace
        Seconds that the work has after the alarm.
    left_behind
        Called when it has not ended by then. It goes on by itself, and what comes of it is thrown away.

    Raises
    ------
    Rung
        The alarm has rung.
    Escaped
        The work raised what is no ``Exception``.
    """
    steps = work if inspect.iscoroutine(work) else _coroutine(work)
    context = contextvars.copy_context()  # as a task has one: what the work sets is its own
    thrown: BaseException | None = None
    end: float | None = None
    while True:
        try:
            if thrown is None:
                wanted: _Wanted = context.run(steps.send, None)
            else:
                wanted = context.run(steps.throw, thrown)
        except StopIteration as returned:
            if alarm.has_rung:
                raise Rung from None
            return returned.value
        except BaseException as error:
            if alarm.has_rung:
                raise Rung from error
            closed = isinstance(error, asyncio.CancelledError) and is_closing()
            if closed or isinstance(error, Exception):
                raise
            raise Escaped(error) from error
        alarm.set()
        thrown, in_time = None, True
        try:
            if alarm.has_rung:
                now = asyncio.get_running_loop().time()
                end = now + grace if end is None else end
                in_time = yield from _comes(wanted, end - now)
            else:
                yield wanted
        except GeneratorExit:
            steps.close()
            raise
        except BaseException as error:  # that of what it waited for, or this task is cancelled
            if end is not None:
                _leave(steps, wanted, context)
                raise
            thrown = error
        if not in_time:
            _leave(steps, wanted, context)
            left_behind()
            raise Rung


async def _coroutine(work: Awaitable[T]) -> T:
    return await work


def _comes(wanted: _Wanted, seconds: float) -> Generator[Any, Any, bool]:
    """Wait; whether it has come in time."""
    if wanted is None:
        yield
        return seconds > 0
    # Not by waiting for it itself: to end that would cancel it, and it is the work's.
    yield from asyncio.wait((wanted,), timeout=max(0.0, seconds)).__await__()
    return wanted.done()


def _leave(steps: Coroutine[Any, Any, Any], wanted: _Wanted, context: contextvars.Context) -> None:
    loop = asyncio.get_running_loop()
    rest = loop.create_task(_abandoned(steps, wanted), context=context)
    _LEFT.add(rest)
    rest.add_done_callback(_LEFT.discard)


async def _abandoned(steps: Coroutine[Any, Any, Any], wanted: _Wanted) -> None:
    await _rest(steps, wanted)


@types.coroutine
def _rest(steps: Coroutine[Any, Any, Any], wanted: _Wanted) -> Generator[Any, Any, None]:
    while True:
        thrown: BaseException | None = None
        try:
            yield wanted
        except GeneratorExit:
            steps.close()
            raise
        except BaseException as error:
            thrown = error
        try:
            wanted = steps.send(None) if thrown is None else steps.throw(thrown)
        except BaseException:  # nobody waits any more for what comes of it
            return
