"""Runs without a Jupyter server: in the kernel's own process, with the same trace."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from agentkit.errors import NotFound
from agentkit.hub.executor import InProcessExecutor
from agentkit.hub.hub import Hub
from agentkit.hub.journal import MEMORY, Journal
from agentkit.llm.gateway import LLMGateway
from agentkit.llm.protocol import ToolCall
from agentkit.llm.scripted import ScriptedProvider
from agentkit.skills.registry import SkillRegistry
from agentkit.tools.registry import ToolRegistry
from jupyter_agentkit import Agent, AgentRunCancelled, agent
from jupyter_agentkit.client import Client
from jupyter_agentkit.local import LocalHost
from tests.jupyter_agentkit.kernel.notebook import Notebook
from tests.jupyter_agentkit.kernel.server import AgentServer, Gate

ASK = """
from jupyter_agentkit import Agent

def region_total(region: str) -> float:
    "Total sales of one region."
    return 42.0

run = Agent("analyst", tools=[region_total]).run("What is the total of the region North?")
run
"""

TRACE = "application/vnd.agentkit.trace+json"


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> Any:
    def start(*script: Any) -> Client:
        gateway = LLMGateway()
        gateway.register_provider("script", ScriptedProvider(script))
        executor = InProcessExecutor(gateway, ToolRegistry(), SkillRegistry())
        client = Client(LocalHost(Hub(executor, Journal(MEMORY))))
        monkeypatch.setattr(agent, "connect", lambda: client)
        return client

    return start


def test_a_run_of_the_notebook_can_be_replayed_with_its_agent(local: Any) -> None:
    local([ToolCall("1", "double", {"x": 21})], ["It is 42."])
    factor = 2

    def double(x: int) -> int:
        return factor * x

    doubling = Agent("a", tools=[double])
    run = doubling.run("Go")
    run.wait(20)

    assert run.replay(doubling).same
    factor = 3
    assert "result: 42 → 63" in run.replay(doubling).report
    assert run.replay().same


def test_a_local_run_calls_the_notebooks_function(local: Any) -> None:
    local([ToolCall("1", "double", {"x": 21})], ["It is 42."])

    def double(x: int) -> int:
        return 2 * x

    run = Agent("a", tools=[double]).run("Go")

    assert run.wait(20) == "It is 42."
    call = next(step for step in run.steps if step["event_type"] == "tool_call")
    assert call["runs_in"] == "kernel"
    assert run.base_url == ""


def test_a_local_run_can_be_cancelled(local: Any) -> None:
    gate = Gate()
    local([gate, "Never."])
    run = Agent("a").run("Go")
    assert gate.reached.wait(20)

    run.cancel()

    with pytest.raises(AgentRunCancelled):
        run.wait(20)
    gate.open()


def test_a_local_host_refuses_as_a_server_does(local: Any) -> None:
    client = local()

    with pytest.raises(NotFound, match="'nothing'"):
        client.find("nothing")


def test_a_notebook_executed_without_a_front_end_keeps_the_finished_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in list(os.environ):
        if name.startswith(("JUPYTER_AGENTKIT", "JPY_", "AGENTKIT", "OPENAI", "ANTHROPIC")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    cells = [ASK, "print(run.status)"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])

    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()

    data = notebook.cells[0].outputs[0]["data"]
    assert data[TRACE]["status"] == "completed"
    assert data[TRACE]["simulated"] is True
    assert "application/vnd.jupyter.widget-view+json" not in data
    assert "42" in data["text/html"]
    assert notebook.cells[1].outputs[0]["text"] == "completed\n"


def test_a_kernel_that_the_server_in_its_environment_did_not_start_runs_its_agents_itself() -> None:
    server = AgentServer()
    server.knows_kernels = False
    notebook = Notebook(server.environment)
    try:
        cell = notebook.run(ASK + "run.wait(60); print(repr(run.base_url), run.status)")
    finally:
        notebook.close()
        server.close()

    assert cell.text == "'' completed\n"
    assert [each.rpartition("/")[0] for each in server.seen] == ["GET /api/v1/kernels"]
