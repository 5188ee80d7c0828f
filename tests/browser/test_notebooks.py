"""The notebooks that a person opens: all cells are run, and what the agents ask is answered in the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser.lab import Lab, LabPage, Trace

# nbformat is partly untyped.
_nbformat: Any = nbformat

OpenPage = Callable[[Lab], LabPage]

ROOT = Path(__file__).parents[2]
TRACE = "application/vnd.agentkit.trace+json"
WIDGET = "application/vnd.jupyter.widget-view+json"

CELLS = "() => window.jupyterapp.shell.currentWidget.content.widgets.map(cell => cell.model.id)"


@pytest.fixture
def notebooks_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """A server with the settings of ``make lab``, and the notebooks."""
    monkeypatch.chdir(ROOT)
    settings = (
        "--AgentKitApp.mcp_config=notebooks/mcp.json",
        "--AgentKitApp.skills_folders=notebooks/skills",
    )
    with Lab(tmp_path, settings=settings) as lab:
        for part in ("analysis.ipynb", "mcp_and_skills.ipynb", "data"):
            lab.copy(ROOT / "notebooks" / part)
        yield lab


def run_all(page: LabPage, name: str) -> Trace:
    """Open a notebook, clear what it was saved with, and run all cells; the one run that appears."""
    page.open(name)
    page.command("notebook:clear-all-cell-outputs")
    expect(page.traces).to_have_count(0)
    page.run_all()
    expect(page.traces).to_have_count(1)
    return page.trace()


def saved_run(lab: Lab, name: str) -> dict[str, Any]:
    """The one run that a saved notebook holds."""
    notebook = lab.read(name)
    _nbformat.validate(notebook)
    [bundle] = [
        output["data"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if TRACE in output.get("data", {})
    ]
    assert WIDGET not in bundle
    return bundle[TRACE]


def test_the_analysis_asks_and_leaves_a_cell_that_runs_and_is_taken_back(
    notebooks_lab: Lab, open_page: OpenPage
) -> None:
    page = open_page(notebooks_lab)
    trace = run_all(page, "analysis.ipynb")
    before: list[str] = page.page.evaluate(CELLS)
    approve = trace.element.get_by_role("button", name="Approve", exact=True)

    # The averages, the chart, the cell, the slope: each is asked for before it is done.
    asked = trace.element.locator("[data-asked]")
    for code in ("measures =", "import matplotlib", "after: analysis-09"):
        expect(asked.last).to_contain_text(code)
        trace.expect_status("input_required")
        assert page.page.evaluate(CELLS) == before
        approve.click()
    expect(asked.last).to_contain_text("import numpy")
    approve.click()
    trace.expect_status("completed")
    expect(trace.element).to_contain_text("50 g more body mass (r = 0.87, 342 penguins)")
    expect(trace.element.locator("img")).to_have_count(1)

    after: list[str] = page.page.evaluate(CELLS)
    [inserted] = set(after) - set(before)
    place = after.index(inserted)
    assert after[place - 1] == "analysis-09"
    page.page.locator(".jp-Notebook .jp-Cell").nth(place).locator(".cm-content").click()
    page.page.keyboard.press("Shift+Enter")
    expect(page.output(place).locator("img")).to_be_visible()
    page.picture("analysis")

    trace.element.get_by_role("button", name="Undo edits").click()
    expect(page.page.locator(".jp-Notebook .jp-Cell")).to_have_count(len(before))
    assert page.page.evaluate(CELLS) == before
    expect(page.page.locator("[data-mime-type*=stderr]")).to_have_count(0)
    page.written()
    page.save()
    run = saved_run(notebooks_lab, "analysis.ipynb")
    assert run["status"] == "completed"
    answers = [each for each in run["events"] if each["event_type"] == "request_resolved"]
    assert [answer["decision"] for answer in answers] == ["approve"] * 4


def test_the_agent_with_a_server_and_a_skill_answers_unasked(
    notebooks_lab: Lab, open_page: OpenPage
) -> None:
    page = open_page(notebooks_lab)
    trace = run_all(page, "mcp_and_skills.ipynb")
    trace.expect_status("completed")
    expect(trace.element).to_contain_text("21 h 44 min")
    expect(trace.element).to_contain_text("3 h 43 min")
    expect(trace.element.locator("img")).to_have_count(1)
    page.picture("mcp_and_skills")
    expect(page.page.locator("[data-mime-type*=stderr]")).to_have_count(0)
    page.written()
    page.save()
    run = saved_run(notebooks_lab, "mcp_and_skills.ipynb")
    assert run["status"] == "completed"
    calls = [each for each in run["events"] if each["event_type"] == "tool_call"]
    assert {call["runs_in"] for call in calls} == {"server", "mcp"}
