"""A run leaves as a file: what is in it is seen first, and what stays here stays here."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Locator, expect

from tests.browser.lab import Lab, LabPage
from tests.browser.test_saved_runs import TRACE

OpenPage = Callable[[Lab], LabPage]

_nbformat: Any = nbformat
SAMPLES = Path(__file__).parents[1] / "samples"
KEY = "ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6"


def saved_run(lab: Lab, name: str, sample: str) -> None:
    """A notebook with a run that this server does not know, and a key that nobody has masked."""
    document = json.loads((SAMPLES / f"{sample}.json").read_text("utf-8"))
    document["events"][2]["text"] += f" The key is {KEY}."
    lab.write(name, ["'here'", "1 + 1"])
    notebook = lab.read(name)
    display = {"output_type": "display_data", "metadata": {}, "data": {TRACE: document}}
    notebook.cells[0].outputs = [_nbformat.from_dict(display)]
    _nbformat.write(notebook, lab.root / name)


def dialog_of(page: LabPage) -> Locator:
    return page.page.get_by_role("dialog")


def downloaded(page: LabPage) -> tuple[str, str]:
    with page.page.expect_download() as download:
        dialog_of(page).get_by_role("button", name="Download").click()
    return download.value.suggested_filename, Path(download.value.path()).read_text("utf-8")


def test_a_run_is_looked_at_and_exported_without_some_of_its_steps(
    lab: Lab, open_page: OpenPage
) -> None:
    (lab.root / "work").mkdir()
    saved_run(lab, "work/export.ipynb", "completed")
    page = open_page(lab)
    page.open("work/export.ipynb")
    expect(page.trace().element).to_contain_text("Saved run")

    # From the menu of the output, with the mouse.
    page.trace().element.locator("header").first.click(button="right")
    page.page.get_by_role("menuitem", name="Export Trace…").click()
    dialog = dialog_of(page)
    total = dialog.get_by_role("status")
    expect(total).to_have_text("6 steps, 1 answer, 14 kB, 1 picture, 1 table, 1 masked value")
    expect(dialog).to_contain_text("data/README.md")
    page.picture("export-light")
    dialog.get_by_label("Read data/README.md").uncheck()
    expect(total).to_have_text("5 steps, 1 answer, 13 kB, 1 picture, 1 table, 1 masked value")
    expect(dialog.locator("dl")).to_have_text("")
    page.command("apputils:change-theme", {"theme": "JupyterLab Dark"})
    body = page.page.locator("body")
    expect(body).to_have_attribute("data-jp-theme-name", "JupyterLab Dark")
    page.picture("export-dark")
    file, text = downloaded(page)
    assert file.endswith(".html")
    assert KEY not in text
    assert "1 step was left out by whoever shared this." in text
    assert "README" not in text

    # By its command, with the keyboard: all steps off and on again, two off, another form, kept here.
    page.command("agentkit:export-trace")
    expect(dialog.get_by_label("Format")).to_be_focused()
    dialog.get_by_label("Format").select_option("json")
    everything = dialog.get_by_label("Everything")
    page.page.keyboard.press("Tab")
    expect(everything).to_be_focused()
    page.page.keyboard.press("Space")
    expect(total).to_have_text("0 steps, 1 kB")
    page.page.keyboard.press("Space")
    expect(total).to_contain_text("6 steps, 1 answer")
    for _ in range(2):
        page.page.keyboard.press("Tab")
        page.page.keyboard.press("Space")
    expect(total).to_contain_text("4 steps, 1 answer")
    assert everything.evaluate("box => box.indeterminate")
    dialog.get_by_role("button", name="Save Here").click()
    expect(page.page.get_by_text("The trace was saved as work/")).to_be_visible()
    (written,) = (lab.root / "work").glob("*.agenttrace.json")
    assert json.loads(written.read_text("utf-8"))["left_out"]["steps"] == 2
    page.page.get_by_role("button", name="Open").click()
    left = page.page.locator(".agentkit-document agentkit-trace")
    expect(left).to_contain_text("Left out by whoever shared this: 2 steps")
    page.picture("export-opened")
    page.command("apputils:change-theme", {"theme": "JupyterLab Light"})
    expect(body).to_have_attribute("data-jp-theme-name", "JupyterLab Light")


def test_what_cannot_be_exported_is_said_in_the_servers_words(
    lab: Lab, open_page: OpenPage
) -> None:
    lab.write("empty.ipynb", ["1"])
    page = open_page(lab)
    page.open("empty.ipynb")
    assert not page.page.evaluate(
        "() => window.jupyterapp.commands.isEnabled('agentkit:export-trace')"
    )
    page.command("agentkit:export-trace", {"taskId": "nobody"})
    expect(dialog_of(page)).to_contain_text("There is no task 'nobody'")
    page.page.keyboard.press("Escape")
    agent = {"name": "paced", "model": "paced:1x0.01"}
    lab.request("POST", "agentkit/api/v1/tasks", {"config": agent, "task_id": "known"})
    lab.wait_for_task("known")
    page.command("agentkit:export-trace", {"taskId": "known"})
    expect(dialog_of(page).get_by_role("status")).to_contain_text("step")


NOTEBOOK = """\
from jupyter_agentkit import Agent

def tick(number: int) -> int:
    "Count one tick."
    return number * 10

def open_table(name: str) -> str:
    "Open a table."
    raise KeyError(name)

calls = [{"tool": name, "arguments": {key: value}}
         for name, key, value in (("tick", "number", 4), ("open_table", "name", "sales"))]
clerk = Agent("clerk", tools=[tick, open_table], model="demo", script=[{"calls": calls}])
run = clerk.run("Look into it: https://example.org/plan")
result = run.wait()"""


def test_the_form_in_a_notebook_is_the_same_and_its_kernel_writes_the_file(
    lab: Lab, open_page: OpenPage
) -> None:
    slow = 'slow = Agent("slow", tools=[tick], model="paced:3x1").run("Count")\nslow.share()'
    lab.write("share.ipynb", [NOTEBOOK, "run.share()", slow])
    page = open_page(lab)
    page.open("share.ipynb")
    page.run_all()

    form = page.output(1)
    total = form.locator(".agentkit-export").get_by_role("status")
    expect(total).to_contain_text("2 steps, 1 answer")
    failed = form.locator("li").filter(has_text="Open table")
    expect(failed).to_contain_text("failed · ")
    expect(failed.locator("label")).to_have_attribute("data-state", "failed")
    expect(form.locator("dl")).to_contain_text("example.org")
    failed.get_by_role("checkbox").uncheck()
    expect(total).to_contain_text("1 step, 1 answer")
    page.picture("share-light")
    form.get_by_label("Format").select_option("markdown")
    expect(form.get_by_label("File")).to_have_value(re.compile(r"clerk-\w+\.md"))
    form.get_by_label("File").fill("clerk.md")
    form.get_by_role("button", name="Write File").click()
    expect(form).to_contain_text("Wrote clerk.md: 1 step, 1 answer")
    expect(form.locator("form")).to_have_count(0)
    assert "1 step was left out" in (lab.root / "clerk.md").read_text("utf-8")

    # It closes as a dialog does. A run that goes on stands still here until somebody looks again.
    going = page.output(2)
    note = going.get_by_role("note")
    expect(note).to_contain_text("The run has not ended: this is what it had done at")
    page.picture("share-going")
    lab.wait_for_task(lab.tasks()[0]["task_id"])
    expect(note).to_be_visible()
    note.get_by_role("button", name="Look Again").click()
    expect(note).to_have_count(0)
    expect(going.locator(".agentkit-export").get_by_role("status")).to_contain_text("1 answer")
    page.command("apputils:change-theme", {"theme": "JupyterLab Dark"})
    expect(page.page.locator("body")).to_have_attribute("data-jp-theme-name", "JupyterLab Dark")
    expect(page.page.locator("#jupyterlab-splash")).to_have_count(0)
    page.picture("share-dark")
    page.page.set_viewport_size({"width": 680, "height": 900})
    page.picture("share-narrow")
    page.command("apputils:change-theme", {"theme": "JupyterLab Light"})
    page.save()
    written, unused = (cell.outputs[0].data for cell in lab.read("share.ipynb").cells[1:])
    assert set(written) == {"text/plain"}
    assert "Leaves: " in unused["text/plain"]
