"""The Tornado host of the route table."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import APIHandler
from tornado import web

from agentkit.hub.hub import Hub
from agentkit.server.api import ROUTES, Request, Route, answer
from agentkit.server.input import query_of
from jupyter_agentkit.handlers.identity import KernelKeyMixin, asker_of
from jupyter_agentkit.handlers.refusal import RefusalMixin

RESOURCE = "agentkit"
"""The resource that an authoriser is asked about."""

API = "/agentkit/api/v1"
"""Below the server's base URL."""


class RouteHandler(  # pyright: ignore[reportIncompatibleMethodOverride]
    RefusalMixin, KernelKeyMixin, APIHandler
):
    """The verbs of one path. Each authenticates, then authorises, then asks the route table."""

    def initialize(self, hub: Hub, routes: Mapping[str, Route]) -> None:
        """Take the hub and the path's routes by verb."""
        self._hub = hub
        self._routes = routes

    @web.authenticated
    async def get(self, **path: str) -> None:
        """Answer a GET."""
        await self._answer("GET", path)

    @web.authenticated
    async def post(self, **path: str) -> None:
        """Answer a POST."""
        await self._answer("POST", path)

    @web.authenticated
    async def delete(self, **path: str) -> None:
        """Answer a DELETE."""
        await self._answer("DELETE", path)

    async def _answer(self, verb: str, path: dict[str, str]) -> None:
        route = self._routes.get(verb)
        if route is None:
            raise web.HTTPError(405)
        allowed = self.authorizer.is_authorized(self, self.current_user, route.action, RESOURCE)
        if not await ensure_async(allowed):
            raise web.HTTPError(403, f"You are not allowed to {route.action} {RESOURCE} here.")
        query = query_of(self.request.query)
        response = await answer(
            route,
            Request(self._hub, path, query, self.request.body, asker_of(self)),
        )
        self.set_status(response.status)
        if response.status == HTTPStatus.NO_CONTENT:
            await self.finish()
        else:
            await self.finish(response.text, set_content_type=response.content_type)


def http_handlers(hub: Hub) -> list[tuple[str, type[RouteHandler], dict[str, Any]]]:
    """Tornado's rules for the route table."""
    by_path: defaultdict[str, dict[str, Route]] = defaultdict(dict)
    for route in ROUTES:
        by_path[route.path][route.verb] = route
    return [
        (pattern(path), RouteHandler, {"hub": hub, "routes": routes})
        for path, routes in by_path.items()
    ]


def pattern(path: str) -> str:
    """The regular expression of a path of the route table."""
    return API + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)
