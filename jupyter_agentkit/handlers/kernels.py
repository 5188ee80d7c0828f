"""The route that tells a kernel whether this server has started it."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from agentkit.hub.hub import Hub
from agentkit.server.api import Request, Route
from agentkit.server.response import Response, as_json
from jupyter_agentkit.handlers.http import RouteHandler, pattern

PATH = "/kernels/{id}"


def kernel_handlers(
    hub: Hub, kernels: Container[str]
) -> list[tuple[str, type[RouteHandler], dict[str, Any]]]:
    """Tornado's rule for ``GET /kernels/{id}`` → ``{"known"}``.

    Parameters
    ----------
    kernels
        The ids of the server's kernels.
    """

    async def known(request: Request) -> Response:
        return as_json({"known": request.path["id"] in kernels})

    route = Route("GET", PATH, "read", known)
    return [(pattern(PATH), RouteHandler, {"hub": hub, "routes": {route.verb: route}})]
