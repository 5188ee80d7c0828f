"""The view, and what is around it, in JupyterLab itself: with its own renderers and each of its themes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import expect

from tests.browser.axe import open_all, violations
from tests.browser.lab import Lab, LabPage
from tests.browser.test_saved_runs import TRACE

OpenPage = Callable[[Lab], LabPage]

_nbformat: Any = nbformat
SAMPLES = Path(__file__).parents[1] / "samples"
SHOWN = ["completed", "edited", "recovered", "failed", "simulated"]
THEMES = ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"]


def _write(lab: Lab, name: str) -> None:
    lab.write(name, ["'a run'" for _ in SHOWN])
    notebook = lab.read(name)
    for cell, sample in zip(notebook.cells, SHOWN, strict=True):
        document = json.loads((SAMPLES / f"{sample}.json").read_text("utf-8"))
        display = {"output_type": "display_data", "metadata": {}, "data": {TRACE: document}}
        cell.outputs = [_nbformat.from_dict(display)]
    _nbformat.write(notebook, lab.root / name)


def _set_theme(page: LabPage, theme: str) -> None:
    page.command("apputils:change-theme", {"theme": theme})
    expect(page.page.locator("body")).to_have_attribute("data-jp-theme-name", theme)
    expect(page.page.locator("#jupyterlab-splash")).to_have_count(0)
    # The theme's name is there before its style sheet is.
    page.page.wait_for_function(
        "() => getComputedStyle(document.body).getPropertyValue('--jp-layout-color0') !== ''"
    )


def test_nothing_of_ours_breaks_a_rule_of_accessibility_in_any_theme(
    lab: Lab, open_page: OpenPage
) -> None:
    _write(lab, "access.ipynb")
    page = open_page(lab)
    page.open("access.ipynb", kernel=False)
    expect(page.traces).to_have_count(len(SHOWN))
    page.command("agentkit:open-runs")
    expect(page.page.locator("#agentkit-runs")).to_be_visible()
    for theme in THEMES:
        _set_theme(page, theme)
        assert violations(page.page) == [], theme
        open_all(page.page)
        assert violations(page.page) == [], theme
        assert violations(page.page, "#agentkit-runs") == [], theme
        page.picture(f"access-{theme.split()[-1].lower()}")


def test_the_keys_that_find_reach_the_run_that_was_clicked_into_and_lab_everywhere_else(
    lab: Lab, open_page: OpenPage
) -> None:
    _write(lab, "find.ipynb")
    page = open_page(lab)
    page.open("find.ipynb", kernel=False)
    keyboard = page.page.keyboard
    text = page.traces.first.locator(".agentkit-text").first
    ours = page.traces.get_by_role("searchbox", name="Find in this run")
    labs = page.page.locator(".jp-DocumentSearch-input")
    cell = page.page.locator(".jp-Notebook .jp-Cell").first
    editor = page.page.locator(".jp-Notebook .jp-InputArea-editor")
    editor.first.click()
    # The text can be selected, the cell has the focus, and its keys are still Lab's.
    box = text.bounding_box()
    assert box is not None
    page.page.mouse.move(box["x"] + 5, box["y"] + 10)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + 100, box["y"] + 10)
    page.page.mouse.up()
    assert page.page.evaluate("getSelection().toString()") != ""
    expect(cell).to_be_focused()
    keyboard.press("Control+f")
    expect(ours).to_be_focused()
    expect(labs).to_have_count(0)
    page.picture("find-in-a-cell")
    keyboard.press("Control+f")
    expect(labs).to_be_focused()
    keyboard.press("Escape")
    expect(labs).to_have_count(0)
    text.click()
    keyboard.press("Control+f")
    expect(ours).to_be_focused()
    keyboard.press("Escape")
    expect(ours).to_have_count(0)
    expect(cell).to_be_focused()
    keyboard.press("ArrowDown")
    expect(cell).not_to_be_focused()
    keyboard.press("Control+f")
    expect(labs).to_be_focused()
    keyboard.press("Escape")
    text.click()
    editor.nth(0).click()
    keyboard.press("Control+f")
    expect(labs).to_be_focused()
    expect(ours).to_have_count(0)
