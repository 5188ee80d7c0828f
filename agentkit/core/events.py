"""The step events: what happens in a run, one class an ``event_type``.

The loop yields them, the hub numbers and stores them, the page and the trace show them. Each maps one to
one to an event of the AG-UI protocol (https://docs.ag-ui.com/concepts/events).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from agentkit.core.protocol import ErrorInfo, MimeBundle, Outcome, TaskStatus, absent


class StepEvent(BaseModel):
    """What all events carry.

    ``seq`` and ``ts`` are given by the hub when the event is stored: until then they are 0 and empty.
    """

    model_config = ConfigDict(extra="forbid")
    if not TYPE_CHECKING:
        __setattr__ = object.__setattr__  # each is numbered; pydantic takes ten times as long

    seq: int = 0
    """The event's number in its task, from 1, without gaps."""
    step: int = 0
    """The turn of the loop; 0 before the first call of the model."""
    ts: str = ""
    """When it was stored: ISO 8601 with zone, to the millisecond."""


class RunStarted(StepEvent):
    event_type: Literal["run_started"] = "run_started"
    agent: str
    input: str
    model: str
    provider: str
    simulated: bool
    resumes: str | None = None
    """The task that it takes on, from the last turn that was finished there; ``input`` is that one's."""


class Thinking(StepEvent):
    event_type: Literal["thinking"] = "thinking"
    message_id: str
    text: str


class Message(StepEvent):
    """Text of the model that is not yet the answer: what it says before it calls tools."""

    event_type: Literal["message"] = "message"
    message_id: str
    text: str


class ThinkingDelta(StepEvent):
    event_type: Literal["thinking_delta"] = "thinking_delta"
    message_id: str
    delta: str


class MessageDelta(StepEvent):
    event_type: Literal["message_delta"] = "message_delta"
    message_id: str
    delta: str


class ToolCalled(StepEvent):
    event_type: Literal["tool_call"] = "tool_call"
    tool_call_id: str
    tool_name: str
    arguments: dict[str, Any]
    runs_in: str
    """``server``, ``kernel``, ``mcp``, …"""
    needs_approval: Literal[True] | None = None
    """It runs only after an ``approval_requested`` of it was approved, with what that one's
    ``request_resolved`` gives as ``value.arguments``, where it gives any."""


class ToolProgress(StepEvent):
    event_type: Literal["tool_progress"] = "tool_progress"
    tool_call_id: str
    progress: float = Field(allow_inf_nan=False)
    total: float | None = Field(default=None, allow_inf_nan=False)
    message: str | None = None


class ToolFinished(StepEvent):
    event_type: Literal["tool_result"] = "tool_result"
    tool_call_id: str
    outcome: Outcome
    content: MimeBundle
    duration_ms: float
    error: ErrorInfo | None = None


class ApprovalRequested(StepEvent):
    """A call waits for somebody's consent; its arguments are whole."""

    event_type: Literal["approval_requested"] = "approval_requested"
    request_id: str
    tool_call_id: str
    tool_name: str
    arguments: dict[str, Any]
    reason: str
    expires_at: str | None = None
    preview: MimeBundle | None = Field(default=None, exclude_if=absent)
    """What the call would do, where the arguments alone do not show it: an edit with the text before it."""


class InputRequested(StepEvent):
    event_type: Literal["input_requested"] = "input_requested"
    request_id: str
    question: str
    schema_: dict[str, Any] | None = Field(default=None, alias="schema")
    choices: list[str] | None = None
    expires_at: str | None = None

    model_config = ConfigDict(extra="forbid", populate_by_name=True, serialize_by_alias=True)


class RequestResolved(StepEvent):
    """A request is closed.

    ``value`` is the answer to a question; of an approval ``{"arguments"?, "always"?}``; of a denial the
    reason that was given.
    """

    event_type: Literal["request_resolved"] = "request_resolved"
    request_id: str
    decision: Literal["approve", "deny", "answer", "expired"]
    value: Any = None
    by: str


class UsageReported(StepEvent):
    """Tokens of one call of a model, as its provider reported them."""

    event_type: Literal["usage"] = "usage"
    provider: str
    model: str
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost: float | None = None


class Warned(StepEvent):
    event_type: Literal["warning"] = "warning"
    message: str
    reason: str
    """``retry``, ``fallback``, ``truncated``, ``tool_abandoned``, …"""


class FinalAnswer(StepEvent):
    event_type: Literal["final_answer"] = "final_answer"
    text: str


class RunFinished(StepEvent):
    event_type: Literal["run_finished"] = "run_finished"
    status: TaskStatus
    error: ErrorInfo | None = None


Delta = ThinkingDelta | MessageDelta
"""Shown at once and not stored: the finished ``thinking`` or ``message`` replaces them."""

Event = Annotated[
    RunStarted
    | Thinking
    | Message
    | ThinkingDelta
    | MessageDelta
    | ToolCalled
    | ToolProgress
    | ToolFinished
    | ApprovalRequested
    | InputRequested
    | RequestResolved
    | UsageReported
    | Warned
    | FinalAnswer
    | RunFinished,
    Field(discriminator="event_type"),
]

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
"""Validates and writes any one event."""
