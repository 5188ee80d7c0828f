"""From a click to what it stops, while the kernel is busy.

In one JupyterLab: Cancel on a run, the interrupt button of JupyterLab on a cell, and a button of ipywidgets,
whose message waits until the kernel has time. All is on one machine, so one clock times both ends.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

from playwright.sync_api import Locator, expect

from benchmarks.figure import Figure
from benchmarks.page.browser import lab_page
from tests.browser.lab import LabPage

TIMES = 20

BUSY = {"kernel asleep": "time.sleep(600)", "kernel in a loop": "while True: pass"}

# Clicks, and says when, in milliseconds since 1970.
_CLICK = """button => {
  const at = performance.timeOrigin + performance.now();
  button.click();
  return at;
}"""

_Find = Callable[[LabPage], Locator]


def _cancel(page: LabPage) -> Locator:
    return page.trace().cancel


def _interrupt(page: LabPage) -> Locator:
    return page.page.get_by_role("button", name="Interrupt the kernel")


_RUN = """\
import time
from jupyter_agentkit import Agent
def tick(number: int) -> int:
    "Count one tick."
    return number
agent = Agent("bench", tools=[tick], model="paced:1000x0.1", limits={"max_steps": 2000})
agent.run("Count")"""

# Says when it was stopped, whatever stops it.
_STOPPED = """\
import json, pathlib, time
try:
    pathlib.Path("begun").touch()
    BUSY
except KeyboardInterrupt:
    pathlib.Path("stopped").write_text(json.dumps(time.time() * 1000))
    raise"""

_CODE = """\
from jupyter_agentkit import Agent
code = {code!r}
agent = Agent("bench", tools=["run_python"], model="demo", script=[
    {{"calls": [{{"tool": "run_python", "arguments": {{"code": code}}}}]}},
])
agent.run("Run it", on_ask="approve")"""

_BUTTON = """\
import time
import ipywidgets
handled = []
button = ipywidgets.Button(description="Stop")
button.on_click(lambda _: handled.append(time.time()))
button"""

_WIDGET_BUSY = """\
import json, pathlib, time
pathlib.Path("begun").touch()
until = time.time() + 1
while time.time() < until: pass
pathlib.Path("handled").write_text(json.dumps(sum(at < until for at in handled)))"""


def measure() -> list[Figure]:
    """Times in milliseconds."""
    with lab_page() as page:
        figures = [
            Figure.of(f"{what}, {name}", "ms", [once(page, busy) for _ in range(TIMES)])
            for what, once in (
                ("Cancel to the run's end", _cancelled_run),
                ("Cancel to the end of its code", _cancelled_code),
                ("interrupt button to the end of the cell", _interrupted_cell),
            )
            for name, busy in BUSY.items()
        ]
        handled = [_widget_button(page) for _ in range(TIMES)]
        return [*figures, Figure.of("ipywidgets button: clicks handled", "", [sum(handled)])]


def _cancelled_run(page: LabPage, busy: str) -> float:
    _open(page, _RUN, f"import time\n{busy}")
    expect(page.trace().steps("tool_call").nth(2)).to_be_visible()
    clicked: float = _cancel(page).evaluate(_CLICK)
    page.trace().expect_status("cancelled")
    (task,) = page.lab.tasks()
    page.lab.clear()
    return datetime.fromisoformat(task["finished_at"]).timestamp() * 1000 - clicked


def _cancelled_code(page: LabPage, busy: str) -> float:
    return _stopped(page, _cancel, _CODE.format(code=_STOPPED.replace("BUSY", busy)))


def _interrupted_cell(page: LabPage, busy: str) -> float:
    return _stopped(page, _interrupt, _STOPPED.replace("BUSY", busy))


def _stopped(page: LabPage, button: _Find, *cells: str) -> float:
    _open(page, *cells)
    page.lab.until((page.lab.root / "begun").exists, "the code to begin")
    clicked: float = button(page).evaluate(_CLICK)
    stopped = _told(page, "stopped")
    page.lab.clear()
    return stopped - clicked


def _widget_button(page: LabPage) -> int:
    _open(page, _BUTTON, _WIDGET_BUSY)
    page.lab.until((page.lab.root / "begun").exists, "the code to begin")
    page.output(0).get_by_role("button", name="Stop").evaluate(_CLICK)
    handled = _told(page, "handled")
    page.lab.clear()
    return int(handled)


def _open(page: LabPage, *cells: str) -> None:
    for name in ("begun", "stopped", "handled"):
        (page.lab.root / name).unlink(missing_ok=True)
    page.lab.write("cancel.ipynb", cells)
    page.open("cancel.ipynb")
    page.run_all()


def _told(page: LabPage, name: str) -> float:
    file = page.lab.root / name
    # What is written may be seen before it is whole.
    page.lab.until(lambda: file.exists() and file.read_text() != "", f"{name} to be told")
    return json.loads(file.read_text())
