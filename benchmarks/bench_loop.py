"""What the loop itself costs a step, with an instant model and an instant tool, beside its peers.

Each peer runs in an environment of its own, made by ``make bench`` with its newest version. One after the
other takes its turn in each round, so that whatever else the machine does meets all of them.
agentkit's events are validated, redacted, written to a journal on disk and sent to one watcher; the peers'
are streamed and kept nowhere.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.figure import Figure

PEERS = Path(__file__).parent / "peers"
ENVIRONMENTS = Path(__file__).parents[1] / ".venv" / "peers"

LOOPS = ("agentkit", "langgraph", "pydantic_ai", "openai_agents")
STEPS = {20: 5, 400: 1, 2_000: 1}
"""Steps of a run, and such runs in each round."""
LONGEST = {"pydantic_ai": 400, "openai_agents": 400}
"""Whose steps cost the more the longer the run is: one run of 2,000 would take minutes."""
ROUNDS = 3


def measure() -> list[Figure]:
    """Return microseconds a step of each loop, for short and long runs."""
    figures: list[Figure] = []
    for steps, runs in STEPS.items():
        loops = [loop for loop in LOOPS if steps <= LONGEST.get(loop, steps)]
        taken: dict[str, list[float]] = {loop: [] for loop in loops}
        for _ in range(ROUNDS):
            for loop in loops:
                taken[loop] += _microseconds(loop, steps, runs)
        figures += [
            Figure.of(f"{loop}, a step of {steps}", "µs", values) for loop, values in taken.items()
        ]
    return figures


def _microseconds(loop: str, steps: int, runs: int) -> list[float]:
    own = loop == "agentkit"
    python = sys.executable if own else ENVIRONMENTS / loop / "bin" / "python"
    done = subprocess.run(
        [python, PEERS / f"{loop}_loop.py", str(steps), str(runs)],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return json.loads(done.stdout)
