"""The plain way on Tornado: ``write_message`` to one client after the other, encoded once.

``python plain_tornado.py PORT EVENTS A_FRAME``; a ``POST /go`` sends to all that are connected to ``/ws``.
"""

from __future__ import annotations

import asyncio
import json
import sys

from frames import frames
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler

PORT, EVENTS, A_FRAME = map(int, sys.argv[1:])

sockets: list[WebSocketHandler] = []


class Watch(WebSocketHandler):
    """A client."""

    def open(self, *args: str, **kwargs: str) -> None:
        """Keep it."""
        sockets.append(self)


class Go(RequestHandler):
    """Sends all."""

    async def post(self) -> None:
        """Send all."""
        for frame in frames(EVENTS, A_FRAME):
            text = json.dumps(frame, separators=(",", ":"))
            for socket in sockets:
                await socket.write_message(text)


async def main() -> None:
    """Serve until killed."""
    Application([("/ws", Watch), ("/go", Go)]).listen(PORT, "127.0.0.1")
    await asyncio.Event().wait()


asyncio.run(main())
