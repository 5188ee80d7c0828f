"""The user's side of a kernel: runs cells, as a page does."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient

SECONDS = 30.0


class Page:
    def __init__(self, manager: Any, kernel_id: str, client: Any) -> None:
        self.manager = manager
        self.kernel_id = kernel_id
        self._client = client
        self._replies: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._begun: dict[str, asyncio.Event] = {}
        self._over: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._published: list[dict[str, Any]] = []

    @classmethod
    @asynccontextmanager
    async def open(cls, manager: Any) -> AsyncGenerator[Page]:
        kernel_id = await manager.start_kernel(kernel_name="python3")
        client: AsyncKernelClient = manager.get_kernel(kernel_id).client()
        client.start_channels(hb=False)
        await client.wait_for_ready(timeout=SECONDS)
        page = cls(manager, kernel_id, client)
        tasks = [asyncio.create_task(page._shell()), asyncio.create_task(page._iopub())]
        try:
            yield page
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            client.stop_channels()
            if kernel_id in manager:
                await manager.shutdown_kernel(kernel_id, now=True)

    async def begin(self, code: str) -> str:
        """Send a cell, and wait until the kernel runs it."""
        cell = self.send(code)
        async with asyncio.timeout(SECONDS):
            await self._begun[cell].wait()
        return cell

    def send(self, code: str) -> str:
        """Send a cell, with its id, as JupyterLab does."""
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        message = self._client.session.msg("execute_request", content)
        message["metadata"]["cellId"] = "of-the-page"
        self._client.shell_channel.send(message)
        cell: str = message["header"]["msg_id"]
        self._replies[cell] = asyncio.get_running_loop().create_future()
        self._begun[cell] = asyncio.Event()
        return cell

    async def end(self, cell: str) -> dict[str, Any]:
        """The reply to a cell, when it has ended and all that it published was heard."""
        async with asyncio.timeout(SECONDS):
            await self._over[cell].wait()
            return await self._replies[cell]

    async def run(self, code: str) -> dict[str, Any]:
        return await self.end(self.send(code))

    async def value(self, expression: str) -> str:
        """The ``repr`` of an expression's value, without leaving a trace in the notebook."""
        cell: str = self._client.execute("", silent=True, user_expressions={"it": expression})
        self._replies[cell] = asyncio.get_running_loop().create_future()
        reply = await self.end(cell)
        return reply["user_expressions"]["it"]["data"]["text/plain"]

    def printed(self, cell: str) -> str:
        """What a cell has printed."""
        return "".join(each["text"] for each in self._contents(cell, "stream"))

    def shown(self, cell: str) -> list[str]:
        """The values that a cell has shown, as text."""
        return [each["data"]["text/plain"] for each in self._contents(cell, "execute_result")]

    def _contents(self, cell: str, kind: str) -> list[dict[str, Any]]:
        return [
            each["content"]
            for each in self._published
            if each["parent_header"].get("msg_id") == cell and each["msg_type"] == kind
        ]

    async def _shell(self) -> None:
        while True:
            message = await self._client.get_shell_msg()
            if waiting := self._replies.get(message["parent_header"].get("msg_id", "")):
                waiting.set_result(message["content"])

    async def _iopub(self) -> None:
        while True:
            message = await self._client.get_iopub_msg()
            cell = message["parent_header"].get("msg_id", "")
            self._published.append(message)
            if message["content"].get("execution_state") == "idle":
                self._over[cell].set()
            if message["msg_type"] == "execute_input" and cell in self._begun:
                self._begun[cell].set()
