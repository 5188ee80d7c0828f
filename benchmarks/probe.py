"""How quickly a Jupyter server answers and passes a kernel's messages, as a page asks it."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from tests.browser.lab import Lab

APART = 0.01
"""Seconds between two questions."""


class Probe:
    """A page's two lines: one for requests, kept open, and one to a kernel."""

    def __init__(
        self,
        request: bytes,
        line: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        channels: WebSocketClientConnection,
    ) -> None:
        self._request = request
        self._reader, self._writer = line
        self._channels = channels

    @classmethod
    @asynccontextmanager
    async def of(cls, lab: Lab) -> AsyncGenerator[Probe]:
        """Start a kernel, and open both lines."""
        kernel: str = lab.request("POST", "api/kernels", {"name": "python3"})["id"]
        line = await asyncio.open_connection("127.0.0.1", lab.port)
        path = f"/api/kernels/{kernel}/channels"
        headers = {"Authorization": "token secret"}
        channels = await websocket_connect(
            HTTPRequest(f"ws://127.0.0.1:{lab.port}{path}", headers=headers)
        )
        request = (
            f"GET /api/status HTTP/1.1\r\nHost: 127.0.0.1:{lab.port}\r\n"
            "Authorization: token secret\r\n\r\n"
        )
        probe = cls(request.encode(), line, channels)
        try:
            await probe.echo()  # until it is there
            yield probe
        finally:
            line[1].close()
            channels.close()

    async def take(self, count: int) -> tuple[list[float], list[float]]:
        """Milliseconds of as many answers of ``/api/status``, and of as many echoes of the kernel."""
        statuses: list[float] = []
        echoes: list[float] = []
        for _ in range(count):
            statuses.append(await self.status())
            await asyncio.sleep(APART)
            echoes.append(await self.echo())
            await asyncio.sleep(APART)
        return statuses, echoes

    async def status(self) -> float:
        """Milliseconds to an answer."""
        start = time.perf_counter()
        self._writer.write(self._request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
        assert head.startswith("http/1.1 200"), head
        length = next(line for line in head.split("\r\n") if line.startswith("content-length:"))
        await self._reader.readexactly(int(length.partition(":")[2]))
        return (time.perf_counter() - start) * 1000

    async def echo(self) -> float:
        """Milliseconds from a question to the kernel to its answer."""
        start = time.perf_counter()
        asked = uuid.uuid4().hex
        header = {"msg_id": asked, "msg_type": "kernel_info_request", "version": "5.3"}
        message: dict[str, Any] = {
            "header": {**header, "username": "", "session": asked, "date": "2026-01-01T00:00:00Z"},
            "parent_header": {},
            "metadata": {},
            "content": {},
            "channel": "shell",
            "buffers": [],
        }
        await self._channels.write_message(json.dumps(message))
        while True:
            text = await self._channels.read_message()
            assert isinstance(text, str), "the kernel's line was closed"
            heard = json.loads(text)
            if heard["channel"] == "shell" and heard["parent_header"].get("msg_id") == asked:
                return (time.perf_counter() - start) * 1000
