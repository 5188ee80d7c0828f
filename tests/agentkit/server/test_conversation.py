"""The talk with one client, without a host."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from agentkit.server.conversation import converse
from tests.agentkit.hosting import running, start
from tests.agentkit.running import SOON


class Chatterbox:
    """A client that never stops to say ``ping``."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.closed: int | None = None

    async def send(self, text: str) -> None:
        self.frames.append(json.loads(text))
        await asyncio.sleep(0)

    async def receive(self) -> str:
        await asyncio.sleep(0)
        return '{"type": "ping"}'

    async def close(self, code: int) -> None:
        self.closed = code


async def test_nothing_follows_the_result_whatever_the_client_still_says() -> None:
    async with running("Done.") as hub:
        await start(hub)
        client = Chatterbox()
        async with asyncio.timeout(SOON):
            await converse(hub, client, "t", {}, may=lambda _: True)
    types = [frame["type"] for frame in client.frames]
    assert "pong" in types
    assert types.index("result") == len(types) - 1
    assert client.closed == 1000
