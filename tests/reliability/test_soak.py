"""Thousands of runs in one server: it holds no more at the end than after the first ones."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import Times
from tests.reliability.census import TRACED
from tests.reliability.clients import Client
from tests.reliability.processes import PATIENCE, FastApiServer, JupyterServer, Server
from tests.reliability.workload import AGENT

Census = dict[str, int]

AT_ONCE = 8
"""Runs at the same time."""

KINDS = ("short", "plain", "busy", "ask")
"""The third is cancelled, the last is answered; see ``workload.AGENT``."""

A_RUN = 300
"""Bytes that may stay of a run, as far as that can be told from noise; what is looked for leaves 1 KiB."""

FEW = 5
"""Threads and files that may come later."""

NOISE = 40_000
"""Bytes of caches that fill up meanwhile."""

A_WHILE = 10
"""Censuses in a row that are the same when a server is at rest."""


async def one(server: Server, number: int) -> None:
    """One run from its start to its result, watched by two clients."""
    kind = KINDS[number % len(KINDS)]
    status, task = await server.ask(
        "POST", "/tasks", {"agent": "worker", "input": f"{kind} {number}"}
    )
    assert status == 201
    clients = [Client(task["task_id"], batch=batch) for batch in (False, True)]
    for client in clients:
        await client.connect(server)
    if kind == "busy":
        await clients[0].until(lambda event: event["event_type"] == "tool_result")
        assert (await server.ask("POST", f"/tasks/{task['task_id']}/cancel", {}))[0] == 202
    if kind == "ask":
        asked = await clients[0].until(lambda event: event["event_type"] == "approval_requested")
        answer = {"request_id": asked["request_id"], "decision": "approve"}
        assert (await server.ask("POST", f"/tasks/{task['task_id']}/answers", answer))[0] == 204
        await clients[0].until(lambda event: event["event_type"] == "request_resolved")
        assert (await server.ask("POST", f"/tasks/{task['task_id']}/cancel", {}))[0] == 202
    for client in clients:
        await client.gone()
        assert client.result is not None
        assert client.result["status"] in ("completed", "cancelled")


async def many(server: Server, numbers: Sequence[int]) -> None:
    """Runs, a few at once."""
    waiting = iter(numbers)

    async def work() -> None:
        for number in waiting:
            await one(server, number)

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


async def at_rest(server: Server, tasks: int | None = None) -> Census:
    """The census once nothing more goes on than ``tasks``, where that is known, and nothing changes."""
    same: list[Census] = []
    async with asyncio.timeout(PATIENCE):
        while len(same) < A_WHILE:
            census = await server.census()
            if any(same and same[0][each] != census[each] for each in ("tasks", "files")):
                same.clear()
            if tasks is None or census["tasks"] <= tasks:
                same.append(census)
    return same[-1]


@pytest.mark.soak
@pytest.mark.parametrize(
    ("host", "short", "long"), [(JupyterServer, 200, 20_000), (FastApiServer, 200, 4_000)]
)
async def test_a_server_holds_no_more_after_many_runs_than_after_a_few(
    host: type[Server], short: int, long: int, times: Times, tmp_path: Path
) -> None:
    runs = times(short, long)
    warm = max(100, runs // 10)
    server = host(tmp_path / "journal.sqlite", tmp_path, **{TRACED: "1"})
    curve: list[Census] = []
    try:
        await server.start()
        assert (await server.ask("POST", "/agents", {"config": AGENT}))[0] == 201
        await many(server, range(warm))
        curve.append(await at_rest(server))
        for part in range(10):
            await many(server, range(runs * part // 10, runs * (part + 1) // 10))
            curve.append(await at_rest(server, curve[0]["tasks"]))
            print(json.dumps(curve[-1]))  # noqa: T201 - the curve
    finally:
        await server.close()
    first, last = curve[0], curve[-1]
    assert last["tasks"] <= first["tasks"]
    assert last["threads"] <= first["threads"] + FEW  # a pool starts its threads one by one
    assert last["files"] <= first["files"] + FEW
    assert last["traced"] - first["traced"] < NOISE + A_RUN * runs
    if runs >= 2_000:  # the memory of the process moves by megabytes in a few hundred runs
        assert curve[10]["resident"] - curve[5]["resident"] < 2_000_000 + A_RUN * runs // 2
