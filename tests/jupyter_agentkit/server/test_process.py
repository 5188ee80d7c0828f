"""A real server in a process of its own: what it logs, and what is left when it dies."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tornado.httpclient import AsyncHTTPClient
from tornado.websocket import WebSocketClientConnection, websocket_connect

ROOT = Path(__file__).parents[3]
TOKEN = "a-token-of-the-test"
AGENT = {"config": {"name": "helper", "task_mode": "llm_generate"}}


class Server:
    """A Jupyter server with the demo provider."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log: list[str] = []

    async def start(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("JUPYTER", "AGENTKIT", "OPENAI", "ANTHROPIC"))
        }
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "jupyter_server", "--allow-root", "--no-browser"),
            *(f"--ServerApp.port={self.port}", "--ServerApp.port_retries=0"),
            "--ServerApp.ip=127.0.0.1",
            f"--IdentityProvider.token={TOKEN}",
            "--ServerApp.jpserver_extensions={'jupyter_agentkit': True}",
            env=environ
            | {
                "HOME": str(self.folder),
                "JUPYTER_DATA_DIR": str(self.folder / "data"),
                "JUPYTER_CONFIG_DIR": str(self.folder / "config"),
                "JUPYTER_RUNTIME_DIR": str(self.folder / "runtime"),
                "JUPYTER_NO_CONFIG": "1",
                "PYTHONPATH": str(ROOT),
            },
            cwd=self.folder,
            stderr=subprocess.PIPE,
        )
        self.url = f"127.0.0.1:{self.port}/agentkit/api/v1"
        await self.until("is running at")
        async with asyncio.timeout(60):
            # It listens a moment after it has said so.
            while not await self._listens():  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except ConnectionRefusedError:
            return False
        writer.close()
        await writer.wait_closed()
        return True

    async def until(self, words: str) -> None:
        """Read the log up to a line with these words; the empty ones stand at its end."""
        assert self.process.stderr is not None
        async with asyncio.timeout(60):
            while line := (await self.process.stderr.readline()).decode():
                self.log.append(line)
                if words and words in line:
                    return
        assert not words, "".join(self.log)

    async def ask(self, verb: str, path: str, body: object = None) -> Any:
        response = await AsyncHTTPClient().fetch(
            f"http://{self.url}{path}",
            method=verb,
            headers={"Authorization": f"token {TOKEN}"},
            body=None if body is None else json.dumps(body),
        )
        return json.loads(response.body)

    async def socket(self, task_id: str) -> WebSocketClientConnection:
        return await websocket_connect(f"ws://{self.url}/ws/tasks/{task_id}?token={TOKEN}")

    async def end(self, *, kill: bool = False) -> None:
        if kill:
            self.process.kill()
        else:
            self.process.terminate()
        await self.until("")
        await self.process.wait()


@asynccontextmanager
async def running(server: Server) -> AsyncGenerator[Server]:
    await server.start()
    try:
        yield server
    finally:
        if server.process.returncode is None:
            await server.end(kill=True)


async def whole(connection: WebSocketClientConnection) -> list[Any]:
    """All frames, until the server closes."""
    frames: list[Any] = []
    async with asyncio.timeout(60):
        while (text := await connection.read_message()) is not None:
            frames.append(json.loads(text))
    connection.close()
    return frames


async def test_a_task_has_two_lines_in_the_log_and_outlives_its_server(tmp_path: Path) -> None:
    server = Server(tmp_path)
    async with running(server):
        await server.ask("POST", "/agents", AGENT)
        await server.ask(
            "POST", "/tasks", {"task_id": "t1", "input": "What does the private demo say?"}
        )
        frames = await whole(await server.socket("t1"))
        assert frames[-1]["data"]["status"] == "completed"
        await server.ask("POST", "/tasks", {"task_id": "t2", "input": "And again?"})
        connection = await server.socket("t2")
        await connection.read_message()
        await connection.read_message()  # its first event is stored
        await server.end(kill=True)
        connection.close()

    log = "".join(server.log)
    assert re.findall(r"^\[I .*Task t1 (\w+)", log, re.MULTILINE) == ["started", "ended"]
    assert log.count("Task t1") == 2
    assert "private" not in log
    assert TOKEN not in log

    again = Server(tmp_path)
    async with running(again):
        status = {
            task["task_id"]: task["status"] for task in (await again.ask("GET", "/tasks"))["tasks"]
        }
        assert status == {"t1": "completed", "t2": "interrupted"}
        told = await whole(await again.socket("t1"))
        assert told[-1] == frames[-1]
        assert (await whole(await again.socket("t2")))[-1]["data"]["status"] == "interrupted"
        await again.end()
    assert "Traceback" not in "".join(again.log)


def test_the_extension_loads_no_package_that_it_does_not_need() -> None:
    program = (
        "import sys, jupyter_agentkit.hosted\n"
        "heavy = {'fastapi', 'starlette', 'uvicorn', 'httpx', 'httpx2', 'openai', 'anthropic',"
        " 'ipywidgets', 'anywidget', 'pandas', 'matplotlib', 'numpy', 'mcp'}\n"
        "print(*sorted(heavy & sys.modules.keys()))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert shown.stdout.strip() == ""
