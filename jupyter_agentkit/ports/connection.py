"""One client of one kernel: sends requests, hears what belongs to them, notices when the kernel is gone."""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Any, Literal, cast

from jupyter_client.asynchronous.client import AsyncKernelClient

from agentkit.errors import AgentKitError

LOOK_SECONDS = 0.5
"""Between two looks whether the kernel's process still lives."""

Channel = Literal["shell", "control"]
Message = dict[str, Any]


class Kernel(ABC):
    """A kernel, as whoever started it knows it."""

    @abstractmethod
    def client(self) -> AsyncKernelClient:
        """Make a client with a session of its own, not yet connected."""

    @abstractmethod
    async def process(self) -> object:
        """What tells its process from a later one; ``None`` when there is none any more."""

    @abstractmethod
    async def interrupt(self) -> None:
        """Interrupt what runs in it now."""


class Connection:
    """An open connection: ``async with Connection(kernel) as connection``."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self._client = kernel.client()
        self._heard: asyncio.Queue[Message | AgentKitError] = asyncio.Queue()
        self._mine: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Connection:
        process = await self.kernel.process()
        if process is None:
            raise died()
        self._client.start_channels(hb=False, stdin=False)
        client = cast("Any", self._client)
        for receive in (client.get_shell_msg, client.get_iopub_msg, client.get_control_msg):
            self._tasks.append(asyncio.create_task(self._listen(receive)))
        self._tasks.append(asyncio.create_task(self._watch(process)))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._client.stop_channels()

    def send(self, kind: str, content: dict[str, Any], channel: Channel = "shell") -> str:
        """Send a request and return its id."""
        client = cast("Any", self._client)
        message = client.session.msg(kind, content)
        sender = client.shell_channel if channel == "shell" else client.control_channel
        request: str = message["header"]["msg_id"]
        self._mine.add(request)
        sender.send(message)
        return request

    async def hear(self, seconds: float | None = None) -> Message | None:
        """The next message that answers one of the requests; ``None`` when none came in time.

        Raises
        ------
        AgentKitError
            The kernel died or was started anew.
        """
        try:
            async with asyncio.timeout(seconds):
                heard = await self._heard.get()
        except TimeoutError:
            return None
        return self._read(heard)

    def heard(self) -> Message | None:
        """As ``hear``, of what has come already; ``None`` when that is all read."""
        return None if self._heard.empty() else self._read(self._heard.get_nowait())

    def _read(self, heard: Message | AgentKitError) -> Message:
        if isinstance(heard, AgentKitError):
            self._heard.put_nowait(heard)
            raise heard
        return heard

    async def _listen(self, receive: Any) -> None:
        while True:
            message: Message = await receive()
            if message["msg_type"] == "shutdown_reply":
                restarts = message["content"].get("restart")
                self._heard.put_nowait(restarted() if restarts else died())
            elif message["parent_header"].get("msg_id") in self._mine:
                self._heard.put_nowait(message)

    async def _watch(self, process: object) -> None:
        """A kernel that is killed says nothing."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now: object = None
            with contextlib.suppress(Exception):  # whoever started it has lost it
                now = await self.kernel.process()
            if now != process:
                self._heard.put_nowait(died() if now is None else restarted())
                return


def died() -> AgentKitError:
    """The error for a kernel that is gone."""
    return AgentKitError(
        "The notebook's kernel died or was shut down. Its variables are gone.", reason="kernel_died"
    )


def restarted() -> AgentKitError:
    """The error for a kernel that was started anew while something was waited for."""
    return AgentKitError(
        "The notebook's kernel was restarted meanwhile. Its variables are gone.",
        reason="kernel_restarted",
    )
