"""A run that the page's server does not know: the kernel runs it by itself, and is the only way to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.lab import Lab, LabPage

OpenPage = Callable[[Lab], LabPage]

ALONE = """\
import os
for name in ("JUPYTER_AGENTKIT_URL", "JPY_SESSION_NAME"):
    os.environ.pop(name, None)
from time import sleep
from ipywidgets import HBox, Label
from jupyter_agentkit import Agent, local
from paced_model import PacedModel

def tick(number: int) -> int:
    "Count one tick."
    return number * 10

def agent(model):
    return Agent("counter", tools=[tick], model=model, limits={"max_steps": 2000})

hub = local.default_hub()
hub.executor.gateway.register_provider("paced", PacedModel())
local.default_hub = lambda: hub"""

SHOWN = {
    "in a cell": "run = agent({model!r}).run('Count')\nrun",
    "beside a widget": "run = agent({model!r}).run('Count')\nHBox([Label('beside it'), run])",
}


@pytest.mark.parametrize("shown", SHOWN)
def test_steps_appear_while_the_kernel_rests_and_a_click_stops_the_run(
    lab: Lab, open_page: OpenPage, shown: str
) -> None:
    lab.write("alone.ipynb", [ALONE, SHOWN[shown].format(model="paced:1000x0.2")])
    page = open_page(lab)
    page.open("alone.ipynb")
    page.run_all()
    trace = page.trace()
    trace.expect_connection("live")
    expect(trace.steps("tool_call").nth(2)).to_be_visible()
    trace.cancel.click()
    trace.expect_status("cancelled")
    expect(trace.element).to_contain_text("Stopped by you")
    assert lab.tasks() == []


def test_steps_go_on_while_the_kernel_is_busy(lab: Lab, open_page: OpenPage) -> None:
    run = SHOWN["beside a widget"].format(model="paced:8x0.5")
    lab.write("alone.ipynb", [ALONE, run, "sleep(20); print('slept')"])
    page = open_page(lab)
    page.open("alone.ipynb")
    page.command("notebook:run-cell-and-select-next")
    page.command("notebook:run-cell-and-select-next")
    trace = page.trace()
    trace.expect_connection("live")
    page.command("notebook:run-cell-and-select-next")
    trace.expect_status("completed")
    expect(trace.steps("tool_call")).to_have_count(8)
    # To be true now, not at some time: a second look would wait for it.
    assert "slept" not in page.output(2).inner_text()


def test_a_finished_run_is_saved_with_the_notebook(lab: Lab, open_page: OpenPage) -> None:
    run = SHOWN["in a cell"].format(model="paced:3x0.2")
    lab.write("alone.ipynb", [ALONE, run])
    page = open_page(lab)
    page.open("alone.ipynb")
    page.run_all()
    page.trace().expect_status("completed")
    page.trace().expect_connection("saved")
    page.save()
    (saved,) = lab.read("alone.ipynb").cells[1].outputs
    assert saved.data["application/vnd.agentkit.trace+json"]["status"] == "completed"


def test_a_restarted_kernel_leaves_what_was_seen(lab: Lab, open_page: OpenPage) -> None:
    run = SHOWN["in a cell"].format(model="paced:1000x0.2")
    lab.write("alone.ipynb", [ALONE, run])
    page = open_page(lab)
    page.open("alone.ipynb")
    page.run_all()
    trace = page.trace()
    expect(trace.steps("tool_call").nth(1)).to_be_visible()
    page.restart_kernel()
    trace.expect_connection("saved")
    expect(trace.element).to_contain_text("Saved before it ended")
    expect(trace.steps("tool_call").nth(1)).to_be_visible()
    expect(trace.cancel).to_have_count(0)
