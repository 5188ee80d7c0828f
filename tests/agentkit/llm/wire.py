"""A server on loopback that answers as it is told, and notices when its client hangs up."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass
class Reply:
    """What the server says to one request.

    ``then`` is what it does after the chunks of a stream: end it properly, end it and stay connected,
    break the connection, keep silent until the client hangs up, or repeat the last chunk until then.
    With ``head=False`` it keeps silent before it has said anything. A text as ``body`` is sent as a page
    of HTML.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: Any = None
    chunks: Sequence[str] | None = None
    then: Literal["end", "stay", "break", "silent", "repeat"] = "end"
    head: bool = True


@dataclass
class Seen:
    """One request."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class Wire:
    """A running server: what it will reply, what it has seen."""

    url: str
    replies: list[Reply]
    seen: list[Seen] = field(default_factory=list[Seen])
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when all that shall be said has been said and the client has to act."""
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the client has closed the connection."""
    talks: set[asyncio.Task[Any]] = field(default_factory=set[asyncio.Task[Any]])

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        if (task := asyncio.current_task()) is not None:
            self.talks.add(task)
        try:
            self.seen.append(await _request(reader))
            await self._reply(self.replies.pop(0), reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.hung_up.set()
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _reply(
        self, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if not reply.head:
            await self._wait_for_hang_up(reader)
            return
        streams = reply.chunks is not None
        page = isinstance(reply.body, str)
        kind = "text/html" if page else "application/json"
        headers = {
            "content-type": "text/event-stream" if streams else kind,
            "connection": "keep-alive" if reply.then == "stay" else "close",
            **reply.headers,
        }
        body = (reply.body if page else json.dumps(reply.body)).encode()
        headers |= (
            {"transfer-encoding": "chunked"} if streams else {"content-length": str(len(body))}
        )
        lines = [f"HTTP/1.1 {reply.status} Reply", *(f"{k}: {v}" for k, v in headers.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        if reply.chunks is None:
            writer.write(body)
            await writer.drain()
            return
        for chunk in reply.chunks:
            await _send(writer, chunk)
        if reply.then in ("end", "stay"):
            writer.write(b"0\r\n\r\n")
            await writer.drain()
            if reply.then == "stay":
                await self._wait_for_hang_up(reader)
        elif reply.then == "break":
            writer.transport.abort()
        elif reply.then == "silent":
            await self._wait_for_hang_up(reader)
        else:
            gone = asyncio.ensure_future(self._wait_for_hang_up(reader))
            while not gone.done():
                with contextlib.suppress(ConnectionError):
                    await _send(writer, reply.chunks[-1])
                await asyncio.sleep(0.001)
            await gone

    async def _wait_for_hang_up(self, reader: asyncio.StreamReader) -> None:
        self.waiting.set()
        with contextlib.suppress(ConnectionError):
            await reader.read()
        self.hung_up.set()


@asynccontextmanager
async def wire(*replies: Reply, port: int = 0) -> AsyncGenerator[Wire]:
    """Start a server that gives these replies, one a request."""
    running = Wire("", list(replies))
    server = await asyncio.start_server(running.talk, "127.0.0.1", port)
    host, port = server.sockets[0].getsockname()
    running.url = f"http://{host}:{port}"
    try:
        yield running
    finally:
        server.close()
        await server.wait_closed()
        if running.talks:
            # A talk that outlives its client would be cancelled with the loop, and be loud about it.
            await asyncio.wait_for(asyncio.gather(*running.talks), 5)


async def _request(reader: asyncio.StreamReader) -> Seen:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Seen(head[0].split(" ")[1], headers, json.loads(body))


async def _send(writer: asyncio.StreamWriter, chunk: str) -> None:
    data = chunk.encode()
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
    await writer.drain()
