"""Traces that leave the server: a task's own, and one that a page brings along.

A page shows runs that this server does not know, saved in somebody else's notebook. So what a run holds,
and the run in any form, is also given of a trace that is sent here; nothing of it is kept.
What writes the forms is loaded by the thread that writes the first one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from agentkit.core.well_formed import repaired
from agentkit.errors import InvalidInput
from agentkit.hub.hub import Hub
from agentkit.server.input import checked, parsed
from agentkit.server.response import Response, as_json
from agentkit.trace.document import Trace, build_trace, read_trace
from agentkit.trace.limits import UNPACKED_COMMAS, UNPACKED_LISTS
from agentkit.trace.packed import Room

if TYPE_CHECKING:
    from agentkit.server.api import Request

_P = ParamSpec("_P")
_R = TypeVar("_R")

AT_ONCE = 2
"""Traces that are read and written at the same time; others wait, so that many large ones together take
neither all memory nor all threads of the server."""

_TYPES = {"html": "text/html", "markdown": "text/markdown", "jsonl": "application/jsonl"}


class _Which(BaseModel):
    """The run that is meant: a trace, or the id of a task of this server with those that follow it up."""

    model_config = ConfigDict(extra="forbid")

    trace: dict[str, Any] | None = None
    task_id: str | None = None


class _Export(_Which):
    format: Literal["html", "markdown", "json", "jsonl", "ipynb", "ag-ui", "otlp"]
    leave_out: list[int] = Field(default_factory=list[int])
    """Numbers of the manifest's steps."""


async def trace_of(hub: Hub, task_id: str, *, follow_ups: bool = False) -> Trace:
    """The trace document of a task, up to what has been shown."""
    trace = await _one_trace(hub, task_id)
    if not follow_ups:
        return trace
    later = [await _one_trace(hub, each) for each in await hub.follow_ups(task_id)]
    return trace.model_copy(update={"follow_ups": later or None})


async def _one_trace(hub: Hub, task_id: str) -> Trace:
    task = await hub.task(task_id)
    last_seq = task.summary.last_seq
    summary = task.summary.model_copy()
    texts = await hub.journal.events(task_id, 0, last_seq) if last_seq else []
    return build_trace(summary, [json.loads(text) for text in texts])


async def look(request: Request) -> Response:
    """What would leave with a run, see ``export.offered``."""
    asked: _Which = await _in_turn(_checked, _WHICH, request.body)
    trace = await _meant(request, asked)
    return await _in_turn(_looked, trace, request.hub)


def _looked(trace: Trace, hub: Hub) -> Response:
    from agentkit.trace.export import offered
    from agentkit.trace.sharing import masked

    return as_json(offered(masked(trace, hub.redactor)))


async def export(request: Request) -> Response:
    """A run in a form, masked, and without what was left out."""
    asked: _Export = await _in_turn(_checked, _EXPORT, request.body)
    trace = await _meant(request, asked)
    return await _in_turn(_exported, trace, asked, request.hub)


def _exported(trace: Trace, asked: _Export, hub: Hub) -> Response:
    from agentkit.trace.export import exported
    from agentkit.trace.sharing import shared

    text = exported(shared(trace, hub.redactor, asked.leave_out), asked.format)
    kind = _TYPES.get(asked.format, "application/json")
    return Response(200, repaired(text), f"{kind}; charset=utf-8")


def _checked(shape: TypeAdapter[Any], body: bytes) -> Any:
    # Python reads JSON without letting another thread on: what would take it long is not begun.
    if not Room().take(body):
        raise InvalidInput(
            f"The trace is too large to be exported: more than {UNPACKED_LISTS:,} lists and objects"
            f" or {UNPACKED_COMMAS:,} commas are in it.",
            reason="body_too_large",
        )
    return checked(shape, parsed(body, "The export"), "The export", "invalid_input")


async def _meant(request: Request, asked: _Which) -> Trace:
    if (asked.trace is None) == (asked.task_id is None):
        raise InvalidInput("Give either a trace or a task_id.")
    if asked.task_id is not None:
        await request.asker.task(request.hub, asked.task_id)
        return await trace_of(request.hub, asked.task_id, follow_ups=True)
    document = asked.trace or {}
    if not {"events", "task_id"} & document.keys():
        raise InvalidInput(
            "trace is no trace of a run: it has neither events nor a task_id.", reason="no_trace"
        )
    return await _in_turn(read_trace, document)


async def _in_turn(function: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
    work = partial(function, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work)


_THREADS = ThreadPoolExecutor(AT_ONCE, "agentkit-export")
_WHICH = TypeAdapter(_Which)
_EXPORT = TypeAdapter(_Export)
