"""The run's frames to a page that cannot reach the server itself, over the widget's comm."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from agentkit.core.frames import PROTOCOL
from jupyter_agentkit.host import Frame
from jupyter_agentkit.record import Record

QUIET_SECONDS = 0.05
"""The least time between two messages: a server drops a kernel's messages above 1,000 a second."""


class Relay:
    """Sends frames on in batches. Used on the client's loop.

    Parameters
    ----------
    record
        What is known of the run.
    send
        Sends one message to the page.
    """

    def __init__(self, record: Record, send: Callable[[Frame], None]) -> None:
        self._record = record
        self._send = send
        self._attached = False
        self._outbox: list[Frame] = []
        self._timer: asyncio.TimerHandle | None = None

    def attach(self, after: int) -> None:
        """Send everything with ``seq > after``, and from now on what comes.

        It begins with ``connected``, as a socket would: a view that was attached already knows by it that
        open messages begin anew.
        """
        self._attached = True
        record = self._record
        self._outbox = [
            {
                "type": "connected",
                "task_id": record.task_id,
                "protocol": PROTOCOL,
                "status": record.status.value,
                "last_seq": record.last_seq,
            }
        ]
        missing = [event for event in record.events if event["seq"] > after]
        missing += record.partial.values()
        if missing:
            self._outbox.append({"type": "steps", "data": missing})
        if record.status.is_final:
            self._outbox.append(record.result_frame())
        self._flush()

    def push(self, frame: Frame) -> None:
        """Pass a frame on that came from the server."""
        if not self._attached:
            return
        self._outbox.append(frame)
        if self._timer is None:
            self._flush()

    def _flush(self) -> None:
        """Send what there is, at once when the page was quiet; then wait before the next."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._outbox:
            frames, self._outbox = self._outbox, []
            self._send({"type": "frames", "frames": frames})
            self._timer = asyncio.get_running_loop().call_later(QUIET_SECONDS, self._flush)
