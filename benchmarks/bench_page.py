"""What a person waits for in real JupyterLab: an event's text in the page, and Cancel.

Both on one machine, so one clock times both ends. The kernel is busy in a pure Python loop for Cancel.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from benchmarks.figure import Figure
from tests.browser.lab import Lab, LabPage

EVENTS = 500
CANCELS = 20

AGENT = """\
from jupyter_agentkit import Agent
agent = Agent("bench", model="clock:{events}x{pause}", task_mode="llm_generate")"""

COUNTER = """\
from jupyter_agentkit import Agent

def tick(number: int) -> int:
    "Count one tick."
    return number

agent = Agent("bench", tools=[tick], model="paced:1000x0.1", limits={"max_steps": 2000})
agent.run("Count")"""

# The model writes "[time] " with its clock; what is seen is noted with the page's.
OBSERVE = """() => {
  window.seen = new Map();
  const look = () => {
    const now = performance.timeOrigin + performance.now();
    for (const element of document.querySelectorAll('agentkit-trace')) {
      const text = element.shadowRoot.textContent + element.textContent;
      for (const [, at] of text.matchAll(/\\[(\\d+\\.\\d+)\\]/g)) {
        if (!window.seen.has(at)) window.seen.set(at, now - Number(at));
      }
    }
  };
  const watch = () => {
    for (const element of document.querySelectorAll('agentkit-trace')) {
      if (element.watched) continue;
      element.watched = true;
      const whole = { subtree: true, childList: true, characterData: true };
      const observer = new MutationObserver(look);
      observer.observe(element, whole);
      observer.observe(element.shadowRoot, whole);
    }
  };
  new MutationObserver(watch).observe(document.body, { subtree: true, childList: true });
}"""

# From the click to the state in the page, timed in the page.
CLICK = """() => new Promise(done => {
  const element = document.querySelector('agentkit-trace');
  const began = performance.now();
  new MutationObserver(() => {
    if (element.dataset.status === 'cancelled') done(performance.now() - began);
  }).observe(element, { attributes: true });
  [...element.shadowRoot.querySelectorAll('button')]
    .find(button => button.textContent.trim().startsWith('Cancel')
      || button.getAttribute('aria-label') === 'Cancel').click();
})"""


def measure() -> list[Figure]:
    """Times in milliseconds."""
    with _lab() as lab, _browser() as browser:
        page = LabPage(browser.new_page(), lab)
        page.page.goto(lab.login_url)
        return [
            Figure.of(
                "event on the server to its text in the page, 50/s", "ms", _events(page, 0.02)
            ),
            Figure.of("the same, 500/s", "ms", _events(page, 0.002)),
            Figure.of("click on Cancel to the stopped run, kernel busy", "ms", _cancels(page)),
        ]


def _events(page: LabPage, pause: float) -> list[float]:
    name = f"events-{pause}.ipynb"
    source = AGENT.format(events=EVENTS, pause=pause)
    page.lab.write(name, [source, "agent.run('What time is it?')"])
    page.open(name)
    page.page.evaluate(OBSERVE)
    page.run_all()
    page.trace().expect_status("completed")
    seen: list[float] = page.page.evaluate("() => [...window.seen.values()]")
    if len(seen) < EVENTS:
        print(f"  {EVENTS - len(seen)} of {EVENTS} were seen only in the finished text")
    page.lab.clear()
    return seen


def _cancels(page: LabPage) -> list[float]:
    took: list[float] = []
    for number in range(CANCELS):
        name = f"cancel-{number}.ipynb"
        page.lab.write(name, [COUNTER, "while True: pass"])
        page.open(name)
        page.run_all()
        expect(page.trace().steps("tool_call").nth(2)).to_be_visible()
        took.append(page.page.evaluate(CLICK))
        page.lab.clear()
    return took


@contextmanager
def _lab() -> Generator[Lab]:
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder)) as lab:
        yield lab


@contextmanager
def _browser() -> Generator[Browser]:
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()
