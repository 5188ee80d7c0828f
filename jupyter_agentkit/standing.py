"""The functions of this process on offer: a page may go on with a run, and its calls are run here."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from agentkit.errors import AgentKitError
from agentkit.tools.protocol import Tool
from jupyter_agentkit.errors import ConnectionLost
from jupyter_agentkit.follower import Follower, Patience
from jupyter_agentkit.host import Frame, Host, Socket
from jupyter_agentkit.offered import OfferedTools, offered_specs
from jupyter_agentkit.record import Record

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Offer:
    frame: Frame
    tools: Mapping[str, Tool]
    context: contextvars.Context


class StandingOffers:
    """Keeps one socket open on which functions are offered. Used on the client's loop.

    Nothing is shown of the runs that are served here: the page that started them shows them.
    """

    def __init__(self, host: Host, patience: Patience) -> None:
        self._host = host
        self._patience = patience
        self._offers: dict[tuple[str, str], _Offer] = {}
        self._socket: Socket | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def put(
        self,
        kernel_id: str,
        agent: str,
        tools: Mapping[str, Tool],
        context: contextvars.Context,
    ) -> None:
        """Offer an agent's functions; those that it offered before are withdrawn.

        Parameters
        ----------
        context
            Of the cell that has the agent: what a function prints goes there.
        """
        frame: Frame = {
            "type": "offer",
            "kernel_id": kernel_id,
            "agent": agent,
            "tools": offered_specs(tools),
        }
        offer = self._offers[kernel_id, agent] = _Offer(frame, tools, context)
        if self._keeping is None or self._keeping.done():
            self._keeping = asyncio.create_task(self._keep())
        elif self._socket is not None:
            try:
                await self._socket.send(offer.frame)
            except ConnectionLost:
                return  # the next connection sends it

    async def close(self) -> None:
        """Withdraw what is offered and leave what is being served."""
        tasks = [*self._serving, *([self._keeping] if self._keeping else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self) -> None:
        """Hold a connection; after a long time without a server, the next offer begins anew."""
        clock = asyncio.get_running_loop().time
        attempt, lost_at = 0, clock()
        while clock() - lost_at <= self._patience.total:
            try:
                socket = await self._host.open_offers()
                if socket is None:
                    return
                attempt = 0
                try:
                    await self._talk(socket)
                finally:
                    self._socket = None
                    socket.close()
                    lost_at = clock()
            except ConnectionLost:
                pass
            except AgentKitError as error:
                _log.warning("No follow-up can be run here: %s", error)
                return
            await asyncio.sleep(self._patience.pause(attempt))
            attempt += 1

    async def _talk(self, socket: Socket) -> None:
        for offer in tuple(self._offers.values()):
            await socket.send(offer.frame)
        self._socket = socket
        while (frame := await socket.receive()) is not None:
            match frame.get("type"):
                case "serve":
                    serving = asyncio.create_task(self._serve(frame))
                    self._serving.add(serving)
                    serving.add_done_callback(self._serving.discard)
                case "error":
                    _log.warning("An offer was refused: %s", frame["data"]["message"])
                case _:
                    pass

    async def _serve(self, frame: Frame) -> None:
        task_id = frame["task_id"]
        offer = self._offers[frame["kernel_id"], frame["agent"]]
        follower = Follower(
            self._host,
            Record(task_id, frame["agent"], ""),
            OfferedTools(offer.tools, offer.context),
            client_key=frame["client_key"],
            on_frame=lambda _: None,
            patience=self._patience,
        )
        try:
            await follower.follow()
        except AgentKitError as error:
            _log.warning("The follow-up %s is no longer served: %s", task_id, error)
