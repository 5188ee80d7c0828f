"""Calls of the tools that work in a kernel, on the page's one."""

from __future__ import annotations

import asyncio
from typing import Any

from agentkit.core.protocol import Origin
from agentkit.tools.builtin.kernel import InspectVariables, RunPython
from agentkit.tools.protocol import ToolContext, ToolResult
from jupyter_agentkit.ports.kernels import ServerKernels
from tests.jupyter_agentkit.ports.page import SECONDS, Page


class Call:
    """One call of a tool on the page's kernel, and what it says while it runs."""

    def __init__(
        self,
        page: Page,
        arguments: dict[str, Any],
        *,
        busy_seconds: float = 60,
        kernels: ServerKernels | None = None,
    ) -> None:
        self.said: list[str] = []
        self._news = asyncio.Event()
        kernels = kernels or ServerKernels(page.manager, busy_seconds=busy_seconds)
        tool = RunPython(kernels) if "code" in arguments else InspectVariables(kernels)
        context = ToolContext("1", progress=self._say, origin=Origin(kernel_id=page.kernel_id))
        self.task = asyncio.create_task(tool.call(arguments, context))

    def _say(self, done: float, total: float | None, message: str | None) -> None:
        self.said.append(message or "")
        self._news.set()

    async def until_said(self, words: str) -> None:
        async with asyncio.timeout(SECONDS):
            while not any(words in each for each in self.said):
                self._news.clear()
                await self._news.wait()

    async def cancel(self) -> None:
        self.task.cancel()
        async with asyncio.timeout(SECONDS):
            await asyncio.wait([self.task])
        assert self.task.cancelled()

    async def result(self) -> ToolResult:
        async with asyncio.timeout(SECONDS):
            return await self.task


async def run(page: Page, code: str) -> ToolResult:
    return await Call(page, {"code": code}).result()


def text(result: ToolResult) -> str:
    assert result.outcome == "success", result
    return result.content["text/plain"]
