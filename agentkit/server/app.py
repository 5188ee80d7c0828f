"""The FastAPI host: the route table and the conversation under ``/api/v1``."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlparse

from fastapi import FastAPI
from fastapi import Request as HttpRequest
from fastapi import Response as HttpResponse
from fastapi import WebSocket
from starlette.requests import HTTPConnection

from agentkit._version import __version__
from agentkit.core.frames import CLIENT_KEY_HEADER
from agentkit.errors import AgentKitError, Refused
from agentkit.hub.executor import InProcessExecutor
from agentkit.hub.hub import Hub
from agentkit.hub.journal import Journal
from agentkit.llm.gateway import LLMGateway
from agentkit.server.api import ROUTES, SOCKET_PATH, Request, Route, answer, refusal
from agentkit.server.conversation import Gone, converse, refuse
from agentkit.server.portal import Portal
from agentkit.skills.registry import SkillRegistry
from agentkit.tools.registry import ToolRegistry

PREFIX = "/api/v1"


def create_app(
    *,
    llm_gateway: LLMGateway,
    skill_registry: SkillRegistry,
    tool_registry: ToolRegistry,
    api_key: str | None = None,
    journal: Journal | None = None,
) -> FastAPI:
    """An application that hosts agents.

    It is usable before its lifespan has run and from several event loops in turn: the hub has a loop of
    its own. When the lifespan ends, unfinished tasks end as ``interrupted``.

    Parameters
    ----------
    api_key
        Asked of every request: ``Authorization: Bearer …``, ``X-API-Key``, or the query parameter
        ``api_key``. ``None``: no key is asked. It is never taken from the environment.
    journal
        Where tasks are stored; left out, in memory.
    """
    executor = InProcessExecutor(llm_gateway, tool_registry, skill_registry)
    host = _Host(Hub(executor, journal or Journal()), api_key)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await host.stop()

    app = FastAPI(title="agentkit", version=__version__, lifespan=lifespan)
    for route in ROUTES:
        app.add_api_route(
            PREFIX + route.path,
            host.endpoint(route),
            methods=[route.verb],
            name=f"{route.verb} {route.path}",
        )
    app.add_api_websocket_route(PREFIX + SOCKET_PATH, host.talk)
    return app


class _Host:
    """One application's hub on its portal."""

    def __init__(self, hub: Hub, api_key: str | None) -> None:
        self._hub = hub
        self._api_key = api_key
        self._portal = Portal()

    async def stop(self) -> None:
        """End what runs; a later request opens the hub again."""
        await self._portal.run(self._hub.stop())

    def endpoint(self, route: Route) -> Any:
        """The function that FastAPI calls for a route."""

        async def handle(request: HttpRequest) -> HttpResponse:
            try:
                self._admit(request)
            except Refused as error:
                response = refusal(error, 401 if error.reason == "unauthorized" else 403)
            else:
                body = await request.body()
                path, query = dict(request.path_params), dict(request.query_params)
                response = await self._portal.run(self._answer(route, path, query, body))
            return HttpResponse(
                response.text, response.status, media_type=response.content_type
            )

        return handle

    async def _answer(
        self, route: Route, path: dict[str, str], query: dict[str, str], body: bytes
    ) -> Any:
        await self._hub.open()
        return await answer(route, Request(self._hub, path, query, body))

    async def talk(self, websocket: WebSocket) -> None:
        """The endpoint of the socket."""
        await websocket.accept()
        socket = _PortalSocket(websocket)
        try:
            self._admit(websocket)
        except Refused as error:
            await self._portal.run(refuse(socket, error))
            return
        await self._portal.run(
            self._converse(
                socket,
                websocket.path_params["id"],
                dict(websocket.query_params),
                websocket.headers.get(CLIENT_KEY_HEADER),
            )
        )

    async def _converse(
        self, socket: _PortalSocket, task_id: str, query: dict[str, str], client_key: str | None
    ) -> None:
        await self._hub.open()
        await converse(
            self._hub, socket, task_id, query, may=lambda _: True, client_key=client_key
        )

    def _admit(self, connection: HTTPConnection) -> None:
        """Authenticate, and refuse what another site's page has sent.

        Raises
        ------
        Refused
            The key is missing or wrong, or the origin is foreign.
        """
        origin = connection.headers.get("origin")
        if origin is not None and urlparse(origin).netloc != connection.headers.get("host"):
            raise Refused(f"Requests from {origin} are not allowed.", reason="foreign_origin")
        if self._api_key is None:
            return
        given = _key(connection)
        if given is None:
            raise Refused(
                "An api_key is needed: as the query parameter api_key, or as X-API-Key.",
                reason="unauthorized",
            )
        if not secrets.compare_digest(given.encode(), self._api_key.encode()):
            raise Refused("The api_key is wrong.", reason="unauthorized")


def _key(connection: HTTPConnection) -> str | None:
    scheme, _, credentials = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials:
        return credentials.strip()
    return connection.headers.get("x-api-key") or connection.query_params.get("api_key")


class _PortalSocket:
    """A Starlette WebSocket, used from the hub's loop and served on its own."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._loop = asyncio.get_running_loop()

    async def send(self, text: str) -> None:
        await self._there(self._websocket.send_text(text))

    async def receive(self) -> str:
        message = await self._there(self._websocket.receive())
        if message["type"] == "websocket.disconnect":
            raise Gone
        text = message.get("text")
        return text if text is not None else message["bytes"].decode("utf-8", "replace")

    async def close(self, code: int) -> None:
        await self._there(self._websocket.close(code))

    async def _there(self, work: Any) -> Any:
        try:
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
            return await asyncio.wrap_future(future)
        except (AgentKitError, Gone):
            raise
        except Exception as error:  # Starlette and its servers name a closed socket in many ways
            raise Gone from error
