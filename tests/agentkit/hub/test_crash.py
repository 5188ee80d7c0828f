"""A server that is killed in mid-run: what the next one finds."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from agentkit.core.protocol import TaskStatus
from tests.agentkit.hosting import Screen, running, stored, watch
from tests.agentkit.running import SOON

ROOT = Path(__file__).parents[3]

SERVER = """
import asyncio, sys
from agentkit.llm.protocol import ToolCall
from agentkit.core.protocol import Limits
from tests.agentkit.hosting import ended, running, start
from tests.agentkit.running import echo

async def main():
    calls = [ToolCall(str(n), "echo", {"text": "x" * 100}) for n in range(9_000)]
    turns = ["Done."] + [[ToolCall("1", "echo")], ["So far", asyncio.Event()]] + calls
    async with running(*turns, journal=sys.argv[1], tools=[echo()], max_running=2) as hub:
        await ended(await start(hub, "finished"))
        silent = await start(hub, "silent")
        while not silent.partial:
            await asyncio.sleep(0)
        busy = await start(hub, "busy", limits=Limits(max_steps=10_000))
        await start(hub, "queued")
        while busy.summary.last_seq < 500:
            await asyncio.sleep(0)
        print("busy", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def killed_server(path: Path) -> None:
    """Let a server run tasks, and kill it in the middle of them."""
    child = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "busy\n"
        child.send_signal(signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL


async def test_after_a_kill_finished_tasks_are_there_and_unfinished_ones_are_interrupted(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.sqlite"
    await asyncio.to_thread(killed_server, path)
    async with running(journal=path) as hub:
        found = {summary.task_id: summary for summary in await hub.summaries()}
        assert {name: summary.status for name, summary in found.items()} == {
            "finished": TaskStatus.COMPLETED,
            "silent": TaskStatus.INTERRUPTED,
            "busy": TaskStatus.INTERRUPTED,
            "queued": TaskStatus.INTERRUPTED,
        }
        assert found["finished"].result == "Done."
        assert found["busy"].steps > 100
        for name, summary in found.items():
            events = await stored(hub, name)
            assert [event["seq"] for event in events] == list(range(1, summary.last_seq + 1))
            assert events[-1]["event_type"] == "run_finished"
            assert events[-1]["status"] == summary.status
            assert (summary.error is not None) == (name != "finished")

            screen = Screen()
            await asyncio.wait_for(watch(hub, await hub.task(name), screen), SOON)
            assert screen.stored == events
            assert screen.result["status"] == summary.status
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        rows = connection.execute("SELECT status, summary FROM tasks").fetchall()
    assert all(json.loads(text)["status"] == status for status, text in rows)
    assert list((tmp_path / "journal.sqlite.owners").iterdir()) == []
