"""`run_python` where no Jupyter server is: the kernel is its own client, also while its cell waits."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

SETUP = """
from agentkit.llm.protocol import ToolCall
from agentkit.llm.scripted import ScriptedProvider
from jupyter_agentkit import Agent, agent
from jupyter_agentkit.client import Client
from jupyter_agentkit.local import LocalHost, default_hub

def asks(*calls):
    hub = default_hub()
    turns = [[ToolCall(str(n), *call)] for n, call in enumerate(calls)]
    hub.executor.gateway.register_provider("script", ScriptedProvider([*turns, "Done."]))
    client = Client(LocalHost(hub))
    agent.connect = lambda: client
    return Agent("analyst", tools=["run_python", "inspect_variables"], model="script")

a = 20
"""


@pytest.fixture
def run_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs cells in a kernel that no server started, and gives what each printed."""
    for name in list(os.environ):
        if name.startswith(("AGENTKIT_", "JUPYTER_AGENTKIT_", "OPENAI_", "ANTHROPIC_", "JPY_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))

    def run(*cells: str) -> list[str]:
        new: Any = nbformat.v4
        book = new.new_notebook(cells=[new.new_code_cell(cell) for cell in (SETUP, *cells)])
        client: Any = NotebookClient(
            book, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
        )
        client.execute()
        return [
            "".join(output.get("text", "") for output in cell.outputs) for cell in book.cells[1:]
        ]

    return run


@pytest.mark.parametrize("waits", ["run.wait()", "await run"])
def test_code_runs_in_the_cell_that_waits_for_the_run(run_cells: Any, waits: str) -> None:
    first, second = run_cells(
        'run = asks(("run_python", {"code": "b = a + 1; print(b)"}),'
        ' ("inspect_variables", {"names": ["b"]})).run("Go", on_ask="approve")\n'
        f"{waits}\nprint(run.status)",
        "results = [s['content']['text/plain'] for s in run.steps if s['event_type'] == 'tool_result']\n"
        "print(b, results)",
    )
    assert first == "completed\n"
    assert second == "21 ['21', 'b: int · 21']\n"


def test_a_run_that_is_shown_without_anybody_watching_runs_its_code_too(run_cells: Any) -> None:
    _, second = run_cells(
        'run = asks(("run_python", {"code": "c = a * 2"})).run("Go", on_ask="approve")\nrun',
        "print(c, run.status)",
    )
    assert second == "40 completed\n"


def test_cancelling_a_run_stops_its_code_and_not_the_cell(run_cells: Any) -> None:
    [said] = run_cells(
        "import threading\n"
        'run = asks(("run_python", {"code": "started = True\\nwhile True: pass"}))'
        '.run("Go", on_ask="approve")\n'
        "def stop():\n"
        "    while 'started' not in globals(): pass\n"
        "    run.cancel()\n"
        "threading.Thread(target=stop).start()\n"
        "run.join()\nprint(run.status)",
    )
    assert said == "cancelled\n"
