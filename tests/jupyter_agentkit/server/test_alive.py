"""Open sockets: signs of life, clients that have gone, and clients that do not read."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from agentkit.llm.protocol import Notice
from jupyter_agentkit.handlers.alive import PING_SECONDS, UNANSWERED
from tests.agentkit.running import until
from tests.jupyter_agentkit.server.talk import SECONDS, Frame, Socket, Talk

MIB = 2**20


def pace(config: dict[str, Any], seconds: float) -> dict[str, Any]:
    return {**config, "AgentKitApp": {**config["AgentKitApp"], "ping_seconds": seconds}}


class TestWithQuickPings:
    @pytest.fixture
    def jp_server_config(self, jp_server_config: dict[str, Any]) -> dict[str, Any]:
        return pace(jp_server_config, 0.01)

    @pytest.mark.parametrize("path", ["/ws/tasks/t1", "/ws/tasks", "/ws/page"])
    async def test_a_client_that_answers_is_kept_and_idle_lines_have_signs_of_life(
        self, talk: Talk, path: str
    ) -> None:
        talk.script([talk.gate(), "Done."])
        socket = await talk.open(path)
        connection: Any = socket.connection
        pings: list[bytes] = []
        connection.on_ping = pings.append
        reading = asyncio.ensure_future(_read(socket))
        await until(lambda: len(pings) > 3 * UNANSWERED)
        assert not reading.done()
        reading.cancel()

    async def test_a_client_that_does_not_answer_is_let_go_and_its_run_goes_on(
        self, talk: Talk
    ) -> None:
        gate = talk.gate()
        talk.script([gate, "Done."])
        gone = await talk.socket("t1")
        # Nobody reads what is said to it, pings included.
        await until(lambda: talk.hub.connections.has_connections("t1"))
        await until(lambda: not talk.hub.connections.has_connections("t1"))
        gate.set()
        assert (await talk.finish("t1"))[-1]["data"]["content"] == "Done."
        gone.leave()


def test_two_signs_of_life_fit_into_the_patience_of_a_proxy() -> None:
    assert 2 * PING_SECONDS <= 10


async def test_a_client_that_stops_reading_costs_less_than_a_mebibyte_and_catches_up(
    talk: Talk,
) -> None:
    gate = talk.gate()
    flood = [Notice("flood", f"{number:06}" + "x" * 20_000) for number in range(900)]
    talk.script([gate, *flood, "Done."])
    stalled = await talk.socket("t1", "batch=1")
    await until(lambda: "t1" in talk.hub.runs)
    quick = await talk.socket("t1", "batch=1&start=false")
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        gate.set()
        seen = await _seqs(quick)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    total = len(flood) + 3
    assert seen == list(range(1, total + 1))
    assert talk.hub.connections.has_connections("t1")
    assert grown + unsent(stalled) < MIB, (grown, unsent(stalled))

    assert await _seqs(stalled) == seen


async def test_while_one_stops_reading_all_others_are_told_everything(talk: Talk) -> None:
    gate = talk.gate()
    flood = [Notice("flood", "x" * 1_000) for _ in range(2_000)]
    talk.script([gate, *flood, "Done."])
    stalled = await talk.socket("t1")
    await until(lambda: "t1" in talk.hub.runs)
    others = [await talk.socket("t1", "batch=1&start=false") for _ in range(30)]
    gate.set()
    told = await asyncio.gather(*(_seqs(other) for other in others))
    for seqs in told:
        assert seqs == list(range(1, len(flood) + 4))
    assert await _seqs(stalled) == told[0]


async def _read(socket: Socket) -> None:
    while await socket.connection.read_message() is not None:
        continue


async def _seqs(socket: Socket) -> list[int]:
    """The numbers of all events up to the result; nothing of them is kept."""
    seqs: list[int] = []
    async with asyncio.timeout(4 * SECONDS):
        while (text := await socket.connection.read_message()) is not None:
            frame: Frame = json.loads(text)
            if frame["type"] == "result":
                break
            if frame["type"] in ("step", "steps"):
                events = frame["data"] if frame["type"] == "steps" else [frame["data"]]
                seqs += [each["seq"] for each in events if "_delta" not in each["event_type"]]
    return seqs


def unsent(socket: Socket) -> int:
    """Bytes that the system holds of what the server has written to a client; 0 where it cannot tell."""
    connection: Any = socket.connection
    port: int = connection.protocol.stream.socket.getsockname()[1]
    if sys.platform != "linux":
        return 0
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
            _, _, far, _, queues, *_ = line.split()
            if int(far.rpartition(":")[2], 16) == port:
                return int(queues.partition(":")[0], 16)
    raise AssertionError(f"no connection to port {port}")
