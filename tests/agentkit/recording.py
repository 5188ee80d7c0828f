"""Traces of real runs: a script on a hub, its tools, and the answers to what it asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agentkit.core.protocol import StartTask
from agentkit.llm.protocol import ToolCall
from agentkit.llm.scripted import ScriptedProvider, Turn
from agentkit.tools.function import FunctionTool
from agentkit.tools.protocol import Resolution, Tool
from agentkit.trace.document import Trace, build_trace
from tests.agentkit.hosting import ended, hub_of, stored
from tests.agentkit.running import until

CALL = ToolCall("1", "double", {"x": 21})
DROP = ToolCall("2", "drop", {"name": "sales"})


def double(x: int) -> int:
    "Twice as much."
    return 2 * x


def drop(name: str) -> str:
    "Drop a table."
    return f"dropped {name}"


def asking() -> Tool:
    tool = FunctionTool(drop)
    tool.policy = "ask"
    return tool


async def recorded(
    *script: Turn,
    tools: Sequence[Any] = (double,),
    provider: Any = None,
    answers: Sequence[Resolution] = (),
    cancel: bool = False,
    **body: Any,
) -> Trace:
    """The trace of a run on a hub; what it asks is answered in order, then it is cancelled."""
    made = [each if isinstance(each, Tool) else FunctionTool(each) for each in tools]
    hub = hub_of(provider or ScriptedProvider(script), tools=made)
    await hub.open()
    try:
        task = await hub.start(StartTask(task_id="t", input="?", **body))
        for answer in answers:
            await until(lambda: bool(task.summary.open_requests))
            await hub.answer("t", task.summary.open_requests[0], answer)
        if cancel:
            await until(lambda: bool(task.summary.open_requests))
            await hub.cancel("t", "enough")
        await ended(task)
        return build_trace(task.summary, await stored(hub))
    finally:
        await hub.close()
