"""A proxy that treats WebSockets badly: it cuts them in mid-frame, lets them hang, drops idle ones."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal

from agentkit.server.portal import Portal

Kind = Literal["both", "client", "server", "silence"]
"""Who learns that the line is cut. The other end, or with ``silence`` both, hears nothing, not even that."""

KINDS: tuple[Kind, ...] = ("both", "client", "server", "silence")


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a socket after so many bytes of the server's, its handshake included."""

    kind: Kind
    after: int


class ChaosProxy:
    """Stands between clients and a server of this machine.

    Parameters
    ----------
    target
        The server's port.
    cuts
        How many of the sockets that are opened one after the other are cut, each somewhere in its first
        ``within`` bytes and in one of the four ways; later ones are left alone.
    idle
        Seconds after which a connection is cut on which nothing has passed, as some proxies do.
    """

    def __init__(
        self,
        target: int,
        *,
        cuts: int = 0,
        within: int = 4_000,
        idle: float | None = None,
        seed: int = 1,
    ) -> None:
        self._target = target
        chance = random.Random(seed)
        self._fates = iter(
            [Fate(KINDS[number % len(KINDS)], chance.randrange(within)) for number in range(cuts)]
        )
        self._wanted = cuts
        self._idle = idle
        self.cut: Counter[str] = Counter()
        """How many were cut, by kind; ``idle`` too."""
        self.opened = 0
        """Sockets that clients have asked for."""
        self.all_cut = threading.Event()
        if not cuts:
            self.all_cut.set()
        self._open: set[asyncio.StreamWriter] = set()
        self._portal = Portal("chaos-proxy")
        self.port = 0

    def __enter__(self) -> ChaosProxy:
        self._portal.submit(self._listen()).result(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._portal.submit(self._hang_up()).result(10)
        self._portal.close()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _hang_up(self) -> None:
        self._server.close()
        for writer in tuple(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except (OSError, asyncio.IncompleteReadError):
            writer.transport.abort()
            return
        self._open |= {writer, far_writer}
        far_writer.write(head)
        fate = None
        if b"upgrade: websocket" in head.lower():
            self.opened += 1
            fate = next(self._fates, None)
        try:
            kind = await self._pass_on((reader, writer), (far_reader, far_writer), fate)
        except OSError:
            kind = "both"
        if kind != "silence":
            for which, end in (("client", writer), ("server", far_writer)):
                if kind in (which, "both", "idle", "over"):
                    end.transport.abort()
                    self._open.discard(end)

    async def _pass_on(
        self,
        near: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        far: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        fate: Fate | None,
    ) -> str:
        """Copy both ways; who is cut off then, or ``over`` when one end has hung up by itself."""
        moved = asyncio.Event()
        works: list[Coroutine[Any, Any, str]] = [
            _copy(near[0], far[1], moved, None),
            _copy(far[0], near[1], moved, fate),
        ]
        if self._idle is not None:
            works.append(_watch(moved, self._idle))
        tasks = [asyncio.ensure_future(work) for work in works]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        kind = done.pop().result()
        if kind != "over":
            self._count(kind)
        elif fate is not None:  # its end came before its fate: another gets that
            self._fates = iter([fate, *self._fates])
        return kind

    def _count(self, kind: str) -> None:
        self.cut[kind] += 1
        if self.cut.total() >= self._wanted:
            self.all_cut.set()


async def _copy(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    moved: asyncio.Event,
    fate: Fate | None,
) -> str:
    passed = 0
    while data := await reader.read(65_536):
        moved.set()
        if fate is not None and passed + len(data) >= fate.after:
            writer.write(data[: fate.after - passed])
            with contextlib.suppress(OSError):
                await writer.drain()
            return fate.kind
        passed += len(data)
        writer.write(data)
        await writer.drain()
    return "over"


async def _watch(moved: asyncio.Event, seconds: float) -> str:
    while True:
        moved.clear()
        try:
            async with asyncio.timeout(seconds):
                await moved.wait()
        except TimeoutError:
            return "idle"
