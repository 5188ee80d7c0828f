"""How each loop is timed: whole runs of one question, the microseconds of each divided by its steps."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

Run = Callable[[], Awaitable[int]]
"""Carries out a run and gives how many results of its tool were seen in its stream."""

WARM_UP = 20


def main(prepared: Callable[[int], AbstractAsyncContextManager[Run]]) -> None:
    """Print the microseconds a step of each round as JSON.

    Parameters
    ----------
    prepared
        Makes ready a run of as many steps: what an application does once is not timed.
        The program's arguments are the number of steps and of rounds; a short run warms up.
    """
    steps, rounds = int(sys.argv[1]), int(sys.argv[2])
    print(json.dumps(asyncio.run(_timed(prepared, steps, rounds))))


async def _timed(
    prepared: Callable[[int], AbstractAsyncContextManager[Run]], steps: int, rounds: int
) -> list[float]:
    taken: list[float] = []
    for wanted in (WARM_UP, *[steps] * rounds):
        async with prepared(wanted) as run:
            start = time.perf_counter()
            seen = await run()
            taken.append((time.perf_counter() - start) / wanted * 1e6)
        if seen != wanted:
            raise SystemExit(f"The run showed {seen} calls of its tool and not {wanted}.")
    return taken[1:]
