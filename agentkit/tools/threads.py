"""Work in a thread that nobody is held up by: it can be left behind."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Ended:
    """How a piece of work ended: a value, or what it raised."""

    value: Any = None
    error: BaseException | None = None


async def run_in_thread(
    work: Callable[[], Any], *, name: str, left_behind: Callable[[], None]
) -> Ended:
    """Run ``work`` in a thread of its own and wait for its end.

    What it raises, ``SystemExit`` and ``KeyboardInterrupt`` included, comes back as a value. When the
    waiting task is cancelled, the thread is left behind at once: ``left_behind`` is called, and the
    late result is dropped.

    It is a daemon thread for each call and not a pool: abandoned calls would fill a pool up and make
    later ones wait, and a pool's threads keep the interpreter from ending. Starting one costs
    about 0.1 ms.
    """
    loop = asyncio.get_running_loop()
    end: asyncio.Future[Ended] = loop.create_future()
    context = contextvars.copy_context()

    def settle(ended: Ended) -> None:
        if not end.done():
            end.set_result(ended)

    def run() -> None:
        try:
            ended = Ended(context.run(work))
        except BaseException as error:
            ended = Ended(error=error)
        # An abandoned call may outlive its loop; then there is nobody left to tell.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, ended)

    threading.Thread(target=run, name=name, daemon=True).start()
    try:
        return await end
    except asyncio.CancelledError:
        if end.cancelled():  # otherwise the work had ended in the same moment
            left_behind()
        raise
