"""One run's connection: follows the events through breaks, and answers the calls of offered tools."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass

from agentkit.errors import NotFound, Refused
from jupyter_agentkit.errors import ConnectionLost
from jupyter_agentkit.host import Frame, Host, Socket
from jupyter_agentkit.offered import OfferedTools
from jupyter_agentkit.record import Record


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a lost connection is tried again. Seconds."""

    first: float = 0.1
    longest: float = 5.0
    total: float = 600.0

    def pause(self, attempt: int) -> float:
        """The pause before a try, from 0; spread, so that many runs do not come back as one."""
        longest = min(self.longest, self.first * 2 ** min(attempt, 16))
        return longest * random.uniform(0.5, 1.0)


class Follower:
    """Keeps a record of one run current until the run has ended.

    Parameters
    ----------
    on_frame
        Called on the client's loop after each frame was added to the record.
    """

    def __init__(
        self,
        host: Host,
        record: Record,
        tools: OfferedTools,
        *,
        client_key: str | None,
        on_frame: Callable[[Frame], None],
        patience: Patience,
    ) -> None:
        self._host = host
        self._record = record
        self._tools = tools
        self._client_key = client_key
        self._on_frame = on_frame
        self._patience = patience
        self._socket: Socket | None = None
        """The open socket, once it has told everything that was stored."""

    async def follow(self) -> None:
        """Follow to the end.

        Raises
        ------
        AgentKitError
            The run can no longer be followed; it may still go on.
        """
        clock = asyncio.get_running_loop().time
        attempt, lost_at = 0, clock()
        try:
            while not self._record.status.is_final:
                try:
                    socket = await self._open()
                    attempt, lost_at = 0, clock()
                    try:
                        await self._talk(socket)
                    finally:
                        self._socket = None
                        socket.close()
                        lost_at = clock()
                except ConnectionLost as error:
                    if clock() - lost_at > self._patience.total:
                        raise ConnectionLost(
                            f"Gave up on run {self._record.task_id!r} after "
                            f"{self._patience.total:g} s without its server. The run may go on there: "
                            f"AgentRun({self._record.task_id!r}) follows it again. {error.message}"
                        ) from None
                    await asyncio.sleep(self._patience.pause(attempt))
                    attempt += 1
        finally:
            self._tools.stop()

    async def _open(self) -> Socket:
        return await self._host.open_socket(
            self._record.task_id, after=self._record.last_seq, client_key=self._client_key
        )

    async def _talk(self, socket: Socket) -> None:
        """Read frames until the result; raise ``ConnectionLost`` when they end earlier."""
        known: int | None = None
        complaint: Frame = {}
        while (frame := await socket.receive()) is not None:
            match frame.get("type"):
                case "connected":
                    known = frame["last_seq"]
                case "error":
                    complaint = frame["data"]
                case _:
                    pass
            for event in self._record.add(frame):
                self._tools.take(event)
            self._on_frame(frame)
            if frame.get("type") == "result":
                return
            if known is not None and self._record.last_seq >= known:
                await self._caught_up(socket)
        if socket.refused and complaint:
            kind = NotFound if complaint["reason"] == "task_not_found" else Refused
            raise kind(complaint["message"], reason=complaint["reason"])
        raise ConnectionLost("The server closed the socket before the run had ended.")

    async def _caught_up(self, socket: Socket) -> None:
        if self._socket is not socket:
            self._socket = socket
            for frame in self._tools.results:
                await socket.send(frame)
        self._tools.start(self._deliver)

    async def _deliver(self, frame: Frame) -> None:
        if self._socket is None:
            return  # the connection is broken; the next one sends it
        try:
            await self._socket.send(frame)
        except ConnectionLost:
            return  # the reader finds that out too, and connects anew
