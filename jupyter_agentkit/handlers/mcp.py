"""The Tornado host of the agents' MCP server."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import APIHandler
from tornado import web
from tornado.iostream import StreamClosedError

from agentkit.server.mcp import AgentsAsTools, McpMissing, Message
from agentkit.server.response import refusal, too_large
from jupyter_agentkit.handlers.http import RESOURCE
from jupyter_agentkit.handlers.identity import KernelKeyMixin, KernelUser, asker_of
from jupyter_agentkit.handlers.refusal import RefusalMixin

PATH = r"/agentkit/mcp/?"
"""Below the server's base URL."""


class McpHandler(  # pyright: ignore[reportIncompatibleMethodOverride]
    RefusalMixin, KernelKeyMixin, APIHandler
):
    """Streamable HTTP. Each request authenticates, then authorises, then goes to the protocol."""

    def initialize(self, agents: AgentsAsTools) -> None:
        """Take the server of the protocol."""
        self._agents = agents
        self._left = asyncio.Event()

    @web.authenticated
    async def get(self) -> None:
        """Open a stream for what the server says unasked, or go on with one that broke off."""
        await self._serve()

    @web.authenticated
    async def post(self) -> None:
        """Take a message; the answer is one response or a stream."""
        await self._serve()

    @web.authenticated
    async def delete(self) -> None:
        """End a session."""
        await self._serve()

    def on_connection_close(self) -> None:
        """The client has left; what it has started goes on."""
        super().on_connection_close()
        self._left.set()

    async def _serve(self) -> None:
        user = self.current_user
        allowed = self.authorizer.is_authorized(self, user, "execute", RESOURCE)
        if not await ensure_async(allowed):
            raise web.HTTPError(403, f"You are not allowed to execute {RESOURCE} here.")
        request = self.request
        bounds = self._agents.hub.bounds
        if len(request.body) > bounds.body_bytes:
            response = too_large(bounds)
            self.set_status(response.status)
            await self.finish(response.text)
            return
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": request.protocol,
            "method": request.method,
            "path": request.path,
            "raw_path": request.path.encode("latin-1", "replace"),
            "root_path": "",
            # The address may carry the token, which the protocol needs not know.
            "query_string": b"",
            "headers": [
                (name.lower().encode("latin-1"), value.encode("latin-1", "replace"))
                for name, value in request.headers.get_all()
                if name.lower() not in ("authorization", "cookie")
            ],
            "client": None,
            "server": None,
        }
        unread: list[Message] = [{"type": "http.request", "body": request.body, "more_body": False}]

        async def receive() -> Message:
            if unread:
                return unread.pop()
            await self._left.wait()
            return {"type": "http.disconnect"}

        try:
            await self._agents.serve(
                scope,
                request.body,
                receive,
                self._send,
                user=self._principal(user),
                asker=asker_of(self),
            )
        except McpMissing as error:
            response = refusal(error, 501)
            self.set_status(response.status)
            await self.finish(response.text)

    def _principal(self, user: Any) -> str:
        """Who a session belongs to. Jupyter makes up another name for each request that shows its token."""
        provider = self.identity_provider
        if isinstance(user, KernelUser):
            return f"kernel {user.username}"
        if not provider.auth_enabled:
            return "anybody"
        if provider.is_token_authenticated(self) and (token := provider.get_token(self)):
            return f"token {hashlib.sha256(token.encode()).hexdigest()}"
        return f"user {user.username}"

    async def _send(self, message: Message) -> None:
        """Hand on a part of the response."""
        if self._left.is_set():
            return
        if message["type"] == "http.response.start":
            self.set_status(message["status"])
            for name, value in message.get("headers", []):
                self.set_header(name.decode("latin-1"), value.decode("latin-1"))
            return
        if body := message.get("body", b""):
            self.write(body)
        try:
            if message.get("more_body"):
                await self.flush()
            else:
                content_type = self._headers.get("Content-Type", "application/json")
                await self.finish(set_content_type=content_type)
        except StreamClosedError:
            self._left.set()


def mcp_handlers(agents: AgentsAsTools) -> list[tuple[str, type[McpHandler], dict[str, Any]]]:
    """Tornado's rule for the MCP server."""
    return [(PATH, McpHandler, {"agents": agents})]
