"""Events to a hundred watchers: deliveries a second, and what an idle watcher costs.

A burst of small events from one run of a real Jupyter server, beside the plain loops over the clients that
one finds elsewhere. The watchers are a process of their own on the same machine, and share its cores.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figure import Figure
from tests.browser.lab import Lab

WATCHERS = 100
EVENTS = 4_000
ROUNDS = 3
IDLE = 1_000

FANOUT = Path(__file__).parent / "fanout"

PLAIN = {
    "FastAPI, send_json, one event a frame": ("fastapi", 1),
    "Tornado, write_message, one event a frame": ("tornado", 1),
    "Tornado, write_message, twenty events a frame": ("tornado", 20),
}


def measure() -> list[Figure]:
    """Return deliveries a second of each way, and the memory of one idle watcher."""
    rates: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder)) as lab:
        for number in range(ROUNDS):
            for name, (kind, a_frame) in PLAIN.items():
                rates.setdefault(name, []).append(_plain(kind, a_frame))
            for name, batch in (("one event a frame", 0), ("batched", 1)):
                way = f"agentkit on Jupyter Server, {name}"
                rates.setdefault(way, []).append(_of_run(lab, f"burst-{number}-{batch}", batch))
        memory = _idle_memory(lab)
    figures = [Figure.of(name, "/s", values) for name, values in rates.items()]
    return [*figures, Figure.of("memory of an idle watcher", "KiB", [memory])]


def _plain(kind: str, a_frame: int) -> float:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    program = FANOUT / f"plain_{kind}.py"
    command = [sys.executable, program, str(port), str(EVENTS), str(a_frame)]
    server = subprocess.Popen(command)
    try:
        _until_it_listens(port)
        with _watchers(port, "/ws", WATCHERS, EVENTS) as seconds:
            return _rate(seconds, lambda: _post(f"http://127.0.0.1:{port}/go"))
    finally:
        server.kill()
        server.wait()


def _of_run(lab: Lab, task_id: str, batch: int) -> float:
    """A run whose model says ``EVENTS`` things as fast as it can; it begins when all watch."""
    agent = {"name": "burst", "model": f"burst:{EVENTS}", "task_mode": "llm_generate"}
    lab.request("POST", "agentkit/api/v1/agents", {"config": agent})
    go = lab.root / f"{task_id}.go"
    request = {"agent": "burst", "input": str(go), "task_id": task_id}
    lab.request("POST", "agentkit/api/v1/tasks", request)
    path = f"/agentkit/api/v1/ws/tasks/{task_id}?token=secret&batch={batch}"
    with _watchers(lab.port, path, WATCHERS, EVENTS) as seconds:
        return _rate(seconds, go.touch)


def _rate(seconds: Callable[[Callable[[], object]], float], go: Callable[[], object]) -> float:
    return WATCHERS * EVENTS / seconds(go)


@contextmanager
def _watchers(
    port: int, path: str, count: int, expected: int
) -> Generator[Callable[[Callable[[], object]], float]]:
    """Connect watchers; what is yielded starts the burst and gives the seconds until all have all."""
    command = [sys.executable, FANOUT / "watchers.py", str(port), path, str(count), str(expected)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    )
    assert process.stdin is not None
    assert process.stdout is not None
    sent, said = process.stdin, process.stdout

    def seconds(go: Callable[[], object]) -> float:
        sent.write("\n")
        sent.flush()
        go()
        return float(json.loads(said.readline()))

    try:
        if not said.readline():
            raise RuntimeError("The watchers could not connect; what they said is above.")
        yield seconds
    finally:
        process.kill()
        process.wait()


def _idle_memory(lab: Lab) -> float:
    """KiB that the server grows by for each watcher of a run that says nothing."""
    request = {"agent": "burst", "input": str(lab.root / "never"), "task_id": "idle"}
    lab.request("POST", "agentkit/api/v1/tasks", request)
    path = "/agentkit/api/v1/ws/tasks/idle?token=secret&batch=1"
    before = lab.memory
    with _watchers(lab.port, path, IDLE, EVENTS):
        return (lab.memory - before) / IDLE / 1024


def _post(url: str) -> None:
    urllib.request.urlopen(urllib.request.Request(url, method="POST", data=b""), timeout=300)


def _until_it_listens(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"Nothing listens on port {port}.")
