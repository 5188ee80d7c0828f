"""Traces with hostile texts in every field: what is filled is read from the models, so none is forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from itertools import chain, cycle, islice
from types import UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel

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
from agentkit.trace.document import Trace
from tests.hostile.corpus import PAYLOADS
from tests.hostile.results import RESULTS, Bundle

Texts = Callable[[], str]
"""Gives the next text."""

Json = dict[str, Any]

ROWS = 180
"""Of one trace: so many rows a page shows all at once."""


def texts(start: int = 0) -> Texts:
    """All payloads again and again, from one of them on."""
    endless = cycle(each.text for each in PAYLOADS[start:] + PAYLOADS[:start])
    return lambda: next(endless)


def _value(kind: Any, text: Texts) -> Any:
    """A value of a type, with a hostile text wherever it holds text."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind is str or kind is Any:
        return text()
    if origin is Literal:
        return inner[0]
    if origin in (Union, UnionType):
        return _value(next(each for each in inner if each is not type(None)), text)
    if origin is dict:
        return {
            text(): text(),
            "nested": [text(), {text(): [text()]}],
            "__proto__": {text(): text()},
        }
    if origin is list:
        return [_value(inner[0], text) for _ in range(3)]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {
            field.alias or name: _value(field.annotation, text)
            for name, field in kind.model_fields.items()
        }
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind)).value
    return {"bool": False, "int": 1, "float": 1.0}.get(
        str(getattr(cast(Any, kind), "__name__", ""))
    )


def event(kind: type[StepEvent], given: Texts, /, **known: Any) -> Json:
    """One event with hostile texts in all fields but the ``known`` ones."""
    return {**_value(kind, given), "ts": "2026-11-23T13:02:04.120+00:00", **known}


def schema(text: Texts) -> Json:
    """The form of a request for input."""
    names = ("string", "integer", "boolean", "number")
    fields: Json = {
        text(): {"type": name, "title": text(), "description": text()} for name in names
    }
    fields |= {
        text(): {
            "type": "string",
            "enum": [text(), text()],
            "enumNames": [text()],
            "default": text(),
        },
        text(): {"type": "string", "format": text(), "pattern": text(), "default": text()},
        text(): {"type": "string", "oneOf": [{"const": text(), "title": text()}]},
        text(): {"$ref": text(), "type": text(), "title": {text(): text()}},
        "__proto__": {"type": "string", "title": text()},
    }
    return {
        "type": "object",
        "title": text(),
        "description": text(),
        "properties": fields,
        "required": [*fields],
    }


def call(name: str, text: Texts, content: Bundle, **known: Any) -> list[Json]:
    """A call, open on the page since it failed, with one result."""
    own = {"tool_call_id": name}
    return [
        event(ToolCalled, text, **own, needs_approval=None),
        event(ToolFinished, text, **own, outcome="failed", content=content, **known),
    ]


def everything(text: Texts) -> list[Json]:
    """Every kind of event, in the order of a run; requests of every kind, closed and open."""
    ids = {"tool_call_id": text()}
    asked, closed, opened = ({"request_id": text()} for _ in range(3))
    known: list[tuple[type[StepEvent], Json]] = [
        (RunStarted, {}),
        (Thinking, {}),
        (Message, {}),
        (ToolCalled, ids),
        (ToolProgress, ids),
        (ApprovalRequested, {**ids, **asked}),
        (RequestResolved, {**asked, "decision": "deny"}),
        (ToolFinished, {**ids, "outcome": "denied"}),
        (InputRequested, {**closed, "schema": None}),
        (RequestResolved, {**closed, "decision": "answer", "value": {text(): text()}}),
        (InputRequested, {"schema": schema(text), "choices": None}),
        (InputRequested, {**opened, "schema": None}),
        (ApprovalRequested, {"tool_call_id": text()}),
        (UsageReported, {}),
        (Warned, {}),
    ]
    made = [event(kind, text, **fields) for kind, fields in known]
    made.append({**event(Warned, text), "event_type": text()})
    # Of what a call did to a file or a cell, and what was there before.
    edit = {name: text() for name in ("path", "cell_id", "before", "after", "kind", "notebook")}
    return [*made, *call(text(), text, {"application/vnd.agentkit.edit+json": edit})]


def kinds_of_events() -> set[str]:
    """What ``everything`` and ``run`` fill."""
    made = [*run(everything(texts()), texts())["events"]]
    return {each["event_type"] for each in made}


def run(events: Iterable[Json], text: Texts, **known: Any) -> Json:
    """A trace of these events, hostile in all other fields."""
    last = [event(FinalAnswer, text), event(RunFinished, text, status="failed")]
    numbered = [{**each, "seq": seq} for seq, each in enumerate(chain(events, last), 1)]
    own = {
        "version": 1,
        "status": "completed",
        "events": numbered,
        "follow_ups": None,
        "left_out": None,
    }
    fields = Trace.model_fields.items()
    others = {name: _value(field.annotation, text) for name, field in fields if name not in own}
    return {**others, **own, **known}


def shown_as(text: str) -> list[Bundle]:
    """A text as every type whose renderer makes something of it."""
    return [
        {"text/html": text},
        {"text/markdown": text},
        {"text/latex": text},
        {"text/plain": text},
        {
            "image/svg+xml": f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{text}</svg>'
        },
        {
            "text/html": f"<table><thead><tr><th>{text}</th></tr></thead><tr><td>{text}</td></tr></table>"
        },
    ]


def traces(forms: Sequence[int] = range(6), *, start: int = 0) -> list[Json]:
    """Traces that show every payload in these ``forms`` of ``shown_as``, and in an answer's Markdown.

    Every result of ``RESULTS`` is there too, and every field of every event, each with another payload.
    ``start`` shifts which field has which.
    """
    text = texts(start)
    rows: Iterator[list[Json]] = chain(
        ([event(Message, text, text=each.text)] for each in PAYLOADS),
        (
            call(f"p{each.number}-{form}", text, shown_as(each.text)[form])
            for each in PAYLOADS
            for form in forms
        ),
        (call(f"r{number}", text, bundle) for number, (_, bundle) in enumerate(RESULTS)),
    )
    made: list[Json] = []
    while some := list(islice(rows, ROWS - 30)):
        events = [*everything(text), *chain.from_iterable(some)]
        number = len(made)
        later = [run(everything(text), text, task_id=f"later-{number}")] if number == 0 else None
        left = {"steps": 2, "answer": True, "follow_ups": 1} if number == 1 else None
        made.append(run(events, text, task_id=f"hostile-{number}", follow_ups=later, left_out=left))
    return made
