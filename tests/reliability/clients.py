"""A client that keeps whatever it was sent, whichever server sent it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from tests.reliability.processes import PATIENCE, Server

Data = dict[str, Any]


class Client:
    """Watches one task over one server after another, from where it was."""

    def __init__(self, task_id: str, *, batch: bool) -> None:
        self.task_id = task_id
        self.events: list[Data] = []
        """The stored ones, as they came: never sorted, never made unique."""
        self.deltas = 0
        self.result: Data | None = None
        self._query = "&batch=1" if batch else ""
        self._reading: asyncio.Task[None] | None = None
        self._more = asyncio.Event()

    @property
    def seqs(self) -> list[int]:
        return [event["seq"] for event in self.events]

    async def connect(self, server: Server) -> None:
        """Begin to watch; how the task stands has been told when this returns."""
        after = self.seqs[-1] if self.events else 0
        connection = await server.socket(
            f"/ws/tasks/{self.task_id}?start=false&after={after}{self._query}"
        )
        text = await connection.read_message()
        if text is None:
            connection.close()
            raise ConnectionResetError
        first = json.loads(text)
        assert first["type"] == "connected", first

        async def read() -> None:
            while (text := await connection.read_message()) is not None:
                self._take(json.loads(text))
            connection.close()
            self._more.set()

        self._reading = asyncio.ensure_future(read())

    async def until(self, wanted: Callable[[Data], bool]) -> Data:
        """The first event like that."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for event in self.events:
                    if wanted(event):
                        return event
                assert self._reading is not None
                assert not self._reading.done(), self.events
                self._more.clear()
                await self._more.wait()

    async def gone(self) -> None:
        """Wait until the server has closed, or is dead."""
        if self._reading is not None:
            await asyncio.wait_for(self._reading, PATIENCE)

    def _take(self, frame: Data) -> None:
        match frame["type"]:
            case "step":
                self._take_event(frame["data"])
            case "steps":
                for event in frame["data"]:
                    self._take_event(event)
            case "result":
                assert self.result is None
                self.result = frame["data"]
            case _:
                raise AssertionError(frame)

    def _take_event(self, event: Data) -> None:
        assert self.result is None
        if event["event_type"].endswith("_delta"):
            self.deltas += 1
        else:
            self.events.append(event)
        self._more.set()
