"""A trace as OpenTelemetry spans in OTLP's JSON (https://opentelemetry.io/docs/specs/otlp/).

A run is one ``invoke_agent`` span; its calls of tools and of models are below it. The same trace always
gives the same ids, so that what is sent twice is there once. When a call of a model began is not stored:
its span begins where the step before it ended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from agentkit._version import __version__
from agentkit.trace import semantic_conventions as names
from agentkit.trace.document import Trace
from agentkit.trace.overview import left_out
from agentkit.trace.read import as_mapping, as_number, as_text, first_event
from agentkit.trace.results import text_of
from agentkit.trace.words import as_json, moment

_INTERNAL, _CLIENT = 1, 3
_ERROR = 2
_EPOCH = datetime.fromtimestamp(0, UTC)
_BOUNDS = ("run_started", "tool_result", "request_resolved", "usage")


def to_otlp(traces: Sequence[Trace]) -> dict[str, Any]:
    """The runs, and those that follow them up, as one ``TracesData``.

    A run and its follow-ups are one trace and one conversation.
    """
    spans = [
        span
        for trace in traces
        for run in (trace, *(trace.follow_ups or ()))
        for span in _Run(run, first=trace).spans()
    ]
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes({names.SERVICE: "agentkit"})},
                "scopeSpans": [
                    {"scope": {"name": "agentkit.trace", "version": __version__}, "spans": spans}
                ],
            }
        ]
    }


class _Run:
    def __init__(self, trace: Trace, first: Trace) -> None:
        self._trace = trace
        self._conversation = first.task_id
        # A broken trace may have lost its id.
        self._key = first.task_id or as_json(first.to_json())
        self._root = self._id("run")
        times = [at for at in map(_time, trace.events) if at]
        self._start = _nanoseconds(trace.started_at) or min(times, default=0)
        self._end = max(_nanoseconds(trace.finished_at), self._start, *times, 0)

    def spans(self) -> Iterator[dict[str, Any]]:
        yield self._invocation()
        yield from self._calls_of_tools()
        yield from self._calls_of_models()

    def _invocation(self) -> dict[str, Any]:
        trace, started = self._trace, first_event(self._trace.events, "run_started")
        usage = trace.usage.model_dump() if trace.usage else {}
        said = {"input": _message("user", trace.input)}
        if trace.result:
            said["output"] = {**_message("assistant", trace.result), "finish_reason": "stop"}
        return self._span(
            self._root,
            f"{names.INVOKE_AGENT} {trace.agent}",
            (self._start, self._end),
            {
                names.OPERATION: names.INVOKE_AGENT,
                names.AGENT: trace.agent,
                names.PROVIDER: as_text(started.get("provider")),
                names.MODEL: as_text(started.get("model")),
                names.INPUT_MESSAGES: as_json([said["input"]]),
                names.OUTPUT_MESSAGES: as_json([said["output"]]) if "output" in said else None,
                names.STATUS: trace.status,
                names.SIMULATED: trace.simulated,
                names.RESUMES: as_text(started.get("resumes")),
                names.LEFT_OUT: left_out(trace.left_out) or None,
                **_tokens(usage),
            },
            problem=_problem(trace.error.model_dump() if trace.error else {}, trace.status),
        )

    def _calls_of_tools(self) -> Iterator[dict[str, Any]]:
        asked: dict[str, Mapping[str, Any]] = {}
        for event in self._trace.events:
            call_id = as_text(event.get("tool_call_id")) or ""
            match event.get("event_type"):
                case "tool_call" | "approval_requested":
                    asked.setdefault(call_id, event)
                case "tool_result":
                    yield self._call_of_tool(asked.pop(call_id, event), event)
                case _:
                    pass
        for event in asked.values():
            yield self._call_of_tool(event, {})

    def _call_of_tool(self, asked: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
        first, last = _time(asked) or self._start, _time(result) or self._end
        took = as_number(result.get("duration_ms"))
        # A call may have waited for consent before it ran.
        start = first if took is None else max(first, last - round(max(0.0, took) * 1e6))
        name = as_text(asked.get("tool_name")) or ""
        content = text_of(as_mapping(result.get("content")))
        outcome = as_text(result.get("outcome"))
        return self._span(
            self._id(f"call {asked.get('seq')}"),
            f"{names.EXECUTE_TOOL} {name}",
            (start, last),
            {
                names.OPERATION: names.EXECUTE_TOOL,
                names.TOOL_NAME: name,
                names.TOOL_CALL_ID: as_text(asked.get("tool_call_id")),
                names.TOOL_ARGUMENTS: as_json(as_mapping(asked.get("arguments"))),
                names.TOOL_RESULT: content or None,
                names.OUTCOME: outcome,
                names.RUNS_IN: as_text(asked.get("runs_in")),
            },
            problem=_problem(as_mapping(result.get("error")), outcome or self._trace.status),
        )

    def _calls_of_models(self) -> Iterator[dict[str, Any]]:
        before = self._start
        for event in self._trace.events:
            at = _time(event)
            if event.get("event_type") == "usage":
                provider, model = as_text(event.get("provider")), as_text(event.get("model"))
                yield self._span(
                    self._id(f"chat {event.get('seq')}"),
                    f"{names.CHAT} {model or ''}".strip(),
                    (min(before, at) if at else before, at or before),
                    {
                        names.OPERATION: names.CHAT,
                        names.PROVIDER: provider,
                        names.MODEL: model,
                        names.COST: as_number(event.get("cost")),
                        **_tokens(event),
                    },
                    kind=_CLIENT,
                )
            if event.get("event_type") in _BOUNDS:
                before = at or before

    def _span(
        self,
        span_id: str,
        name: str,
        times: tuple[int, int],
        attributes: Mapping[str, Any],
        *,
        kind: int = _INTERNAL,
        problem: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        known = {**attributes, names.CONVERSATION: self._conversation or None}
        status: dict[str, Any] = {}
        if problem:
            known[names.ERROR_TYPE] = problem["type"]
            status = {"code": _ERROR, "message": problem["message"]}
        return {
            "traceId": _hash(self._key, 32),
            "spanId": span_id,
            **({"parentSpanId": self._root} if span_id != self._root else {}),
            "name": name,
            "kind": kind,
            "startTimeUnixNano": str(times[0]),
            "endTimeUnixNano": str(max(times)),
            "attributes": _attributes(known),
            "status": status,
        }

    def _id(self, part: str) -> str:
        return _hash(f"{self._key}\n{self._trace.task_id}\n{part}", 16)


def _hash(text: str, digits: int) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:digits]


def _nanoseconds(text: str | None) -> int:
    at = moment(text)
    if at is None or at < _EPOCH:
        return 0
    since = at - _EPOCH
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1_000


def _time(event: Mapping[str, Any]) -> int:
    return _nanoseconds(as_text(event.get("ts")))


def _tokens(usage: Mapping[str, Any]) -> dict[str, int]:
    counts = ((name, as_number(usage.get(field))) for field, name in names.TOKENS.items())
    return {name: int(count) for name, count in counts if count is not None}


def _message(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def _problem(error: Mapping[str, Any], ended: str) -> dict[str, str] | None:
    if ended not in ("failed", "interrupted"):
        return None
    return {
        "type": as_text(error.get("reason")) or ended,
        "message": as_text(error.get("message")) or "",
    }


def _attributes(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"key": name, "value": _value(value)} for name, value in values.items() if value is not None
    ]


def _value(value: str | bool | float) -> dict[str, Any]:
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, bool):
        return {"boolValue": value}
    # Whole numbers of 64 bits are text in OTLP's JSON.
    return {"intValue": str(value)} if isinstance(value, int) else {"doubleValue": value}
