"""How long an import takes in a new process, in all and beyond what it imports from others."""

from __future__ import annotations

import os
import subprocess
import sys

from benchmarks.figure import Figure

MODULES = {
    "agentkit.core.react": ("pydantic", "yaml"),
    "jupyter_agentkit.app": ("jupyter_server.serverapp",),
    "jupyter_agentkit.hosted": ("jupyter_server.serverapp", "pydantic", "IPython"),
    "jupyter_agentkit.agent": ("IPython", "pydantic", "ipywidgets", "anywidget"),
}
"""What is imported, and what a process that imports it has loaded anyway."""

ROUNDS = 7

PROGRAM = """
import importlib, sys, time
for name in sys.argv[2:]:
    importlib.import_module(name)
start = time.perf_counter()
importlib.import_module(sys.argv[1])
print((time.perf_counter() - start) * 1000)
"""


def measure() -> list[Figure]:
    """Return milliseconds for each module, cold and with its dependencies loaded."""
    for module in MODULES:  # the first import writes Python's bytecode
        _milliseconds(module)
    return [
        Figure.of(
            f"import {module}{note}", "ms", [_milliseconds(module, *loaded) for _ in range(ROUNDS)]
        )
        for module, dependencies in MODULES.items()
        for note, loaded in (("", ()), (", its dependencies loaded", dependencies))
    ]


def _milliseconds(module: str, *loaded: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, module, *loaded],
        capture_output=True,
        encoding="utf-8",
        check=True,
        env={k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"},
    )
    return float(done.stdout)
