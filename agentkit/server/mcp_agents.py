"""The hosted agents as the tools of an MCP server: what is listed, and what a call does."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from agentkit.core.protocol import StartTask, TaskStatus, TaskSummary
from agentkit.errors import AgentKitError
from agentkit.hub.hub import Hub
from agentkit.server.asker import ANYBODY, Asker
from agentkit.server.input import checked
from agentkit.server.watcher import Watcher

Progress = Callable[[float, str], Awaitable[None]]
"""``progress(number, message)``: the number of the run's event, and what it is."""

MESSAGE = 300
"""Characters of one progress message."""

INPUT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "input": {"type": "string", "description": "What the agent is asked."},
        "thread": {
            "type": "string",
            "description": "The conversation to go on with: the task_id of its first call.",
        },
    },
    "required": ["input"],
}

OUTPUT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "task_id": {"type": "string"},
        "status": {"type": "string"},
        "usage": {"type": "object"},
    },
    "required": ["task_id", "status"],
}

_START: TypeAdapter[StartTask] = TypeAdapter(StartTask)


@dataclass(frozen=True, slots=True)
class AgentAnswer:
    """How a call of an agent ended: its final answer, or why there is none."""

    text: str
    structured: dict[str, Any]
    failed: bool = False


def agent_tools(hub: Hub) -> list[dict[str, Any]]:
    """One tool an agent, in the JSON form that the protocol has."""
    return [
        {
            "name": agent.name,
            "description": agent.description or f"Ask the agent {agent.name}.",
            "inputSchema": INPUT_SCHEMA,
            "outputSchema": OUTPUT_SCHEMA,
        }
        for agent in hub.agents
    ]


async def call_agent(
    hub: Hub,
    name: str,
    arguments: dict[str, Any],
    progress: Progress,
    started: Callable[[str], None] = lambda task_id: None,
    asker: Asker = ANYBODY,
) -> AgentAnswer:
    """Run an agent to its end.

    Cancelling this coroutine leaves the run alone: whoever cancels decides about it.

    Parameters
    ----------
    started
        Called with the task's id as soon as there is one.
    asker
        Whose call it is.
    """
    try:
        await hub.open()
        hub.agents.get(name)
        fields = {{"thread": "thread_id"}.get(key, key): value for key, value in arguments.items()}
        for key in arguments.keys() - {"input", "thread"}:
            fields[f"argument {key!r}"] = fields.pop(key)  # named, and refused, as it was given
        request = checked(_START, {**fields, "agent": name}, "The call", "invalid_input")
        task = await asker.start(hub, request)
    except AgentKitError as error:
        return AgentAnswer(error.message, {"task_id": "", "status": error.reason}, failed=True)
    started(task.id)
    await Watcher(hub, task, _Steps(progress), after=0, batch=False).run()
    return _answer(task.summary)


def _answer(summary: TaskSummary) -> AgentAnswer:
    structured: dict[str, Any] = {"task_id": summary.task_id, "status": summary.status.value}
    if summary.usage is not None:
        structured["usage"] = summary.usage.model_dump(mode="json")
    if summary.status is TaskStatus.COMPLETED:
        return AgentAnswer(summary.result or "", structured)
    why = f": {summary.error.message}" if summary.error else "."
    return AgentAnswer(f"The run ended as {summary.status.value}{why}", structured, failed=True)


class _Steps:
    """Makes progress of a run's events."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    async def send(self, text: str) -> None:
        event: dict[str, Any] = json.loads(text)["data"]
        if (message := _said(event)) is not None:
            await self._progress(float(event["seq"]), message[:MESSAGE])


def _said(event: dict[str, Any]) -> str | None:
    match event["event_type"]:
        case "run_started":
            return f"{event['agent']} has started"
        case "tool_call":
            return f"Calls {event['tool_name']}"
        case "tool_result":
            error = event.get("error")
            told = f": {error['message']}" if error else ""
            return f"A tool's call ended: {event['outcome']}{told}"
        case "approval_requested":
            return f"Waits in Jupyter for an approval of {event['tool_name']}"
        case "input_requested":
            return f"Waits in Jupyter for an answer: {event['question']}"
        case "message" | "thinking":
            return str(event["text"])
        case "warning":
            return str(event["message"])
        case "final_answer":
            return "Answers"
        case _:
            return None
