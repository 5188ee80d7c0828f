"""Runs the benchmarks: a table to the terminal, JSON to ``benchmarks/results/``."""

from __future__ import annotations

import importlib
import json
import platform
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figure import Figure

HERE = Path(__file__).parent
PREFIX = "bench_"


def main(wanted: list[str]) -> int:
    """Run the benchmarks named, or all; returns the exit code."""
    known = sorted(path.stem.removeprefix(PREFIX) for path in HERE.glob(f"{PREFIX}*.py"))
    unknown = set(wanted) - set(known)
    if unknown:
        print(f"No benchmark {', '.join(sorted(unknown))}; there are: {', '.join(known)}.")
        return 2
    measured: dict[str, list[Figure]] = {}
    for name in wanted or known:
        measured[name] = importlib.import_module(f"benchmarks.{PREFIX}{name}").measure()
        for figure in measured[name]:
            print(
                f"{figure.name:<60} {figure.median:>9.2f} {figure.unit:<4}"
                f"  p99 {figure.p99:>9.2f}  n {figure.count}",
                flush=True,
            )
    now = datetime.now(UTC)
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    file = results / f"{now:%Y%m%dT%H%M%SZ}.json"
    file.write_text(
        json.dumps(
            {
                "at": now.isoformat(timespec="seconds"),
                "python": platform.python_version(),
                "machine": platform.platform(),
                "figures": {
                    name: [asdict(figure) for figure in figures]
                    for name, figures in measured.items()
                },
            },
            indent=2,
        )
    )
    print(f"Written to {file.relative_to(HERE.parent)}.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
