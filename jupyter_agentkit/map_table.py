"""A map as a table: for programs, and in the forms that a notebook keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from agentkit.errors import AgentKitError
from agentkit.trace.answer import plain_line
from agentkit.trace.bundle import to_traces
from agentkit.trace.document import TRACES_MIME, Trace
from agentkit.trace.html import to_html
from agentkit.trace.overview import overview
from agentkit.trace.rows import fold
from agentkit.trace.words import cost, duration, moment, one_line
from jupyter_agentkit.listing import in_a_cell
from jupyter_agentkit.map_state import Item, MapState

if TYPE_CHECKING:
    from pandas import DataFrame

COLUMNS = (
    "input",
    "status",
    "result",
    "error",
    "steps",
    "tokens",
    "cost",
    "duration",
    "task_id",
)

TRACES_CHARS = 2_000_000
"""Characters of HTML of traces that one output holds; of later runs only the answer is kept."""

_WITHOUT_RUN = {"waiting": "Waiting", "cancelled": "Not started", "failed": "Failed"}

# Where there is little room, text is folded and no figure or single word is.
_TEXT = "text-align:left;vertical-align:top;overflow-wrap:anywhere;white-space:normal;min-width:8em"
_WORD = "text-align:left;vertical-align:top;white-space:nowrap"
_FIGURE = "text-align:right;vertical-align:top;white-space:nowrap;font-variant-numeric:tabular-nums"
_COLUMNS = (
    ("", _FIGURE),
    ("Input", _TEXT),
    ("Result", _TEXT),
    ("Status", _WORD),
    ("Tokens", _FIGURE),
    ("Cost", _FIGURE),
    ("Time", _FIGURE),
)
"""Of the table that a reader sees: heading and style."""
_RESULT = 2
_LONGEST = 200
"""Characters of a text in it."""


def to_dataframe(shown: MapState) -> DataFrame:
    """One row an input, in their order.

    ``status`` is the run's; ``waiting`` before it has begun. ``steps`` are counted as where a run is shown,
    ``tokens`` those that went in and came out, ``cost`` US dollars (missing where a price is unknown),
    ``duration`` seconds.

    Raises
    ------
    AgentKitError
        pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError:
        raise AgentKitError(
            "to_dataframe() needs pandas, which is not installed: 'pip install pandas', or use "
            ".results and .runs.",
            reason="pandas_missing",
        ) from None
    rows = [_row(item, over=shown.is_over) for item in shown.items]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def to_bundle(shown: MapState) -> dict[str, Any]:
    """``{"data", "metadata"}`` of a cell output that needs neither kernel nor server."""
    data: dict[str, Any] = {
        TRACES_MIME: to_traces(item.run.record.trace() for item in shown.items if item.run),
        "text/html": _html(shown),
        "text/markdown": _markdown(shown),
        "text/plain": repr(shown),
    }
    return {"data": data, "metadata": {}}


def _row(item: Item, *, over: bool) -> dict[str, Any]:
    run = item.run
    trace = None if run is None else run.record.trace()
    usage = None if trace is None else trace.usage
    return {
        "input": item.input,
        "status": item.status(over=over),
        "result": None if run is None else run.result,
        "error": item.fault,
        "steps": len(fold(trace)) if trace else None,
        "tokens": usage.input_tokens + usage.output_tokens if usage else None,
        "cost": usage.cost if usage else None,
        "duration": _seconds(trace) if trace else None,
        "task_id": None if run is None else run.task_id,
    }


def _seconds(trace: Trace) -> float | None:
    first, last = moment(trace.started_at), moment(trace.finished_at)
    return (last - first).total_seconds() if first and last else None


@dataclass(frozen=True, slots=True)
class _Line:
    """One input as a reader sees it."""

    trace: Trace | None
    cells: list[str]
    """One a column."""


def _lines(shown: MapState) -> list[_Line]:
    return [_line(number, item, over=shown.is_over) for number, item in enumerate(shown.items)]


def _line(number: int, item: Item, *, over: bool) -> _Line:
    row, trace = _row(item, over=over), item.run.record.trace() if item.run else None
    usage, seconds = trace.usage if trace else None, row["duration"]
    said = plain_line(row["result"], _LONGEST) if row["result"] else row["error"] or ""
    cells = [
        str(number),
        one_line(item.input, _LONGEST),
        one_line(said, _LONGEST),
        overview(trace).words if trace else _WITHOUT_RUN[row["status"]],
        f"{row['tokens']:,}" if usage else "",
        cost(usage.cost) if usage and usage.cost is not None else "",
        duration(seconds * 1000) if seconds is not None else "",
    ]
    return _Line(trace, cells)


def _told(lines: Sequence[_Line]) -> list[int]:
    """The columns in which something stands: a provider may report no tokens, and prices may be unknown."""
    always = range(3)
    return [
        at
        for at in range(len(_COLUMNS))
        if at in always or not lines or any(line.cells[at] for line in lines)
    ]


def _html(shown: MapState) -> str:
    lines = _lines(shown)
    columns = _told(lines)
    heads = [_cell("th scope='col'", at, _COLUMNS[at][0]) for at in columns]
    parts = [
        f"<p>{escape(_headline(shown))}</p>",
        f"<table><thead><tr>{''.join(heads)}</tr></thead><tbody>",
    ]
    left = TRACES_CHARS
    for line in lines:
        cells = list(map(escape, line.cells))
        final = line.trace is not None and line.trace.is_final
        whole = to_html(line.trace, live=not shown.is_over) if line.trace and final else ""
        left -= len(whole)
        if whole and left > 0:
            summary = f"<summary>{cells[_RESULT] or 'Trace'}</summary>"
            cells[_RESULT] = f"<details>{summary}{whole}</details>"
        parts.append(f"<tr>{''.join(_cell('td', at, cells[at]) for at in columns)}</tr>")
    return "".join([*parts, "</tbody></table>"])


def _cell(tag: str, column: int, html: str) -> str:
    return f'<{tag} style="{_COLUMNS[column][1]}">{html}</{tag[:2]}>'


def _markdown(shown: MapState) -> str:
    lines = _lines(shown)
    columns = _told(lines)
    rules = ("---:" if _COLUMNS[at][1] == _FIGURE else "---" for at in columns)
    rows = [
        [_COLUMNS[at][0] for at in columns],
        rules,
        *([in_a_cell(line.cells[at]) for at in columns] for line in lines),
    ]
    return "\n".join([_headline(shown), "", *(f"| {' | '.join(row)} |" for row in rows)])


def _headline(shown: MapState) -> str:
    counts = shown.counts
    said = ", ".join(f"{number:,} {status.replace('_', ' ')}" for status, number in counts.items())
    took = duration(shown.seconds * 1000)
    return f"{len(shown.items):,} runs: {said or 'none'} · {took}"
