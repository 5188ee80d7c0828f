"""Runs that are followed over lines that break in every way: what arrives is what the journal holds."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from agentkit.llm.protocol import Notice, ToolCall
from agentkit.llm.scripted import Request
from jupyter_agentkit import Agent, AgentRun, agent, widget
from jupyter_agentkit.address import ServerAddress
from jupyter_agentkit.client import Client
from jupyter_agentkit.follower import Patience
from jupyter_agentkit.remote import JupyterHost
from tests.chaos import KINDS, ChaosProxy
from tests.conftest import Times
from tests.jupyter_agentkit.kernel.server import BASE, KEY, AgentServer, ServeScript

CUTS = 20
RUNS = 5
PING_SECONDS = 0.2
SECONDS = 120


def through(proxy: ChaosProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this process a kernel that reaches its server through the proxy."""
    address = ServerAddress(f"http://127.0.0.1:{proxy.port}{BASE}", KEY)
    host = JupyterHost(address, ping_seconds=PING_SECONDS)
    client = Client(host, patience=Patience(first=0.01, longest=0.05))
    for module in (agent, widget):
        monkeypatch.setattr(module, "connect", lambda: client)


@pytest.mark.soak
def test_what_a_kernel_assembles_over_broken_lines_is_what_the_journal_holds(
    serve: ServeScript, monkeypatch: pytest.MonkeyPatch, times: Times
) -> None:
    server = serve()
    for number in range(times(1, 50)):
        with ChaosProxy(server.port, cuts=CUTS, seed=number) as proxy:
            through(proxy, monkeypatch)
            follow_through(proxy, server)


def follow_through(proxy: ChaosProxy, server: AgentServer) -> None:
    """Follow runs that go on until all cuts have been made, and see that nothing is lost or doubled."""
    counted = [0] * RUNS

    def note(number: int, run: int) -> str:
        counted[run] += 1
        return f"noted {number}"

    def turn(run: int) -> Any:
        def play(request: Request) -> Any:
            number = len(request.messages)
            call = ToolCall(f"c{number}", "note", {"number": number, "run": run})
            talk = [0.01, "a few words, ", Notice("noise", "x" * 200)] * 5
            return "Done." if proxy.all_cut.is_set() else [*talk, call]

        return play

    runs: list[AgentRun] = []
    for number in range(RUNS):
        model = server.script(*[turn(number)] * 10_000)
        limits = {"max_steps": 10_000}
        runs.append(Agent(f"a{number}", tools=[note], model=model, limits=limits).run("Go"))
    for run in runs:
        assert run.wait(SECONDS) == "Done."
    assert proxy.cut.total() == CUTS
    assert set(proxy.cut) == set(KINDS)
    for number, run in enumerate(runs):
        assert list(run.steps) == server.stored(run.task_id)
        called = [step for step in run.steps if step["event_type"] == "tool_result"]
        assert [step["outcome"] for step in called] == ["success"] * len(called)
        assert counted[number] == len(called)


def test_an_idle_line_is_kept_open_behind_a_proxy_that_drops_what_is_idle(
    serve: ServeScript, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve()
    # As long to a ping as 10 s are to the pings of a page and of the Jupyter server, every 5 s.
    with ChaosProxy(server.port, idle=2 * PING_SECONDS) as proxy:
        through(proxy, monkeypatch)
        told = threading.Event()
        run = Agent("a", model=server.script([20 * PING_SECONDS, "Done."])).run("Go")
        run.observe(lambda _: told.set(), "result")  # pyright: ignore
        assert run.wait(SECONDS) == "Done."
        assert (proxy.opened, proxy.cut.total()) == (1, 0)
