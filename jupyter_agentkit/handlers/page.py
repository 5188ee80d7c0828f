"""The Tornado host of the talk with a page that has notebooks open."""

from __future__ import annotations

import asyncio
import logging
from contextlib import ExitStack
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from tornado import web
from tornado.websocket import WebSocketClosedError, WebSocketHandler, WebSocketProtocol

from agentkit.errors import Full
from agentkit.hub.hub import Hub
from jupyter_agentkit.handlers.alive import AliveMixin
from jupyter_agentkit.handlers.http import RESOURCE, pattern
from jupyter_agentkit.handlers.refusal import RefusalMixin
from jupyter_agentkit.ports.pages import Page, Pages

PAGE_PATH = "/ws/page"

TOO_BIG = 1009
"""The code with which Tornado closes when a frame is larger than it may be; it reads none of it."""

TRY_LATER = 1013
"""The code with which the server closes when it has no room (RFC 6455's registry)."""

log = logging.getLogger("agentkit")


class PageSocket(  # pyright: ignore[reportIncompatibleMethodOverride]
    RefusalMixin, AliveMixin, WebSocketHandler, JupyterHandler
):
    """One page's socket. Only people open it: a kernel has no page."""

    def initialize(self, hub: Hub, pages: Pages) -> None:
        """Take the hub and the pages."""
        self._hub = hub
        self._seat = ExitStack()
        self._pages = pages
        self._page = Page(self._send)

    def set_default_headers(self) -> None:
        """A socket has no headers of its own."""

    @property
    def max_message_size(self) -> int:
        """A whole notebook with its outputs, or the pictures of one cell."""
        return self._hub.bounds.page_frame_bytes

    def get_websocket_protocol(self) -> WebSocketProtocol | None:
        """Tornado's, but that it says of a frame that is too large how large it may be."""
        protocol = super().get_websocket_protocol()
        if protocol is None:
            return None
        close = protocol.close

        def close_telling(code: int | None = None, reason: str | None = None) -> None:
            if code == TOO_BIG:
                reason = f"A frame has too many {self._hub.bounds.told('page_frame_bytes')}"
                log.warning("A page was cut off: %s.", reason)
            close(code, reason)

        protocol.close = close_telling
        return protocol

    @ws_authenticated
    async def get(self, *args: str, **path: str) -> None:
        """Authorise, then shake hands: who holds a notebook decides what agents read in it."""
        allowed = self.authorizer.is_authorized(self, self.current_user, "execute", RESOURCE)
        if not await ensure_async(allowed):
            raise web.HTTPError(403, f"You are not allowed to execute {RESOURCE} here.")
        await super().get(*args, **path)

    def open(self) -> None:
        """Count the page in, if there is room."""
        super().open()
        try:
            self._seat.enter_context(self._hub.sockets.opened())
        except Full as error:
            log.warning("%s", error.message)
            self.close(TRY_LATER, error.reason)
            return
        self._pages.add(self._page)

    def on_message(self, message: str | bytes) -> None:
        """Take what the page says."""
        self._pages.hear(self._page, message)

    def on_close(self) -> None:
        """Count the page out."""
        super().on_close()
        self._seat.close()
        self._pages.remove(self._page)

    def _send(self, text: str) -> None:
        try:
            sent = asyncio.ensure_future(self.write_message(text))
        except WebSocketClosedError:
            return  # `on_close` tells those who wait
        # A socket that breaks while it is written to is closed as well, and its error is of no use.
        sent.add_done_callback(lambda done: done.cancelled() or done.exception())


def page_handlers(hub: Hub, pages: Pages) -> list[tuple[str, type[PageSocket], dict[str, Any]]]:
    """Tornado's rule for the socket."""
    return [(pattern(PAGE_PATH), PageSocket, {"hub": hub, "pages": pages})]
