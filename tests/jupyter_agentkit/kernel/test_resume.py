"""A notebook takes its runs on that ended without an answer."""

from __future__ import annotations

import asyncio
import threading

import pytest

from agentkit.errors import Conflict, ProviderRejected
from agentkit.llm.protocol import ToolCall
from jupyter_agentkit import Agent, AgentRun, AgentRunError, tool
from tests.jupyter_agentkit.kernel.server import ServeScript

GONE = ProviderRejected("no credit", reason="quota")


def test_a_run_is_taken_on_with_the_notebooks_functions_and_its_question(
    serve: ServeScript,
) -> None:
    server = serve(
        [ToolCall("1", "total", {"region": "North"})],
        GONE,
        [ToolCall("1", "total", {"region": "South"})],
        "North grew most.",
    )
    asked: list[str] = []

    def total(region: str) -> float:
        asked.append(region)
        return 42.0

    run = Agent("analyst", tools=[total]).run("Which region grew most?")
    with pytest.raises(AgentRunError, match="no credit"):
        run.wait(20)
    later = run.resume(task_id="later")

    assert later.wait(20) == "North grew most."
    assert (later.task_id, later.input, later.thread) == ("later", run.input, run.thread)
    assert asked == ["North", "South"]
    assert [m.role for m in server.provider.requests[-1].messages] == [
        "user",
        "assistant",
        "tool",
        "assistant",
        "tool",
    ]
    assert run.status == "failed"
    with pytest.raises(Conflict, match="nothing left to resume"):
        later.resume()
    with pytest.raises(Conflict, match="with task 'later'"):
        run.resume()


def test_a_call_that_the_server_left_open_runs_again_in_the_notebook_when_somebody_says_so(
    serve: ServeScript,
) -> None:
    server = serve([ToolCall("1", "send", {"to": "ana"})], "Sent.")
    sent: list[str] = []
    begun, asked = threading.Event(), threading.Event()

    @tool(side_effects=True)
    async def send(to: str) -> str:
        """Send a mail."""
        sent.append(to)
        begun.set()
        if len(sent) == 1:
            await asyncio.Event().wait()
        return "sent"

    agent = Agent("postman", tools=[send])
    run = agent.run("Mail to Ana.")
    assert begun.wait(20)
    server.restart()
    run.join(20)
    assert run.status == "interrupted"

    # As a kernel that was started since, which knows neither the agent nor its functions.
    found = AgentRun(run.task_id)
    with pytest.raises(Conflict, match=rf"AgentRun\('{run.task_id}'\).resume\(agent\)"):
        found.resume()
    later = found.resume(agent)

    def tell(_change: object) -> None:
        asked.set()

    later.observe(tell, "requests")
    assert later.requests or asked.wait(20)
    (request,) = later.requests
    assert "may have run already" in str(request.reason)
    assert sent == ["ana"]
    later.answer("approve")
    assert later.wait(20) == "Sent."
    assert sent == ["ana", "ana"]
