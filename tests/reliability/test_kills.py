"""A server that is killed, again and again: what its clients were told stands, and nothing is left open."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPError

from tests.conftest import Times
from tests.reliability.clients import Client
from tests.reliability.processes import FastApiServer, JupyterServer, Server
from tests.reliability.workload import AGENT

Data = dict[str, Any]

ENDS = {"busy": "interrupted", "hold": "interrupted", "ask": "interrupted"}
"""How what runs for ever has to stand after a kill."""

MOMENTS = ("running", "starting", "COMMIT", "running", "DELETE", "INSERT INTO events", "running")
"""When the server is killed: at any time of its tasks, while the next one starts, or in the middle of a
statement of the journal."""

GONE = (OSError, HTTPError)
"""What a client sees of a server that dies under its request."""


class Ordeal:
    """One journal and its servers, with what each client was promised."""

    def __init__(self, server: Server, chance: random.Random) -> None:
        self.server = server
        self.chance = chance
        self.clients: list[Client] = []
        self.started: list[str] = []
        """Tasks whose start was confirmed."""
        self.deleted: set[str] = set()
        """Tasks whose deletion was confirmed."""
        self.condemned: set[str] = set()
        """Tasks whose deletion was asked for; confirmed or not."""
        self.received = 0

    async def round(self, number: int) -> None:
        """Let tasks run, kill the server in the midst of them, look at what the next one says."""
        moment = MOMENTS[number % len(MOMENTS)]
        chance = self.chance
        fuse = ""
        if moment not in ("running", "starting"):
            most = 3 if moment == "DELETE" else 60
            fuse = f"{moment} {chance.randint(1, most)} {chance.uniform(0, 0.002):.5f}"
        await self.server.start(fuse)
        clients: list[Client] = []
        with contextlib.suppress(*GONE):
            await self._register()
            for kind in ("busy", "busy", "hold", "ask"):
                task_id = await self._start(kind, number)
                clients += [Client(task_id, batch=batch) for batch in (False, True)]
        for client in clients:
            self.clients.append(client)
            with contextlib.suppress(*GONE):
                await client.connect(self.server)
        churning = asyncio.ensure_future(self._churn(number))
        if fuse:
            await self.server.died()
        else:
            await asyncio.sleep(chance.uniform(0, 0.5))
            await self.server.kill()
        await churning
        for client in clients:
            await client.gone()
        if moment == "starting":
            await self.server.begin()
            await asyncio.sleep(chance.uniform(0, 0.3))
            await self.server.kill()
        await self.server.start()
        await self._check(clients)
        await self.server.kill()
        self.received += sum(len(client.events) for client in clients)

    async def _register(self) -> None:
        status, _ = await self.server.ask("POST", "/agents", {"config": AGENT})
        assert status == 201

    async def _start(self, kind: str, number: int) -> str:
        body = {"agent": "worker", "input": f"{kind} {number}"}
        status, task = await self.server.ask("POST", "/tasks", body)
        assert status == 201, task
        self.started.append(task["task_id"])
        return task["task_id"]

    async def _churn(self, number: int) -> None:
        """Start short tasks and delete them, until the server is dead."""
        with contextlib.suppress(*GONE):
            while True:
                task_id = await self._start("short", number)
                client = Client(task_id, batch=True)
                self.clients.append(client)
                await client.connect(self.server)
                await client.gone()
                if client.result is not None and self.chance.random() < 0.8:
                    self.condemned.add(task_id)
                    status, _ = await self.server.ask("DELETE", f"/tasks/{task_id}")
                    assert status == 204
                    self.deleted.add(task_id)

    async def _check(self, clients: Sequence[Client]) -> None:
        _, found = await self.server.ask("GET", "/tasks?limit=1000")
        kept = {task["task_id"]: task for task in found["tasks"]}
        unkept = set(self.started) - set(kept)
        assert self.deleted <= unkept <= self.condemned
        for client in self.clients:
            if client.task_id not in kept:
                continue
            if client in clients or client.result is None:
                before = client.result
                client.result = None
                await client.connect(self.server)
                await client.gone()
                assert before in (None, client.result)
            _, stored = await self.server.ask("GET", f"/tasks/{client.task_id}/events")
            told = kept[client.task_id]
            assert client.events == stored["events"]
            assert client.seqs == list(range(1, told["last_seq"] + 1))
            assert client.result is not None
            assert client.result["status"] == told["status"] == client.events[-1]["status"]
            kind = told["input"].partition(" ")[0]
            assert told["status"] in ENDS.get(kind, "completed interrupted")
            assert told["asks"] == []

    def look_at_the_file(self) -> None:
        """What SQLite says of the journal, and that all that was ever received still stands in it."""
        with contextlib.closing(sqlite3.connect(self.server.journal)) as journal:
            assert journal.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert journal.execute("PRAGMA foreign_key_check").fetchall() == []
            tasks = dict(journal.execute("SELECT id, status FROM tasks").fetchall())
            events: dict[str, list[Data]] = {task_id: [] for task_id in tasks}
            for task_id, seq, text in journal.execute(
                "SELECT task, seq, data FROM events ORDER BY task, seq"
            ):
                event = json.loads(text)
                assert event["seq"] == seq == len(events[task_id]) + 1
                events[task_id].append(event)
        assert set(tasks.values()) <= {"completed", "interrupted"}
        for client in self.clients:
            if client.task_id in tasks:
                assert events[client.task_id] == client.events


@pytest.mark.soak
@pytest.mark.parametrize(
    ("host", "short", "long"), [(FastApiServer, 7, 180), (JupyterServer, 1, 20)]
)
async def test_what_a_client_was_told_stands_whenever_the_server_is_killed(
    host: type[Server], short: int, long: int, times: Times, tmp_path: Path
) -> None:
    seed = random.randrange(10**9)
    print(f"seed {seed}")  # noqa: T201 - shown when the test fails
    chance = random.Random(seed)
    kills = times(short, long)
    received = 0
    for first in range(
        0, kills, 20
    ):  # a new journal now and then: each round reads all of its tasks
        server = host(tmp_path / f"journal{first}.sqlite", tmp_path)
        ordeal = Ordeal(server, chance)
        try:
            for number in range(first, min(first + 20, kills)):
                await ordeal.round(number)
        finally:
            await server.close()
        ordeal.look_at_the_file()
        received += ordeal.received
    assert received > kills
    print(f"{kills} kills, {received} events received by clients")  # noqa: T201
