"""A small Jupyter-like server for the kernel's side: the real hub, routes and conversation on loopback.

Unlike a real one it can be cut off and brought back while its hub lives on.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
from collections.abc import Callable, Iterable
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from agentkit.core.frames import CLIENT_KEY_HEADER
from agentkit.core.protocol import TaskSummary
from agentkit.hub.executor import InProcessExecutor
from agentkit.hub.hub import Hub
from agentkit.hub.journal import MEMORY, Journal
from agentkit.llm.gateway import LLMGateway
from agentkit.llm.scripted import ScriptedProvider, Turn
from agentkit.server.api import ROUTES, Request, answer
from agentkit.server.asker import Asker
from agentkit.server.conversation import Gone, converse
from agentkit.server.portal import Portal
from agentkit.skills.registry import SkillRegistry
from agentkit.tools.registry import ToolRegistry
from jupyter_agentkit.address import KERNEL_KEY_HEADER, KEY_VARIABLE, URL_VARIABLE, ServerAddress

KEY = "the-kernel-key"
BASE = "/some/base/agentkit"


class AgentServer:
    """Hosts one scripted provider on a free port."""

    def __init__(self, script: Iterable[Turn] = (), *, away_seconds: float = 30) -> None:
        self.provider = ScriptedProvider(script)
        gateway = LLMGateway()
        gateway.register_provider("script", self.provider)
        self.hub = Hub(
            InProcessExecutor(gateway, ToolRegistry(), SkillRegistry()),
            Journal(MEMORY),
            away_seconds=away_seconds,
        )
        self.knows_kernels = True
        """What it says of any kernel."""
        self.seen: list[str] = []
        """Verb and path of each request, and the ``type`` of each frame of a client."""
        self.sockets: set[_Socket] = set()
        self._numbers = itertools.count(1)
        self._portal = Portal("test-server")
        self._listening: HTTPServer | None = None
        self.port = 0
        self.come_back()

    @property
    def address(self) -> ServerAddress:
        return ServerAddress(f"http://127.0.0.1:{self.port}{BASE}", KEY)

    @property
    def environment(self) -> dict[str, str]:
        return {URL_VARIABLE: self.address.url, KEY_VARIABLE: KEY}

    def script(self, *turns: Turn) -> str:
        """Add a provider with that script; give the ``model`` that asks it."""
        name = f"script{next(self._numbers)}"
        self.hub.executor.gateway.register_provider(name, ScriptedProvider(turns))
        return f"{name}:any"

    def go_away(self) -> None:
        """Stop listening and cut all connections; the hub goes on."""
        self._portal.submit(self._go_away()).result(10)

    def come_back(self) -> None:
        """Listen again, on the same port."""
        self._portal.submit(self._listen()).result(10)

    def restart(self) -> None:
        """Stop the hub, which ends what runs as interrupted, and open it again."""

        async def restart() -> None:
            await self.hub.stop()
            await self.hub.open()

        self._portal.submit(restart()).result(10)

    def cut(self) -> None:
        """Cut the open sockets without a goodbye."""
        self._portal.submit(self._cut()).result(10)

    def summary(self, task_id: str) -> TaskSummary:
        """The task as the hub has it."""
        return self._portal.submit(self.hub.task(task_id)).result(10).summary

    def stored(self, task_id: str) -> list[dict[str, Any]]:
        """The task's events as the journal has them."""
        texts = self._portal.submit(self.hub.journal.events(task_id, 0, 10**9)).result(60)
        return [json.loads(text) for text in texts]

    def ended(self, task_id: str) -> None:
        """Wait for the task's end on the hub."""

        async def wait() -> None:
            await (await self.hub.task(task_id)).ended.wait()

        self._portal.submit(wait()).result(20)

    def forget(self, task_id: str) -> None:
        """End the task and delete it, as another client might."""

        async def delete() -> None:
            task = await self.hub.task(task_id)
            await self.hub.cancel(task_id)
            await task.ended.wait()
            await self.hub.delete(task_id)

        self._portal.submit(delete()).result(20)

    def close_journal_to_writing(self) -> None:
        """Let nothing be stored any more."""
        journal = self.hub.journal
        self._portal.submit(
            journal.write(
                lambda connection: connection.execute("PRAGMA query_only = ON").fetchall()
            )
        ).result(10)

    def close(self) -> None:
        self.go_away()
        self._portal.submit(self.hub.close()).result(10)
        self._portal.close()

    async def _listen(self) -> None:
        await self.hub.open()
        rules: list[Any] = [
            (f"{BASE}/api/v1/ws/tasks/([^/]+)", _Socket, {"server": self}),
            (f"{BASE}/api/v1/kernels/[^/]+", _Kernels, {"server": self}),
            (f"{BASE}/api/v1(/.*)", _Routes, {"server": self}),
        ]
        sockets = bind_sockets(self.port, "127.0.0.1")
        self.port = sockets[0].getsockname()[1]
        self._listening = listening = HTTPServer(Application(rules))
        listening.add_sockets(sockets)

    async def _go_away(self) -> None:
        if self._listening is not None:
            self._listening.stop()
            await self._cut()
            await self._listening.close_all_connections()

    async def _cut(self) -> None:
        for socket in list(self.sockets):
            socket.cut()


class _Handler(RequestHandler):
    def initialize(self, server: AgentServer) -> None:
        self.server = server

    def prepare(self) -> None:
        if self.request.headers.get(KERNEL_KEY_HEADER) != KEY:
            raise HTTPError(403)
        self.server.seen.append(f"{self.request.method} {self.request.path.removeprefix(BASE)}")


class _Routes(_Handler):
    async def _route(self, path: str) -> None:
        for route in ROUTES:
            names = route.path.split("/")
            given = path.split("/")
            if route.verb != self.request.method or len(names) != len(given):
                continue
            pairs = list(zip(names, given, strict=True))
            if all(name == part or name.startswith("{") for name, part in pairs):
                named = {name.strip("{}"): part for name, part in pairs if name.startswith("{")}
                query = {
                    name: self.get_query_argument(name) for name in self.request.query_arguments
                }
                request = Request(
                    self.server.hub, named, query, self.request.body, Asker("the notebook")
                )
                response = await answer(route, request)
                self.set_status(response.status)
                if response.text:
                    self.write(response.text)  # pyright: ignore[reportUnknownMemberType]
                return
        raise HTTPError(404)

    get = post = delete = _route


class _Kernels(_Handler):
    def get(self) -> None:
        self.write({"known": self.server.knows_kernels})  # pyright: ignore[reportUnknownMemberType]


class _Socket(_Handler, WebSocketHandler):
    def open(self, task_id: str) -> None:
        self._inbox: asyncio.Queue[str] = asyncio.Queue()
        self.server.sockets.add(self)
        self._talk = asyncio.ensure_future(
            converse(
                self.server.hub,
                _End(self, self._inbox),
                task_id,
                {name: self.get_query_argument(name) for name in self.request.query_arguments},
                may=lambda _: True,
                client_key=self.request.headers.get(CLIENT_KEY_HEADER),
            )
        )

    def on_message(self, message: str | bytes) -> None:
        self.server.seen.append(str(json.loads(message)["type"]))
        self._inbox.put_nowait(str(message))

    def on_close(self) -> None:
        self.server.sockets.discard(self)
        self._talk.cancel()

    def cut(self) -> None:
        if self.ws_connection is not None:  # else it is closing by itself
            self.ws_connection.stream.close()  # pyright: ignore


class _End:
    def __init__(self, handler: _Socket, inbox: asyncio.Queue[str]) -> None:
        self._handler = handler
        self._inbox = inbox

    async def send(self, text: str) -> None:
        try:
            await self._handler.write_message(text)
        except WebSocketClosedError:
            raise Gone from None

    async def receive(self) -> str:
        return await self._inbox.get()

    async def close(self, code: int) -> None:
        self._handler.close(code)


class Gate:
    """A part of a script that waits until the test opens it."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._open = threading.Event()

    def __call__(self, _request: object) -> Any:
        self.reached.set()
        return asyncio.to_thread(self._wait)

    def _wait(self) -> None:
        if not self._open.wait(60):
            raise TimeoutError("The test never opened the gate.")

    def open(self) -> None:
        self._open.set()


ServeScript = Callable[..., AgentServer]
"""``serve(turn, turn, …)``: a server with that script, closed at the test's end."""
