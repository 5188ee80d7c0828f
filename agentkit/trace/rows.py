"""A trace as the reader sees it: a pure fold of the stored events into rows, the steps of the run.

HTML, Markdown and plain text are written from this, and the page's own fold follows the same rules:

- ``thinking`` is a row "Thought"; ``message`` is its text.
- A call of a tool is one row from its first event (``tool_call`` or ``approval_requested``) to its
  ``tool_result``, titled as in ``titles``: "Reading data.csv" while it runs or waits, "Read data.csv"
  when it succeeded, "Read data.csv" said as the wish it stayed ("Call region_total") otherwise. Below
  it, one line says what came of it. The tool's own name and where it ran open with the row.
- A decision stays on the row: "Approved by ana · 14:02 UTC".
- ``input_requested`` is a row "Asking you", then "Asked you". It says all that the call of ``ask_user``
  would say which it came from, so that one is not listed.
- ``warning`` is a row whose title is its message.
- ``usage``, ``run_started``, ``run_finished`` and ``final_answer`` are no rows: they fill header and
  footer. A message that the answer repeats word for word is shown once, as the answer.
- What is open when the run ends is "stopped" in a cancelled run and "interrupted" otherwise.
- An event of an unknown type is a row "Event <type>" that shows it as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from agentkit.trace.document import Trace
from agentkit.trace.read import as_number, as_text
from agentkit.trace.row import Kind, Row, State
from agentkit.trace.words import moment, one_line

_ASKING_TOOL = "ask_user"
"""The built-in tool whose calls are questions."""


class _Fold:
    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._calls: dict[str, Row] = {}
        self._requests: dict[str, Row] = {}
        self._last_time: datetime | None = None

    def take(self, place: int, event: Mapping[str, Any]) -> None:
        row = self._fold(event)
        if row:
            row.places.append(place)
        self._last_time = moment(as_text(event.get("ts"))) or self._last_time

    def _fold(self, event: Mapping[str, Any]) -> Row | None:
        """The row that the event belongs to; ``None`` for what fills header and footer."""
        match event.get("event_type"):
            case "thinking" | "message" as kind:
                row = self._add(kind, event, "said", text=as_text(event.get("text")) or "")
                row.duration_ms = self._since_last(event) if kind == "thinking" else None
            case "warning":
                text = as_text(event.get("message")) or ""
                row = self._add("warning", event, "warning", text=text)
            case "tool_call":
                row = self._call(event)
                row.requested(event)
            case "tool_progress":
                row = self._progress(event)
            case "tool_result":
                row = self._call(event)
                row.settled(event)
                # Some models number their calls anew in each turn: that id is then another call.
                del self._calls[_call_id(event)]
            case "approval_requested":
                row = self._call(event)
                row.requested(event)
                row.state = "waiting"
                self._ask(event, row, as_text(event.get("reason")))
            case "input_requested":
                question = as_text(event.get("question")) or ""
                row = self._add("question", event, "waiting", text=question)
                self._hide_asking_call(row)
                self._ask(event, row, None)
            case "request_resolved":
                row = self._requests.get(as_text(event.get("request_id")) or "")
                if row:
                    row.resolved(event)
            case "final_answer":
                last = self.rows[-1] if self.rows else None
                if last and last.kind == "message" and last.text == event.get("text"):
                    self.rows.pop()
                row = None
            case "run_started" | "usage" | "run_finished":
                row = None
            case unknown:
                row = self._add("other", event, "said")
                row.tool_name, row.arguments = str(unknown), event
        return row

    def _add(self, kind: Kind, event: Mapping[str, Any], state: State, *, text: str = "") -> Row:
        row = Row(kind, int(as_number(event.get("seq")) or 0), state, text=text)
        self.rows.append(row)
        return row

    def _since_last(self, event: Mapping[str, Any]) -> float | None:
        now = moment(as_text(event.get("ts")))
        if now is None or self._last_time is None:
            return None
        return (now - self._last_time).total_seconds() * 1000

    def _call(self, event: Mapping[str, Any]) -> Row:
        call_id = _call_id(event)
        if call_id not in self._calls:
            self._calls[call_id] = self._add("tool", event, "running")
        return self._calls[call_id]

    def _ask(self, event: Mapping[str, Any], row: Row, reason: str | None) -> None:
        self._requests[as_text(event.get("request_id")) or ""] = row
        if reason:
            row.notes.append(one_line(reason, 400))

    def _hide_asking_call(self, question: Row) -> None:
        asking = [row for row in self._calls.values() if row.tool_name == _ASKING_TOOL]
        shown = next((row for row in self.rows if any(row is each for each in asking)), None)
        if shown:
            self.rows = [row for row in self.rows if row is not shown]
            # What still comes of the call belongs to the question.
            question.places = shown.places

    def _progress(self, event: Mapping[str, Any]) -> Row:
        done, total = as_number(event.get("progress")), as_number(event.get("total"))
        message = one_line(as_text(event.get("message")) or "")
        share = f"{done or 0:g} of {total:g}" if total is not None else ""
        row = self._call(event)
        row.progress = " · ".join(filter(None, (message, share)))
        return row


def _call_id(event: Mapping[str, Any]) -> str:
    return as_text(event.get("tool_call_id")) or ""


def fold(trace: Trace) -> list[Row]:
    """The rows of a trace, in the order in which they began."""
    folding = _Fold()
    for place, event in enumerate(trace.events):
        folding.take(place, event)
    if trace.is_final:
        for row in folding.rows:
            if row.is_open or row.state == "interrupted":
                row.state = "cancelled" if trace.status == "cancelled" else "interrupted"
    return folding.rows
