"""Watchers of one run, in a process of their own, that note how late each event comes; some never read.

``python delays.py PORT PATH WATCHERS STALLED`` says ``ready`` when all are connected. For each line of input,
a number of seconds, it says the delays of that time, in ms. An event carries its time as ``[ms] ``.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import socket
import sys
import time

TIME = re.compile(rb"\[(\d+\.\d+)\] ")


class Delays:
    """What was noted since somebody began to ask; who joins is first told what was said before."""

    def __init__(self) -> None:
        self._since = float("inf")
        self._noted: list[float] = []

    def note(self, now: float, times: list[float]) -> None:
        """Note how late each is, ms."""
        self._noted.extend(now - at for at in times if at >= self._since)

    async def take(self, seconds: float) -> list[float]:
        """What is noted in so many seconds."""
        self._noted.clear()
        self._since = time.time() * 1000
        await asyncio.sleep(seconds)
        return self._noted


class Watcher(asyncio.Protocol):
    """Notes delays."""

    def __init__(self, request: bytes, delays: Delays, *, reads: bool) -> None:
        self._request = request
        self._delays = delays
        self._reads = reads
        self._head = b""
        self.begun = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now = time.time() * 1000
        if not self.begun.done():
            self._head += data
            if b"\r\n\r\n" not in self._head:
                return
            if not self._head.startswith(b"HTTP/1.1 101"):
                self.begun.set_exception(ConnectionError(f"refused: {self._head[:300]!r}"))
                return
            self.begun.set_result(None)
            if not self._reads:
                self._transport.pause_reading()
            return
        self._delays.note(now, [float(at) for at in TIME.findall(data)])


async def main(port: int, path: str, watchers: int, stalled: int) -> None:
    """Connect, and answer lines until the input ends."""
    key = base64.b64encode(os.urandom(16)).decode()
    loop = asyncio.get_running_loop()
    delays = Delays()
    all_of_them: list[Watcher] = []
    for number in range(watchers + stalled):
        reads = number < watchers
        # Who reads goes on from where the run stands; who does not has all of it before them.
        after = 1_000_000 if reads else 0
        request = (
            f"GET {path}&after={after} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode()
        line = socket.socket()
        if not reads:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        line.setblocking(False)
        await loop.sock_connect(line, ("127.0.0.1", port))
        _, watcher = await loop.create_connection(
            lambda request=request, reads=reads: Watcher(request, delays, reads=reads), sock=line
        )
        all_of_them.append(watcher)
    await asyncio.gather(*(watcher.begun for watcher in all_of_them))
    print(json.dumps("ready"), flush=True)
    while seconds := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(await delays.take(float(seconds))), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
