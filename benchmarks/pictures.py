"""Draws the figures of benchmark runs: ``python -m benchmarks.pictures FILE.json …`` writes to ``pictures/``.

Of several files the last that holds a benchmark counts.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas

from benchmarks.figure import Figure

HERE = Path(__file__).parent

OURS = "#0e7c86"
OTHERS = ("#8a8f98", "#c9862b", "#7a5ea8", "#b4485a", "#5b7f3a", "#3f6fb5")


@dataclass(frozen=True, slots=True)
class Picture:
    """What of one benchmark is drawn.

    Attributes
    ----------
    wanted
        Matches the names of the figures that are drawn. Its groups ``series`` and ``size`` make curves over
        the size, its group ``bar`` makes bars.
    """

    name: str
    benchmark: str
    title: str
    wanted: str
    unit: str


PICTURES = (
    Picture(
        "loop",
        "loop",
        "A step of the loop, by the steps of the run",
        r"(?P<series>.+), a step of (?P<size>[\d,]+)",
        "µs",
    ),
    Picture(
        "fanout",
        "fanout",
        "One run to 100 watchers",
        r"(?P<bar>(?!memory).+)",
        "deliveries a second",
    ),
    *(
        Picture(
            f"page-{rate}",
            "page",
            f"From a program to the page, {rate:,} words a second",
            rf"{rate:,}/s, (?P<bar>[^:]+)",
            "ms",
        )
        for rate in (50, 1_000, 2_000)
    ),
    Picture(
        "cancel", "cancel", "From a click to what it stops", r"(?P<bar>(?!ipywidgets).+)", "ms"
    ),
    Picture(
        "watchers",
        "watchers",
        "A lone event to as many watchers",
        r"(?P<series>a lone event) to (?P<size>[\d,]+) watchers",
        "ms",
    ),
    Picture(
        "tasks",
        "tasks",
        "Answers of the server while as many runs go on",
        r"(?P<series>[^,]+), (?P<size>[\d,]+) runs",
        "ms",
    ),
    Picture(
        "journal",
        "journal",
        "Lists of as many stored tasks",
        r"(?P<size>\d+) tasks: (?P<series>.+)",
        "ms",
    ),
    *(
        Picture(
            f"trace-{name}",
            "trace",
            f"A run of 10,000 steps, {what}",
            rf"(?P<bar>[^:]+): {what}",
            unit,
        )
        for name, what, unit in (
            ("paint", "opened, to its first paint", "ms"),
            ("task", "longest task while it opens", "ms"),
            ("nodes", "nodes in the page", "nodes"),
        )
    ),
    *(
        Picture(
            f"startup-{name}",
            "startup",
            f"What it adds to JupyterLab: {what}",
            rf"{what}: (?P<bar>.+)",
            unit,
        )
        for name, what, unit in (
            ("server", "start of the server", "ms"),
            ("memory", "memory with a page open", "MB"),
            ("scripts", "scripts of the page", "KB, compressed"),
            ("packages", "further packages", "packages"),
        )
    ),
)


def main(files: Sequence[str]) -> int:
    """Draw what the files hold; returns the exit code."""
    if not files:
        print("Name the JSON files that `python -m benchmarks` has written.")
        return 2
    figures: dict[str, list[dict[str, Any]]] = {}
    for file in files:
        figures |= json.loads(Path(file).read_text())["figures"]
    # The same figures give the same file.
    mpl.rcParams.update({"svg.hashsalt": "agentkit", "svg.fonttype": "none", "font.size": 9})
    folder = HERE / "pictures"
    folder.mkdir(exist_ok=True)
    for picture in PICTURES:
        if picture.benchmark in figures:
            drawn: Any = _drawn(picture, [Figure(**each) for each in figures[picture.benchmark]])
            drawn.savefig(folder / f"{picture.name}.svg", metadata={"Date": None})
    return 0


def _drawn(picture: Picture, figures: Sequence[Figure]) -> Canvas:
    matches = [(each, re.fullmatch(picture.wanted, each.name)) for each in figures]
    found = [(each, match) for each, match in matches if match is not None]
    if found and "bar" in found[0][1].groupdict():
        return _bars(picture, [(match["bar"], each) for each, match in found])
    points = [(match["series"], int(match["size"].replace(",", "")), each) for each, match in found]
    return _curves(picture, points)


def _bars(picture: Picture, bars: Sequence[tuple[str, Figure]]) -> Canvas:
    canvas = Canvas(figsize=(7, 0.6 + 0.34 * len(bars)), layout="constrained")
    axes: Any = canvas.subplots()
    names = [name for name, _ in bars][::-1]
    medians = [each.median for _, each in bars][::-1]
    colours = [OURS if _is_ours(name) else OTHERS[0] for name in names]
    drawn = axes.barh(names, medians, color=colours, height=0.62)
    axes.bar_label(drawn, labels=[_told(median) for median in medians], padding=2)
    if max(medians) > 50 * min(medians) > 0:
        axes.set_xscale("log")
        axes.set_xlim(min(medians) / 3, max(medians) * 3)
    axes.set_xlim(right=max(medians) * 1.15)
    axes.xaxis.set_major_formatter("{x:,g}")
    axes.minorticks_off()
    _finish(axes, picture)
    axes.set_xlabel(picture.unit)
    return canvas


def _curves(picture: Picture, points: Sequence[tuple[str, int, Figure]]) -> Canvas:
    canvas = Canvas(figsize=(7, 3.2), layout="constrained")
    axes: Any = canvas.subplots()
    others = iter(OTHERS * 4)
    for name in dict.fromkeys(series for series, _, _ in points):
        own = [(size, each.median) for series, size, each in points if series == name]
        colour = OURS if _is_ours(name) else next(others)
        sizes, medians = zip(*own, strict=True)
        axes.plot(sizes, medians, "o-", color=colour, markersize=4)
        axes.annotate(
            name,
            (sizes[-1], medians[-1]),
            (7, 0),
            textcoords="offset points",
            color=colour,
            va="center",
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    sizes = sorted({size for _, size, _ in points})
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter("{x:,g}")
    axes.set_xlim(right=max(sizes) * (max(sizes) / min(sizes)) ** 0.4)
    _finish(axes, picture)
    axes.set_ylabel(picture.unit)
    return canvas


def _told(value: float) -> str:
    return f" {value:,.0f}" if value >= 100 else f" {value:.3g}"


def _is_ours(name: str) -> bool:
    return name.startswith(("agentkit", "Cancel"))


def _finish(axes: Any, picture: Picture) -> None:
    axes.set_title(picture.title, loc="left", fontsize=10, fontweight="bold")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="both", which="major", color="#e6e8eb", linewidth=0.6)
    axes.set_axisbelow(True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
