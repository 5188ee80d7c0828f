"""The places that JupyterLab and Notebook have for runs beside the cells' outputs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.lab import Lab, LabPage

OpenPage = Callable[[Lab], LabPage]

SAMPLES = Path(__file__).parents[1] / "samples"

STRIP = ".jp-MainAreaWidget:has(> .agentkit-document) > .jp-Toolbar"

AGENT = """\
from jupyter_agentkit import Agent, tool

@tool
def tick(number: int) -> int:
    "Count one tick."
    return number * 10

@tool(policy="ask")
def erase(name: str) -> str:
    "Erase it."
    return f"{name} is erased"

calls = [{"tool": "erase", "arguments": {"name": "draft"}}]
eraser = Agent("eraser", tools=[erase], model="demo", script=[{"calls": calls}])
counter = Agent("counter", tools=[tick], model="paced:1000x0.2", limits={"max_steps": 2000})
short = Agent("short", tools=[tick], model="paced:6x0.3")"""

GATE = """\
import pathlib, time
while not pathlib.Path("gate").exists():
    time.sleep(0.02)"""


def sample(name: str) -> dict[str, Any]:
    return json.loads((SAMPLES / f"{name}.json").read_text())


def faults(page: Page) -> list[str]:
    """Errors that the page's scripts did not catch, from here on."""
    seen: list[str] = []
    page.on("pageerror", lambda error: seen.append(f"{error} {error.stack}"))
    return seen


def toast(page: LabPage, text: str) -> Any:
    return page.page.get_by_role("alert").filter(has_text=text)


def test_a_file_of_runs_opens_as_the_runs_and_a_broken_one_says_what_is_wrong(
    lab: Lab, open_page: OpenPage
) -> None:
    runs = [sample("completed"), sample("failed"), sample("hostile")]
    (lab.root / "many.agenttrace.json").write_text(json.dumps(runs))
    (lab.root / "later.agenttrace.json").write_text(json.dumps(runs[0] | {"version": 2}))
    (lab.root / "broken.agenttrace.json").write_text('{"events": [')
    page = open_page(lab)
    found = faults(page.page)
    document = page.page.locator(".agentkit-document:visible")
    trace = document.locator("agentkit-trace")
    page.page.goto(f"{lab.url}/lab/tree/many.agenttrace.json?reset")
    expect(trace).to_have_attribute("data-status", "completed")
    expect(page.page.locator(STRIP)).to_be_hidden()
    page.picture("document-several-runs")
    document.get_by_role("navigation").get_by_role("button").nth(1).click()
    expect(trace).to_have_attribute("data-status", "failed")
    document.get_by_role("navigation").get_by_role("button").nth(2).click()
    expect(trace).to_have_count(1)
    assert page.page.evaluate("globalThis.owned") is None
    lab.wait_for_layout("agentkit-documents:many.agenttrace.json")
    page.page.goto(f"{lab.url}/lab")
    expect(trace).to_be_visible()
    page.command("docmanager:open", {"path": "later.agenttrace.json"})
    expect(document.get_by_text("later version")).to_have_count(1)
    # The page has the focus, and what is looked for in it is in its run.
    expect(document).to_be_focused()
    page.page.keyboard.press("Control+f")
    expect(trace.get_by_role("searchbox", name="Find in this run")).to_be_focused()
    page.page.keyboard.press("Escape")
    expect(document).to_be_focused()
    expect(trace).to_have_attribute("data-status", "completed")
    page.command("docmanager:open", {"path": "broken.agenttrace.json"})
    expect(document.get_by_role("alert")).to_contain_text("not valid JSON")
    page.picture("document-broken")
    document.get_by_role("button", name="Open as Text").click()
    expect(page.page.locator(".jp-FileEditor:visible")).to_contain_text('{"events": [')
    assert found == []
    # Notebook opens them too, and on a narrow page nothing is wider than the page.
    page.page.set_viewport_size({"width": 320, "height": 700})
    page.page.goto(f"{lab.url}/edit/many.agenttrace.json")
    expect(trace).to_have_attribute("data-status", "completed")
    assert document.evaluate("node => node.scrollWidth <= node.clientWidth")
    page.picture("document-narrow")
    # Some errors are Notebook's own.
    assert not [each for each in found if "jupyter-agentkit" in each]


def test_the_launcher_starts_a_notebook_whose_run_opens_in_a_tab_and_is_found_again(
    lab: Lab, open_page: OpenPage
) -> None:
    (lab.root / "folder").mkdir(exist_ok=True)
    page = open_page(lab)
    page.page.on("dialog", lambda dialog: dialog.accept())
    found = faults(page.page)
    page.page.goto(f"{lab.url}/lab/tree/folder?reset")
    page.page.locator(".jp-LauncherCard").filter(has_text="Agent Notebook").click()
    page.ready(kernel=True)
    assert lab.read("folder/Untitled.ipynb").cells
    page.run_all()
    page.trace().expect_status("completed")
    expect(page.trace().element).to_contain_text("Simulated")
    expect(page.trace().element).to_contain_text("12345")
    page.written()
    page.picture("agent-notebook")
    # Far below what is seen, so that JupyterLab has not built the run's cell when it is asked for.
    page.page.evaluate(
        """() => {
            const { sharedModel } = window.jupyterapp.shell.currentWidget.content.model;
            const far = Array.from({ length: 40 }, () => ({ cell_type: 'code', source: '1\\n2\\n3' }));
            sharedModel.insertCells(0, far);
        }"""
    )
    page.save()
    (task,) = lab.tasks()
    # A link to a step of it leads there.
    step = next(e["seq"] for e in lab.events(task["task_id"]) if e["event_type"] == "tool_call")
    page.page.evaluate(
        "hash => { location.hash = hash; }", f"agentkit-run={task['task_id']}&step={step}"
    )
    head = page.trace().element.locator(f'[data-seq="{step}"] > .head')
    expect(head).to_be_focused()
    expect(head).to_be_in_viewport()
    page.trace().element.click(button="right", position={"x": 200, "y": 8})
    page.page.locator(".lm-Menu-itemLabel", has_text="Open Run in a Tab").click()
    tab = page.page.locator(".agentkit-document:visible agentkit-trace")
    expect(tab).to_be_visible()
    expect(page.page.locator(STRIP)).to_be_hidden()
    expect(tab).to_have_attribute("data-task-id", task["task_id"])
    expect(page.page.get_by_role("tab", name="analyst: Which region")).to_be_visible()
    lab.wait_for_layout(f"agentkit-runs:{task['task_id']}")
    page.page.reload()
    expect(tab).to_have_attribute("data-status", "completed")
    shown = page.page.locator(".jp-Notebook agentkit-trace")
    for _ in range(2):  # from the tab; then with the notebook closed
        page.command("agentkit:show-run", {"taskId": task["task_id"]})
        expect(shown).to_be_in_viewport()
        page.picture("shown-run")
        page.command("application:close")
        expect(shown).to_have_count(0)
    (lab.root / "folder" / "Untitled.ipynb").unlink()
    page.command("application:close")
    expect(tab).to_have_count(0)
    page.command("agentkit:show-run", {"taskId": task["task_id"]})
    expect(tab).to_have_attribute("data-status", "completed")
    assert found == []


def test_what_ends_or_asks_out_of_sight_calls_once_and_commands_reach_the_runs(
    lab: Lab, open_page: OpenPage
) -> None:
    cells = [AGENT, "eraser.run('Erase')", "short.run('Count')", f"{GATE}\neraser.run('Again')"]
    lab.write("calls.ipynb", cells)
    lab.write("other.ipynb", ["1"])
    page = open_page(lab)
    page.page.on("dialog", lambda dialog: dialog.accept())
    found = faults(page.page)
    page.open("calls.ipynb")
    page.run_all()
    page.trace(0).expect_status("input_required")
    page.trace(1).expect_status("running")
    page.command("docmanager:open", {"path": "other.ipynb"})
    expect(toast(page, "short is done: Count")).to_be_visible()
    page.picture("notice")
    # What was asked in sight called nobody; what is asked out of sight stays until it is answered.
    expect(toast(page, "eraser")).to_have_count(0)
    toast(page, "short is done").get_by_role("button", name="Show").click()
    expect(page.trace(1).element).to_be_in_viewport()
    for _ in range(2):  # the first asks for a reason
        page.trace(0).element.get_by_role("button", name="Deny").click()
    page.trace(0).expect_status("completed")
    page.command("docmanager:open", {"path": "other.ipynb"})
    expect(page.trace(0).element).to_be_hidden()
    (lab.root / "gate").touch()
    expect(toast(page, "eraser waits for your approval to call erase.")).to_be_visible()
    task = lab.tasks()[0]
    (request,) = task["open_requests"]
    lab.request(
        "POST",
        f"agentkit/api/v1/tasks/{task['task_id']}/answers",
        {"request_id": request, "decision": "approve"},
    )
    expect(toast(page, "eraser waits")).to_have_count(0)
    assert found == []
