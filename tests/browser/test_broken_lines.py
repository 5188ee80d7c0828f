"""The page's own client in Chromium, over lines that break in every way: it shows what the journal holds."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.lab import Lab
from tests.chaos import KINDS, ChaosProxy
from tests.conftest import Times

LABEXTENSION = Path(__file__).parents[2] / "labextension"
CUTS = 20
RUNS = 4
PING_SECONDS = 0.2
SECONDS = 120


@pytest.fixture(scope="module")
def pinging_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A server whose pings are as quick as the test."""
    settings = [f"--AgentKitApp.ping_seconds={PING_SECONDS}"]
    with Lab(tmp_path_factory.mktemp("pinging"), settings=settings) as lab:
        yield lab


@pytest.mark.soak
def test_what_a_page_assembles_over_broken_lines_is_what_the_journal_holds(
    browser: Browser, pinging_lab: Lab, times: Times
) -> None:
    for number in range(times(1, 50)):
        with ChaosProxy(pinging_lab.port, cuts=CUTS, seed=number) as proxy:
            _watch_through(proxy, browser, pinging_lab, f"round{number}")


def _watch_through(proxy: ChaosProxy, browser: Browser, lab: Lab, name: str) -> None:
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{proxy.port}/login?token=secret&next=/api/status")
    page.evaluate(_bundle())
    stop = lab.root / f"{name}.stop"
    agent = {"name": "talker", "model": "until:0.02", "limits": {"max_steps": 10_000}}
    lab.request("POST", "agentkit/api/v1/agents", {"config": agent})
    tasks = [f"{name}-{number}" for number in range(RUNS)]
    for task_id in tasks:
        body = {"agent": "talker", "input": str(stop), "task_id": task_id}
        lab.request("POST", "agentkit/api/v1/tasks", body)
    page.evaluate("ids => { globalThis.ends = Promise.all(ids.map(watch)).then(() => 1); }", tasks)
    all_cut = proxy.all_cut.wait(SECONDS)
    stop.touch()
    assert all_cut, proxy.cut
    page.set_default_timeout(SECONDS * 1000)
    page.evaluate("() => ends")
    assert proxy.cut.total() == CUTS
    assert set(proxy.cut) == set(KINDS)
    for task_id in tasks:
        stored = _stored(lab, task_id)
        told: dict[str, Any] = page.evaluate(
            "([id, stored]) => compare(id, stored)", [task_id, stored]
        )
        assert told["events"] == stored
        assert told["shown"] == told["wanted"]
        assert told["shown"]["status"] == "completed"
    context.close()


def test_an_idle_page_is_kept_connected_behind_a_proxy_that_drops_what_is_idle(
    browser: Browser, pinging_lab: Lab
) -> None:
    # As long to a ping as 10 s are to the usual one.
    with ChaosProxy(pinging_lab.port, idle=2 * PING_SECONDS) as proxy:
        context = browser.new_context(bypass_csp=True)
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{proxy.port}/login?token=secret&next=/api/status")
        # A socket that says nothing by itself, as one of a hidden page whose timers stand still.
        page.evaluate(
            """() => new Promise(resolve => {
                const socket = new WebSocket(`ws://${location.host}/agentkit/api/v1/ws/tasks`);
                globalThis.socket = socket;
                socket.onmessage = resolve;
            })"""
        )
        before = proxy.cut.total()
        page.wait_for_timeout(20 * PING_SECONDS * 1000)
        assert page.evaluate("() => socket.readyState === WebSocket.OPEN")
        assert proxy.opened == 1
        # The page's other connections are as idle, and nobody pings on them.
        assert proxy.cut["idle"] == proxy.cut.total() >= before
        context.close()


def _bundle() -> str:
    """The page's client and what folds its events, as one script."""
    done = subprocess.run(
        [
            str(LABEXTENSION / "node_modules" / ".bin" / "esbuild"),
            str(LABEXTENSION / "tests" / "chaos" / "watch.ts"),
            *("--bundle", "--format=iife", "--target=es2022", "--log-level=warning"),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def _stored(lab: Lab, task_id: str) -> list[dict[str, Any]]:
    stored: list[dict[str, Any]] = []
    while page := lab.request("GET", f"agentkit/api/v1/tasks/{task_id}/events?after={len(stored)}"):
        if not page["events"]:
            break
        stored += page["events"]
    return stored
