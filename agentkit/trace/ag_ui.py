"""A trace as the events of the AG-UI protocol, version 1.0 (https://docs.ag-ui.com/concepts/events).

A request that was answered while the run went on is a CUSTOM event: the run that AG-UI would have ended
and resumed there was one run here. Requests that are open at the end interrupt the run as AG-UI means
it. A run whose end is not in the trace has no closing event.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agentkit.trace.document import Trace
from agentkit.trace.read import as_mapping, as_number, as_text, first_event
from agentkit.trace.results import text_of
from agentkit.trace.words import as_json, moment

_COUNTS = {
    "input_tokens": "inputTokens",
    "output_tokens": "outputTokens",
    "cached_input_tokens": "cachedInputTokens",
    "reasoning_tokens": "reasoningTokens",
}
_REASONS = {"approval_requested": "tool_call", "input_requested": "input_required"}


def to_ag_ui(trace: Trace) -> Iterator[dict[str, Any]]:
    """The events of a run and of those that follow it up, all of one thread, as JSON."""
    for run in (trace, *(trace.follow_ups or ())):
        yield from _Run(run, first=trace).events()


class _Run:
    def __init__(self, trace: Trace, first: Trace) -> None:
        self._trace = trace
        self._is_first = trace is first
        self._ids = {"threadId": first.task_id, "runId": trace.task_id}
        self._calls: dict[str, str] = {}
        self._started: set[str] = set()
        self._open: dict[str, Mapping[str, Any]] = {}
        self._usage: dict[tuple[Any, Any], dict[str, Any]] = {}
        self._said = ""
        self._messages: set[str] = set()

    def events(self) -> Iterator[dict[str, Any]]:
        started = {**self._ids, "protocolVersion": "1.0", **self._asked()}
        yield _event("RUN_STARTED", self._trace.started_at, **started)
        if self._trace.left_out:
            value = self._trace.left_out.model_dump()
            yield _event("CUSTOM", None, name="left_out", value=value)
        for event in self._trace.events:
            for each in self._of(event):
                yield _event(each.pop("type"), as_text(event.get("ts")), **each)
        yield from self._end()

    def _asked(self) -> dict[str, Any]:
        resumed = as_text(first_event(self._trace.events, "run_started").get("resumes"))
        if resumed and not self._is_first:
            return {"parentRunId": resumed}  # which has asked
        if not self._trace.input:
            return {}
        name = f"question-{self._trace.task_id}"
        question = {"id": name, "role": "user", "content": self._trace.input}
        empty: dict[str, Any] = {"state": {}, "tools": [], "context": [], "forwardedProps": {}}
        return {"input": {**self._ids, "messages": [question], **empty}}

    def _of(self, event: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        match event.get("event_type"):
            case "run_started" | "run_finished":
                return
            case "usage":
                self._count(event)
            case "thinking":
                yield from _reasoning(*self._message(event))
            case "message":
                self._said = as_text(event.get("text")) or ""
                yield from _text(*self._message(event))
            case "final_answer" if event.get("text") != self._said:
                yield from _text(*self._message(event))
            case "final_answer":
                return
            case "tool_call":
                yield from self._call(event)
            case "tool_progress":
                yield self._progress(event)
            case "tool_result":
                yield from self._result(event)
            case "approval_requested" | "input_requested" as kind:
                if kind == "approval_requested":
                    yield from self._call(event)
                self._open[as_text(event.get("request_id")) or ""] = event
                yield _custom(event)
            case "request_resolved":
                self._open.pop(as_text(event.get("request_id")) or "", None)
                yield _custom(event)
            case _:
                yield _custom(event)

    def _message(self, event: Mapping[str, Any]) -> tuple[str, str]:
        """Its id and text. What a model thinks and says may have one id here; there each has its own."""
        name = as_text(event.get("message_id")) or "answer"
        if name in self._messages:
            name = f"{name}-{event.get('seq')}"
        self._messages.add(name)
        return name, as_text(event.get("text")) or ""

    def _call(self, event: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        given = as_text(event.get("tool_call_id")) or ""
        if given in self._calls:
            return
        # Some models number their calls anew in each turn; a stream's ids are its own.
        own = f"{given}-{event.get('seq')}" if given in self._started else given
        self._calls[given] = own
        self._started.add(given)
        name = as_text(event.get("tool_name")) or ""
        yield {"type": "TOOL_CALL_START", "toolCallId": own, "toolCallName": name}
        arguments = as_json(as_mapping(event.get("arguments")))
        yield {"type": "TOOL_CALL_ARGS", "toolCallId": own, "delta": arguments}
        yield {"type": "TOOL_CALL_END", "toolCallId": own}

    def _progress(self, event: Mapping[str, Any]) -> dict[str, Any]:
        call_id = as_text(event.get("tool_call_id")) or ""
        names = ("progress", "total", "message")
        return {
            "type": "ACTIVITY_SNAPSHOT",
            "messageId": f"progress-{self._calls.get(call_id, call_id)}",
            "activityType": "tool_progress",
            "content": {name: event[name] for name in names if event.get(name) is not None},
        }

    def _result(self, event: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        yield from self._call(event)
        problem = as_text(as_mapping(event.get("error")).get("message")) or ""
        yield {
            "type": "TOOL_CALL_RESULT",
            "messageId": f"result-{event.get('seq')}",
            "toolCallId": self._calls.pop(as_text(event.get("tool_call_id")) or ""),
            "content": problem or text_of(as_mapping(event.get("content"))),
            "role": "tool",
            # Pictures and tables are whole in this alone.
            "rawEvent": dict(event),
        }

    def _count(self, event: Mapping[str, Any]) -> None:
        of = (as_text(event.get("provider")), as_text(event.get("model")))
        named = {"provider": of[0], "model": of[1]}
        total = self._usage.setdefault(of, {name: value for name, value in named.items() if value})
        for name, counted in _COUNTS.items():
            if (tokens := as_number(event.get(name))) is not None:
                total[counted] = total.get(counted, 0) + max(0, int(tokens))

    def _end(self) -> Iterator[dict[str, Any]]:
        usage = {"usage": list(self._usage.values())} if self._usage else {}
        error = self._trace.error
        match self._trace.status:
            case "completed":
                end = {"result": self._trace.result, "outcome": {"type": "success"}}
            case "cancelled":
                end = {"outcome": {"type": "cancelled"}}
            case "failed" | "interrupted" as status:
                said = {"message": error.message if error else status}
                code = {"code": error.reason if error else status}
                yield _event("RUN_ERROR", self._trace.finished_at, **said, **code, **usage)
                return
            case _ if self._open:
                interrupts = [_interrupt(*each) for each in self._open.items()]
                end = {"outcome": {"type": "interrupt", "interrupts": interrupts}}
            case _:
                return
        yield _event("RUN_FINISHED", self._trace.finished_at, **self._ids, **end, **usage)


def _event(kind: str, time: str | None, **fields: Any) -> dict[str, Any]:
    at = moment(time)
    stamped = {"timestamp": round(at.timestamp() * 1000)} if at else {}
    return {"type": kind, **stamped, **fields}


def _custom(event: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "CUSTOM", "name": str(event.get("event_type")), "value": dict(event)}


def _text(name: str, text: str) -> Iterator[dict[str, Any]]:
    yield {"type": "TEXT_MESSAGE_START", "messageId": name, "role": "assistant"}
    if text:
        yield {"type": "TEXT_MESSAGE_CONTENT", "messageId": name, "delta": text}
    yield {"type": "TEXT_MESSAGE_END", "messageId": name}


def _reasoning(name: str, text: str) -> Iterator[dict[str, Any]]:
    yield {"type": "REASONING_START", "messageId": name}
    yield {"type": "REASONING_MESSAGE_START", "messageId": name, "role": "reasoning"}
    if text:
        yield {"type": "REASONING_MESSAGE_CONTENT", "messageId": name, "delta": text}
    yield {"type": "REASONING_MESSAGE_END", "messageId": name}
    yield {"type": "REASONING_END", "messageId": name}


def _interrupt(request_id: str, event: Mapping[str, Any]) -> dict[str, Any]:
    fields = {
        "message": as_text(event.get("question")) or as_text(event.get("reason")),
        "toolCallId": as_text(event.get("tool_call_id")),
        "responseSchema": as_mapping(event.get("schema")) or None,
        "expiresAt": as_text(event.get("expires_at")),
    }
    known = {name: value for name, value in fields.items() if value is not None}
    return {"id": request_id, "reason": _REASONS[str(event["event_type"])], **known}
