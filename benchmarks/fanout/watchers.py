"""Many watchers of one address, in a process of their own, that cost as little as can be.

They speak just enough of the WebSocket protocol to be sent frames, and count events in the raw bytes.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import time

EVENT = b'"event_type"'
"""Stands once in each event."""


class Watcher(asyncio.Protocol):
    """Counts the events that it is sent."""

    def __init__(self, request: bytes, expected: int) -> None:
        self._request = request
        self._expected = expected
        self._tail = b""
        self.seen = 0
        self.begun = asyncio.get_running_loop().create_future()
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        text = self._tail + data
        if not self.begun.done():
            if b"\r\n\r\n" not in text:
                self._tail = text
                return
            if not text.startswith(b"HTTP/1.1 101"):
                self._fail(ConnectionError(f"refused: {text[:300]!r}"))
                return
            self.begun.set_result(None)
        self.seen += text.count(EVENT)
        self._tail = text[-len(EVENT) + 1 :]
        if self.seen >= self._expected and not self.done.done():
            self.done.set_result(time.perf_counter())

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(ConnectionError(f"closed after {self.seen} events: {exc}"))

    def _fail(self, error: Exception) -> None:
        for waited in (self.begun, self.done):
            if not waited.done():
                waited.set_exception(error)


async def main(port: int, path: str, watchers: int, expected: int) -> None:
    """Connect, say so, and wait until every watcher has seen as many events."""
    key = base64.b64encode(os.urandom(16)).decode()
    request = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()
    loop = asyncio.get_running_loop()
    all_of_them: list[Watcher] = []
    for _ in range(watchers):
        _, watcher = await loop.create_connection(
            lambda: Watcher(request, expected), "127.0.0.1", port
        )
        all_of_them.append(watcher)
    await asyncio.gather(*(watcher.begun for watcher in all_of_them))
    print(json.dumps("ready"), flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    start = time.perf_counter()
    ends = await asyncio.gather(*(watcher.done for watcher in all_of_them))
    print(json.dumps(max(ends) - start), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
