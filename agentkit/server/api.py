"""The route table: every HTTP route of agentkit, written once and mounted by each host.

A host authenticates the request, authorises it for the route's ``action``, calls ``answer`` on the
hub's loop, and sends what comes back with the
``HEADERS`` of every response. It decides nothing else.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

from agentkit.core.bounds import Bound
from agentkit.core.frames import Answer
from agentkit.core.protocol import AgentConfig, ResumeTask, StartTask, TaskStatus, TaskSummary
from agentkit.core.well_formed import repaired
from agentkit.errors import AgentKitError, NotFound
from agentkit.hub.hub import Hub
from agentkit.hub.listing import Listing
from agentkit.hub.task import Task
from agentkit.server import traces
from agentkit.server.asker import ANYBODY, Asker
from agentkit.server.input import MAX_SEQ, checked, parsed, resolution
from agentkit.server.response import Response, as_json, failure, refusal, too_large
from agentkit.server.status import status
from agentkit.trace.document import Trace

log = logging.getLogger("agentkit")


@dataclass(frozen=True, slots=True)
class Request:
    """One authenticated and authorised request."""

    hub: Hub
    path: Mapping[str, str] = field(default_factory=dict[str, str])
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    asker: Asker = ANYBODY


@dataclass(frozen=True, slots=True)
class Route:
    """One verb of one path; ``{name}`` in ``path`` is one segment without a slash."""

    verb: Literal["GET", "POST", "DELETE"]
    path: str
    action: Literal["read", "write", "execute"]
    function: Callable[[Request], Awaitable[Response]]
    bound: Bound = "body_bytes"
    """Names how many bytes a request's body may have."""


TASK_PATH = "/tasks/{id}"


async def answer(route: Route, request: Request) -> Response:
    """Open the hub, call a route's function; its errors become responses."""
    try:
        if len(request.body) > getattr(request.hub.bounds, route.bound):
            return too_large(request.hub.bounds, route.bound)
        await request.hub.open()
        if request.asker.private and route.path.startswith(TASK_PATH):
            # No route of a task, whatever it does, sees one that is out of reach.
            await request.asker.task(request.hub, request.path["id"])
        return await route.function(request)
    except AgentKitError as error:
        return refusal(error)
    except Exception:
        log.exception("%s %s failed inside agentkit", route.verb, route.path)
        return refusal(failure(), 500)


async def _list_agents(request: Request) -> Response:
    await request.hub.sources.refresh()
    return as_json({"agents": [agent.model_dump(mode="json") for agent in request.hub.agents]})


class _Registration(BaseModel):
    model_config = ConfigDict(extra="forbid")

    config: AgentConfig


async def _register_agent(request: Request) -> Response:
    config = _body(request, _REGISTRATION, "The agent").config
    await request.hub.sources.refresh()
    new = request.hub.register(config)
    return as_json(config.model_dump(mode="json"), 201 if new else 200)


async def _read_agent(request: Request) -> Response:
    await request.hub.sources.refresh()
    agent = request.hub.agents.get(request.path["name"])
    return as_json(agent.model_dump(mode="json"))


async def _remove_agent(request: Request) -> Response:
    await request.hub.sources.refresh()
    request.hub.agents.remove(request.path["name"])
    return Response(204, "")


def _split(value: object) -> object:
    return [each for each in value.split(",") if each] if isinstance(value, str) else value


class _TaskQuery(BaseModel):
    model_config = ConfigDict(extra="ignore")  # hosts add parameters of their own

    status: Annotated[tuple[TaskStatus, ...], BeforeValidator(_split)] = ()
    """One, or several with commas between them."""
    agent: str | None = None
    q: str = Field(default="", max_length=200)
    """Words that stand in the agent's name, the input, or the notebook's name."""
    limit: int = Field(default=100, ge=1, le=1_000)
    before: str | None = None
    id: str | None = None
    """Only the task of that id; none where there is none. A page asks so for every saved run that it
    shows, and a 404 would stand in the browser's console as an error."""


async def _list_tasks(request: Request) -> Response:
    query = _query(request, _TASK_QUERY)
    tasks = await _listed(request, query)
    placed = await request.hub.placed_summaries(tasks)
    return as_json({"tasks": [task.model_dump(mode="json") for task in placed]})


async def _listed(request: Request, query: _TaskQuery) -> list[TaskSummary]:
    if query.before is not None:
        await request.asker.task(request.hub, query.before)
    if query.id is None:
        return await request.hub.summaries(
            Listing(
                query.status,
                query.agent,
                query.q,
                query.limit,
                query.before,
                request.asker.reader,
            )
        )
    try:
        return [(await request.asker.task(request.hub, query.id)).summary]
    except NotFound:
        return []


async def _start_task(request: Request) -> Response:
    task = await request.asker.start(request.hub, _body(request, _START, "The task"))
    return await _started(request, task)


async def _resume_task(request: Request) -> Response:
    body = _body(request, _RESUME, "The task", empty=True)
    return await _started(request, await request.hub.resume(request.path["id"], body))


async def _started(request: Request, task: Task) -> Response:
    desk = request.hub.desk(task.id)
    await request.hub.placed(task)
    body = task.summary.model_dump(mode="json")
    if desk is not None:
        body["client_key"] = desk.key
    return as_json(body, 201)


async def _read_task(request: Request) -> Response:
    task = await request.hub.task(request.path["id"])
    (placed,) = await request.hub.placed_summaries([task.summary])
    return as_json(placed.model_dump(mode="json"))


async def _delete_task(request: Request) -> Response:
    await request.hub.delete(request.path["id"])
    return Response(204, "")


class _EventsQuery(BaseModel):
    model_config = ConfigDict(extra="ignore")

    after: int = Field(default=0, ge=0, le=MAX_SEQ)
    limit: int = Field(default=10_000, ge=1, le=10_000)


async def _events(request: Request) -> Response:
    query = _query(request, _EVENTS_QUERY)
    task = await request.hub.task(request.path["id"])
    texts = await request.hub.journal.events(task.id, query.after, query.limit)
    # What is not shown yet belongs to nobody yet, or the summary would lag behind its own events.
    shown = texts[: max(0, task.summary.last_seq - query.after)]
    return Response(200, '{"events":[' + ",".join(shown) + "]}")


class _TraceQuery(BaseModel):
    model_config = ConfigDict(extra="ignore")

    format: Literal["json", "html", "markdown", "bundle"] = "json"
    follow_ups: bool = False
    """With the runs that follow it up."""


async def _trace(request: Request) -> Response:
    query = _query(request, _TRACE_QUERY)
    trace = await traces.trace_of(request.hub, request.path["id"], follow_ups=query.follow_ups)
    # A run of a thousand steps takes a second to write.
    return await asyncio.to_thread(_written, trace, query.format)


def _written(trace: Trace, form: str) -> Response:
    # As in ``traces``: a server that is asked for no form holds nothing that writes one.
    match form:
        case "html":
            from agentkit.trace.html import to_html

            return Response(200, repaired(to_html(trace)), "text/html; charset=utf-8")
        case "markdown":
            from agentkit.trace.markdown import to_markdown

            return Response(200, repaired(to_markdown(trace)), "text/markdown; charset=utf-8")
        case "bundle":
            from agentkit.trace.bundle import to_bundle

            return as_json(to_bundle(trace, live=not trace.has_ended))
        case _:
            return as_json(trace.to_json())


class _Cancel(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: str | None = None


async def _cancel(request: Request) -> Response:
    body = _body(request, _CANCEL, "The cancel", empty=True)
    task = await request.hub.task(request.path["id"])
    await request.hub.cancel(task.id, body.reason)
    return as_json(task.summary.model_dump(mode="json"), 202)


async def _answer(request: Request) -> Response:
    body = parsed(request.body, "The answer")
    if isinstance(body, dict):
        body = {"type": "answer", **cast("dict[str, Any]", body)}
    given = checked(_ANSWER, body, "The answer", "invalid_input")
    resolved = resolution(given, request.asker.name)
    await request.hub.answer(request.path["id"], given.request_id, resolved)
    return Response(204, "")


def _body(request: Request, shape: TypeAdapter[Any], what: str, *, empty: bool = False) -> Any:
    value: Any = {} if empty and not request.body else parsed(request.body, what)
    return checked(shape, value, what, "invalid_input")


def _query(request: Request, shape: TypeAdapter[Any]) -> Any:
    return checked(shape, dict(request.query), "The query", "bad_query")


_REGISTRATION = TypeAdapter(_Registration)
_TASK_QUERY = TypeAdapter(_TaskQuery)
_START = TypeAdapter(StartTask)
_RESUME = TypeAdapter(ResumeTask)
_EVENTS_QUERY = TypeAdapter(_EventsQuery)
_TRACE_QUERY = TypeAdapter(_TraceQuery)
_CANCEL = TypeAdapter(_Cancel)
_ANSWER = TypeAdapter(Answer)

ROUTES: tuple[Route, ...] = (
    Route("GET", "/status", "read", status),
    Route("GET", "/agents", "read", _list_agents),
    Route("POST", "/agents", "write", _register_agent),
    Route("GET", "/agents/{name}", "read", _read_agent),
    Route("DELETE", "/agents/{name}", "write", _remove_agent),
    Route("GET", "/tasks", "read", _list_tasks),
    Route("POST", "/tasks", "execute", _start_task),
    Route("GET", "/tasks/{id}", "read", _read_task),
    Route("DELETE", "/tasks/{id}", "write", _delete_task),
    Route("GET", "/tasks/{id}/events", "read", _events),
    Route("GET", "/tasks/{id}/trace", "read", _trace),
    Route("POST", "/tasks/{id}/cancel", "execute", _cancel),
    Route("POST", "/tasks/{id}/answers", "execute", _answer),
    Route("POST", "/tasks/{id}/resume", "execute", _resume_task),
    Route("POST", "/traces/manifest", "read", traces.look, "trace_bytes"),
    Route("POST", "/traces/export", "read", traces.export, "trace_bytes"),
)

SOCKET_PATH = "/ws/tasks/{id}"
"""Where ``agentkit.server.conversation.converse`` is mounted."""
