"""Servers in processes of their own, to be killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from tests.reliability.census import PATH
from tests.reliability.jupyter_extension import LISTENS

ROOT = Path(__file__).parents[2]
PATIENCE = 60
"""Seconds for what has to happen."""


class Server(ABC):
    """A server on a journal, again and again.

    Parameters
    ----------
    folder
        Where its log is written, and whatever else it needs.
    environ
        Variables beside those of this process.
    """

    prefix: str
    """The path below which agentkit answers."""
    headers: ClassVar[Mapping[str, str]] = {}

    def __init__(self, journal: Path, folder: Path, **environ: str) -> None:
        self.journal = journal
        self.folder = folder
        self._environ = environ
        self.log = folder / "server.log"
        self.port = 0

    async def start(self, fuse: str = "") -> None:
        """Start, and wait until it listens; see ``fuse.light``."""
        await self.begin(fuse)
        async with asyncio.timeout(PATIENCE):
            await self.listening()

    @abstractmethod
    async def begin(self, fuse: str = "") -> None:
        """Start; it does not listen yet."""

    @abstractmethod
    async def listening(self) -> None:
        """Wait until it listens."""

    @abstractmethod
    async def kill(self) -> None:
        """Kill it, wherever it is, unless it is dead; wait until it is."""

    @abstractmethod
    async def died(self) -> None:
        """Wait until it is dead."""

    @abstractmethod
    async def close(self) -> None:
        """Leave no process behind."""

    async def _spawn(self, *command: str, **environ: str) -> asyncio.subprocess.Process:
        with self.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", *command),
                env={**_own_environment(), "PYTHONPATH": str(ROOT), **self._environ, **environ},
                cwd=self.folder,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )

    async def ask(self, verb: str, path: str, body: object = None) -> tuple[int, Any]:
        """One request: the status, and the JSON of the body."""
        response = await AsyncHTTPClient().fetch(
            HTTPRequest(
                f"http://127.0.0.1:{self.port}{self.prefix}{path}",
                method=verb,
                headers=dict(self.headers),
                body=None if body is None else json.dumps(body),
                allow_nonstandard_methods=True,
                request_timeout=PATIENCE,
            ),
            raise_error=False,
        )
        if response.code == 599:  # nobody answered
            assert response.error is not None
            raise response.error
        return response.code, json.loads(response.body) if response.body else None

    async def census(self) -> dict[str, int]:
        """What the process holds; see ``census.taken``."""
        response = await AsyncHTTPClient().fetch(f"http://127.0.0.1:{self.port}{PATH}")
        return json.loads(response.body)

    async def socket(self, path: str) -> WebSocketClientConnection:
        """An open socket."""
        address = f"ws://127.0.0.1:{self.port}{self.prefix}{path}"
        return await websocket_connect(
            HTTPRequest(address, headers=dict(self.headers), request_timeout=PATIENCE),
            max_message_size=2**28,
        )


class FastApiServer(Server):
    """The FastAPI host, forked from a process that has loaded it."""

    prefix = "/api/v1"

    def __init__(self, journal: Path, folder: Path, **environ: str) -> None:
        super().__init__(journal, folder, **environ)
        self._nursery: asyncio.subprocess.Process | None = None
        self.pid = 0

    async def begin(self, fuse: str = "") -> None:
        if self._nursery is None:
            self._nursery = await self._spawn("tests.reliability.fastapi_server")
        assert self._nursery.stdin is not None
        self.pid = self.port = 0
        self._nursery.stdin.write(f"{self.journal}\t{fuse}\n".encode())
        while not self.pid:
            await self._heard()

    async def listening(self) -> None:
        while not self.port:
            assert self.pid, self.log.read_text()
            await self._heard()

    async def kill(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
        await self.died()

    async def died(self) -> None:
        while self.pid:
            await self._heard()

    async def close(self) -> None:
        if self._nursery is not None:
            await self.kill()
            assert self._nursery.stdin is not None
            self._nursery.stdin.close()
            await self._nursery.communicate()

    async def _heard(self) -> None:
        """Take in one line of the nursery."""
        assert self._nursery is not None
        assert self._nursery.stdout is not None
        async with asyncio.timeout(PATIENCE):
            words = (await self._nursery.stdout.readline()).decode().split()
        match words:
            case ["began", pid]:
                self.pid = int(pid)
            case ["ended", _]:
                self.pid = 0
            case [port]:
                self.port = int(port)
            case _:
                raise AssertionError(self.log.read_text())


class JupyterServer(Server):
    """A Jupyter server."""

    prefix = "/agentkit/api/v1"
    headers: ClassVar[Mapping[str, str]] = {"Authorization": "token of-the-test"}

    async def begin(self, fuse: str = "") -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        extensions = {"jupyter_agentkit": True, "tests.reliability.jupyter_extension": True}
        self._process = await self._spawn(
            *("jupyter_server", "--allow-root", "--no-browser", "--ServerApp.ip=127.0.0.1"),
            *(f"--ServerApp.port={self.port}", "--ServerApp.port_retries=0"),
            "--IdentityProvider.token=of-the-test",
            f"--ServerApp.jpserver_extensions={extensions}",
            f"--AgentKitApp.journal={self.journal}",
            FUSE=fuse,
            HOME=str(self.folder),
            JUPYTER_DATA_DIR=str(self.folder / "data"),
            JUPYTER_CONFIG_DIR=str(self.folder / "config"),
            JUPYTER_RUNTIME_DIR=str(self.folder / "runtime"),
            JUPYTER_NO_CONFIG="1",
        )

    async def listening(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            if line == LISTENS:
                return
        raise AssertionError(self.log.read_text())

    async def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self.died()

    async def died(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self._process.communicate()

    async def close(self) -> None:
        await self.kill()


def _own_environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUPYTER", "AGENTKIT", "OPENAI", "ANTHROPIC"))
    }
