"""A run of ten thousand steps, saved in a notebook: what it takes to open it and to scroll through it.

Beside it, in the same warm JupyterLab and without a kernel, what a notebook could hold instead: an HTML
output for each step, and one HTML output of ``<details>`` cards. What an empty notebook takes is what
none of them can go below.
"""

from __future__ import annotations

import html
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat.v4
from playwright.sync_api import Browser, sync_playwright

from agentkit.trace.bundle import to_bundle
from benchmarks.figure import Figure
from tests.browser.lab import Lab
from tests.browser.long_trace import long_trace

# nbformat is partly untyped.
_nbformat: Any = nbformat
_v4: Any = nbformat.v4

STEPS = 10_000
TIMES = 3
FRAMES = 300

# From the command to the frame after the content's first one, with the longest task until all is quiet.
OPEN = """async ([path, what]) => {
  const tasks = [];
  new PerformanceObserver(list => tasks.push(...list.getEntries().map(each => each.duration)))
    .observe({ entryTypes: ['longtask'] });
  const frame = () => new Promise(requestAnimationFrame);
  const seen = () => {
    const traces = [...document.querySelectorAll('agentkit-trace')].map(each => each.shadowRoot);
    const all = [document, ...traces].flatMap(place => [...place.querySelectorAll(what)]);
    return all.some(each => each.checkVisibility());
  };
  const began = performance.now();
  void jupyterapp.commands.execute('docmanager:open', { path, kernel: { shouldStart: false } });
  while (!seen()) await frame();
  await frame();
  await new Promise(setTimeout);
  const shown = performance.now() - began;
  for (let quiet = performance.now(), known = 0; performance.now() - quiet < 1000; await frame()) {
    if (tasks.length > known) [known, quiet] = [tasks.length, performance.now()];
  }
  return [shown, Math.max(0, ...tasks)];
}"""

# Every node of the page, in shadow roots too.
NODES = """() => {
  const count = root => {
    const walker = document.createTreeWalker(root);
    let nodes = 0;
    for (let node = walker.currentNode; node !== null; node = walker.nextNode())
      nodes += 1 + (node.shadowRoot ? count(node.shadowRoot) : 0);
    return nodes;
  };
  return count(document);
}"""

# Three screens a second, while every half second a card on the screen is folded or unfolded.
SCROLL = """async frames => {
  const panel = jupyterapp.shell.currentWidget.node;
  const box = [...panel.querySelectorAll('*')].find(each =>
    each.scrollHeight > each.clientHeight + 100 && /auto|scroll/.test(getComputedStyle(each).overflowY));
  const trace = panel.querySelector('agentkit-trace')?.shadowRoot;
  const took = [];
  let last = await new Promise(requestAnimationFrame);
  for (let nth = 0; nth < frames; nth++) {
    if (box !== undefined) box.scrollTop += 45;
    if (nth % 30 === 0) {
      const cards = [...(trace ?? panel).querySelectorAll('button.head, summary')].filter(each => {
        const { top, bottom } = each.getBoundingClientRect();
        return top > 100 && bottom < innerHeight;
      });
      cards[nth % 60 === 0 ? 2 : 5]?.click();
    }
    const now = await new Promise(requestAnimationFrame);
    took.push(now - last);
    last = now;
  }
  return took;
}"""


def measure() -> list[Figure]:
    """Times in milliseconds, sizes in MB."""
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder)) as lab, _browser() as browser:
        return [figure for case in _cases() for figure in _measured(lab, browser, *case)]


def _cases() -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """Name, what is seen when it is there, and the outputs of the one cell."""
    trace = long_trace(STEPS)
    cards = list(_cards(trace))
    yield "an empty notebook", ".jp-Notebook .jp-Cell", []
    yield "the trace", "ol > .row .title", [dict(to_bundle(trace, live=False)["data"])]
    yield "an HTML output a step", ".jp-RenderedHTML summary", [{"text/html": c} for c in cards]
    yield "one HTML output", ".jp-RenderedHTML summary", [{"text/html": "\n".join(cards)}]


def _cards(trace: dict[str, Any]) -> Iterator[str]:
    call: dict[str, Any] = {}
    for event in trace["events"]:
        if event["event_type"] == "tool_call":
            call = event
        if event["event_type"] == "tool_result":
            arguments = html.escape(json.dumps(call["arguments"]))
            result = html.escape(event["content"]["text/plain"])
            title = f"{call['tool_name']} · {event['duration_ms']} ms"
            yield (
                f"<details><summary>{title}</summary><pre>{arguments}</pre>"
                f"<pre>{result}</pre></details>"
            )


def _measured(
    lab: Lab, browser: Browser, name: str, seen: str, outputs: list[dict[str, Any]]
) -> list[Figure]:
    file = _written(lab, f"{name.replace(' ', '-')}.ipynb", outputs)
    shown: list[float] = []
    longest: list[float] = []
    nodes: list[float] = []
    frames: list[float] = []
    for _ in range(TIMES):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(lab.login_url)
        page.goto(f"{lab.url}/lab?reset")
        # Warm: what JupyterLab loads for its first notebook is loaded.
        page.wait_for_selector(".jp-Launcher")
        page.evaluate(OPEN, [_warm(lab), ".jp-Notebook .jp-Cell"])
        page.evaluate("() => jupyterapp.shell.currentWidget.dispose()")
        page.wait_for_function("() => document.querySelector('.jp-Notebook') === null")
        first, task = page.evaluate(OPEN, [file.name, seen])
        shown.append(first)
        longest.append(task)
        nodes.append(page.evaluate(NODES))
        frames.extend(page.evaluate(SCROLL, FRAMES))
        page.close()
    frames.sort()
    return [
        Figure.of(f"{name}: opened, to its first paint", "ms", shown),
        Figure.of(f"{name}: longest task while it opens", "ms", longest),
        Figure.of(f"{name}: nodes in the page", "", nodes),
        Figure.of(f"{name}: a frame while scrolling", "ms", frames),
        Figure.of(f"{name}: the same, p95", "ms", [frames[int(len(frames) * 0.95)]]),
        Figure.of(f"{name}: on the disk", "MB", [file.stat().st_size / 1e6]),
    ]


def _warm(lab: Lab) -> str:
    return _written(lab, "warm.ipynb", [{"text/html": "<b>warm</b>", "text/plain": "warm"}]).name


def _written(lab: Lab, name: str, outputs: list[dict[str, Any]]) -> Path:
    file = lab.root / name
    cell = _v4.new_code_cell("run", execution_count=1)
    cell.outputs = [_v4.new_output("display_data", data=data) for data in outputs]
    kernel = {"name": "python3", "display_name": "Python 3"}
    notebook = _v4.new_notebook(cells=[cell], metadata={"kernelspec": kernel})
    _nbformat.write(notebook, file)
    # Without trust the HTML would be sanitised first, card by card.
    command = [sys.executable, "-m", "jupyter", "trust", str(file)]
    environ = os.environ | {"JUPYTER_DATA_DIR": str(lab.root.parent / "home" / "data")}
    subprocess.run(command, check=True, env=environ, capture_output=True)
    return file


@contextmanager
def _browser() -> Generator[Browser]:
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()
