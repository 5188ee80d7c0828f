"""A run as a table, for those who compare runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentkit.errors import AgentKitError
from agentkit.trace.document import Trace
from agentkit.trace.rows import Row, fold

if TYPE_CHECKING:
    from pandas import DataFrame

COLUMNS = (
    "seq",
    "step",
    "ts",
    "event_type",
    "title",
    "tool",
    "arguments",
    "outcome",
    "duration_ms",
    "text",
)


def to_dataframe(trace: Trace) -> DataFrame:
    """The steps of a run, one row each, as the view shows them; the answer is the last row.

    A tool call is one row: ``arguments`` as a dict, ``outcome`` (``running`` while it has none),
    ``duration_ms``, and in ``text`` what it returned. ``seq``, ``step`` and ``ts`` are those of the
    event that it began with.

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
            "run.steps.",
            reason="pandas_missing",
        ) from None
    events = {event.get("seq"): event for event in trace.events}
    rows = [_row(row, events.get(row.seq, {})) for row in fold(trace)]
    rows += [_answer(event) for event in trace.events if event["event_type"] == "final_answer"]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(row: Row, event: dict[str, Any]) -> dict[str, Any]:
    is_call = row.kind == "tool"
    return {
        "seq": row.seq,
        "step": event.get("step"),
        "ts": event.get("ts"),
        "event_type": event.get("event_type"),
        "title": row.title,
        "tool": row.tool_name if is_call else None,
        "arguments": dict(row.arguments) if is_call else None,
        "outcome": ("success" if row.state == "done" else row.state) if is_call else None,
        "duration_ms": row.duration_ms,
        "text": _text(row) if is_call else row.text,
    }


def _text(row: Row) -> str:
    """What the reader is told of a call: the failure's line, or the result as text."""
    plain = row.result.get("text/plain")
    return row.error or (plain if isinstance(plain, str) else "")


def _answer(event: dict[str, Any]) -> dict[str, Any]:
    taken = {name: event.get(name) for name in ("seq", "step", "ts", "event_type", "text")}
    return {**taken, "title": "Answer"}
