"""A map as a table: for programs, and in the forms that a notebook keeps."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from agentkit.errors import AgentKitError
from agentkit.trace.bundle import to_traces
from agentkit.trace.document import TRACES_MIME, Trace
from agentkit.trace.html import to_html
from agentkit.trace.overview import overview
from agentkit.trace.words import cost, duration, moment, one_line, visible
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
_HEADS = ("", "Input", "Result", "Status", "Tokens", "Cost", "Time")
_STYLES = (_FIGURE, _TEXT, _TEXT, _WORD, _FIGURE, _FIGURE, _FIGURE)


def to_dataframe(shown: MapState) -> DataFrame:
    """One row an input, in their order.

    ``status`` is the run's; ``waiting`` before it has begun. ``steps`` are turns of the loop,
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
        "steps": max((event["step"] for event in trace.events), default=0) if trace else None,
        "tokens": usage.input_tokens + usage.output_tokens if usage else None,
        "cost": usage.cost if usage else None,
        "duration": _seconds(trace) if trace else None,
        "task_id": None if run is None else run.task_id,
    }


def _seconds(trace: Trace) -> float | None:
    first, last = moment(trace.started_at), moment(trace.finished_at)
    return (last - first).total_seconds() if first and last else None


def _columns(row: dict[str, Any], trace: Trace | None) -> list[str]:
    usage = trace.usage if trace else None
    seconds = row["duration"]
    return [
        overview(trace).words if trace else _WITHOUT_RUN[row["status"]],
        f"{row['tokens']:,}" if usage else "",
        cost(usage.cost) if usage and usage.cost is not None else "",
        duration(seconds * 1000) if seconds is not None else "",
    ]


def _html(shown: MapState) -> str:
    lines = [
        f"<p>{escape(_headline(shown))}</p>",
        "<table><thead><tr>" + _cells("th scope='col'", _HEADS) + "</tr></thead><tbody>",
    ]
    left = TRACES_CHARS
    for number, item in enumerate(shown.items):
        row = _row(item, over=shown.is_over)
        trace = item.run.record.trace() if item.run else None
        answer = escape(visible(one_line(row["result"] or row["error"] or "", 200)))
        whole = to_html(trace, live=not shown.is_over) if trace and trace.is_final else ""
        left -= len(whole)
        if whole and left > 0:
            answer = f"<details><summary>{answer or 'Trace'}</summary>{whole}</details>"
        cells = [
            str(number),
            escape(visible(one_line(item.input, 200))),
            answer,
            *map(escape, _columns(row, trace)),
        ]
        lines.append(f"<tr>{_cells('td', cells)}</tr>")
    return "".join([*lines, "</tbody></table>"])


def _cells(tag: str, cells: Sequence[str]) -> str:
    pairs = zip(_STYLES, cells, strict=True)
    return "".join(f'<{tag} style="{style}">{cell}</{tag[:2]}>' for style, cell in pairs)


def _markdown(shown: MapState) -> str:
    lines = [
        _headline(shown),
        "",
        f"| {' | '.join(_HEADS)} |",
        "| ---: | --- | --- | --- | ---: | ---: | ---: |",
    ]
    for number, item in enumerate(shown.items):
        row = _row(item, over=shown.is_over)
        trace = item.run.record.trace() if item.run else None
        cells = [item.input, row["result"] or row["error"] or "", *_columns(row, trace)]
        lines.append(f"| {number} | {' | '.join(in_a_cell(cell) for cell in cells)} |")
    return "\n".join(lines)


def _headline(shown: MapState) -> str:
    counts = shown.counts
    said = ", ".join(f"{number:,} {status.replace('_', ' ')}" for status, number in counts.items())
    took = duration(shown.seconds * 1000)
    return f"{len(shown.items):,} runs: {said or 'none'} · {took}"
