"""agentkit, as its server runs it: events validated, redacted, journalled to disk, sent to one watcher."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from timing import Run, main

from agentkit.core.protocol import AgentConfig, StartTask
from agentkit.core.redaction import Redactor
from agentkit.hub.executor import InProcessExecutor
from agentkit.hub.hub import Hub
from agentkit.hub.journal import Journal
from agentkit.llm.gateway import LLMGateway
from agentkit.llm.protocol import LLMResponse, TokenUsage, ToolCall
from agentkit.server.watcher import Watcher
from agentkit.skills.registry import SkillRegistry
from agentkit.tools.function import FunctionTool
from agentkit.tools.registry import ToolRegistry


async def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


class Instant:
    def __init__(self, steps: int) -> None:
        self.left = steps

    async def chat(self, messages: Sequence[Any]) -> LLMResponse:
        usage = TokenUsage(10, 2)
        if self.left == 0:
            return LLMResponse("done", "instant", usage)
        self.left -= 1
        call = ToolCall(f"c{self.left}", "add", {"a": self.left, "b": 1})
        return LLMResponse("", "instant", usage, tool_calls=[call])


class Socket:
    def __init__(self) -> None:
        self.texts: list[str] = []

    async def send(self, text: str) -> None:
        self.texts.append(text)


@asynccontextmanager
async def prepared(steps: int) -> AsyncIterator[Run]:
    gateway, tools = LLMGateway(), ToolRegistry()
    gateway.register_provider("instant", Instant(steps))
    tools.register(FunctionTool(add))
    socket = Socket()
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "journal.sqlite3")
        executor = InProcessExecutor(gateway, tools, SkillRegistry())
        hub = Hub(executor, journal, redactor=Redactor(["a-secret-of-the-server"]))
        hub.register(AgentConfig(name="a", limits={"max_steps": steps + 5}))
        await hub.open()

        async def run() -> int:
            task = await hub.start(StartTask(agent="a", input="?"))
            await Watcher(hub, task, socket, after=0, batch=True).run()
            return sum(text.count('"event_type":"tool_result"') for text in socket.texts)

        yield run
        await hub.close()


main(prepared)
