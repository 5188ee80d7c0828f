"""Holds back what comes for agentkit before its handlers are there: the server need not wait for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from tornado.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.routing import Router


class Gate(Router):
    """Lets a request wait until the handlers are mounted, then hands it to the application.

    Parameters
    ----------
    application
        What finds the handler of a request once they are.
    opened
        Returns when they are mounted, or never will be: then what comes finds no handler.
    """

    SUPPORTED_METHODS = ()
    """Jupyter looks here for methods that admit everybody. A gate answers nothing itself."""

    def __init__(self, application: Router, opened: Callable[[], Awaitable[None]]) -> None:
        self._application = application
        self._opened = opened
        self._is_open = False

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> HTTPMessageDelegate | None:
        """Hold the request back; nothing once the gate is open."""
        return None if self._is_open else _Held(self, request)

    async def passed(self, request: HTTPServerRequest) -> HTTPMessageDelegate | None:
        """What handles the request, when the gate has opened."""
        await self._opened()
        self._is_open = True
        return self._application.find_handler(request)


class _Held(HTTPMessageDelegate):
    """A request at the gate. Its connection is read no further until it has passed."""

    def __init__(self, gate: Gate, request: HTTPServerRequest) -> None:
        self._gate = gate
        self._request = request
        self._handler: HTTPMessageDelegate | None = None

    async def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> None:
        self._handler = await self._gate.passed(self._request)
        if self._handler and (more := self._handler.headers_received(start_line, headers)):
            await more

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return self._handler.data_received(chunk) if self._handler else None

    def finish(self) -> None:
        if self._handler:
            self._handler.finish()

    def on_connection_close(self) -> None:
        if self._handler:
            self._handler.on_connection_close()
