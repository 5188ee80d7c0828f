"""From something that happens in a program to its text in a page of JupyterLab.

Program and page are on one machine, so one clock times both ends. JupyterLab is as it comes, no limit lifted.
What a notebook has without agentkit is measured in the same page.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.figure import Figure
from benchmarks.page.browser import lab_page
from benchmarks.page.ways import AGENTKIT, ASLEEP, BUSY, OTHERS, Way
from tests.browser.lab import LabPage

WATCH = (Path(__file__).parent / "page" / "watch.js").read_text()

RATES = ((50, 500), (1_000, 5_000), (2_000, 10_000))
"""Words a second, and how many."""

PATIENCE = 20
"""Seconds without news after which the rest is taken for lost."""

SEEN = """async ([count, patience]) => {
  const pause = () => new Promise(done => setTimeout(done, 200));
  for (let known = -1, at = performance.now(); window.watched.count() < count; await pause()) {
    if (window.watched.count() !== known) [known, at] = [window.watched.count(), performance.now()];
    else if (performance.now() - at > patience * 1000) return;
  }
}"""


def measure() -> list[Figure]:
    """Times in milliseconds, and how many of the words were seen."""
    figures: list[Figure] = []
    with lab_page() as page:
        for rate, count in RATES:
            for way in (AGENTKIT, ASLEEP, BUSY, *OTHERS):
                figures += _seen(page, way, rate, count)
    return figures


def _seen(page: LabPage, way: Way, rate: int, count: int) -> list[Figure]:
    what = f"{rate:,}/s, {way.name}"
    name = f"{rate}-{way.name.replace(' ', '-')}.ipynb"
    page.lab.write(name, [each.format(count=count, every=1 / rate) for each in way.cells])
    page.open(name)
    times = page.lab.home / "said.json"
    times.unlink(missing_ok=True)
    page.page.evaluate(f"({WATCH})({way.where!r})")
    page.run_all()
    page.page.evaluate(SEEN, [count, PATIENCE])
    told: dict[str, Any] = page.page.evaluate("() => window.watched.take()")
    page.lab.until(times.exists, f"{what} to have said all")
    said: list[float] = json.loads(times.read_text())
    page.lab.clear()
    seen: list[float | None] = told["seen"]
    delays = [at - said[number] for number, at in enumerate(seen) if at is not None]
    return [
        Figure.of(what, "ms", delays or [float("inf")]),
        Figure.of(f"{what}: seen of {count:,}", "", [len(delays)]),
        Figure.of(f"{what}: longest task of the page", "ms", [told["longest"]]),
    ]
