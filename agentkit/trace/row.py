"""One line of a run, as the reader sees it, and what opens below it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from agentkit.core.protocol import MimeBundle
from agentkit.trace.edits import Edit, changes, edit_of
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
_APPROVALS = {"approve": "Approved", "deny": "Denied", "expired": "Nobody answered in time"}
_ANSWERS = {"answer": "Answered", "deny": "Not answered", "expired": "Nobody answered in time"}
_PLACES = {"kernel": "in the notebook's kernel", "server": "on the server", "mcp": "over MCP"}


@dataclass(slots=True)
class Row:
    """One line of the run and what opens below it."""

    kind: Kind
    seq: int
    state: State
    places: list[int] = field(default_factory=list[int])
    """Which events of the trace it is made of, counted from 0."""
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
    approved: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The arguments that somebody approved instead; empty where it was those."""
    decision: str = ""

    @property
    def named(self) -> Title:
        """The title of a call: verb, object and the arguments on one line."""
        tense = "over" if self.state == "done" else "going on" if self.is_open else "wanted"
        return tool_title(self.tool_name, self.approved or self.arguments, tense)

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
    def says_name(self) -> bool:
        """Whether the title holds the tool's own name."""
        return self.kind != "tool" or self.named.object == self.tool_name

    @property
    def says_arguments(self) -> bool:
        """Whether title and details hold every argument of the call whole."""
        if self.kind != "tool" or not self.arguments:
            return True
        said = f"{self.named.object} {self.details}"
        words = [as_words(value) for value in self.arguments.values()]
        return not self.approved and "…" not in said and all(each in said for each in words)

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
    def edit(self) -> Edit | None:
        """What it did to a cell."""
        return edit_of(self.result) if self.state == "done" else None

    @property
    def changes(self) -> list[Edit]:
        """How the arguments that were approved differ from those that were asked for."""
        return changes(self.arguments, self.approved) if self.approved else []

    @property
    def place(self) -> str:
        """Where a call ran."""
        return _PLACES.get(self.runs_in, f"in {one_line(self.runs_in, 60)}" if self.runs_in else "")

    def _outcome(self) -> str:
        problem = first_line(self.error, 200)
        match self.state:
            case "done":
                edit = self.edit
                return " · ".join((edit.place, edit.amount)) if edit else summary(self.result)
            case "denied" if self.decision in ("deny", "expired"):
                return ""  # the note says who denied it, and why
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
        if self.state == "denied" and not self.line:
            return ""
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
        self.decision = as_text(event.get("decision")) or ""
        value, by = event.get("value"), as_text(event.get("by")) or ""
        words = (
            _ANSWERS.get(self.decision, "Resolved")
            if self.kind == "question"
            else self._decided(value)
        )
        in_advance = by == "on_ask"
        if in_advance:
            words += " in advance"
        elif by and self.decision != "expired":
            words += f" by {one_line(by, 60)}"
        said = value if self.decision in ("deny", "answer") and not in_advance else None
        if said is not None:
            words += f": {one_line(as_words(said), 400)}"
        self.notes.append(" · ".join(filter(None, (words, clock(as_text(event.get("ts")))))))
        if self.state == "waiting":
            refused = self.decision in ("deny", "expired") and self.kind != "question"
            self.state = "denied" if refused else "done" if self.kind == "question" else "running"

    def _decided(self, value: object) -> str:
        consent = as_mapping(value) if self.decision == "approve" else {}
        self.approved = as_mapping(consent.get("arguments"))
        always = consent.get("always") is True
        return (
            _APPROVALS.get(self.decision, "Resolved")
            + (" with other arguments" if self.approved else "")
            + (", and" if self.approved and always else "")
            + (" for the whole run" if always else "")
        )
