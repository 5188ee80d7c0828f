"""Who watches which task: the contract's ``ConnectionManager``."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Protocol

from agentkit.core.protocol import CancellationToken

PATIENCE = 0.1
"""Seconds that a broadcast waits for a client before it goes on without it."""

BACKLOG = 1_000
"""Messages that may wait for a slow client before it is given up."""


class JsonSocket(Protocol):
    """What the manager needs of a client."""

    async def send_json(self, message: Any, /) -> None: ...


@dataclass(slots=True, eq=False)
class _Client:
    ws: JsonSocket
    token: CancellationToken
    waiting: deque[Any] = field(default_factory=lambda: deque[Any]())
    sending: asyncio.Task[None] | None = None

    @property
    def is_sending(self) -> bool:
        """Whether it is at work on this loop; what it did on a loop that has gone will not end."""
        sending = self.sending
        return (
            sending is not None
            and not sending.done()
            and sending.get_loop() is asyncio.get_running_loop()
        )


class ConnectionManager:
    """The clients of every task, each with the token of the task that it watches.

    It belongs to no event loop and keeps no lock, so one manager serves several loops in turn.
    """

    def __init__(self) -> None:
        self._clients: dict[str, list[_Client]] = {}

    def add(self, task_id: str, ws: JsonSocket, token: CancellationToken) -> None:
        """Add a client; one that is there already gets the new token."""
        clients = self._clients.setdefault(task_id, [])
        for client in clients:
            if client.ws is ws:
                client.token = token
                return
        clients.append(_Client(ws, token))

    def remove(self, task_id: str, ws: JsonSocket) -> None:
        """Remove a client and its token; one that is absent is no error."""
        clients = self._clients.get(task_id, ())
        for client in clients:
            if client.ws is ws:
                client.waiting.clear()
        kept = [client for client in clients if client.ws is not ws]
        if kept:
            self._clients[task_id] = kept
        else:
            self._clients.pop(task_id, None)

    def has_connections(self, task_id: str) -> bool:
        """Whether anybody watches the task."""
        return task_id in self._clients

    def get_tokens(self, task_id: str) -> list[CancellationToken]:
        """The clients' tokens: a new list of the very same objects."""
        return [client.token for client in self._clients.get(task_id, ())]

    async def broadcast(self, task_id: str, message: Any) -> None:
        """Send ``message`` once to every client of the task, to all at the same time.

        Each client gets its messages in order. One that takes longer than ``PATIENCE`` is left to
        finish in the background while the others go on; one whose send raises, or that falls
        ``BACKLOG`` messages behind, is removed. Nothing is raised.
        """
        sending = [
            task
            for client in tuple(self._clients.get(task_id, ()))
            if (task := self._send(task_id, client, message)) is not None
        ]
        if sending:
            await asyncio.wait(sending, timeout=PATIENCE)

    def _send(self, task_id: str, client: _Client, message: Any) -> asyncio.Task[None] | None:
        client.waiting.append(message)
        if not client.is_sending:
            client.sending = asyncio.ensure_future(self._drain(task_id, client))
            return client.sending
        if len(client.waiting) > BACKLOG:
            assert client.sending is not None
            client.sending.cancel()
            self.remove(task_id, client.ws)
        return None

    async def _drain(self, task_id: str, client: _Client) -> None:
        try:
            while client.waiting:
                await client.ws.send_json(client.waiting.popleft())
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if (
                task is not None and task.cancelling()
            ):  # the loop ends; the client may be reached again
                raise
            self.remove(task_id, client.ws)
        except Exception:
            # Whatever is wrong with this client is no concern of the others: it is gone.
            self.remove(task_id, client.ws)
