"""One to a thousand watchers of one run: the cost of each, a lone event's delay, and one that stops reading.

The run says the time five times a second. Its watchers are a process of their own on the same machine.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figure import Figure
from tests.browser.lab import Lab

WATCHERS = (1, 10, 100, 1_000)
ROUNDS = 3
SECONDS = 5

DELAYS = Path(__file__).parent / "fanout" / "delays.py"


def measure() -> list[Figure]:
    """Return delays and memory at each size, and what one that does not read does to the others."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder)) as lab:
        _start(lab)
        with _watching(lab, 10, 0):  # warm
            pass
        for count in WATCHERS:
            before = lab.memory
            with _watching(lab, count, 0) as watching:
                grown = (lab.memory - before) / count / 1024
                delays = [each for _ in range(ROUNDS) for each in watching.take(SECONDS)]
            figures.append(Figure.of(f"a lone event to {count:,} watchers", "ms", delays))
            if count >= 100:  # of fewer it is less than the server's memory goes up and down
                figures.append(Figure.of(f"memory of one of {count:,} watchers", "KiB", [grown]))
        ratios: list[float] = []
        held: list[float] = []
        most = WATCHERS[-1] - 1
        for _ in range(ROUNDS):
            with _watching(lab, most, 0) as watching:
                alone = _p99(watching.take(SECONDS))
            with _watching(lab, most, 1) as watching:
                beside = _p99(watching.take(SECONDS))
                held.append(lab.memory / 2**20)
            ratios.append(beside / alone)
    return [
        *figures,
        Figure.of("p99 of 999 beside one that does not read, by that without it", "x", ratios),
        Figure.of("memory of the server then", "MiB", held),
    ]


def _p99(delays: Sequence[float]) -> float:
    return Figure.of("", "ms", delays).p99


def _start(lab: Lab) -> None:
    """Start a run that has said 400 KiB before it begins to tell the time, and goes on for long."""
    agent = {"name": "clock", "model": "long-clock:100000x0.2", "task_mode": "llm_generate"}
    lab.request("POST", "agentkit/api/v1/agents", {"config": agent})
    body = {"agent": "clock", "input": "?", "task_id": "clock"}
    lab.request("POST", "agentkit/api/v1/tasks", body)
    while lab.request("GET", "agentkit/api/v1/tasks/clock")["last_seq"] < 400:
        time.sleep(0.05)


class _Watching:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def take(self, seconds: float) -> list[float]:
        """The delays of so many seconds, of all watchers."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{seconds}\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@contextmanager
def _watching(lab: Lab, count: int, stalled: int) -> Generator[_Watching]:
    path = "/agentkit/api/v1/ws/tasks/clock?token=secret&batch=1"
    command = [sys.executable, DELAYS, str(lab.port), path, str(count), str(stalled)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    )
    try:
        assert process.stdout is not None
        if not process.stdout.readline():
            raise RuntimeError("The watchers could not connect; what they said is above.")
        watching = _Watching(process)
        watching.take(1)  # until what was said before is told
        yield watching
    finally:
        process.kill()
        process.wait()
