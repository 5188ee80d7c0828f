"""The contract's ``ConnectionManager``."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest.mock import AsyncMock, call

import pytest

from agentkit.core.protocol import CancellationToken
from agentkit.server.routes.ws import ConnectionManager
from tests.agentkit.running import SOON, until


def client(**behaviour: Any) -> AsyncMock:
    ws = AsyncMock()
    ws.send_json = AsyncMock(**behaviour)
    return ws


class Stuck:
    """A client that takes what it is sent only when it is let."""

    def __init__(self) -> None:
        self.may_go_on = asyncio.Event()
        self.begun: list[Any] = []
        self.got: list[Any] = []

    async def send_json(self, message: Any, /) -> None:
        self.begun.append(message)
        await self.may_go_on.wait()
        self.got.append(message)


async def test_each_client_of_the_task_gets_one_positional_message() -> None:
    manager, one, two, other = ConnectionManager(), client(), client(), client()
    manager.add("t", one, CancellationToken())
    manager.add("t", two, CancellationToken())
    manager.add("u", other, CancellationToken())
    message = {"type": "step"}
    await manager.broadcast("t", message)
    assert one.mock_calls == two.mock_calls == [call.send_json(message)]
    assert one.send_json.await_args.args[0] is message
    assert other.mock_calls == []


async def test_a_client_whose_send_raises_is_removed_with_its_token_and_the_others_get_theirs() -> (
    None
):
    manager, good, last = ConnectionManager(), client(), client()
    tokens = [CancellationToken() for _ in range(3)]
    manager.add("t", good, tokens[0])
    manager.add("t", client(side_effect=RuntimeError("closed")), tokens[1])
    manager.add("t", last, tokens[2])
    await manager.broadcast("t", 1)
    await manager.broadcast("t", 2)
    assert manager.get_tokens("t") == [tokens[0], tokens[2]]
    assert good.mock_calls == last.mock_calls == [call.send_json(1), call.send_json(2)]


async def test_a_client_that_raises_a_cancelled_error_is_removed_as_well() -> None:
    manager = ConnectionManager()
    manager.add("t", client(side_effect=asyncio.CancelledError()), CancellationToken())
    await manager.broadcast("t", 1)
    assert manager.has_connections("t") is False


async def test_when_the_last_client_fails_the_task_has_no_connections() -> None:
    manager = ConnectionManager()
    manager.add("t", client(side_effect=OSError()), CancellationToken())
    assert manager.has_connections("t") is True
    await manager.broadcast("t", 1)
    assert manager.has_connections("t") is False
    assert manager.get_tokens("t") == []


async def test_a_client_that_never_takes_its_message_holds_up_nobody() -> None:
    manager, stuck, good = ConnectionManager(), Stuck(), client()
    manager.add("t", stuck, CancellationToken())
    manager.add("t", good, CancellationToken())
    async with asyncio.timeout(SOON):
        for number in range(100):
            await manager.broadcast("t", number)
    assert good.mock_calls == [call.send_json(number) for number in range(100)]
    assert stuck.begun == [0]
    stuck.may_go_on.set()
    await until(lambda: len(stuck.got) == 100)
    assert stuck.got == list(range(100))


async def test_the_others_are_not_waiting_for_the_slow_one_within_one_broadcast() -> None:
    manager, stuck, good = ConnectionManager(), Stuck(), client()
    manager.add("t", stuck, CancellationToken())
    manager.add("t", good, CancellationToken())
    sending = asyncio.ensure_future(manager.broadcast("t", 1))
    await until(lambda: bool(good.mock_calls))
    assert not sending.done()
    stuck.may_go_on.set()
    await asyncio.wait_for(sending, SOON)
    assert stuck.got == [1]


async def test_a_client_that_falls_too_far_behind_is_removed() -> None:
    manager, stuck = ConnectionManager(), Stuck()
    manager.add("t", stuck, CancellationToken())
    async with asyncio.timeout(SOON):
        while manager.has_connections("t"):
            await manager.broadcast("t", 0)
    stuck.may_go_on.set()
    await asyncio.sleep(0)
    assert stuck.got == []


async def test_broadcasts_at_the_same_time_reach_each_client_whole_and_in_order() -> None:
    manager, stuck = ConnectionManager(), Stuck()
    manager.add("t", stuck, CancellationToken())
    stuck.may_go_on.set()
    await asyncio.gather(*(manager.broadcast("t", number) for number in range(20)))
    await until(lambda: len(stuck.got) == 20)
    assert stuck.got == list(range(20))


async def test_a_removed_client_is_sent_nothing_more() -> None:
    manager, stuck = ConnectionManager(), Stuck()
    manager.add("t", stuck, CancellationToken())
    await manager.broadcast("t", 1)
    await manager.broadcast("t", 2)
    manager.remove("t", stuck)
    stuck.may_go_on.set()
    await until(lambda: stuck.got == [1])
    await asyncio.sleep(0)
    assert stuck.begun == [1]


async def test_a_client_that_is_added_again_gets_the_new_token_and_each_message_once() -> None:
    manager, ws, token = ConnectionManager(), client(), CancellationToken()
    manager.add("t", ws, CancellationToken())
    manager.add("t", ws, token)
    await manager.broadcast("t", 1)
    assert manager.get_tokens("t") == [token]
    assert ws.mock_calls == [call.send_json(1)]


def test_the_tokens_are_a_snapshot_of_the_very_same_objects() -> None:
    manager, one, two = ConnectionManager(), CancellationToken(), CancellationToken()
    manager.add("t", client(), one)
    tokens = manager.get_tokens("t")
    manager.add("t", client(), two)
    assert len(tokens) == 1
    assert tokens[0] is one
    tokens.clear()
    assert [
        token is wanted for token, wanted in zip(manager.get_tokens("t"), (one, two), strict=True)
    ]
    assert len(manager.get_tokens("t")) == 2


def test_removing_what_is_absent_does_nothing() -> None:
    manager, ws = ConnectionManager(), client()
    manager.remove("t", ws)
    manager.add("t", ws, CancellationToken())
    manager.remove("t", client())
    manager.remove("u", ws)
    assert manager.has_connections("t") is True
    manager.remove("t", ws)
    manager.remove("t", ws)
    assert manager.has_connections("t") is False


async def test_an_unknown_task_has_no_connections_and_hears_nothing() -> None:
    manager = ConnectionManager()
    await manager.broadcast("t", 1)
    assert manager.has_connections("t") is False
    assert manager.get_tokens("t") == []


async def test_clients_may_come_and_go_during_a_broadcast() -> None:
    manager, late = ConnectionManager(), client()

    async def leaves(message: Any, /) -> None:
        manager.remove("t", first)
        manager.add("t", late, CancellationToken())

    first = client(side_effect=leaves)
    manager.add("t", first, CancellationToken())
    await manager.broadcast("t", 1)
    await manager.broadcast("t", 2)
    assert first.mock_calls == [call.send_json(1)]
    assert late.mock_calls == [call.send_json(2)]


def test_one_manager_serves_several_loops_in_turn() -> None:
    manager, ws = ConnectionManager(), client()
    manager.add("t", ws, CancellationToken())
    for number in range(3):
        asyncio.run(manager.broadcast("t", number))
    assert ws.mock_calls == [call.send_json(number) for number in range(3)]


@pytest.mark.parametrize("cancels_what_is_left", [True, False])
def test_a_send_that_a_gone_loop_left_unfinished_does_not_block_the_client(
    cancels_what_is_left: bool,
) -> None:
    manager = ConnectionManager()
    got: list[int] = []

    async def send(message: int, /) -> None:
        if message == 0:
            await asyncio.get_running_loop().create_future()
        got.append(message)

    ws = client(side_effect=send)
    manager.add("t", ws, CancellationToken())
    loop = asyncio.new_event_loop()
    loop.run_until_complete(manager.broadcast("t", 0))
    loop.run_until_complete(manager.broadcast("t", 1))
    left = asyncio.all_tasks(loop)
    assert left
    if cancels_what_is_left:
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.wait(left))
    asyncio.run(manager.broadcast("t", 2))
    assert got == [1, 2]
    assert manager.has_connections("t") is True
    for task in left:
        task.cancel()
    loop.run_until_complete(asyncio.wait(left))
    loop.close()
