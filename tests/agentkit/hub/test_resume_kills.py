"""Servers that are killed in the middle of calls with side effects, and what their runs do afterwards."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agentkit.core.protocol import ResumeTask, TaskStatus
from agentkit.hub.hub import Hub
from agentkit.llm.protocol import ChatMessage, LLMResponse, ToolCall
from agentkit.tools.function import FunctionTool
from tests.agentkit.hosting import hub_of, stored
from tests.conftest import Times

ROOT = Path(__file__).parents[3]
NOTES = 12
"""Notes that a run makes."""
TASKS = ("a", "b", "c", "d")

SERVER = """
import asyncio, sys
from pathlib import Path
from agentkit.core.protocol import StartTask
from tests.agentkit.hub.test_resume_kills import TASKS, hub_at

async def main():
    hub = hub_at(Path(sys.argv[1]), told=True)
    await hub.open()
    tasks = [await hub.start(StartTask(task_id=name, input=name)) for name in TASKS]
    for task in tasks:
        await task.ended.wait()
    print("ended", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


class NoteTaker:
    """A model that has one note after the other made, as the conversation stands."""

    async def chat(self, messages: Sequence[ChatMessage], **_: Any) -> LLMResponse:
        number = sum(message.role == "tool" for message in messages) + 1
        if number > NOTES:
            return LLMResponse("Done.")
        arguments = {"run": messages[0].content, "number": number}
        call = ToolCall(f"n{number}", "note", arguments)
        return LLMResponse(tool_calls=[call], finish_reason="tool_calls")


def hub_at(folder: Path, *, told: bool = False) -> Hub:
    """A hub whose runs make notes in a file; ``told`` prints each of them."""

    async def note(run: str, number: int) -> str:
        with (folder / "notes").open("a") as notes:
            notes.write(f"{run}{number}\n")
        if told:
            os.write(1, b"noted\n")
        await asyncio.sleep(0)
        return "noted"

    tool = FunctionTool(note, side_effects=True)
    return hub_of(NoteTaker(), journal=folder / "journal", tools=[tool])


def killed_after(folder: Path, notes: int) -> None:
    """Let a server run the tasks, and kill it when it has told so many notes."""
    child = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(folder)], cwd=ROOT, stdout=subprocess.PIPE
    )
    with child:
        assert child.stdout is not None
        for _ in range(notes):
            assert child.stdout.readline() in (b"noted\n", b"ended\n")
        child.send_signal(signal.SIGKILL)


async def taken_on(hub: Hub, name: str) -> list[str]:
    """Resume a task where it did not end, with nobody to ask; the ids of its runs."""
    if (await hub.task(name)).summary.status is TaskStatus.COMPLETED:
        return [name]
    later = await hub.resume(name, ResumeTask(on_ask="deny", task_id=f"{name}-2"))
    await asyncio.wait_for(later.ended.wait(), 60)
    assert later.summary.status is TaskStatus.COMPLETED
    return [name, later.id]


@pytest.mark.soak
async def test_no_call_with_side_effects_is_made_twice_whenever_a_server_is_killed(
    tmp_path: Path, times: Times
) -> None:
    chance = random.Random(20261123)
    for number in range(times(2, 200)):
        folder = tmp_path / str(number)
        folder.mkdir()
        after = chance.randint(1, NOTES * len(TASKS))
        await asyncio.to_thread(killed_after, folder, after)
        hub = hub_at(folder)
        await hub.open()
        try:
            asked = Counter[str]()
            # It may have been killed before it had started them all.
            started = [summary.task_id for summary in await hub.summaries()]
            for name in started:
                for task_id in await taken_on(hub, name):
                    for event in await stored(hub, task_id):
                        if event.get("error", {}).get("reason") == "not_repeated":
                            asked[name] += 1
        finally:
            await hub.close()
        made = Counter((folder / "notes").read_text().split())
        assert max(made.values()) == 1, (after, made)
        # A note is missing at the most where somebody was asked.
        assert {each[0] for each in made} <= set(started)
        for name in started:
            missing = NOTES - sum(each.startswith(name) for each in made)
            assert missing <= asked[name] <= 1, (after, name)
        assert sum(asked.values()) <= len(TASKS)
