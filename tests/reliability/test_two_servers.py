"""Two servers of one user on one journal."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Times
from tests.reliability.clients import Client
from tests.reliability.processes import FastApiServer
from tests.reliability.workload import AGENT


@contextlib.asynccontextmanager
async def two(folder: Path) -> AsyncGenerator[tuple[FastApiServer, FastApiServer]]:
    servers = tuple(FastApiServer(folder / "journal.sqlite", folder) for _ in range(2))
    try:
        await asyncio.gather(*(server.start() for server in servers))
        for server in servers:
            assert (await server.ask("POST", "/agents", {"config": AGENT}))[0] == 201
        yield servers[0], servers[1]
    finally:
        for server in servers:
            await server.close()


async def start(server: FastApiServer, question: str) -> str:
    status, task = await server.ask("POST", "/tasks", {"agent": "worker", "input": question})
    assert status == 201, task
    return task["task_id"]


async def standing(server: FastApiServer) -> dict[str, str]:
    _, found = await server.ask("GET", "/tasks")
    return {task["task_id"]: task["status"] for task in found["tasks"]}


@pytest.mark.soak
async def test_both_write_as_fast_as_they_can_and_each_shows_the_others_runs(
    times: Times, tmp_path: Path
) -> None:
    runs = times(3, 100)
    async with two(tmp_path) as (here, there):
        clients: list[tuple[Client, str]] = []
        for number in range(runs):
            round_of = [
                (task_id, runner)
                for runner in (here, there)
                for task_id in [await start(runner, f"busy {number}") for _ in range(2)]
            ]
            watching: list[tuple[Client, Any, str]] = []
            for task_id, runner in round_of:
                for watched in (here, there):
                    client = Client(task_id, batch=True)
                    await client.connect(watched)
                    watching.append((client, runner, task_id))
            for client, _, _ in watching:
                await client.until(lambda event: event["seq"] >= 20)
            for task_id, runner in round_of:
                other = there if runner is here else here
                status, refusal = await other.ask("POST", f"/tasks/{task_id}/cancel", {})
                assert (status, refusal["reason"]) == (409, "task_elsewhere")
                assert "another server" in refusal["message"]
                assert (await runner.ask("POST", f"/tasks/{task_id}/cancel", {}))[0] == 202
            for client, _, task_id in watching:
                await client.gone()
                assert client.result is not None
                assert client.result["status"] == "cancelled"
                clients.append((client, task_id))
        assert await standing(here) == await standing(there)
        for client, task_id in clients:
            _, stored = await here.ask("GET", f"/tasks/{task_id}/events")
            assert client.events == stored["events"]
            assert client.seqs == list(range(1, len(client.seqs) + 1))
    with contextlib.closing(sqlite3.connect(tmp_path / "journal.sqlite")) as journal:
        assert journal.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_when_one_dies_the_other_ends_its_runs_whether_they_are_watched_or_listed(
    tmp_path: Path,
) -> None:
    async with two(tmp_path) as (here, there):
        mine = await start(here, "hold")
        watched, listed = await start(there, "busy"), await start(there, "hold")
        client = Client(watched, batch=True)
        await client.connect(here)
        await client.until(lambda event: event["seq"] >= 20)
        assert (await standing(here))[listed] in ("queued", "running")
        await there.kill()
        # Nobody watches this one.
        assert (await standing(here))[listed] == "interrupted"
        assert (await here.ask("GET", f"/tasks/{listed}"))[1]["status"] == "interrupted"
        await client.gone()
        assert client.result is not None
        assert client.result["status"] == "interrupted"
        assert client.seqs == list(range(1, len(client.seqs) + 1))
        assert await standing(here) == {
            mine: "running",
            watched: "interrupted",
            listed: "interrupted",
        }
        await there.start()
        assert await standing(there) == await standing(here)
