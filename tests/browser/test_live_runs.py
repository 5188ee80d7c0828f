"""A run in a cell of a real notebook, while it runs."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.lab import Lab, LabPage

OpenPage = Callable[[Lab], LabPage]

AGENT = """
from time import sleep
from jupyter_agentkit import Agent

def tick(number: int) -> int:
    "Count one tick."
    return number * 10

def agent(model, *tools):
    return Agent("counter", tools=tools or [tick], model=model)
"""


def test_steps_appear_while_a_cell_blocks_the_kernel(lab: Lab, open_page: OpenPage) -> None:
    lab.write("busy.ipynb", [AGENT, "agent('paced:5x0.2').run('Count to five')", "sleep(20); print('slept')"])
    page = open_page(lab)
    page.open("busy.ipynb")
    page.run_all()
    trace = page.trace()
    expect(trace.steps("tool_call")).to_have_count(5)
    trace.expect_status("completed")
    expect(trace.element).to_contain_text("5 ticks")
    expect(page.output(2)).not_to_contain_text("slept")
