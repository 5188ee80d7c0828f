"""The Tornado host of the talks over sockets: about one task, about all, and with who offers tools."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from tornado import web
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from agentkit.core.frames import CLIENT_KEY_HEADER
from agentkit.hub.hub import Hub
from agentkit.server.api import SOCKET_PATH
from agentkit.server.conversation import Action, Gone, converse
from agentkit.server.feed import FEED_PATH, feed
from agentkit.server.input import query_of
from agentkit.server.offering import OFFERS_PATH, offering
from jupyter_agentkit.handlers.alive import AliveMixin
from jupyter_agentkit.handlers.http import RESOURCE, pattern
from jupyter_agentkit.handlers.identity import KernelKeyMixin, KernelUser, asker_of
from jupyter_agentkit.handlers.refusal import RefusalMixin

INBOX = 10
"""Frames of a client that wait to be read before its connection is read no further."""


class TalkSocket(  # pyright: ignore[reportIncompatibleMethodOverride]
    RefusalMixin, KernelKeyMixin, AliveMixin, WebSocketHandler, JupyterHandler
):
    """One client's socket. What is said on it is decided in ``agentkit.server``."""

    def initialize(self, hub: Hub) -> None:
        """Take the hub."""
        self._hub = hub
        self._inbox: asyncio.Queue[str] = asyncio.Queue(INBOX)
        self._talk: asyncio.Task[None] | None = None
        self._allowed: frozenset[Action] = frozenset()
        # The server logs the address of a refused request, and a question may stand in this one.
        self.request.uri = self.request.path

    def set_default_headers(self) -> None:
        """A socket has no headers of its own."""

    @property
    def max_message_size(self) -> int:
        """Above our own limit in any encoding, so that a large frame is told so and not cut off."""
        return 4 * self._hub.bounds.frame_chars + 1024

    @ws_authenticated
    async def get(self, *args: str, **path: str) -> None:
        """Authorise, then shake hands; the conversation tells who may not read."""
        actions: tuple[Action, ...] = ("read", "execute")
        self._allowed = frozenset([each for each in actions if await self._may(each)])
        await super().get(*args, **path)

    async def _may(self, action: Action) -> bool:
        allowed = self.authorizer.is_authorized(self, self.current_user, action, RESOURCE)
        return bool(await ensure_async(allowed))

    def begin(self, talk: Coroutine[Any, Any, None]) -> None:
        """Have the talk until it ends or the client leaves."""
        self._talk = asyncio.ensure_future(talk)
        self._talk.add_done_callback(self._make_room)

    async def on_message(self, message: str | bytes) -> None:
        """Hand a frame on; while the inbox is full, Tornado reads no further."""
        if self._talk is None or self._talk.done():
            return
        await self._inbox.put(
            message if isinstance(message, str) else message.decode("utf-8", "replace")
        )

    def on_close(self) -> None:
        """The client has left, or the conversation has ended."""
        super().on_close()
        if self._talk is not None:
            self._talk.cancel()

    def _make_room(self, _: asyncio.Task[None]) -> None:
        # Whoever waits to put a frame into the inbox waits no longer: nobody will read it.
        while not self._inbox.empty():
            self._inbox.get_nowait()


class TaskSocket(TalkSocket):
    """The talk about one task."""

    def open(self, id: str) -> None:
        """Begin the conversation about the task ``id``."""
        super().open()
        self.begin(
            converse(
                self._hub,
                _TornadoSocket(self, self._inbox),
                id,
                query_of(self.request.query),
                may=self._allowed.__contains__,
                client_key=self.request.headers.get(CLIENT_KEY_HEADER),
                asker=asker_of(self),
            )
        )


class FeedSocket(TalkSocket):
    """The talk about all tasks."""

    def open(self) -> None:
        """Begin to tell."""
        super().open()
        socket = _TornadoSocket(self, self._inbox)
        may = self._allowed.__contains__
        self.begin(feed(self._hub, socket, may=may, asker=asker_of(self)))


class OfferSocket(TalkSocket):
    """The talk with a process that offers its tools: a kernel, and nobody else.

    Who offers learns the key to a run's calls and answers for a notebook's functions. No page and no script
    has any, so none may. All kernels of a server have one key: they are the same user's.
    """

    @ws_authenticated
    async def get(self, *args: str, **path: str) -> None:
        """Refuse all but kernels."""
        if not isinstance(self.current_user, KernelUser):
            raise web.HTTPError(403, "Only the kernels of this server offer tools.")
        await super().get(*args, **path)

    def open(self) -> None:
        """Begin to take offers."""
        super().open()
        socket = _TornadoSocket(self, self._inbox)
        self.begin(offering(self._hub, socket, self._send_soon, may=self._allowed.__contains__))

    def _send_soon(self, text: str) -> None:
        try:
            sent = asyncio.ensure_future(self.write_message(text))
        except WebSocketClosedError:
            return  # `on_close` withdraws its offers
        sent.add_done_callback(lambda done: done.cancelled() or done.exception())


class _TornadoSocket:
    def __init__(self, handler: TalkSocket, inbox: asyncio.Queue[str]) -> None:
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


def socket_handlers(hub: Hub) -> list[tuple[str, type[TalkSocket], dict[str, Any]]]:
    """Tornado's rules for the sockets."""
    return [
        (pattern(SOCKET_PATH), TaskSocket, {"hub": hub}),
        (pattern(FEED_PATH), FeedSocket, {"hub": hub}),
        (pattern(OFFERS_PATH), OfferSocket, {"hub": hub}),
    ]
