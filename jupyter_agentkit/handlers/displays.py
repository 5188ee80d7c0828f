"""The routes that remember which cell shows which run; only a Jupyter server has notebooks.

A kernel tells what it shows. A page that opens a notebook asks, and gives the cells back what was not
saved with the file.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from agentkit.hub.displays import Display
from agentkit.hub.hub import Hub
from agentkit.server.api import Request, Route
from agentkit.server.input import checked, parsed
from agentkit.server.response import Response, as_json
from jupyter_agentkit.handlers.http import RouteHandler, pattern
from jupyter_agentkit.ports.notebooks import ServerNotebooks

ADD_PATH = "/tasks/{id}/displays"
LIST_PATH = "/displays"

_Id = Annotated[str, StringConstraints(min_length=1, max_length=128)]


class _Shown(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kernel_id: _Id
    cell_id: _Id
    execution_id: _Id
    """The ``msg_id`` of the request that executes the cell."""


class _DisplaysQuery(BaseModel):
    model_config = ConfigDict(extra="ignore")

    path: str = Field(min_length=1)
    """The notebook's, from the server's root."""


_SHOWN = TypeAdapter(_Shown)
_DISPLAYS_QUERY = TypeAdapter(_DisplaysQuery)


def display_handlers(
    hub: Hub, notebooks: ServerNotebooks
) -> list[tuple[str, type[RouteHandler], dict[str, Any]]]:
    """Tornado's rules for both routes.

    ``POST /tasks/{id}/displays`` with ``{"kernel_id", "cell_id", "execution_id"}``, and
    ``GET /displays?path=…`` → ``{"displays": [{"task_id", "cell_id", "finished_at"}]}`` in the order in
    which they were shown; only what the last execution of each cell showed.
    """

    async def add(request: Request) -> Response:
        shown = checked(_SHOWN, parsed(request.body, "The display"), "The display", "invalid_input")
        task = await request.hub.task(request.path["id"])
        path = await notebooks.path_of(shown.kernel_id)
        if path is None:  # a console's kernel, say: there is no file that could lack what is shown
            return Response(204, "")
        present = await request.hub.journal.displays_of_tasks([task.id], [])
        cells = {each.cell_id for each in present}
        if shown.cell_id not in cells:
            request.hub.bounds.check_room("displays", len(cells), "No further cell is remembered")
        await request.hub.journal.add_display(
            Display(
                task.id,
                shown.kernel_id,
                notebooks.name_of(path),
                shown.cell_id,
                shown.execution_id,
            )
        )
        request.hub.changes.changed(task.summary)
        return Response(204, "")

    async def given(request: Request) -> Response:
        path = checked(_DISPLAYS_QUERY, dict(request.query), "The query", "bad_query").path
        kernels = await notebooks.kernels_of(path)
        shown = await request.hub.journal.displays(notebooks.name_of(path), kernels)
        told = [await _told(request, each) for each in shown]
        return as_json({"displays": [each for each in told if each is not None]})

    return [
        _rule(hub, Route("POST", ADD_PATH, "write", add)),
        _rule(hub, Route("GET", LIST_PATH, "read", given)),
    ]


async def _told(request: Request, display: Display) -> dict[str, Any] | None:
    task = await request.hub.task(display.task_id)
    if not request.asker.reaches(task.summary):
        return None
    return {
        "task_id": display.task_id,
        "cell_id": display.cell_id,
        "finished_at": task.summary.finished_at,
    }


def _rule(hub: Hub, route: Route) -> tuple[str, type[RouteHandler], dict[str, Any]]:
    return pattern(route.path), RouteHandler, {"hub": hub, "routes": {route.verb: route}}
