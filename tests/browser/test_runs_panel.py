"""All runs of a server in the side panel, and among all that JupyterLab lists as running."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.axe import violations
from tests.browser.lab import Lab, LabPage

OpenPage = Callable[[Lab], LabPage]

AGENTS = """\
from jupyter_agentkit import Agent, tool

@tool
def tick(number: int) -> str:
    "Tick."
    return str(number)

quick = Agent("penguins", tools=[tick], model="paced:1x0")
asker = Agent("reporter", tools=[tick], model="paced:1x0", policy={"tick": "ask"})"""
CELLS = [
    AGENTS,
    "quick.run('Which island has the heaviest penguins?')",
    "run = asker.run('Write the report and send it')\nrun",
]
ENDLESS: dict[str, Any] = {"name": "clock", "model": "clock:100000x0.05", "tools": []}


def start(lab: Lab, task_id: str, input: str, **config: Any) -> None:
    config = {"name": "writer", "model": "paced:0x0", "tools": [], **config}
    lab.request(
        "POST",
        "agentkit/api/v1/tasks",
        {"task_id": task_id, "input": input, "config": config},
    )


def statuses(lab: Lab) -> dict[str, str]:
    return {task["task_id"]: task["status"] for task in lab.tasks()}


@pytest.fixture
def dark(lab: Lab) -> Iterator[Callable[[LabPage], None]]:
    """Switches a page to the dark theme; the server keeps that, so it is forgotten in the end."""
    setting = "lab/api/settings/@jupyterlab/apputils-extension:themes"

    def darken(page: LabPage) -> None:
        page.command("apputils:change-theme", {"theme": "JupyterLab Dark"})
        expect(page.page.locator('body[data-jp-theme-light="false"]')).to_have_count(1)
        expect(page.page.locator("#jupyterlab-splash")).to_have_count(0)

    yield darken
    lab.request("PUT", setting, {"raw": "{}"})


class Panel:
    """The side panel."""

    def __init__(self, page: LabPage) -> None:
        self.page = page.page
        self.element = self.page.locator("#agentkit-runs")
        self.tab = self.page.locator('.lm-TabBar-tab[data-id="agentkit-runs"]')

    def group(self, name: str) -> Locator:
        return self.element.get_by_role("rowgroup", name=name).locator("[data-task-id]")

    def row(self, text: str) -> Locator:
        return self.element.locator("[data-task-id]", has_text=text)


def test_the_panel_lists_runs_and_leads_to_them(
    lab: Lab, open_page: OpenPage, dark: Callable[[LabPage], None]
) -> None:
    for number in range(60):
        start(lab, f"old{number}", f"Old question {number}")
        lab.wait_for_task(f"old{number}")
    start(lab, "broken", "This cannot work", model="paced:axb")
    start(lab, "endless1", "Say what time it is", **ENDLESS)
    start(lab, "endless2", "Say it once more", **ENDLESS)
    lab.write("penguins.ipynb", CELLS)
    page = open_page(lab)
    feeds: list[str] = []
    page.page.on("websocket", lambda socket: feeds.append(socket.url))
    page.open("penguins.ipynb")
    page.run_all()
    panel = Panel(page)

    # What waits is told at the icon, and answered in place.
    expect(panel.tab).to_have_attribute("title", "Agent Runs: 1 request waits for you")
    page.command("agentkit:open-runs")
    expect(panel.group("Waiting for you")).to_have_count(1)
    waiting = panel.row("Write the report and send it")
    expect(waiting).to_be_focused()
    expect(waiting).to_contain_text("penguins.ipynb")
    expect(waiting).to_contain_text("number")
    expect(panel.group("Running")).to_have_count(2)
    expect(panel.row("Say what time it is")).to_contain_text(" s")
    expect(panel.row("This cannot work")).to_contain_text("Failed")
    page.picture("runs-panel")
    assert violations(page.page, "#agentkit-runs") == []
    dark(page)
    page.picture("runs-panel-dark")
    assert violations(page.page, "#agentkit-runs") == []
    waiting.get_by_role("button", name="Approve").click()
    expect(panel.group("Waiting for you")).to_have_count(0)
    expect(panel.row("Write the report and send it")).to_contain_text("Done")
    expect(panel.tab).to_have_attribute("title", "Agent Runs")

    # By keyboard to a run: its cell, or a tab where it has none.
    page.page.keyboard.press("Home")
    panel.group("Running").first.focus()
    panel.page.keyboard.press("End")
    panel.page.keyboard.press("Home")
    panel.page.keyboard.press("ArrowDown")
    panel.page.keyboard.press("ArrowDown")
    panel.page.keyboard.press("ArrowDown")
    quick = panel.row("Which island has the heaviest penguins?")
    expect(quick).to_be_focused()
    panel.page.keyboard.press("Enter")
    expect(page.trace(0).element).to_be_in_viewport()
    panel.row("Say what time it is").click()
    expect(panel.page.locator(".agentkit-document agentkit-trace")).to_have_attribute(
        "data-task-id", "endless1"
    )

    # Older runs: by pages and by words, which reach those that are not listed.
    expect(panel.row("Old question 3").first).to_be_visible()
    assert panel.row("Old question").count() < 60
    panel.element.get_by_role("button", name="Load more").click()
    expect(panel.row("Old question")).to_have_count(60)
    expect(panel.element.get_by_role("button", name="Load more")).to_have_count(0)
    panel.element.get_by_role("searchbox").fill("HEAVIEST penguins.ipynb")
    expect(panel.element.locator("[data-task-id]")).to_have_count(1)
    panel.element.get_by_role("searchbox").fill("nothing of the kind")
    expect(panel.element).to_contain_text("No run fits")
    panel.element.get_by_role("button", name="Show all").click()
    panel.element.get_by_role("combobox").select_option("failed")
    expect(panel.element.locator("[data-task-id]")).to_have_count(1)

    # A finished run is deleted once somebody has confirmed it.
    panel.row("This cannot work").click(button="right")
    panel.page.get_by_role("menuitem", name="Delete Run").click()
    panel.page.get_by_role("button", name="Delete").click()
    expect(panel.row("This cannot work")).to_have_count(0)
    assert "broken" not in statuses(lab)
    panel.element.get_by_role("combobox").select_option("all")

    # JupyterLab's own list of what is running cancels too; so does the panel, all at once.
    panel.page.locator('.lm-TabBar-tab[data-id="jp-running-sessions"]').click()
    section = panel.page.locator(".jp-RunningSessions-section", has_text="Say it once more")
    item = section.locator(".jp-RunningSessions-item", has_text="Say it once more")
    item.hover()
    page.picture("runs-among-all-that-is-running")
    item.get_by_title("Cancel").click()
    expect(item).to_have_count(0)
    assert statuses(lab)["endless2"] == "cancelled"
    page.command("agentkit:open-runs")
    panel.element.get_by_role("button", name="Cancel all").click()
    expect(panel.group("Running")).to_have_count(0)
    stopped = panel.group("Recent").filter(has_text="Say what time it is")
    expect(stopped).to_contain_text("Stopped")

    # What was stopped goes on, by keyboard too; once it does, it cannot be resumed again.
    stopped.focus()
    panel.page.keyboard.press("ArrowRight")
    expect(stopped.get_by_role("button", name="Resume")).to_be_focused()
    panel.page.keyboard.press("Enter")
    expect(panel.group("Running")).to_contain_text(["Say what time it is"])
    expect(stopped).to_be_focused()
    expect(stopped.get_by_role("button", name="Resume")).to_have_count(0)
    page.picture("runs-panel-resumed")
    panel.element.get_by_role("button", name="Cancel all").click()
    expect(panel.group("Running")).to_have_count(0)

    # The layout is restored, and one socket serves all of it.
    assert [url.rpartition("/api/v1")[2] for url in feeds].count("/ws/tasks") == 1
    panel.page.reload()
    expect(panel.row("Which island has the heaviest penguins?")).to_be_visible()


def test_notebook_7_has_the_panel_and_its_running_page_the_runs(
    lab: Lab, open_page: OpenPage
) -> None:
    start(lab, "endless", "Say what time it is", **ENDLESS)
    lab.write("empty.ipynb", ["1"])
    page = open_page(lab)
    page.open("empty.ipynb", app="notebook", kernel=False)
    panel = Panel(page)
    page.command("agentkit:open-runs")
    expect(panel.row("Say what time it is")).to_be_visible()
    page.picture("runs-panel-notebook")
    page.page.goto(f"{lab.url}/tree")
    page.page.get_by_text("Running", exact=True).click()
    expect(page.page.get_by_text("Say what time it is")).to_be_visible()
    page.picture("runs-tree")
