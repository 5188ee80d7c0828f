"""Two runs step by step: what is the same, changed, added and removed.

What differs between any two runs of the same thing is no difference: ids, times, durations, progress,
prices, who answered, the ids of widgets and of processes, addresses in memory, and the paths of code in
tracebacks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any, Literal

from agentkit.trace.document import Trace
from agentkit.trace.read import as_number, as_text, first_event
from agentkit.trace.row import Row
from agentkit.trace.rows import fold

Change = Literal["same", "changed", "added", "removed"]

_VARYING = ("seq", "ts", "step", "duration_ms")
_TIMES = ("started_at", "finished_at", "expires_at")
_WIDGET = "application/vnd.jupyter.widget-view+json"

# A kernel's process in the paths of its cells, addresses in its memory, and where a traceback's code lies.
_PROCESS = re.compile(
    r'(?<=ipykernel_)\d+|(?<=\b0x)[0-9a-f]{8,16}\b|(?<=File \\")[^"\\]*(?=\\", line)'
)


@dataclass(frozen=True, slots=True)
class Difference:
    """A thing that both have and that is not the same; each value is JSON."""

    name: str
    a: Any
    b: Any


@dataclass(frozen=True, slots=True)
class StepChange:
    """A step of one run beside its counterpart in the other; one of the two may be missing."""

    a: Row | None
    b: Row | None
    differences: tuple[Difference, ...]

    @property
    def change(self) -> Change:
        """What became of it from the first run to the second."""
        return _change(self.a, self.b, self.differences)

    @property
    def row(self) -> Row:
        """The step as the later run has it, else as the earlier one had it."""
        row = self.b or self.a
        assert row is not None
        return row


@dataclass(frozen=True, slots=True)
class RunChange:
    """A run beside its counterpart; one of the two may be missing."""

    a: Trace | None
    b: Trace | None
    differences: tuple[Difference, ...] = ()
    steps: tuple[StepChange, ...] = ()

    @property
    def change(self) -> Change:
        """What became of it from the first file to the second."""
        changed = (*self.differences, *(step for step in self.steps if step.change != "same"))
        return _change(self.a, self.b, changed)


def compare(a: Trace, b: Trace) -> RunChange:
    """One run beside another, without those that follow them up."""
    answers = (_answers(a), _answers(b))
    steps = tuple(
        StepChange(
            left, right, _differences(_content(left, answers[0]), _content(right, answers[1]))
        )
        if left and right
        else StepChange(left, right, ())
        for left, right in _aligned(fold(a), fold(b))
    )
    return RunChange(a, b, _differences(_outline(a), _outline(b)), steps)


def compare_all(a: Sequence[Trace], b: Sequence[Trace]) -> list[RunChange]:
    """The runs of one file beside those of another, in order, follow-ups after what they follow."""
    pairs = zip_longest(_with_follow_ups(a), _with_follow_ups(b))
    return [
        compare(left, right) if left and right else RunChange(left, right) for left, right in pairs
    ]


def steady(trace: Trace) -> dict[str, Any]:
    """The document without what varies: equal for two runs that did the same.

    Times and durations are left out, ids are numbered as they first come, and what calls that ran at the same
    time brought stands in the order of the calls. Prices, who answered and progress stay.
    """
    ids: dict[str, str] = {}
    document = _unvaried(trace.to_json(), ids)
    document["events"] = [_unvaried(event, ids) for event in _settled(trace.events)]
    if trace.follow_ups:
        document["follow_ups"] = [steady(each) for each in trace.follow_ups]
    return json.loads(_PROCESS.sub("", json.dumps(document)))


def _settled(events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events of each step, those of its calls last and in the order of the calls."""
    calls = [each.get("tool_call_id") for each in events if each["event_type"] == "tool_call"]
    owner = {each.get("request_id"): each.get("tool_call_id") for each in events}

    def place(event: dict[str, Any]) -> tuple[float, int]:
        call = event.get("tool_call_id") or owner.get(event.get("request_id"))
        follows = event["event_type"] != "tool_call" and call in calls
        return as_number(event.get("step")) or 0, calls.index(call) + 1 if follows else 0

    return sorted(events, key=place)


def _unvaried(fields: Mapping[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    return {
        name: ids.setdefault(value, f"{name} {len(ids) + 1}")
        if name.endswith("_id") and isinstance(value, str)
        else value
        for name, value in fields.items()
        if name not in (*_VARYING, *_TIMES)
    }


def _with_follow_ups(runs: Sequence[Trace]) -> Iterator[Trace]:
    for run in runs:
        yield run
        yield from run.follow_ups or ()


def _change(a: object, b: object, differences: Sequence[object]) -> Change:
    if a is None:
        return "added"
    if b is None:
        return "removed"
    return "changed" if differences else "same"


def _differences(a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[Difference, ...]:
    pairs = [(name, a.get(name), b.get(name)) for name in dict.fromkeys((*a, *b))]
    return tuple(Difference(*each) for each in pairs if _key(each[1]) != _key(each[2]))


def _outline(trace: Trace) -> dict[str, Any]:
    started = first_event(trace.events, "run_started")
    said = first_event(reversed(trace.events), "final_answer")
    return {
        "agent": trace.agent,
        "question": trace.input,
        "provider": started.get("provider"),
        "model": started.get("model"),
        "simulated": trace.simulated,
        "status": trace.status,
        "error": trace.error and trace.error.message,
        "input tokens": trace.usage and trace.usage.input_tokens,
        "output tokens": trace.usage and trace.usage.output_tokens,
        "answer": trace.result or as_text(said.get("text")) or "",
    }


def _answers(trace: Trace) -> dict[Any, Any]:
    """The ``seq`` of a question → what was answered."""
    given = {
        event.get("request_id"): event.get("value")
        for event in trace.events
        if event["event_type"] == "request_resolved" and isinstance(event.get("request_id"), str)
    }
    return {
        event.get("seq"): given.get(event.get("request_id"))
        for event in trace.events
        if event["event_type"] == "input_requested"
        and isinstance(event.get("seq"), int)
        and isinstance(event.get("request_id"), str)
    }


def _content(row: Row, answers: Mapping[Any, Any]) -> dict[str, Any]:
    if row.kind not in ("tool", "question"):
        return {"event": _lasting(row)} if row.kind == "other" else {"text": row.text}
    if row.kind == "question":
        return {"text": row.text, "answer": answers.get(row.seq), "outcome": row.state}
    result = {name: value for name, value in row.result.items() if name != _WIDGET}
    return {
        "arguments": row.arguments,
        "approved arguments": row.approved or None,
        "decision": row.decision or None,
        "outcome": row.state,
        "error": row.error or None,
        "result": result,
    }


def _lasting(row: Row) -> dict[str, Any]:
    return {
        name: value
        for name, value in row.arguments.items()
        if name not in _VARYING and not name.endswith("_id")
    }


def _aligned(a: Sequence[Row], b: Sequence[Row]) -> Iterator[tuple[Row | None, Row | None]]:
    """Pairs the steps that ask for the same; of what is between, those of the same kind and tool."""
    for found, left, right in _blocks(a, b, _request):
        if found:
            yield from zip(left, right, strict=True)
            continue
        for alike, before, after in _blocks(left, right, _sort):
            if alike:
                yield from zip(before, after, strict=True)
            else:
                yield from ((row, None) for row in before)
                yield from ((None, row) for row in after)


def _request(row: Row) -> Hashable:
    asked = row.arguments if row.kind == "tool" else _lasting(row)
    return (row.kind, row.tool_name, row.text, _key(asked))


def _sort(row: Row) -> Hashable:
    return (row.kind, row.tool_name)


_Block = tuple[bool, Sequence[Row], Sequence[Row]]


def _blocks(a: Sequence[Row], b: Sequence[Row], key_of: Any) -> Iterator[_Block]:
    keys_a, keys_b = [key_of(row) for row in a], [key_of(row) for row in b]
    pairs = zip(keys_a, keys_b, strict=False)
    # Matching is quadratic where many steps are alike; what two runs begin with seldom needs it.
    start = next((i for i, (x, y) in enumerate(pairs) if x != y), min(len(a), len(b)))
    yield True, a[:start], b[:start]
    matcher = SequenceMatcher(None, keys_a[start:], keys_b[start:], autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        yield tag == "equal", a[start + i1 : start + i2], b[start + j1 : start + j2]


def _key(value: object) -> str:
    # A page that saves a notebook writes 163.0 as 163: JavaScript has one kind of number.
    known = json.loads(json.dumps(value, default=repr), parse_float=_number)
    return _PROCESS.sub("", json.dumps(known, sort_keys=True))


def _number(written: str) -> float | int:
    number = float(written)
    return int(number) if number.is_integer() else number
