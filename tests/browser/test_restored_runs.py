"""A run whose notebook was closed before it was saved: the page that opens it next shows it again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.lab import Lab, LabPage

OpenPage = Callable[[Lab], LabPage]

TRACE = "application/vnd.agentkit.trace+json"

AGENT = """\
from pathlib import Path
from time import sleep
from jupyter_agentkit import Agent

def tick(number: int) -> int:
    "Count one tick."
    return number * 10

def agent(model):
    return Agent("counter", tools=[tick], model=model, limits={"max_steps": 2000})"""

SHORT = "agent('paced:3x0.2').run('Count to three')"
FOREVER = "agent('paced:1000x0.2').run('Count to a thousand')"


def leave(page: LabPage) -> None:
    """Close the notebook as if the browser had been closed: nothing is saved."""
    page.page.once("dialog", lambda dialog: dialog.accept())
    page.page.goto("about:blank")


def saved_tasks(lab: Lab, name: str, cell: int) -> list[str]:
    """The ids of the runs that a cell holds on the disk."""
    outputs = lab.read(name).cells[cell].outputs
    return [each.data[TRACE]["task_id"] for each in outputs if TRACE in each.get("data", {})]


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_a_reload_in_mid_run_shows_the_run_again_which_ends_and_is_saved(
    app: str, lab: Lab, open_page: OpenPage
) -> None:
    run = "agent('paced:30x0.2').run('Count to thirty')"
    lab.write("unsaved.ipynb", [AGENT, run])
    page = open_page(lab)
    page.page.on("dialog", lambda dialog: dialog.accept())
    page.open("unsaved.ipynb", app=app)
    page.run_all()
    expect(page.trace().steps("tool_call").nth(1)).to_be_visible()
    page.reload()
    trace = page.trace()
    trace.expect_connection("live")
    page.picture(f"restored-{app}")
    trace.expect_status("completed")
    expect(trace.steps("tool_call")).to_have_count(30)
    page.written()
    expect(page.traces).to_have_count(1)
    page.save()
    (task,) = lab.tasks()
    assert saved_tasks(lab, "unsaved.ipynb", 1) == [task["task_id"]]


def test_a_run_that_ended_while_no_page_was_open_is_there_whatever_became_of_its_kernel(
    lab: Lab, open_page: OpenPage
) -> None:
    lab.write("closed.ipynb", [AGENT, SHORT])
    page = open_page(lab)
    page.open("closed.ipynb")
    page.run_all()
    expect(page.trace().element).to_be_visible()
    leave(page)
    (task,) = lab.tasks()
    lab.wait_for_task(task["task_id"])
    for session in lab.request("GET", "api/sessions"):
        lab.request("DELETE", f"api/sessions/{session['id']}")
    page.open("closed.ipynb")
    trace = page.trace()
    trace.expect_status("completed")
    expect(trace.steps("tool_call")).to_have_count(3)
    expect(page.traces).to_have_count(1)
    page.save()
    assert saved_tasks(lab, "closed.ipynb", 1) == [task["task_id"]]


def test_a_cell_that_the_kernel_executes_after_the_page_was_closed_shows_its_run(
    lab: Lab, open_page: OpenPage
) -> None:
    wait = "while not Path('go').exists(): sleep(0.05)"
    lab.write("queued.ipynb", [AGENT, wait, SHORT])
    page = open_page(lab)
    page.page.on("dialog", lambda dialog: dialog.accept())
    page.open("queued.ipynb")
    page.run_all()
    # The kernel has answered, so JupyterLab holds nothing back that it was to execute.
    expect(page.page.locator(".jp-Cell").nth(0)).to_contain_text("[1]")
    expect(page.page.locator(".jp-Cell").nth(2)).to_contain_text("[*]")
    page.reload()
    expect(page.traces).to_have_count(0)
    (lab.root / "go").touch()
    page.trace().expect_status("completed")
    expect(page.output(2).locator("agentkit-trace")).to_have_count(1)


def test_only_what_a_cell_showed_comes_back_and_not_what_was_cleared_and_saved(
    lab: Lab, open_page: OpenPage
) -> None:
    unshown = f"unshown = {FOREVER}"
    some = "many = agent('paced:1x0.1').map(['a', 'b'])\nmany.wait()\nmany"
    lab.write("some.ipynb", [AGENT, SHORT, unshown, some, FOREVER])
    page = open_page(lab)
    page.page.on("dialog", lambda dialog: dialog.accept())
    page.open("some.ipynb")
    for cell in (0, 1):
        page.page.locator(".jp-Cell .jp-InputArea-editor").nth(cell).click()
        page.command("notebook:run-cell")
    page.trace().expect_status("completed")
    page.written()
    page.command("notebook:clear-cell-output")
    expect(page.traces).to_have_count(0)
    page.save()
    for cell in (2, 3, 4):
        page.page.locator(".jp-Cell .jp-InputArea-editor").nth(cell).click()
        page.command("notebook:run-cell")
    expect(page.trace().steps("tool_call").nth(1)).to_be_visible()
    page.reload()
    page.trace().expect_connection("live")
    expect(page.output(4).locator("agentkit-trace")).to_have_count(1)
    expect(page.traces).to_have_count(1)
    expect(page.output(3)).to_have_text("")


def test_a_run_that_was_saved_stands_there_once(lab: Lab, open_page: OpenPage) -> None:
    lab.write("once.ipynb", [AGENT, FOREVER, FOREVER])
    page = open_page(lab)
    page.page.on("dialog", lambda dialog: dialog.accept())
    page.open("once.ipynb")
    page.page.locator(".jp-Cell .jp-InputArea-editor").nth(0).click()
    page.command("notebook:run-cell")
    page.page.locator(".jp-Cell .jp-InputArea-editor").nth(1).click()
    page.command("notebook:run-cell")
    expect(page.trace().steps("tool_call").nth(1)).to_be_visible()
    page.save()
    page.page.locator(".jp-Cell .jp-InputArea-editor").nth(2).click()
    page.command("notebook:run-cell")
    expect(page.trace(1).steps("tool_call").nth(1)).to_be_visible()
    page.reload()
    for cell in (1, 2):
        expect(page.output(cell).locator("agentkit-trace")).to_have_attribute(
            "data-connection", "live"
        )
    expect(page.traces).to_have_count(2)


def test_the_run_of_the_last_execution_takes_the_place_of_the_one_that_was_saved(
    lab: Lab, open_page: OpenPage
) -> None:
    lab.write("again.ipynb", [AGENT, SHORT])
    page = open_page(lab)
    page.open("again.ipynb")
    page.run_all()
    page.trace().expect_status("completed")
    page.written()
    page.save()
    (first,) = lab.tasks()
    page.run_all()
    page.trace().expect_status("running")
    leave(page)
    second = lab.tasks()[0]
    assert second["task_id"] != first["task_id"]
    lab.wait_for_task(second["task_id"])
    page.open("again.ipynb")
    expect(page.trace().element).to_have_attribute("data-task-id", second["task_id"])
    expect(page.traces).to_have_count(1)
    page.save()
    assert saved_tasks(lab, "again.ipynb", 1) == [second["task_id"]]
