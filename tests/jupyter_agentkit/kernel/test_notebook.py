"""Runs in a real kernel: its main thread busy, waiting or interrupted, and what its cells show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from agentkit.llm.protocol import ToolCall
from tests.jupyter_agentkit.kernel.notebook import Notebook
from tests.jupyter_agentkit.kernel.server import AgentServer, Gate

TRACE = "application/vnd.agentkit.trace+json"
VIEW = "application/vnd.jupyter.widget-view+json"

SETUP = """
import threading, time
from jupyter_agentkit import Agent, AgentRun, tool

@tool
def shout(word: str) -> str:
    "Say it loudly."
    print("shouting", word)
    return word.upper()
"""


@pytest.fixture(scope="module")
def server() -> Iterator[AgentServer]:
    server = AgentServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def notebook(server: AgentServer) -> Iterator[Notebook]:
    notebook = Notebook(server.environment)
    notebook.run(SETUP)
    yield notebook
    notebook.close()


def calls_shout(*turns: Any) -> list[Any]:
    return [[ToolCall("1", "shout", {"word": "hey"})], *turns]


@pytest.mark.parametrize("busy", ["time.sleep(0.001)", "sum(range(1000))", "pass"])
def test_a_run_goes_on_while_the_main_thread_is_busy(
    notebook: Notebook, server: AgentServer, busy: str
) -> None:
    model = server.script(*calls_shout("HEY it is."))

    cell = notebook.run(f"""
run = Agent("a", tools=[shout], model={model!r}).run("Shout")
until = time.monotonic() + 60
while run.status != "completed" and time.monotonic() < until:
    {busy}
print(run.status, run.result)
""")

    assert "completed HEY it is." in cell.text


def test_a_tool_runs_while_the_main_thread_waits_for_that_run(
    notebook: Notebook, server: AgentServer
) -> None:
    model = server.script(*calls_shout("HEY it is."))

    cell = notebook.run(f'print(Agent("a", tools=[shout], model={model!r}).run("Shout").wait(60))')

    assert cell.text.endswith("HEY it is.\n")


def test_what_a_tool_prints_goes_to_the_cell_that_started_the_run(
    notebook: Notebook, server: AgentServer
) -> None:
    gate = Gate()
    model = server.script([gate, ToolCall("1", "shout", {"word": "hey"})], "Done.")
    started = notebook.run(f'run = Agent("a", tools=[shout], model={model!r}).run("Shout")')

    gate.open()
    later = notebook.run("print(run.wait(60))")
    notebook.until(started, lambda: bool(started.of("stream")))

    assert started.text == "shouting hey\n"
    assert later.text == "Done.\n"


def test_interrupting_the_kernel_ends_the_waiting_and_not_the_run(
    notebook: Notebook, server: AgentServer
) -> None:
    gate = Gate()
    model = server.script([gate, "Done."])
    notebook.run(f'run = Agent("a", model={model!r}).run("Go")')
    waiting = notebook.begin('print("waiting", flush=True); run.wait()')
    notebook.until(waiting, lambda: "waiting" in waiting.text)

    notebook.interrupt()
    notebook.finish(waiting)

    assert waiting.of("error")[0]["ename"] == "KeyboardInterrupt"
    gate.open()
    assert notebook.run("print(run.wait(60))").text == "Done.\n"


def test_interrupting_an_awaited_run_leaves_it_running(
    notebook: Notebook, server: AgentServer
) -> None:
    gate = Gate()
    model = server.script([gate, "Done."])
    notebook.run(f'run = Agent("a", model={model!r}).run("Go")')
    waiting = notebook.begin('print("waiting", flush=True); await run')
    notebook.until(waiting, lambda: "waiting" in waiting.text)

    notebook.interrupt()
    notebook.finish(waiting)

    assert waiting.of("error")
    gate.open()
    assert notebook.run("print(await run)").text == "Done.\n"


def test_a_shown_run_is_replaced_by_the_finished_one(
    notebook: Notebook, server: AgentServer
) -> None:
    gate = Gate()
    model = server.script([gate, "Done."])
    cell = notebook.run(f'run = Agent("a", model={model!r}).run("Go"); run')
    shown = cell.of("display_data")[0]

    assert set(shown["data"]) == {TRACE, VIEW, "text/html", "text/markdown", "text/plain"}
    assert not cell.of("execute_result")
    assert shown["data"][VIEW]["model_id"] == cell.run_comm
    gate.open()
    notebook.until(cell, lambda: bool(cell.of("update_display_data")))
    update = cell.of("update_display_data")[0]
    assert update["transient"]["display_id"] == shown["transient"]["display_id"]
    assert set(update["data"]) == {TRACE, "text/html", "text/markdown", "text/plain"}
    assert update["data"][TRACE]["status"] == "completed"
    assert update["data"][TRACE]["result"] == "Done."


def test_a_finished_run_is_shown_without_a_widget(notebook: Notebook, server: AgentServer) -> None:
    model = server.script("Done.")

    cell = notebook.run(f'run = Agent("a", model={model!r}).run("Go"); run.wait(60); run')

    assert set(cell.of("display_data")[0]["data"]) == {
        TRACE,
        "text/html",
        "text/markdown",
        "text/plain",
    }
    assert not cell.of("comm_open")


def test_a_headless_cell_waits_and_leaves_the_finished_run(
    notebook: Notebook, server: AgentServer
) -> None:
    gate = Gate()
    model = server.script([gate, "Done."])
    cell = notebook.begin(f'run = Agent("a", model={model!r}).run("Go"); run', headless=True)
    assert gate.reached.wait(60)
    gate.open()

    notebook.finish(cell)

    data = cell.of("display_data")[0]["data"]
    assert data[TRACE]["status"] == "completed"
    assert VIEW not in data
    assert not cell.of("comm_open")


def test_a_run_that_is_never_shown_opens_no_comm(notebook: Notebook, server: AgentServer) -> None:
    model = server.script("Done.")

    cell = notebook.run(f'Agent("a", model={model!r}).run("Go").wait(60)')

    assert not cell.of("comm_open")


def test_a_run_can_be_laid_out_with_other_widgets(notebook: Notebook, server: AgentServer) -> None:
    gate = Gate()
    model = server.script([gate, "Done."])

    cell = notebook.run(f"""
from ipywidgets import HBox
run = Agent("a", model={model!r}).run("Go", task_id="boxed")
box = HBox([run])
""")

    opened = {each["data"]["state"]["_model_name"]: each for each in cell.of("comm_open")}
    assert opened["AnyModel"]["data"]["state"]["task_id"] == "boxed"
    assert opened["AnyModel"]["data"]["state"]["base_url"] == "/some/base/agentkit"
    assert "steps" not in opened["AnyModel"]["data"]["state"]
    assert "export" in opened["AnyModel"]["data"]["state"]["_esm"]
    assert opened["HBoxModel"]["data"]["state"]["children"] == [
        f"IPY_MODEL_{opened['AnyModel']['comm_id']}"
    ]
    gate.open()
    notebook.run("run.wait(60)")
    updates = [each["data"]["state"] for each in cell.of("comm_msg") if "state" in each["data"]]
    assert {"status": "completed"} in updates


def test_a_page_that_cannot_reach_the_server_is_relayed_to_and_can_cancel(
    notebook: Notebook, server: AgentServer
) -> None:
    gate = Gate()
    model = server.script(["Once ", gate, "upon"])
    cell = notebook.run(f'run = Agent("a", model={model!r}).run("Go"); run')
    comm_id = cell.run_comm
    assert gate.reached.wait(60)

    def frames() -> list[dict[str, Any]]:
        return [
            frame
            for each in attached.of("comm_msg") + cell.of("comm_msg")
            for frame in each["data"].get("content", {}).get("frames", [])
        ]

    attached = notebook.send_to_widget(comm_id, {"type": "attach", "after": 0})
    notebook.until(cell, lambda: "Once " in str(frames()))

    assert frames()[0]["type"] == "connected"
    # The kernel's own connection may have been made only now, and then it is passed on too.
    steps = next(frame for frame in frames() if frame["type"] == "steps")
    assert steps["data"][0]["event_type"] == "run_started"
    notebook.send_to_widget(comm_id, {"type": "cancel"})
    notebook.until(cell, lambda: any(frame["type"] == "result" for frame in frames()))
    result = next(frame for frame in frames() if frame["type"] == "result")
    assert result["data"]["status"] == "cancelled"
    gate.open()
