from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncGenerator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from agentkit.tools.mcp_config import HttpServer
from agentkit.tools.mcp_server import McpServer

pytest.importorskip("mcp", reason="the extra 'mcp' is not installed")

SECONDS = 30


class Web:
    """An MCP server over HTTP, written on the wire, that can forget its sessions and go away."""

    def __init__(self) -> None:
        self.sessions = 0
        self.known: set[str] = set()
        self.headers: list[dict[str, str]] = []
        self.hanging = threading.Event()
        self.cancelled = threading.Event()
        self.port = 0
        self.open()

    def open(self) -> None:
        web = self
        self.gone = False

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                if web.gone:  # connections that were kept alive end, too
                    self.close_connection = True
                    return
                web.headers.append({name.lower(): value for name, value in self.headers.items()})
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, session, answer = web.answer(
                    json.loads(body), self.headers.get("Mcp-Session-Id")
                )
                self.reply(status, session, answer)

            def do_GET(self) -> None:
                self.reply(405, None, None)

            def do_DELETE(self) -> None:
                self.reply(405, None, None)

            def reply(self, status: int, session: str | None, answer: Any) -> None:
                text = b"" if answer is None else json.dumps(answer).encode()
                with contextlib.suppress(OSError):
                    self.send_response(status)
                    if session:
                        self.send_header("Mcp-Session-Id", session)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text)

            def log_message(self, format: str, *args: object) -> None:
                """Be silent."""

        ThreadingHTTPServer.daemon_threads = True
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.gone = True
        self._server.shutdown()
        self._server.server_close()

    def answer(self, message: dict[str, Any], session: str | None) -> tuple[int, str | None, Any]:
        result: dict[str, Any]
        match message["method"]:
            case "initialize":
                self.sessions += 1
                session = f"s{self.sessions}"
                self.known.add(session)
                result = {
                    "protocolVersion": "2025-11-25",
                    "capabilities": {"tools": {}},
                    "serverInfo": {"name": "web", "version": "1"},
                }
            case _ if session not in self.known:
                return 404, None, None
            case "notifications/cancelled":
                self.cancelled.set()
                return 202, None, None
            case "tools/list":
                names = ("say", "hang")
                result = {"tools": [{"name": n, "inputSchema": {"type": "object"}} for n in names]}
            case "tools/call":
                if message["params"]["name"] == "hang":
                    self.hanging.set()
                    self.cancelled.wait(SECONDS)
                result = {"content": [{"type": "text", "text": f"said in {session}"}]}
            case "ping":
                result = {}
            case _:
                return 202, None, None
        return 200, session, {"jsonrpc": "2.0", "id": message["id"], "result": result}


@contextlib.asynccontextmanager
async def reached() -> AsyncGenerator[tuple[Web, McpServer]]:
    web = Web()
    config = HttpServer(
        url=f"http://127.0.0.1:{web.port}/mcp", headers={"X-Key": "key-of-the-test"}
    )
    server = McpServer("web", config, pause=lambda failures: 0.02)
    assert await server.settled(SECONDS), server.message
    try:
        yield web, server
    finally:
        await server.stop()
        web.close()


async def test_every_request_carries_the_configured_headers() -> None:
    async with reached() as (web, server):
        result = await server.call("say", {})
        assert result.content["text/plain"] == "said in s1"
        assert {headers["x-key"] for headers in web.headers} == {"key-of-the-test"}


async def test_a_server_that_forgot_the_session_fails_one_call_and_is_greeted_anew() -> None:
    async with reached() as (web, server):
        web.known.clear()
        result = await server.call("say", {})
        assert result.error is not None
        assert result.error.reason == "mcp_server_died"
        again = await server.call("say", {})
        assert again.content["text/plain"] == "said in s2"


async def test_a_server_that_goes_away_fails_clearly_and_is_found_when_it_is_back() -> None:
    async with reached() as (web, server):
        web.close()
        result = await server.call("say", {})
        assert result.error is not None
        assert result.error.reason == "mcp_server_died"
        assert "'web' ended while it ran 'say'" in result.error.message
        refused = await server.call("say", {})
        assert refused.error is not None
        assert refused.error.reason == "mcp_unavailable"
        web.open()
        async with asyncio.timeout(SECONDS):
            while not await server.settled(SECONDS):
                continue
        assert (await server.call("say", {})).outcome == "success"


async def test_a_cancel_reaches_a_server_behind_http() -> None:
    async with reached() as (web, server):
        call = asyncio.ensure_future(server.call("hang", {}))
        assert await asyncio.to_thread(web.hanging.wait, SECONDS)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert await asyncio.to_thread(web.cancelled.wait, SECONDS)
        assert (await server.call("say", {})).outcome == "success"
