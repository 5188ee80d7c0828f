"""The frames of the sockets, ``/ws/tasks/{id}`` above all: one class a shape, told apart by ``type``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from agentkit.core.events import Event
from agentkit.core.protocol import (
    ErrorInfo,
    MimeBundle,
    Name,
    Outcome,
    TaskStatus,
    TaskSummary,
    ToolSpec,
    Usage,
    absent,
)

PROTOCOL = 1
"""The version of the talk on the socket."""

CLIENT_KEY_HEADER = "X-Agentkit-Client-Key"
"""How the process that runs a task's own tools shows the key that the task's start gave it."""


class Connected(BaseModel):
    """Always the first frame."""

    type: Literal["connected"] = "connected"
    task_id: str
    protocol: int = PROTOCOL
    status: TaskStatus
    last_seq: int


class Step(BaseModel):
    type: Literal["step"] = "step"
    data: Event


class Steps(BaseModel):
    """Several events in one frame; only to clients that connect with ``?batch=1``."""

    type: Literal["steps"] = "steps"
    data: list[Event]


class RunResult(BaseModel):
    status: TaskStatus
    content: str | None
    usage: Usage | None
    steps: int
    duration_ms: float
    error: ErrorInfo | None = Field(default=None, exclude_if=absent)


class Result(BaseModel):
    """Always the last frame before the server closes with 1000."""

    type: Literal["result"] = "result"
    task_id: str
    data: RunResult


class Error(BaseModel):
    """A bad frame (the socket stays open) or a refusal (the socket closes)."""

    type: Literal["error"] = "error"
    data: ErrorInfo


class Pong(BaseModel):
    type: Literal["pong"] = "pong"


class Serve(BaseModel):
    """Asks a process that offers tools to run the calls of a task; on the socket of offers only."""

    type: Literal["serve"] = "serve"
    kernel_id: str
    agent: str
    task_id: str
    client_key: str


class Tasks(BaseModel):
    """All that is worth a list: what has not ended, and the newest of the others; on the feed only.

    It replaces whatever the client knew, and comes again when the client had fallen too far behind. Long
    texts are cut.
    """

    type: Literal["tasks"] = "tasks"
    now: str
    """The server's clock."""
    data: list[TaskSummary]
    before: str | None = Field(default=None, exclude_if=absent)
    """Where the next page of ``GET /tasks`` goes on; absent when there are no older ones."""


class TaskChanged(BaseModel):
    """A task is new, or its summary says something else; on the feed only."""

    type: Literal["task"] = "task"
    now: str
    data: TaskSummary


class TaskRemoved(BaseModel):
    """A task was deleted; on the feed only."""

    type: Literal["removed"] = "removed"
    task_id: str


class JournalTrouble(BaseModel):
    """What is wrong with the journal, after the list and when that changes; on the feed only."""

    type: Literal["journal"] = "journal"
    problem: ErrorInfo | None = Field(default=None, exclude_if=absent)
    """Absent when nothing is wrong any more."""


FeedFrame = Annotated[
    Tasks | TaskChanged | TaskRemoved | JournalTrouble | Error | Pong, Field(discriminator="type")
]

ServerFrame = Annotated[
    Connected | Step | Steps | Result | Error | Pong, Field(discriminator="type")
]


class _ClientFrame(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Ping(_ClientFrame):
    type: Literal["ping"]


class Cancel(_ClientFrame):
    type: Literal["cancel"]
    reason: str | None = None


class Answer(_ClientFrame):
    type: Literal["answer"]
    request_id: str
    decision: Literal["approve", "deny", "answer"]
    value: Any = None
    reason: str | None = None


class ToolResultFrame(_ClientFrame):
    """What a client tool returned; taken only from the process that offered the tool."""

    type: Literal["tool_result"]
    tool_call_id: str
    outcome: Outcome
    content: MimeBundle
    error: ErrorInfo | None = None


class OfferFrame(_ClientFrame):
    """A process offers its tools to the follow-ups of an agent; on the socket of offers only."""

    type: Literal["offer"]
    kernel_id: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    agent: Name
    tools: tuple[ToolSpec, ...]


ClientFrame = Annotated[Ping | Cancel | Answer | ToolResultFrame, Field(discriminator="type")]

CLIENT_FRAME: TypeAdapter[ClientFrame] = TypeAdapter(ClientFrame)
"""Validates any one frame of a client."""

PING: TypeAdapter[Ping] = TypeAdapter(Ping)
"""Validates all that a reader of the feed says."""

OFFER_FRAME: TypeAdapter[OfferFrame | Ping] = TypeAdapter(
    Annotated[OfferFrame | Ping, Field(discriminator="type")]
)
"""Validates any one frame of a process that offers tools."""
