"""Many runs at once on one Jupyter server: what they cost whoever works beside them.

Each pair is the server at rest, then with so many runs. A run makes a turn every few seconds, as one that
waits for a model does: it streams three words, asks for a tool and has its result, which is six events.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
import urllib.error
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.probe import Probe
from tests.browser.lab import Lab

RUNS = (10, 100, 1_000)
TURN_SECONDS = 5
ROUNDS = 3
PROBES = 150


def measure() -> list[Figure]:
    """Return milliseconds of an answer and of a kernel's echo, at rest and with so many runs."""
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder)) as lab:
        return asyncio.run(_measured(lab))


async def _measured(lab: Lab) -> list[Figure]:
    figures: list[Figure] = []
    async with Probe.of(lab) as probe:
        await probe.take(PROBES)  # warm
        for count, model in [
            *((count, f"paced:1000000x{TURN_SECONDS}") for count in RUNS),
            (1, "paced:1000000x0"),
        ]:
            figures += await _pairs(lab, probe, count, model)
    return figures


async def _pairs(lab: Lab, probe: Probe, count: int, model: str) -> list[Figure]:
    what = f"{count:,} runs" if count > 1 else "one run that floods"
    names = ("/api/status", "echo of a kernel")
    rest: tuple[list[float], list[float]] = ([], [])
    busy: tuple[list[float], list[float]] = ([], [])
    more: tuple[list[float], list[float]] = ([], [])
    share: list[float] = []
    for number in range(ROUNDS):
        before = await probe.take(PROBES)
        await asyncio.to_thread(
            _start, lab, f"r{number}-{count}-{model.partition('x')[2]}", count, model
        )
        start, used = time.perf_counter(), lab.cpu_seconds
        after = await probe.take(PROBES)
        share.append((lab.cpu_seconds - used) / (time.perf_counter() - start) * 100)
        await asyncio.to_thread(_end, lab)
        for which in (0, 1):
            rest[which].extend(before[which])
            busy[which].extend(after[which])
            p99 = [Figure.of("", "ms", each[which]).p99 for each in (before, after)]
            more[which].append(p99[1] - p99[0])
    figures = [Figure.of(f"share of a core, {what}", "%", share)]
    for which, name in enumerate(names):
        figures += [
            Figure.of(f"{name}, at rest", "ms", rest[which]),
            Figure.of(f"{name}, {what}", "ms", busy[which]),
            Figure.of(f"{name}, p99 with {what} less p99 at rest", "ms", more[which]),
        ]
    return figures


def _start(lab: Lab, name: str, count: int, model: str) -> None:
    """Start so many runs, spread over a turn, and wait until all have begun."""
    agent = {"name": "bench", "model": model, "limits": {"max_steps": 10_000}}
    lab.request("POST", "agentkit/api/v1/agents", {"config": agent})
    for number in range(count):
        body = {"agent": "bench", "input": "?", "task_id": f"{name}-{number}"}
        lab.request("POST", "agentkit/api/v1/tasks", body)
    while lab.request("GET", "agentkit/api/v1/status")["running"] < count:
        time.sleep(0.1)


def _end(lab: Lab) -> None:
    while unfinished := lab.request("GET", "agentkit/api/v1/tasks?status=running&limit=1000")[
        "tasks"
    ]:
        for task in unfinished:
            with contextlib.suppress(urllib.error.HTTPError):  # cancelled already, and ended by now
                lab.request("POST", f"agentkit/api/v1/tasks/{task['task_id']}/cancel")
