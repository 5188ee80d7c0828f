"""A run after its end: in the file, for readers who have no kernel, no key and no server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import expect

from tests.browser.lab import Lab, LabPage

# nbformat is partly untyped.
_nbformat: Any = nbformat

OpenPage = Callable[[Lab], LabPage]

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
TRACE = "application/vnd.agentkit.trace+json"
WIDGET = "application/vnd.jupyter.widget-view+json"


def bundles(notebook: Any) -> list[dict[str, Any]]:
    """The runs in a notebook's outputs."""
    return [
        output["data"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if TRACE in output.get("data", {})
    ]


def test_the_quickstart_runs_to_its_end_and_is_saved_with_its_runs(
    lab: Lab, open_page: OpenPage
) -> None:
    lab.copy(NOTEBOOKS / "quickstart.ipynb")
    lab.copy(NOTEBOOKS / "data")
    page = open_page(lab)
    page.open("quickstart.ipynb")
    page.command("notebook:clear-all-cell-outputs")
    expect(page.traces).to_have_count(0)
    page.run_all()
    expect(page.traces).to_have_count(4)
    for number in range(3):
        page.trace(number).expect_status("completed")
    page.trace(3).expect_status("cancelled")
    expect(page.trace(0).element).to_contain_text("Gentoo")
    expect(page.trace(0).element).to_contain_text("Simulated")
    expect(page.output(-1)).to_contain_text("events")
    expect(page.page.locator("[data-mime-type*=stderr]")).to_have_count(0)
    page.written()
    page.save()
    saved = lab.read("quickstart.ipynb")
    _nbformat.validate(saved)
    runs = bundles(saved)
    assert [run[TRACE]["status"] for run in runs] == [*["completed"] * 3, "cancelled"]
    for run in runs:
        assert WIDGET not in run
        assert {"text/html", "text/markdown", "text/plain"} <= run.keys()


def test_a_saved_run_needs_no_kernel_no_trust_and_no_server_that_knows_it(
    lab: Lab, own_lab: Lab, open_page: OpenPage
) -> None:
    lab.write("saved.ipynb", ["from jupyter_agentkit import Agent", RUN])
    page = open_page(lab)
    page.open("saved.ipynb")
    page.run_all()
    page.trace().expect_status("completed")
    page.written()
    page.save()
    saved = lab.read("saved.ipynb")
    saved.metadata.kernelspec = {"name": "gone", "display_name": "A kernel that nobody has"}
    _nbformat.write(saved, own_lab.root / "saved.ipynb")
    reader = open_page(own_lab)
    reader.open("saved.ipynb", kernel=False)
    reader.page.get_by_role("button", name="No Kernel", exact=True).click()
    trace = reader.trace()
    trace.expect_status("completed")
    trace.expect_connection("saved")
    expect(trace.element).to_contain_text("How many words?")
    expect(trace.steps("tool_call")).to_have_count(1)
    expect(trace.cancel).to_have_count(0)
    assert own_lab.tasks() == []


def test_showing_hostile_results_and_answers_loads_nothing(lab: Lab, open_page: OpenPage) -> None:
    away = "http://127.0.0.1:9"  # nobody listens there
    html = (
        f'<input type="image" src="{away}/input">'
        f'<div style="background:url({away}/style)">seen</div>'
        f'<table background="{away}/background"><tr><td>1</td></tr></table>'
        f'<img src="{away}/img" srcset="{away}/srcset 2x"><img src="/logout">'
    )
    inner: dict[str, Any] = {
        "version": 1,
        "task_id": "inner",
        "agent": "inner",
        "status": "running",
        "events": [],
    }
    events: list[dict[str, Any]] = []
    contents: list[dict[str, Any]] = [{"text/html": html}, {"text/plain": "a run", TRACE: inner}]
    for content in contents:
        call = {"tool_call_id": f"c{len(events)}", "tool_name": "fetch"}
        started: dict[str, Any] = {
            "event_type": "tool_call",
            **call,
            "arguments": {},
            "runs_in": "kernel",
        }
        # Failures are open from the start.
        failed = {"outcome": "failed", "error": {"message": "no", "reason": "tool_error"}}
        ended: dict[str, Any] = {
            "event_type": "tool_result",
            **call,
            **failed,
            "content": content,
            "duration_ms": 1,
        }
        events += [started, ended]
    answer = f"Look: ![x]({away}/markdown) {html} the end"
    events.append({"event_type": "final_answer", "text": answer})
    document = {
        "version": 1,
        "task_id": "hostile",
        "agent": "hostile",
        "input": "?",
        "status": "completed",
        "result": answer,
        "events": [{"seq": n, "step": 1, "ts": "", **event} for n, event in enumerate(events, 1)],
    }
    lab.write("hostile.ipynb", ["'here'"])
    notebook = lab.read("hostile.ipynb")
    display = {"output_type": "display_data", "metadata": {}, "data": {TRACE: document}}
    notebook.cells[0].outputs = [_nbformat.from_dict(display)]
    _nbformat.write(notebook, lab.root / "hostile.ipynb")
    page = open_page(lab)
    asked: list[str] = []
    page.page.on("request", lambda request: asked.append(request.url))
    page.open("hostile.ipynb")
    trace = page.trace()
    expect(trace.element).to_contain_text("the end")
    expect(trace.element).to_contain_text("seen")
    expect(page.traces).to_have_count(1)
    assert [url for url in asked if away in url or url.endswith("/logout")] == []


RUN = """\
def count_words(text: str = "one two three") -> int:
    "How many words a text has."
    return len(text.split())

Agent("reader", tools=[count_words]).run("How many words?")"""
