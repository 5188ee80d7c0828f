"""Sockets that stay open behind proxies, notice who has gone, and hold little for who does not read."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import socket
from typing import Any

from jupyter_server.base.websocket import WebSocketMixin
from tornado.websocket import WebSocketClosedError, WebSocketHandler

PING_SECONDS = 5.0
"""Proxies drop what was idle for 10 s, some of them: two signs of life fit into that."""

UNANSWERED = 12
"""Pings without an answer after which a client has gone.

A minute at the usual pace: a ping waits behind what is being sent, and a large result on a slow line may take
that long. To wait costs one idle socket."""

UNSENT = 128 * 1024
"""Bytes of one client that the system takes before they can be sent.

It would take megabytes of a client that does not read. What is on its way to one that does is not
bounded."""


log = logging.getLogger("agentkit")


class AliveMixin(WebSocketMixin, WebSocketHandler):  # pyright: ignore[reportIncompatibleMethodOverride]
    """Pings its client, and closes when there is no answer for long.

    In the place of both Jupyter's pings (every 30 s) and Tornado's (which would take Jupyter's milliseconds
    for seconds): a timer is all that an idle socket costs.
    """

    _beat: asyncio.TimerHandle | None = None
    _unanswered = 0

    @property
    def ping_interval(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Nobody else shall ping."""
        return 0

    @property
    def _pace(self) -> float:
        return self.settings.get("agentkit_ping_seconds", PING_SECONDS)

    def open(self, *args: Any, **kwargs: Any) -> None:
        """Begin to ping."""
        super().open(*args, **kwargs)
        self._hold_little()
        # Many pages come back at the same moment when a server does; their pings shall not go on together.
        self._ping_in(self._pace * random.random())

    def on_pong(self, data: bytes) -> None:
        """Note that it is there."""
        self._unanswered = 0

    def on_close(self) -> None:
        """Ping no more."""
        super().on_close()
        if self._beat is not None:
            self._beat.cancel()

    def _ping_in(self, seconds: float) -> None:
        self._beat = asyncio.get_running_loop().call_later(seconds, self._ping)

    def _ping(self) -> None:
        if self._unanswered >= UNANSWERED:
            log.info("A client of %s has not answered and is let go.", self.request.path)
            # Without a goodbye: to wait for the answer to one, from who gives none, takes Tornado 5 s.
            connection: Any = self.ws_connection
            connection.stream.close()
            return
        try:
            self.ping(b"")
        except WebSocketClosedError:
            return
        self._unanswered += 1
        self._ping_in(self._pace)

    def _hold_little(self) -> None:
        connection: Any = self.ws_connection
        option = getattr(socket, "TCP_NOTSENT_LOWAT", None)  # no Windows
        if connection is not None and option is not None:
            with contextlib.suppress(OSError):  # a socket of the file system has no such thing
                connection.stream.socket.setsockopt(socket.IPPROTO_TCP, option, UNSENT)
