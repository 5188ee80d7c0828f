"""A loop of its own, reached from loops that come and go."""

from __future__ import annotations

import asyncio
import threading

import pytest

from agentkit.server.portal import Portal
from tests.agentkit.running import SOON, until


async def where() -> tuple[asyncio.AbstractEventLoop, str]:
    return asyncio.get_running_loop(), threading.current_thread().name


def test_work_from_several_loops_runs_on_the_one_loop_of_the_portal() -> None:
    portal = Portal("test-portal")
    found = [asyncio.run(portal.run(where())) for _ in range(2)]
    found.append(portal.submit(where()).result(SOON))
    assert {name for _, name in found} == {"test-portal"}
    assert len({id(loop) for loop, _ in found}) == 1
    portal.close()


async def test_an_error_reaches_the_caller() -> None:
    async def fails() -> None:
        raise ValueError("no")

    portal = Portal()
    with pytest.raises(ValueError, match="no"):
        await portal.run(fails())
    portal.close()


async def test_cancelling_the_caller_cancels_the_work() -> None:
    begun, ended = threading.Event(), threading.Event()

    async def waits() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    portal = Portal()
    running = asyncio.ensure_future(portal.run(waits()))
    await until(begun.is_set)
    running.cancel()
    assert await asyncio.to_thread(ended.wait, SOON)
    portal.close()


def test_closing_ends_what_runs_and_the_thread_and_a_later_use_starts_anew() -> None:
    ended = threading.Event()

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    portal = Portal("test-portal")
    running = portal.submit(waits())
    first, _ = portal.submit(where()).result(SOON)
    portal.close()
    portal.close()
    assert ended.is_set()
    assert running.cancelled()
    assert first.is_closed()
    assert "test-portal" not in {thread.name for thread in threading.enumerate()}
    second, _ = portal.submit(where()).result(SOON)
    assert second is not first
    portal.close()


def test_work_that_swallows_its_cancelling_does_not_keep_the_portal_from_closing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("agentkit.server.portal.PATIENCE", 0.01)

    async def swallows() -> None:
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                continue

    portal = Portal()
    portal.submit(swallows())
    portal.submit(where()).result(SOON)
    closing = threading.Thread(target=portal.close)
    closing.start()
    closing.join(SOON)
    assert not closing.is_alive()
