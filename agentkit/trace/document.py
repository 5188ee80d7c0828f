"""The trace: one finished or unfinished run as a document, the part of a run that a notebook keeps.

Writing is strict: ``build_trace`` takes what the hub stored. Reading is tolerant: whoever opens a
notebook years later has whatever was saved there, so ``read_trace`` keeps what it understands and never
raises.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    TypeAdapter,
    ValidationError,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from agentkit.core.events import (
    ApprovalRequested,
    FinalAnswer,
    InputRequested,
    Message,
    RequestResolved,
    RunFinished,
    RunStarted,
    StepEvent,
    Thinking,
    ToolCalled,
    ToolFinished,
    ToolProgress,
    UsageReported,
    Warned,
)
from agentkit.core.protocol import ErrorInfo, TaskStatus, TaskSummary, Usage, absent
from agentkit.trace.packed import PackedEvents, Room, unpack
from agentkit.trace.read import as_list, as_mapping, as_text, first_event

TRACE_MIME = "application/vnd.agentkit.trace+json"
TRACES_MIME = "application/vnd.agentkit.traces+json"
"""Of an output that stands for many runs: ``{"version": 1, "traces": […]}``, for ``agentkit.trace.load``."""
"""The MIME type of a trace in a cell's output."""

VERSION: Literal[1] = 1
"""The version of the document that is written here."""

StoredEvent = Annotated[
    RunStarted
    | Thinking
    | Message
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
"""Any event but the deltas, which are shown and not stored."""

_DELTAS = ("thinking_delta", "message_delta")


@dataclass(frozen=True)
class _PublishedAs:
    """Publishes the exact type in the JSON Schema where reading has to accept more than that."""

    published: Any

    def __get_pydantic_json_schema__(
        self, _schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return handler(TypeAdapter(self.published).core_schema)


class LeftOut(BaseModel):
    """What whoever shared a run left out of it."""

    model_config = ConfigDict(frozen=True)

    steps: int = Field(default=0, ge=0)
    """Thoughts, messages, calls with all that belongs to them, questions, warnings."""
    answer: bool = False
    follow_ups: int = Field(default=0, ge=0)
    """Whole runs that followed it up."""

    @property
    def any(self) -> bool:
        """Whether it was anything at all."""
        return bool(self.steps or self.answer or self.follow_ups)


class Trace(BaseModel):
    """The trace document, version 1. Times are ISO 8601 with zone."""

    model_config = ConfigDict(frozen=True)

    version: Annotated[int, _PublishedAs(Literal[1])]
    task_id: str
    agent: str
    input: str
    status: Annotated[str, _PublishedAs(TaskStatus)]
    simulated: bool
    started_at: str | None
    finished_at: str | None
    usage: Usage | None
    result: str | None
    error: ErrorInfo | None
    events: Annotated[list[dict[str, Any]], _PublishedAs(list[StoredEvent] | PackedEvents)]
    """In order. A notebook holds a long list of them packed; ``read_trace`` gives the list."""
    follow_ups: list[Trace] | None = Field(default=None, exclude_if=absent)
    """The runs that went on from this one and are shown with it, in order; these have none of their own.
    Absent where there are none."""
    left_out: LeftOut | None = Field(default=None, exclude_if=absent)
    """Absent where the document is whole."""

    @property
    def is_final(self) -> bool:
        """Whether the run had ended when this was written."""
        return self.status in {status.value for status in TaskStatus if status.is_final}

    @property
    def has_ended(self) -> bool:
        """Whether it had, and those that follow it up too."""
        return all(each.is_final for each in (self, *(self.follow_ups or ())))

    def to_json(self) -> dict[str, Any]:
        """The document as JSON: every field of the contract, ``None`` where there is nothing.

        The events are the stored ones themselves, not copies.
        """
        document: dict[str, Any] = {
            "version": self.version,
            "task_id": self.task_id,
            "agent": self.agent,
            "input": self.input,
            "status": self.status,
            "simulated": self.simulated,
            "started_at": self.started_at,
            "finished_at": self.finished_at,
            "usage": self.usage and self.usage.model_dump(mode="json", exclude_none=True),
            "result": self.result,
            "error": self.error and self.error.model_dump(mode="json"),
            "events": self.events,
        }
        if self.follow_ups:
            document["follow_ups"] = [each.to_json() for each in self.follow_ups]
        if self.left_out:
            document["left_out"] = self.left_out.model_dump(mode="json")
        return document


def build_trace(
    summary: TaskSummary,
    events: Iterable[StepEvent | Mapping[str, Any]],
    follow_ups: Iterable[Trace] = (),
) -> Trace:
    """The trace of a task.

    Parameters
    ----------
    summary
        The task, as the hub describes it.
    events
        Its stored events in the order of ``seq``, as models or as the JSON that was stored.
        Deltas are left out.
    follow_ups
        The traces of the runs that went on from it.
    """
    return Trace(
        version=VERSION,
        task_id=summary.task_id,
        agent=summary.agent,
        input=summary.input,
        status=summary.status.value,
        simulated=summary.simulated,
        started_at=summary.started_at,
        finished_at=summary.finished_at,
        usage=summary.usage,
        result=summary.result,
        error=summary.error,
        events=_stored(map(_as_json, events)),
        follow_ups=list(follow_ups) or None,
    )


def _stored(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if event["event_type"] not in _DELTAS]


def _as_json(event: StepEvent | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(event, StepEvent):
        return event.model_dump(mode="json", exclude_none=True)
    return event if isinstance(event, dict) else dict(event)


def read_trace(document: object) -> Trace:
    """A trace out of whatever was saved; what it does not understand is left out.

    Missing fields, fields of another type, unknown events and documents of a later version never
    raise. An unknown status stays as it is, for the reader to see.
    """
    return document if isinstance(document, Trace) else _read(as_mapping(document), Room())


def _read(fields: dict[str, Any], room: Room) -> Trace:
    events = [as_mapping(event) for event in unpack(fields.get("events"), room)]
    events = _stored(event for event in events if isinstance(event.get("event_type"), str))
    started = first_event(events, "run_started")
    finished = first_event(events, "run_finished")
    version = fields.get("version")
    return Trace(
        version=version if type(version) is int else VERSION,
        task_id=as_text(fields.get("task_id")) or "",
        agent=as_text(fields.get("agent")) or as_text(started.get("agent")) or "",
        input=as_text(fields.get("input")) or as_text(started.get("input")) or "",
        status=as_text(fields.get("status")) or as_text(finished.get("status")) or "running",
        # A run is called real only where nothing says otherwise.
        simulated=fields.get("simulated") is True or started.get("simulated") is True,
        started_at=as_text(fields.get("started_at")),
        finished_at=as_text(fields.get("finished_at")),
        usage=_validated(Usage, fields.get("usage")),
        result=as_text(fields.get("result")),
        error=_validated(ErrorInfo, fields.get("error") or finished.get("error")),
        events=events,
        follow_ups=_follow_ups(fields.get("follow_ups"), room),
        left_out=_validated(LeftOut, fields.get("left_out")),
    )


def _follow_ups(value: object, room: Room) -> list[Trace] | None:
    later = (as_mapping(each) for each in as_list(value))
    return [_read({**each, "follow_ups": None}, room) for each in later] or None


_Model = TypeVar("_Model", bound=BaseModel)


def _validated(model: type[_Model], value: object) -> _Model | None:
    try:
        return model.model_validate(value)
    except ValidationError:
        return None
