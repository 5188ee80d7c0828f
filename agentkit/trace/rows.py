"""A trace as the reader sees it: a pure fold of the stored events into rows.

HTML, Markdown and plain text are written from this, and the page's own fold follows the same rules:

- ``thinking`` and ``message`` are a row each, "Thought" and "Said", the first line beside the title.
- A call of a tool is one row from its first event (``tool_call`` or ``approval_requested``) to its
  ``tool_result``. Its title is a verb and the tool's name as words (``region_total`` → "region
  total"): "Calling …" while it runs, "Wants to call …" while it waits for approval, "Did not call …"
  when denied, "Called …" otherwise. Beside it, the arguments on one line. The tool's own name and
  where it ran stand on the second line of the opened row.
- A decision stays on the row: "Approved by ana · 14:02", "Denied by ana · 14:02", "Expired · 14:02".
- ``input_requested`` is a row "Asked", then "Asked and answered".
- ``warning`` is a row whose title is its message.
- ``usage``, ``run_started``, ``run_finished`` and ``final_answer`` are no rows: they fill header and
  footer.
- What is open when the run ends is "stopped" in a cancelled run and "interrupted" otherwise.
- A message that the answer repeats word for word is shown once, as the answer.
- An event of an unknown type is a row "Event <type>" that shows it as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from agentkit.core.protocol import MimeBundle
from agentkit.trace.document import Trace
from agentkit.trace.read import as_mapping, as_number, as_text
from agentkit.trace.words import arguments_line, as_words, clock, one_line, tool_title

Kind = Literal["thinking", "message", "tool", "question", "warning", "other"]
State = Literal[
    "running", "waiting", "done", "failed", "denied", "interrupted", "cancelled", "warning", "said"
]

_OUTCOMES: dict[str | None, State] = {
    "success": "done",
    "failed": "failed",
    "denied": "denied",
    "interrupted": "interrupted",
}
_VERBS = {"running": "Calling", "waiting": "Wants to call", "denied": "Did not call"}
_DECISIONS = {"approve": "Approved", "deny": "Denied", "answer": "Answered", "expired": "Expired"}


@dataclass(slots=True)
class Row:
    """One line of the run and what opens below it."""

    kind: Kind
    seq: int
    state: State
    text: str = ""
    """Of thinking, a message, a question or a warning: the whole of it."""
    tool_name: str = ""
    runs_in: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    result: MimeBundle = field(default_factory=dict[str, Any])
    error: str = ""
    duration_ms: float | None = None
    notes: list[str] = field(default_factory=list[str])
    """Decisions and progress, in the order they came."""

    @property
    def title(self) -> str:
        """What happened: a verb and its object."""
        match self.kind:
            case "thinking":
                return "Thought"
            case "message":
                return "Said"
            case "question":
                return "Asked" if self.state == "waiting" else "Asked and answered"
            case "warning":
                return one_line(self.text) or "Warning"
            case "other":
                return f"Event {one_line(self.tool_name, 60)}"
            case "tool":
                return f"{_VERBS.get(self.state, 'Called')} {tool_title(self.tool_name)}"

    @property
    def summary(self) -> str:
        """What stands beside the title: the first words, or the arguments on one line."""
        match self.kind:
            case "tool":
                return arguments_line(self.arguments)
            case "warning" | "other":
                return ""
            case _:
                return one_line(self.text, 100)

    @property
    def is_open(self) -> bool:
        """Whether it waits for somebody or something."""
        return self.state in ("running", "waiting")

    def requested(self, event: Mapping[str, Any]) -> None:
        """Take name and arguments of the call from a ``tool_call`` or an ``approval_requested``."""
        self.tool_name = as_text(event.get("tool_name")) or self.tool_name
        self.runs_in = as_text(event.get("runs_in")) or self.runs_in
        self.arguments = as_mapping(event.get("arguments")) or self.arguments

    def settled(self, event: Mapping[str, Any]) -> None:
        """Take the outcome from a ``tool_result``."""
        self.state = _OUTCOMES.get(as_text(event.get("outcome")), "failed")
        self.result = as_mapping(event.get("content"))
        self.duration_ms = as_number(event.get("duration_ms"))
        self.error = as_text(as_mapping(event.get("error")).get("message")) or ""

    def resolved(self, event: Mapping[str, Any]) -> None:
        """Take the decision from a ``request_resolved``."""
        decision = as_text(event.get("decision")) or ""
        by = as_text(event.get("by"))
        words = _DECISIONS.get(decision, "Resolved") + (f" by {one_line(by, 60)}" if by else "")
        value = event.get("value")
        if value is not None:
            words += f": {one_line(as_words(value))}"
        self.notes.append(" · ".join(filter(None, (words, clock(as_text(event.get("ts")))))))
        if self.state == "waiting":
            refused = decision in ("deny", "expired")
            self.state = "denied" if refused else "done" if self.kind == "question" else "running"


class _Fold:
    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._calls: dict[str, Row] = {}
        self._requests: dict[str, Row] = {}

    def take(self, event: Mapping[str, Any]) -> None:
        match event.get("event_type"):
            case "thinking" | "message" as kind:
                self._add(kind, event, "said", text=as_text(event.get("text")) or "")
            case "warning":
                self._add("warning", event, "warning", text=as_text(event.get("message")) or "")
            case "tool_call":
                self._call(event).requested(event)
            case "tool_progress":
                self._progress(event)
            case "tool_result":
                self._call(event).settled(event)
                # Some models number their calls anew in each turn: that id is then another call.
                del self._calls[_call_id(event)]
            case "approval_requested":
                row = self._call(event)
                row.requested(event)
                row.state = "waiting"
                self._ask(event, row, as_text(event.get("reason")))
            case "input_requested":
                question = as_text(event.get("question")) or ""
                self._ask(event, self._add("question", event, "waiting", text=question), None)
            case "request_resolved":
                row = self._requests.get(as_text(event.get("request_id")) or "")
                if row:
                    row.resolved(event)
            case "final_answer":
                last = self.rows[-1] if self.rows else None
                if last and last.kind == "message" and last.text == event.get("text"):
                    self.rows.pop()
            case "run_started" | "usage" | "run_finished":
                return
            case unknown:
                row = self._add("other", event, "said")
                row.tool_name, row.arguments = str(unknown), event

    def _add(self, kind: Kind, event: Mapping[str, Any], state: State, *, text: str = "") -> Row:
        row = Row(kind, int(as_number(event.get("seq")) or 0), state, text=text)
        self.rows.append(row)
        return row

    def _call(self, event: Mapping[str, Any]) -> Row:
        call_id = _call_id(event)
        if call_id not in self._calls:
            self._calls[call_id] = self._add("tool", event, "running")
        return self._calls[call_id]

    def _ask(self, event: Mapping[str, Any], row: Row, reason: str | None) -> None:
        self._requests[as_text(event.get("request_id")) or ""] = row
        if reason:
            row.notes.append(one_line(reason, 400))

    def _progress(self, event: Mapping[str, Any]) -> None:
        row = self._call(event)
        done, total = as_number(event.get("progress")), as_number(event.get("total"))
        message = one_line(as_text(event.get("message")) or "")
        share = f"{done or 0:g}" + (f" of {total:g}" if total is not None else "")
        row.notes = [note for note in row.notes if not note.startswith("Progress: ")]
        row.notes.append(" · ".join(filter(None, (f"Progress: {share}", message))))


def _call_id(event: Mapping[str, Any]) -> str:
    return as_text(event.get("tool_call_id")) or ""


def fold(trace: Trace) -> list[Row]:
    """The rows of a trace, in the order in which they began."""
    folding = _Fold()
    for event in trace.events:
        folding.take(event)
    if trace.is_final:
        for row in folding.rows:
            if row.is_open:
                row.state = "cancelled" if trace.status == "cancelled" else "interrupted"
    return folding.rows
