"""A kernel that keeps its functions on offer, through breaks of its connection."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from agentkit.tools.function import FunctionTool
from jupyter_agentkit.errors import ConnectionLost, NoServer
from jupyter_agentkit.follower import Patience
from jupyter_agentkit.host import Frame, Host, Socket
from jupyter_agentkit.standing import StandingOffers
from tests.agentkit.running import until

QUICK = Patience(first=0.001, longest=0.001, total=5)
SOON = 5


def look(at: str) -> str:
    """Look at something."""
    return f"{at} is blue"


TOOLS = {"look": FunctionTool(look)}


class Wire(Socket):
    """A socket whose other end is the test."""

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[Frame | None] = asyncio.Queue()
        self.sent: asyncio.Queue[Frame] = asyncio.Queue()

    async def send(self, frame: Frame) -> None:
        self.sent.put_nowait(frame)

    async def receive(self) -> Frame | None:
        return await self.incoming.get()

    @property
    def refused(self) -> bool:
        return False

    def close(self) -> None:
        self.incoming.put_nowait(None)

    async def told(self) -> Frame:
        return await asyncio.wait_for(self.sent.get(), SOON)


class Server(Host):
    """Opens the sockets that the test has laid ready; what is an error is raised."""

    base_path = ""

    def __init__(self, *offers: Wire | Exception | None) -> None:
        self.offers = list(offers)
        self.task = Wire()
        self.opened: asyncio.Queue[tuple[str, str | None]] = asyncio.Queue()

    async def request(self, method: str, path: str, body: Frame | None = None) -> Any:
        raise AssertionError("nothing is asked by request")

    async def open_socket(self, task_id: str, *, after: int, client_key: str | None) -> Socket:
        self.opened.put_nowait((task_id, client_key))
        return self.task

    async def open_offers(self) -> Socket | None:
        ready = self.offers.pop(0)
        if isinstance(ready, Exception):
            raise ready
        return ready


@asynccontextmanager
async def offering(server: Server) -> AsyncGenerator[StandingOffers]:
    standing = StandingOffers(server, QUICK)
    try:
        yield standing
    finally:
        await standing.close()


async def put(standing: StandingOffers, agent: str = "analyst") -> None:
    await standing.put("k1", agent, TOOLS, contextvars.copy_context())


async def test_what_is_offered_is_run_for_the_task_that_asks_for_it() -> None:
    wire = Wire()
    server = Server(wire)
    async with offering(server) as standing:
        await put(standing)
        offer = await wire.told()
        assert (offer["type"], offer["kernel_id"], offer["agent"]) == ("offer", "k1", "analyst")
        assert [tool["name"] for tool in offer["tools"]] == ["look"]

        serve = {"type": "serve", "kernel_id": "k1", "agent": "analyst"}
        wire.incoming.put_nowait({**serve, "task_id": "t1", "client_key": "secret"})
        assert await asyncio.wait_for(server.opened.get(), SOON) == ("t1", "secret")
        call = {"event_type": "tool_call", "tool_call_id": "1", "tool_name": "look"}
        event = {**call, "seq": 1, "step": 1, "arguments": {"at": "the sky"}, "runs_in": "kernel"}
        connected = {"type": "connected", "task_id": "t1", "status": "running", "last_seq": 1}
        server.task.incoming.put_nowait(connected)
        server.task.incoming.put_nowait({"type": "step", "data": event})
        result = await server.task.told()
        assert (result["type"], result["outcome"]) == ("tool_result", "success")
        assert "the sky is blue" in str(result["content"])


async def test_a_broken_connection_is_made_anew_and_all_is_offered_again() -> None:
    first, second = Wire(), Wire()
    async with offering(Server(first, ConnectionLost("not now"), second)) as standing:
        await put(standing)
        await first.told()
        await put(standing, "writer")
        assert (await first.told())["agent"] == "writer"
        first.incoming.put_nowait(None)
        assert [(await second.told())["agent"] for _ in range(2)] == ["analyst", "writer"]


async def test_where_no_page_can_ask_nothing_is_kept_open() -> None:
    server = Server(None, None)
    async with offering(server) as standing:
        await put(standing)
        await until(lambda: len(server.offers) == 1)
        await asyncio.sleep(0)
        await put(standing)
        await until(lambda: not server.offers)


async def test_a_server_that_refuses_is_named_in_the_log_and_asked_again_with_the_next_offer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    wire = Wire()
    server = Server(NoServer("restart the kernel"), wire)
    async with offering(server) as standing:
        with caplog.at_level(logging.WARNING):
            await put(standing)
            await until(lambda: bool(caplog.messages))
        assert caplog.messages == ["No follow-up can be run here: restart the kernel"]
        await asyncio.sleep(0)
        await put(standing)
        assert (await wire.told())["agent"] == "analyst"
