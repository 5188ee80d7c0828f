"""The hosted agents as an MCP server: streamable HTTP, as an ASGI application that a host mounts.

The protocol is the ``mcp`` package's (1.x and 2.x), which is imported with the first request. The host
authenticates and authorises each request and says who asks: a session belongs to who opened it.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any, cast

from agentkit._version import __version__
from agentkit.errors import AgentKitError
from agentkit.hub.hub import Hub
from agentkit.server.asker import ANYBODY, Asker
from agentkit.server.mcp_agents import AgentAnswer, agent_tools, call_agent
from agentkit.server.mcp_events import SentEvents, current_session

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

SESSION_HEADER = b"mcp-session-id"

KEPT_CANCELS = 1_000

KEPT_SESSIONS = 1_000
"""Sessions that are known: those that were used last. In an older one, a cancel no longer ends its run, and
a stream that broke off is not taken up again."""

LAST_WITH_SESSIONS = "2025-11-25"
"""The last version of the protocol in which a client opens a session."""

RETRY = 1_000
"""Milliseconds after which a client whose stream broke off is asked to come back."""

log = logging.getLogger("agentkit.mcp")

_current_asker: ContextVar[Asker] = ContextVar("agentkit_mcp_asker", default=ANYBODY)
"""Whose request is served, in the tasks that the protocol's package makes for it."""


class McpMissing(AgentKitError):
    """The extra ``mcp`` is not installed."""

    default_reason = "mcp_missing"


class AgentsAsTools:
    """The MCP server of a hub. All methods belong to the hub's loop."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._manager: Any = None
        self._opening: asyncio.Task[None] | None = None
        self._opened = asyncio.Event()
        self._closing = asyncio.Event()
        self._sent = SentEvents()
        self._keys: dict[str, str] = {}
        """Session id → the key under which its messages are kept."""
        self._cancelled: dict[tuple[str, object], None] = {}
        """Requests that a client has cancelled: its leaving alone is no cancel."""

    async def serve(
        self,
        scope: dict[str, Any],
        body: bytes,
        receive: Receive,
        send: Send,
        *,
        user: str,
        asker: Asker,
    ) -> None:
        """Answer one HTTP request.

        Parameters
        ----------
        scope
            Its ASGI scope, of type ``http``.
        body
            Its body, which ``receive`` gives as well.
        user
            Who asks, authenticated: whom a session belongs to.
        asker
            The same, as the hub's tasks know it.

        Raises
        ------
        McpMissing
            The package is not installed.
        """
        await self._open()
        auth = importlib.import_module("mcp.server.auth.middleware.bearer_auth")
        provider = importlib.import_module("mcp.server.auth.provider")
        token = provider.AccessToken(token="", client_id=user, scopes=[])
        headers = dict(cast("list[tuple[bytes, bytes]]", scope["headers"]))
        session_id = headers.get(SESSION_HEADER, b"").decode("latin-1")
        key = self._keys.get(session_id)
        if key is not None:
            self._keep(session_id, key)
            self._note_cancel(key, body)
        opened = key or secrets.token_urlsafe(9)
        current_session.set(opened)
        _current_asker.set(asker)

        async def watch(message: Message) -> None:
            if key is None and message["type"] == "http.response.start":
                answered = dict(cast("list[tuple[bytes, bytes]]", message.get("headers", [])))
                if new := answered.get(SESSION_HEADER, b"").decode("latin-1"):
                    self._keep(new, opened)
            await send(message)

        await self._manager.handle_request(
            {**scope, "user": auth.AuthenticatedUser(token)}, receive, watch
        )
        if scope["method"] == "DELETE" and key is not None:
            self._sent.forget(key)
            self._keys.pop(session_id, None)

    async def stop(self) -> None:
        """End all sessions; the runs that they have started are the hub's."""
        if self._opening is not None:
            self._closing.set()
            await asyncio.wait((self._opening,))

    async def _open(self) -> None:
        if self._opening is None:
            self._opening = asyncio.ensure_future(self._run())
        opened = asyncio.ensure_future(self._opened.wait())
        try:
            await asyncio.wait((opened, self._opening), return_when=asyncio.FIRST_COMPLETED)
        finally:
            opened.cancel()
        if self._opening.done():
            opening, self._opening = self._opening, None
            opening.result()
            raise McpMissing("The MCP server of this Jupyter server has been stopped.")

    async def _run(self) -> None:
        """Keep the sessions; they are entered and left in this one task."""
        try:
            # Half a second of imports that no other request shall wait for.
            await asyncio.to_thread(_import)
        except ImportError as error:
            raise McpMissing(
                "Agents are offered by MCP with the package 'mcp', which is missing here: "
                f"pip install 'jupyter-agentkit[mcp]', and restart the server ({error})."
            ) from None
        managers = importlib.import_module("mcp.server.streamable_http_manager")
        self._manager = managers.StreamableHTTPSessionManager(
            _protocol_server(self._list, self._call),
            event_store=cast("Any", self._sent),
            retry_interval=RETRY,
        )
        async with self._manager.run():
            self._opened.set()
            await self._closing.wait()

    def _list(self) -> list[dict[str, Any]]:
        return agent_tools(self.hub)

    async def _call(self, name: str, arguments: dict[str, Any], context: Any) -> AgentAnswer:
        task_ids: list[str] = []
        token = _progress_token(context)

        async def progress(number: float, message: str) -> None:
            if token is not None:
                await context.session.send_progress_notification(
                    token, number, message=message, related_request_id=str(context.request_id)
                )

        try:
            return await call_agent(
                self.hub, name, arguments, progress, task_ids.append, _current_asker.get()
            )
        except asyncio.CancelledError:
            if task_ids and self._was_cancelled(context):
                await self._cancel(task_ids[0])
            raise

    def _was_cancelled(self, context: Any) -> bool:
        # From the protocol of 2026 on there are no sessions: closing the connection is the cancel.
        if getattr(context, "protocol_version", "") > LAST_WITH_SESSIONS:
            return True
        return (current_session.get(), context.request_id) in self._cancelled

    async def _cancel(self, task_id: str) -> None:
        try:
            await self.hub.cancel(task_id, "Cancelled by the MCP client.")
        except AgentKitError as error:  # it has just ended
            log.debug("%s", error)

    def _keep(self, session_id: str, key: str) -> None:
        # Few clients end a session; most just go.
        self._keys.pop(session_id, None)
        self._keys[session_id] = key
        while len(self._keys) > KEPT_SESSIONS:
            del self._keys[next(iter(self._keys))]

    def _note_cancel(self, key: str, body: bytes) -> None:
        if b"notifications/cancelled" not in body:
            return
        try:
            message: Any = json.loads(body)
            self._cancelled[key, message["params"]["requestId"]] = None
        except (ValueError, KeyError, TypeError):
            return  # the protocol's own check refuses it
        while len(self._cancelled) > KEPT_CANCELS:
            del self._cancelled[next(iter(self._cancelled))]


def _import() -> None:
    for name in (
        "mcp.server.lowlevel",
        "mcp.server.streamable_http_manager",
        "mcp.server.auth.middleware.bearer_auth",
    ):
        importlib.import_module(name)


def _progress_token(context: Any) -> str | int | None:
    meta = context.meta
    if isinstance(meta, Mapping):  # version 2
        found = cast("Mapping[str, Any]", meta)
        return found.get("progress_token", found.get("progressToken"))
    return getattr(meta, "progressToken", None)


def _protocol_server(
    listed: Callable[[], list[dict[str, Any]]],
    call: Callable[[str, dict[str, Any], Any], Awaitable[AgentAnswer]],
) -> Any:
    """The package's server with our tools; its two major versions are told apart here only."""
    from mcp import types
    from mcp.server import lowlevel

    def tools() -> Any:
        return types.ListToolsResult.model_validate({"tools": listed()})

    async def result(name: str, arguments: dict[str, Any], context: Any) -> Any:
        answer = await call(name, arguments, context)
        return types.CallToolResult.model_validate(
            {
                "content": [{"type": "text", "text": answer.text}],
                "structuredContent": answer.structured,
                "isError": answer.failed,
            }
        )

    make = cast("Any", lowlevel.Server)
    about = {"version": __version__, "instructions": "Each tool is an agent of a Jupyter server."}
    if not hasattr(lowlevel.Server, "list_tools"):

        async def on_list(context: Any, params: Any) -> Any:
            return tools()

        async def on_call(context: Any, params: Any) -> Any:
            return await result(params.name, dict(params.arguments or {}), context)

        return make("agentkit", on_list_tools=on_list, on_call_tool=on_call, **about)
    server = make("agentkit", **about)

    async def list_tools() -> Any:
        return tools().tools

    async def call_tool(name: str, arguments: dict[str, Any]) -> Any:
        return await result(name, arguments, server.request_context)

    server.list_tools()(list_tools)
    server.call_tool(validate_input=False)(call_tool)
    return server
