"""Many runs at once in a cell of a real notebook: one bar, one Cancel, and a table that stays."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from agentkit.trace.document import TRACES_MIME
from tests.browser.lab import Lab, LabPage

OpenPage = Callable[[Lab], LabPage]

AGENT = """\
from time import sleep
from jupyter_agentkit import Agent

def tick(number: int) -> int:
    "Count one tick."
    return number * 10

def agent(model):
    return Agent("counter", tools=[tick], model=model, limits={"max_steps": 2000})"""


def test_cancel_stops_all_runs_of_a_map_while_the_kernel_is_busy(
    lab: Lab, open_page: OpenPage
) -> None:
    many = "counts = agent('paced:1000x0.2').map(['a', 'b', 'c', 'd', 'e'], concurrency=2)\ncounts"
    lab.write("map.ipynb", [AGENT, many, "while True: pass"])
    page = open_page(lab)
    page.open("map.ipynb")
    page.run_all()
    output = page.output(1)
    expect(output.get_by_role("status")).to_contain_text("0 of 5 done · 2 running")
    expect(output.get_by_role("progressbar")).to_be_visible()
    page.picture("map-running")

    output.get_by_role("button", name="Cancel").click()

    expect(output.get_by_role("table")).to_contain_text("Stopped")
    expect(output.get_by_role("table")).to_contain_text("Not started")
    expect(output).to_contain_text("5 runs: 5 cancelled")
    assert [task["status"] for task in lab.tasks()] == ["cancelled", "cancelled"]
    page.save()
    (kept,) = lab.read("map.ipynb").cells[1].outputs
    assert "application/vnd.jupyter.widget-view+json" not in kept.data


def test_a_map_that_is_done_is_a_table_with_each_trace(lab: Lab, open_page: OpenPage) -> None:
    many = "agent('paced:2x0.1').map(['a', 'b', 'c'], concurrency=2)"
    lab.write("done.ipynb", [AGENT, many])
    page = open_page(lab)
    page.open("done.ipynb")
    page.run_all()
    output = page.output(1)
    rows = output.get_by_role("table").first.locator("> tbody > tr")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("2 ticks")
    rows.first.locator("summary").first.click()
    expect(rows.first.locator("details").first).to_contain_text("tick")
    page.picture("map-done")
    page.save()
    (kept,) = lab.read("done.ipynb").cells[1].outputs
    assert set(kept.data) == {TRACES_MIME, "text/html", "text/markdown", "text/plain"}
