"""One line of a run, as the reader sees it, and what opens below it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from agentkit.core.protocol import MimeBundle
from agentkit.trace.read import as_mapping, as_number, as_text
from agentkit.trace.results import summary
from agentkit.trace.titles import Title, tool_title
from agentkit.trace.words import as_words, clock, first_line, one_line

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
_DECISIONS = {
    "approve": "Approved",
    "deny": "Denied",
    "answer": "Answered",
    "expired": "Nobody answered in time",
}
_PLACES = {"kernel": "in the notebook's kernel", "server": "on the server", "mcp": "over MCP"}


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
    progress: str = ""
    notes: list[str] = field(default_factory=list[str])
    """Reasons and decisions, in the order they came."""

    @property
    def named(self) -> Title:
        """The title of a call: verb, object and the arguments on one line."""
        tense = "over" if self.state == "done" else "going on" if self.is_open else "wanted"
        return tool_title(self.tool_name, self.arguments, tense)

    @property
    def title(self) -> str:
        """What happened: a verb and its object."""
        match self.kind:
            case "thinking":
                return "Thought"
            case "message":
                return "Said"
            case "question":
                return "Asking you" if self.state == "waiting" else "Asked you"
            case "warning":
                return one_line(self.text, 400) or "Warning"
            case "other":
                return f"Event {one_line(self.tool_name, 60)}"
            case "tool":
                named = self.named
                return f"{named.verb} {one_line(named.object)}"

    @property
    def details(self) -> str:
        """What stands beside the title: the arguments on one line."""
        return self.named.details if self.kind == "tool" else ""

    @property
    def line(self) -> str:
        """What came of it, on one line below the title."""
        match self.kind:
            case "thinking":
                return first_line(self.text, 200)
            case "tool":
                return self._outcome()
            case _:
                return ""

    @property
    def place(self) -> str:
        """Where a call ran."""
        return _PLACES.get(self.runs_in, f"in {self.runs_in}" if self.runs_in else "")

    def _outcome(self) -> str:
        problem = first_line(self.error, 200)
        match self.state:
            case "done":
                return summary(self.result)
            case "denied":
                return " · ".join(filter(None, ("Denied", problem)))
            case "cancelled":
                return problem or "Stopped"
            case "interrupted":
                return problem or "Did not finish"
            case "running" | "waiting":
                return self.progress
            case _:
                return problem or summary(self.result)

    @property
    def is_open(self) -> bool:
        """Whether it waits for somebody or something."""
        return self.state in ("running", "waiting")

    @property
    def long_error(self) -> str:
        """The error where ``line`` says only a part of it."""
        return "" if self.error.strip() in self.line else self.error

    @property
    def is_settled(self) -> bool:
        """Whether it went as it should, so that its shape says enough."""
        return self.state in ("done", "said", "warning")

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
        by = as_text(event.get("by")) if decision != "expired" else None
        words = _DECISIONS.get(decision, "Resolved") + (f" by {one_line(by, 60)}" if by else "")
        value = event.get("value")
        if value is not None:
            words += f": {one_line(as_words(value))}"
        self.notes.append(" · ".join(filter(None, (words, clock(as_text(event.get("ts")))))))
        if self.state == "waiting":
            refused = decision in ("deny", "expired")
            self.state = "denied" if refused else "done" if self.kind == "question" else "running"
