"""A link to a step, followed in a notebook whose cells JupyterLab builds and leaves out in its own ways."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import expect

from tests.browser.lab import Lab, LabPage
from tests.browser.long_trace import long_trace
from tests.browser.test_saved_runs import TRACE

OpenPage = Callable[[Lab], LabPage]

_nbformat: Any = nbformat
_v4: Any = nbformat.v4

SAMPLES = Path(__file__).parents[1] / "samples"
MODES = ["full", "defer", "contentVisibility", "none"]
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
LINES = 9_000
"""Of a result: more than is shown in one piece."""

TO_THE_TOP = """() => {
  const link = [...document.querySelectorAll('.jp-Notebook a')].find(
    each => each.textContent === 'to the step');
  const top = link?.getBoundingClientRect().top ?? -1;
  if (top > 0 && top < innerHeight) return true;
  void window.jupyterapp.shell.currentWidget.content.scrollToItem(0);
  return false;
}"""


def _cell(number: int, run: dict[str, Any] | None = None) -> Any:
    """A cell with an output of a height of its own, or with a run."""
    cell = _v4.new_code_cell(f"print({number})")
    lines = "".join(f"{number}: {line}\n" for line in range(3 + number % 17))
    shown = {"output_type": "stream", "name": "stdout", "text": lines}
    if run is not None:
        shown = {"output_type": "display_data", "metadata": {}, "data": {TRACE: run}}
    cell.outputs = [_nbformat.from_dict(shown)]
    return cell


def _write(lab: Lab, name: str, link: str, runs: list[dict[str, Any]]) -> None:
    """Put the runs far below a link, and far from each other."""
    cells = [_v4.new_markdown_cell(f"# The top\n\n[to the step](#{link})")]
    for run in runs:
        cells += [*(_cell(number) for number in range(40)), _cell(0, run)]
    cells += [_cell(number) for number in range(40)]
    _nbformat.write(_v4.new_notebook(cells=cells, metadata=KERNEL), lab.root / name)


def test_a_link_leads_to_a_far_step_in_each_of_the_ways_that_a_notebook_shows_its_cells(
    lab: Lab, open_page: OpenPage
) -> None:
    run = json.loads((SAMPLES / "completed.json").read_text("utf-8"))
    result = next(event for event in run["events"] if event["event_type"] == "tool_result")
    call = next(
        event for event in run["events"] if event.get("tool_call_id") == result["tool_call_id"]
    )
    text = "\n".join(f"line {line} of a long result" for line in range(LINES))
    result["content"] = {"text/plain": text}
    long = long_trace(300)
    other = long["events"][-40]["seq"]
    link = f"agentkit-run={run['task_id']}&step={result['seq']}"
    _write(lab, "links.ipynb", link, [run, long])
    beside = [_v4.new_markdown_cell(f"[elsewhere](links.ipynb#{link})")]
    _nbformat.write(_v4.new_notebook(cells=beside, metadata=KERNEL), lab.root / "beside.ipynb")
    page = open_page(lab)
    head = page.traces.locator(f'[data-seq="{call["seq"]}"] > .head')
    setting = "lab/api/settings/@jupyterlab/notebook-extension:tracker"
    try:
        for mode in MODES:
            lab.request("PUT", setting, {"raw": json.dumps({"windowingMode": mode})})
            page.open("links.ipynb", kernel=False)
            anchor = page.page.get_by_role("link", name="to the step")
            anchor.click()
            expect(head).to_be_focused()
            expect(head).to_be_in_viewport()
            expect(head).to_have_attribute("aria-expanded", "true")
            expect(page.traces.first).to_contain_text("line 8 of a long result")
            page.picture(f"link-{mode}")
            page.page.evaluate(
                "hash => { location.hash = hash; }", f"agentkit-run={long['task_id']}&step={other}"
            )
            there = page.page.locator(f'agentkit-trace[data-task-id="{long["task_id"]}"]')
            step = there.locator(":focus").locator("xpath=ancestor-or-self::li")
            expect(step).to_be_in_viewport()
            # Back where the link is, which leads to where the address says that the page was before.
            page.page.evaluate("hash => { location.hash = hash; }", link)
            expect(head).to_be_focused()
            page.page.keyboard.press("Escape")
            # Back up as a reader goes, who scrolls until the top is there: while JupyterLab still measures
            # cells, it moves the page itself.
            page.page.wait_for_function(TO_THE_TOP, polling=200)
            anchor.click()
            expect(head).to_be_focused()
            expect(head).to_be_in_viewport()
        # JupyterLab opens a link to another notebook by itself, at its top.
        page.open("beside.ipynb", kernel=False)
        page.page.get_by_role("link", name="elsewhere").click()
        expect(head).to_be_focused()
        expect(head).to_be_in_viewport()
    finally:
        lab.request("PUT", setting, {"raw": "{}"})
