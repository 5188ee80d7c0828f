"""The start of the server: what it waits for, and what comes before agentkit is loaded."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from jupyter_agentkit.hosted import Hosted
from tests.jupyter_agentkit.server.talk import Talk

ROOT = Path(__file__).parents[3]


@pytest.fixture
def loading(monkeypatch: pytest.MonkeyPatch) -> Iterator[asyncio.Event]:
    """Set by the test when agentkit may go on to be opened."""
    may = asyncio.Event()
    opened = Hosted.open

    async def late(self: Hosted) -> None:
        await may.wait()
        await opened(self)

    monkeypatch.setattr(Hosted, "open", late)
    yield may
    may.set()


@cache
def _loaded_with(module: str) -> frozenset[str]:
    """What a server loads for a module of ours."""
    program = (
        "import jupyter_server.serverapp, sys\n"
        "before = set(sys.modules)\n"
        f"import {module}\n"
        "print(*(set(sys.modules) - before))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return frozenset(shown.stdout.split())


def test_the_server_waits_for_little_more_than_the_settings() -> None:
    loaded = _loaded_with("jupyter_agentkit.app")
    assert "pydantic" not in loaded
    assert len(loaded) < 25, loaded


@pytest.mark.parametrize(
    "rare",
    [
        "agentkit.trace.html",
        "agentkit.trace.export",
        "agentkit.trace.rows",
        "agentkit.llm.demo_answer",
        "agentkit.tools.mcp_session",
        "agentkit.replay",
        "jupyter_agentkit.widget",
        "IPython",
    ],
)
def test_what_is_hosted_loads_nothing_that_few_servers_use(rare: str) -> None:
    assert rare not in _loaded_with("jupyter_agentkit.hosted")


async def test_what_comes_while_agentkit_is_loaded_waits_and_the_server_answers(
    talk: Talk, loading: asyncio.Event
) -> None:
    start = asyncio.create_task(talk.start())
    talk_socket = asyncio.create_task(talk.socket("t1", "input=Go&agent=analyst"))
    body = asyncio.create_task(talk.ask("POST", "/agents", {"config": {"name": "analyst"}}))
    wrong = asyncio.create_task(talk.ask("GET", "/nothing"))
    assert (await talk.ask("GET", f"{talk.root}api/status")).status == 200
    assert not any(each.done() for each in (start, talk_socket, body, wrong))

    loading.set()
    assert (await body).status == 201
    assert (await wrong).status == 404
    await start
    socket = await talk_socket
    first: Any = await socket.hear()
    assert first["type"] == "connected"


async def test_who_leaves_before_agentkit_is_loaded_harms_nothing(
    talk: Talk, loading: asyncio.Event, caplog: pytest.LogCaptureFixture
) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", talk.server.port)
    writer.write(f"GET {talk.root}agentkit/api/v1/status HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    await writer.drain()
    assert (await talk.ask("GET", f"{talk.root}api/status")).status == 200
    writer.close()
    await writer.wait_closed()
    loading.set()
    assert (await talk.ask("GET", "/status")).status == 200
    assert "Traceback" not in caplog.text


async def test_where_agentkit_cannot_be_loaded_the_log_says_so_and_the_server_lives(
    talk: Talk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def unmade(self: Hosted, *given: Any) -> None:
        raise RuntimeError("The cable is cut.")

    monkeypatch.setattr(Hosted, "__init__", unmade)
    for answer in await asyncio.gather(talk.ask("GET", "/status"), talk.ask("GET", "/tasks")):
        assert answer.status == 404
    assert (await talk.ask("GET", f"{talk.root}api/status")).status == 200
    assert caplog.text.count("agentkit could not be started.") == 1
    assert "The cable is cut." in caplog.text
