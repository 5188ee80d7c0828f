"""The route that takes back what a run did to its notebook; only a Jupyter server has notebooks."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from agentkit.errors import Conflict
from agentkit.hub.hub import Hub
from agentkit.server.api import Request, Route
from agentkit.server.response import Response, as_json
from agentkit.tools.builtin.undo import Undone, edits_of, undo
from jupyter_agentkit.handlers.http import RouteHandler, pattern
from jupyter_agentkit.ports.notebooks import ServerNotebooks

UNDO_PATH = "/tasks/{id}/undo"


def undo_handlers(
    hub: Hub, notebooks: ServerNotebooks
) -> list[tuple[str, type[RouteHandler], dict[str, Any]]]:
    """Tornado's rule for ``POST /tasks/{id}/undo`` → ``{"undone", "kept": [{"cell_id", "message"}]}``."""
    one_at_a_time = asyncio.Lock()

    async def take_back(request: Request) -> Response:
        async with one_at_a_time:
            undone = await _take_back(request.hub, notebooks, request.path["id"])
        return as_json(undone.model_dump())

    route = Route("POST", UNDO_PATH, "write", take_back)
    return [(pattern(UNDO_PATH), RouteHandler, {"hub": hub, "routes": {"POST": route}})]


async def _take_back(hub: Hub, notebooks: ServerNotebooks, task_id: str) -> Undone:
    task = await hub.task(task_id)
    summary = task.summary
    if not summary.status.is_final:
        raise Conflict(
            f"Task {task_id!r} is {summary.status}: cancel it before you take back what it did.",
            reason="task_running",
        )
    texts = await hub.journal.events(task_id, 0, summary.last_seq) if summary.last_seq else []
    edits, lost = edits_of(json.loads(text) for text in texts)
    if not edits:
        return Undone(kept=lost)
    # The notebook may have been renamed since, which its kernel tells as long as it lives.
    kernel_id = summary.origin.kernel_id if summary.origin else None
    path = await notebooks.path_of(kernel_id) if kernel_id else None
    notebook = await notebooks.at(path or edits[-1].path, kernel_id if path else None)
    done = await undo(notebook, edits)
    return Undone(undone=done.undone, kept=[*done.kept, *lost])
