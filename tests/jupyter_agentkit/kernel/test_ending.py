"""What a run's end keeps of those who waited for it: nothing."""

from __future__ import annotations

import asyncio
import gc
import threading
import tracemalloc
from collections.abc import Callable

import pytest

from agentkit.errors import InvalidInput
from jupyter_agentkit.ending import Ending, seconds


def grown(work: Callable[[], object], times: int) -> int:
    """Bytes that stay when ``work`` has been done so often, beyond the first rounds."""
    for _ in range(20):
        work()
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(times):
            work()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def test_asking_again_and_again_whether_a_run_has_ended_keeps_no_memory() -> None:
    ending = Ending()
    assert grown(lambda: ending.wait(0), 1_000) < 20_000


def test_awaiting_again_and_again_keeps_no_memory() -> None:
    ending = Ending()

    async def given_up() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await ending.reached()

    with asyncio.Runner() as runner:
        assert grown(lambda: runner.run(given_up()), 200) < 20_000


def test_an_end_wakes_all_who_wait_whatever_their_thread_or_loop() -> None:
    ending = Ending()
    ended: list[bool] = []
    waiting = threading.Thread(target=lambda: ended.append(ending.wait(20)))
    waiting.start()

    async def awaited() -> None:
        asyncio.get_running_loop().call_later(0.01, ending.happen)
        await asyncio.wait_for(asyncio.gather(ending.reached(), ending.reached()), 20)

    asyncio.run(awaited())
    waiting.join()
    assert ended == [True]
    assert ending.wait(0)


@pytest.mark.parametrize("wrong", [float("nan"), "a", b"1"])
def test_a_timeout_that_is_no_number_of_seconds_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidInput, match="number of seconds"):
        seconds(wrong)  # pyright: ignore[reportArgumentType]


def test_a_timeout_beyond_all_clocks_is_as_long_as_it_takes() -> None:
    ending = Ending()
    assert not ending.wait(seconds(-(10**400)))
    threading.Timer(0, ending.happen).start()
    assert ending.wait(seconds(10**400))
    assert seconds(None) is None
