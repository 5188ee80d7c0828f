"""The FastAPI host: the route table and the conversation under ``/api/v1``."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Coroutine
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, TypeVar

from fastapi import FastAPI, WebSocket
from fastapi import Request as HttpRequest
from fastapi import Response as HttpResponse
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from agentkit._version import __version__
from agentkit.core.bounds import Bounds
from agentkit.core.frames import CLIENT_KEY_HEADER
from agentkit.errors import AgentKitError, Refused
from agentkit.hub.executor import InProcessExecutor
from agentkit.hub.hub import Hub
from agentkit.hub.journal import Journal
from agentkit.llm.gateway import LLMGateway
from agentkit.server.api import ROUTES, SOCKET_PATH, Request, Route, answer
from agentkit.server.conversation import Gone, converse, refuse
from agentkit.server.feed import FEED_PATH, feed
from agentkit.server.input import query_of
from agentkit.server.portal import Portal
from agentkit.server.response import HEADERS, Response, failure, refusal, too_large
from agentkit.skills.registry import SkillRegistry
from agentkit.tools.registry import ToolRegistry

PREFIX = "/api/v1"

_HOST = re.compile(r"^(.*?):\d*$")
"""The name or address in a ``Host`` header with a port."""

T = TypeVar("T")


def create_app(
    *,
    llm_gateway: LLMGateway,
    skill_registry: SkillRegistry,
    tool_registry: ToolRegistry,
    api_key: str | None = None,
    journal: Journal | None = None,
    allowed_hosts: Collection[str] | None = None,
    bounds: Bounds | None = None,
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
    allowed_hosts
        Names under which the application may be addressed, besides addresses and names without a dot
        (``localhost``); ``"*"``: all. Left out, no further ones where no ``api_key`` is asked for, and all
        where one is. A page of another site can have its own name lead to this machine, and would be at
        home here (DNS rebinding); such a page knows no key.
    bounds
        The most that is taken of clients.
    """
    executor = InProcessExecutor(llm_gateway, tool_registry, skill_registry)
    if allowed_hosts is None:
        allowed_hosts = () if api_key is None else ("*",)
    host = _Host(
        Hub(executor, journal or Journal(), bounds=bounds), api_key, frozenset(allowed_hosts)
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        yield
        await host.stop()

    # FastAPI's own pages of documentation load scripts from elsewhere, and ask for no key.
    app = FastAPI(title="agentkit", version=__version__, lifespan=lifespan, openapi_url=None)
    app.add_exception_handler(HTTPException, _unknown)
    app.add_exception_handler(Exception, _failed)
    for route in ROUTES:
        app.add_api_route(
            PREFIX + route.path,
            host.endpoint(route),
            methods=[route.verb],
            name=f"{route.verb} {route.path}",
        )
    app.add_api_websocket_route(PREFIX + SOCKET_PATH, host.talk)
    app.add_api_websocket_route(PREFIX + FEED_PATH, host.feed)
    return app


async def _unknown(request: HttpRequest, error: Exception) -> HttpResponse:
    """Answer a path or verb that the route table does not have, as the table's routes refuse."""
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    message = f"{phrase}: {request.method} {request.url.path}"
    reason = re.sub(r"\W+", "_", phrase).lower()
    response = _sent(refusal(AgentKitError(message, reason=reason), error.status_code))
    response.headers.update(error.headers or {})
    return response


async def _failed(_: HttpRequest, __: Exception) -> HttpResponse:
    """Answer a fault of ours; the server logs the error itself."""
    return _sent(refusal(failure(), 500))


def _sent(response: Response) -> HttpResponse:
    return HttpResponse(
        response.text, response.status, dict(HEADERS), media_type=response.content_type
    )


class _Host:
    """One application's hub on its portal."""

    def __init__(self, hub: Hub, api_key: str | None, allowed_hosts: frozenset[str]) -> None:
        self._hub = hub
        self._api_key = api_key
        self._allowed_hosts = frozenset(name.lower() for name in allowed_hosts)
        self._portal = Portal()

    async def stop(self) -> None:
        """End what runs; a later request opens the hub again."""
        await self._portal.run(self._hub.stop())

    def endpoint(self, route: Route) -> Callable[[HttpRequest], Awaitable[HttpResponse]]:
        """The function that FastAPI calls for a route."""

        async def handle(request: HttpRequest) -> HttpResponse:
            return _sent(await self._response(route, request))

        return handle

    async def _response(self, route: Route, request: HttpRequest) -> Response:
        try:
            self._admit(request)
        except Refused as error:
            return refusal(error, 401 if error.reason == "unauthorized" else 403)
        body = await _body(request, getattr(self._hub.bounds, route.bound))
        if body is None:
            return too_large(self._hub.bounds, route.bound)
        query = query_of(request.url.query)
        asked = Request(self._hub, request.path_params, query, body)
        return await self._portal.run(answer(route, asked))

    async def talk(self, websocket: WebSocket) -> None:
        """The endpoint of the socket of a task."""
        socket = await self._accepted(websocket)
        if socket is None:
            return
        await self._portal.run(
            converse(
                self._hub,
                socket,
                websocket.path_params["id"],
                query_of(websocket.url.query),
                may=lambda _: True,
                client_key=websocket.headers.get(CLIENT_KEY_HEADER),
            )
        )

    async def feed(self, websocket: WebSocket) -> None:
        """The endpoint of the feed."""
        socket = await self._accepted(websocket)
        if socket is not None:
            await self._portal.run(feed(self._hub, socket, may=lambda _: True))

    async def _accepted(self, websocket: WebSocket) -> _PortalSocket | None:
        """The socket of a client that may talk; another is told why not."""
        await websocket.accept()
        socket = _PortalSocket(websocket)
        try:
            self._admit(websocket)
        except Refused as error:
            await self._portal.run(refuse(socket, error))
            return None
        return socket

    def _admit(self, connection: HTTPConnection) -> None:
        """Authenticate, and refuse what another site's page has sent.

        Raises
        ------
        Refused
            The key is missing or wrong, or the origin or the host's name is foreign.
        """
        origin, host = (connection.headers.get(name, "").lower() for name in ("origin", "host"))
        name = _HOST.sub(r"\1", host)
        if not (_is_own(name) or self._allowed_hosts & {name, "*"}):
            raise Refused(
                f"This server is not addressed as {name}: create_app(allowed_hosts=[…]) allows names.",
                reason="foreign_host",
            )
        if origin and origin.partition("://")[2] != host:
            raise Refused(
                f"Requests of pages from {origin} are not allowed.", reason="foreign_origin"
            )
        if self._api_key is None:
            return
        given = _key(connection)
        if not given:
            raise Refused(
                "An api_key is needed: as 'Authorization: Bearer …', as 'X-API-Key: …', or as the"
                " query parameter api_key.",
                reason="unauthorized",
            )
        if not secrets.compare_digest(given.encode(), self._api_key.encode()):
            raise Refused("The api_key is wrong.", reason="unauthorized")


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

    async def _there(self, work: Coroutine[Any, Any, T]) -> T:
        """Do ``work`` on the loop that serves the socket."""
        try:
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError as error:  # that loop has closed
            work.close()
            raise Gone from error
        try:
            return await asyncio.wrap_future(future)
        except Exception as error:  # Starlette and its servers name a closed socket in many ways
            raise Gone from error


async def _body(request: HttpRequest, most: int) -> bytes | None:
    """The body; ``None`` for one over the limit, of which no more than that is read."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            return None
    return bytes(body)


def _is_own(name: str) -> bool:
    """Whether no site of the internet has that name: addresses, and names without a dot, have no owner."""
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return "." not in name.removesuffix(".localhost")
    return True


def _key(connection: HTTPConnection) -> str:
    scheme, _, credentials = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials:
        return credentials.strip()
    query = connection.query_params
    return connection.headers.get("x-api-key") or query.get("api_key") or ""
