"""A whole server, given bad input through every door while a run goes on."""

from __future__ import annotations

import asyncio
import json
import logging
import resource
from itertools import cycle
from typing import Any

import pytest

from tests.agentkit.mutation import mutations
from tests.agentkit.server.test_fuzz import BODIES, FRAMES
from tests.conftest import Times
from tests.jupyter_agentkit.server.doors import BODIES as BY_ROUTE
from tests.jupyter_agentkit.server.doors import RUNNING, doors
from tests.jupyter_agentkit.server.talk import Socket, Talk

MEBIBYTE = 2**20
ASIDE = "aside"


@pytest.mark.soak
async def test_nothing_that_a_client_sends_harms_the_server_or_the_run_beside(
    talk: Talk, times: Times, caplog: pytest.LogCaptureFixture
) -> None:
    gate = talk.gate()
    talk.script([gate, "Done."])
    socket = await talk.socket(RUNNING, "agent=analyst")
    await socket.until("run_started")
    posts = [d for d in doors(talk) if d.verb == "POST" and d.path != f"/tasks/{RUNNING}/cancel"]
    good = [json.dumps(body).encode() for body in BY_ROUTE.values()] + BODIES + FRAMES
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sockets = [
        await talk.socket(RUNNING),
        await talk.open("/ws/tasks"),
        await talk.open("/ws/page"),
    ]
    # A client that does not read what it is told is taken for dead, and rightly.
    told = [asyncio.ensure_future(_last_words(each)) for each in sockets]
    inputs = mutations(good, times(150, 30_000), seed=12)
    caplog.set_level(logging.ERROR)

    for number, (text, post) in enumerate(zip(inputs, cycle(posts), strict=False)):
        shown = text.replace(RUNNING.encode(), ASIDE.encode())
        if number % 3:
            path = talk.root + post.path if post.kind == "mcp" else post.path
            answer = await talk.ask("POST", path.format(id=ASIDE, name="a"), shown)
            assert answer.status < 500, f"{post}: {answer.text} came of {text[:2_000]!r}"
        elif b'"cancel"' not in text:
            await sockets[number % len(sockets)].say(
                shown if number % 2 else shown.decode("latin-1")
            )

    assert (await talk.ask("GET", "/status")).status == 200
    gate.set()
    assert (await socket.rest())[-1]["data"]["status"] == "completed"
    assert (await told[0])["data"]["status"] == "completed"
    for each, reading in zip(sockets[1:], told[1:], strict=True):
        assert not reading.done(), "the socket was closed"
        await each.say({"type": "ping"})
        reading.cancel()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1_024
    assert grown < 300 * MEBIBYTE
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR] == []


async def _last_words(socket: Socket) -> dict[str, Any]:
    """The last that the server says before it closes."""
    last: dict[str, Any] = {}
    while (text := await socket.connection.read_message()) is not None:
        last = json.loads(text)
    return last
