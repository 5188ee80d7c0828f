"""What tests of the hub are written in: a hub that runs a script, and somebody who watches."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from agentkit.core.protocol import AgentConfig, StartTask
from agentkit.core.redaction import Redactor
from agentkit.hub.executor import InProcessExecutor
from agentkit.hub.hub import Hub
from agentkit.hub.journal import MEMORY, Journal
from agentkit.hub.task import Task
from agentkit.llm.scripted import ScriptedProvider, Turn
from agentkit.server.watcher import Watcher, result
from agentkit.skills.registry import SkillRegistry
from agentkit.tools.protocol import Tool
from agentkit.tools.registry import ToolRegistry
from tests.agentkit.running import SOON, gateway_of

Data = dict[str, Any]


def hub_of(
    provider: Any,
    *,
    journal: Path | str | Journal = MEMORY,
    tools: Sequence[Tool] = (),
    **options: Any,
) -> Hub:
    """A hub with the one agent ``analyst``, not opened yet."""
    options.setdefault("redactor", Redactor(environ={}))
    registry = ToolRegistry()
    for tool in tools:
        registry.register(tool)
    hub = Hub(
        InProcessExecutor(gateway_of(provider), registry, SkillRegistry()),
        journal if isinstance(journal, Journal) else Journal(journal),
        **options,
    )
    hub.register(AgentConfig(name="analyst"))
    return hub


@asynccontextmanager
async def running(*turns: Turn, **options: Any) -> AsyncGenerator[Hub]:
    """An open hub whose model follows the script; closed at the end."""
    hub = hub_of(ScriptedProvider(turns), **options)
    await hub.open()
    try:
        yield hub
    finally:
        await hub.close()


async def start(hub: Hub, task_id: str = "t", **body: Any) -> Task:
    return await hub.start(StartTask(task_id=task_id, input="?", **body))


async def ended(task: Task) -> Task:
    await asyncio.wait_for(task.ended.wait(), SOON)
    return task


async def stored(hub: Hub, task_id: str = "t") -> list[Data]:
    return [json.loads(text) for text in await hub.journal.events(task_id, 0, 100_000)]


class Screen:
    """A client: what it was sent, and a way to make it slow."""

    def __init__(self) -> None:
        self.frames: list[Data] = []
        self.may_read = asyncio.Event()
        self.may_read.set()

    async def send(self, text: str) -> None:
        await self.may_read.wait()
        self.frames.append(json.loads(text))

    @property
    def events(self) -> list[Data]:
        """All events, in order, deltas too."""
        found: list[Data] = []
        for frame in self.frames:
            if frame["type"] == "step":
                found.append(frame["data"])
            elif frame["type"] == "steps":
                found += frame["data"]
        return found

    @property
    def stored(self) -> list[Data]:
        """The events that are no deltas."""
        return [event for event in self.events if not event["event_type"].endswith("_delta")]

    @property
    def seqs(self) -> list[int]:
        return [event["seq"] for event in self.stored]

    def streamed(self, message_id: str | None = None) -> str:
        """The text of all deltas."""
        return "".join(
            event["delta"]
            for event in self.events
            if event["event_type"] == "message_delta" and message_id in (None, event["message_id"])
        )

    @property
    def result(self) -> Data:
        assert self.frames[-1]["type"] == "result"
        return self.frames[-1]["data"]


def watch(
    hub: Hub, task: Task, screen: Screen, *, after: int = 0, batch: bool = False
) -> asyncio.Task[None]:
    """Begin to watch a task."""

    # Made here and not in the task: where it begins depends on what has been shown by now.
    watcher = Watcher(hub, task, screen, after=after, batch=batch)

    async def told() -> None:
        await watcher.run()
        await screen.send(result(task.summary).model_dump_json())

    return asyncio.ensure_future(told())
