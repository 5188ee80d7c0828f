"""What is known of a run: a fold of the socket's frames, without I/O and without widgets."""

from __future__ import annotations

from typing import Any

from agentkit.core.frames import Result, RunResult
from agentkit.core.protocol import ErrorInfo, TaskStatus, Usage
from agentkit.trace.document import VERSION, Trace
from jupyter_agentkit.host import Frame

DELTAS = frozenset({"thinking_delta", "message_delta"})
"""Events that are shown at once and not stored: the finished message replaces them."""


class Record:
    """One run as its events tell it.

    The status becomes final with the ``result`` frame only, when everything else is known too.
    """

    def __init__(self, task_id: str, agent: str, question: str) -> None:
        self.task_id = task_id
        self.agent = agent
        self.input = question
        self.status = TaskStatus.QUEUED
        self.simulated = False
        self.started_at: str | None = None
        self.finished_at: str | None = None
        self.events: list[dict[str, Any]] = []
        self.result: str | None = None
        self.error: ErrorInfo | None = None
        self.usage: Usage | None = None
        self.duration_ms = 0.0
        self.requests: dict[str, dict[str, Any]] = {}
        """The events of the requests that wait for an answer, by ``request_id``."""
        self.partial: dict[str, dict[str, Any]] = {}
        """Messages that are being streamed, by ``message_id``: one delta event with the text so far."""

    @property
    def last_seq(self) -> int:
        """The number of the last event that is known."""
        return self.events[-1]["seq"] if self.events else 0

    def add(self, frame: Frame) -> list[dict[str, Any]]:
        """Take a frame in; give the stored events that were new in it."""
        match frame.get("type"):
            case "connected":
                self.partial.clear()  # the server begins open messages anew for each connection
                status = TaskStatus(frame["status"])
                if not status.is_final:
                    self.status = status
                return []
            case "step":
                return self._add_events([frame["data"]])
            case "steps":
                return self._add_events(frame["data"])
            case "result":
                self._finish(frame["data"])
                return []
            case _:
                return []

    def trace(self) -> Trace:
        """The run so far as a trace document."""
        return Trace(
            version=VERSION,
            task_id=self.task_id,
            agent=self.agent,
            input=self.input,
            status=self.status.value,
            simulated=self.simulated,
            started_at=self.started_at,
            finished_at=self.finished_at,
            usage=self.usage,
            result=self.result,
            error=self.error,
            events=list(self.events),
        )

    def result_frame(self) -> Frame:
        """The last frame of the socket, written from what is known."""
        data = RunResult(
            status=self.status,
            content=self.result,
            usage=self.usage,
            steps=self.events[-1]["step"] if self.events else 0,
            duration_ms=self.duration_ms,
            error=self.error,
        )
        return Result(task_id=self.task_id, data=data).model_dump(mode="json", exclude_none=True)

    def _add_events(self, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        new: list[dict[str, Any]] = []
        for event in events:
            if event["event_type"] in DELTAS:
                self._add_delta(event)
            elif event["seq"] > self.last_seq:
                self.events.append(event)
                self._fold(event)
                new.append(event)
        return new

    def _add_delta(self, event: dict[str, Any]) -> None:
        whole = self.partial.get(event["message_id"])
        text = event["delta"] if whole is None else whole["delta"] + event["delta"]
        self.partial[event["message_id"]] = {**event, "delta": text}

    def _fold(self, event: dict[str, Any]) -> None:
        kind = event["event_type"]
        match kind:
            case "run_started":
                self.status = TaskStatus.RUNNING
                self.started_at = event["ts"]
                self.simulated = event["simulated"]
            case "thinking" | "message":
                self.partial.pop(event["message_id"], None)
            case "approval_requested" | "input_requested":
                self.status = TaskStatus.INPUT_REQUIRED
                self.requests[event["request_id"]] = event
            case "request_resolved":
                self.requests.pop(event["request_id"], None)
                if not self.requests:
                    self.status = TaskStatus.RUNNING
            case "usage":
                self.usage = _sum(self.usage, event)
            case "final_answer":
                self.partial.clear()
                self.result = event["text"]
            case "run_finished":
                self.partial.clear()
                self.requests.clear()
                self.finished_at = event["ts"]
            case _:
                pass

    def _finish(self, data: dict[str, Any]) -> None:
        self.result = data.get("content")
        self.usage = Usage.model_validate(data["usage"]) if data.get("usage") else None
        self.duration_ms = data["duration_ms"]
        self.error = ErrorInfo.model_validate(data["error"]) if data.get("error") else None
        self.status = TaskStatus(data["status"])


def _sum(so_far: Usage | None, event: dict[str, Any]) -> Usage:
    before = so_far.model_dump() if so_far else {}
    return Usage.model_validate(
        {name: _add(before.get(name), event.get(name)) for name in Usage.model_fields}
    )


def _add(first: float | None, second: float | None) -> float | None:
    return second if first is None else first if second is None else first + second
