"""The Tornado host of the conversation about one task."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado import web
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from agentkit.core.frames import CLIENT_KEY_HEADER
from agentkit.hub.hub import Hub
from agentkit.server.api import SOCKET_PATH
from agentkit.server.conversation import MAX_FRAME, Action, Gone, converse
from jupyter_agentkit.handlers.http import RESOURCE, pattern
from jupyter_agentkit.handlers.identity import KernelKeyMixin

INBOX = 100
"""Frames of a client that wait to be read before its connection is read no further."""


class TaskSocket(KernelKeyMixin, WebSocketMixin, WebSocketHandler, JupyterHandler):
    """One client's socket. What is said on it is decided in ``agentkit.server.conversation``."""

    def initialize(self, hub: Hub) -> None:
        """Take the hub."""
        self._hub = hub
        self._inbox: asyncio.Queue[str] = asyncio.Queue(INBOX)
        self._talk: asyncio.Task[None] | None = None
        self._allowed: frozenset[Action] = frozenset()

    def set_default_headers(self) -> None:
        """A socket has no headers of its own."""

    @property
    def max_message_size(self) -> int:
        """Above our own limit in any encoding, so that a large frame is told so and not cut off."""
        return 4 * MAX_FRAME + 1024

    @ws_authenticated
    async def get(self, *args: str, **path: str) -> None:
        """Authorise, then shake hands."""
        actions: tuple[Action, ...] = ("read", "execute")
        self._allowed = frozenset([each for each in actions if await self._may(each)])
        if "read" not in self._allowed:
            raise web.HTTPError(403)
        await self._hub.open()
        await super().get(*args, **path)

    async def _may(self, action: Action) -> bool:
        allowed = self.authorizer.is_authorized(self, self.current_user, action, RESOURCE)
        return bool(await ensure_async(allowed))

    def open(self, id: str) -> None:
        """Begin the conversation about the task ``id``."""
        super().open()
        query = {name: self.get_query_argument(name) for name in self.request.query_arguments}
        talk = converse(
            self._hub,
            _TornadoSocket(self, self._inbox),
            id,
            query,
            may=self._allowed.__contains__,
            client_key=self.request.headers.get(CLIENT_KEY_HEADER),
        )
        self._talk = asyncio.ensure_future(talk)

    async def on_message(self, message: str | bytes) -> None:
        """Hand a frame on; while the inbox is full, Tornado reads no further."""
        await self._inbox.put(
            message if isinstance(message, str) else message.decode("utf-8", "replace")
        )

    def on_close(self) -> None:
        """The client has left, or the conversation has ended."""
        super().on_close()
        if self._talk is not None:
            self._talk.cancel()


class _TornadoSocket:
    def __init__(self, handler: TaskSocket, inbox: asyncio.Queue[str]) -> None:
        self._handler = handler
        self._inbox = inbox

    async def send(self, text: str) -> None:
        try:
            await self._handler.write_message(text)
        except WebSocketClosedError:
            raise Gone from None

    async def receive(self) -> str:
        return await self._inbox.get()

    async def close(self, code: int) -> None:
        self._handler.close(code)


def socket_handlers(hub: Hub) -> list[tuple[str, type[TaskSocket], dict[str, Any]]]:
    """Tornado's rule for the socket."""
    return [(pattern(SOCKET_PATH), TaskSocket, {"hub": hub})]
