"""Requests to a Jupyter server, and the talk over a task's socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any, cast
from urllib.parse import urlencode

from jupyter_server.serverapp import ServerApp
from tornado.httpclient import HTTPRequest, HTTPResponse
from tornado.websocket import WebSocketClientConnection, websocket_connect

from agentkit.core.protocol import AgentConfig
from agentkit.hub.hub import Hub
from agentkit.llm.scripted import ScriptedProvider, Turn
from jupyter_agentkit.app import AgentKitApp

Frame = dict[str, Any]
SECONDS = 20


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Any
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    def refused(self, status: int) -> Frame:
        """The error of a refusal, in the one shape that errors have."""
        assert self.status == status, self.text
        assert self.headers["Content-Type"] == "application/json"
        assert self.json.keys() == {"message", "reason"}
        assert self.json["message"]
        return self.json


class Socket:
    """One end of a task's socket."""

    def __init__(self, connection: WebSocketClientConnection) -> None:
        self.connection = connection

    async def say(self, frame: Frame | str | bytes) -> None:
        if isinstance(frame, dict):
            frame = json.dumps(frame)
        await self.connection.write_message(frame, binary=isinstance(frame, bytes))

    async def hear(self) -> Frame | None:
        """The next frame; ``None`` when the server has closed."""
        text = await asyncio.wait_for(self.connection.read_message(), SECONDS)
        return None if text is None else json.loads(text)

    async def rest(self, code: int = 1000) -> list[Frame]:
        """What is still to come until the server closes, which it does with ``code``."""
        frames: list[Frame] = []
        while (frame := await self.hear()) is not None:
            frames.append(frame)
        assert self.connection.close_code == code
        return frames

    async def until(self, event_type: str) -> list[Frame]:
        """The frames up to the first event of that type."""
        frames: list[Frame] = []
        while frames[-1:] == [] or frames[-1].get("data", {}).get("event_type") != event_type:
            frame = await self.hear()
            assert frame is not None
            frames.append(frame)
        return frames

    def leave(self) -> None:
        self.connection.close()


class _Announced(ScriptedProvider):
    """A script that says when it is asked."""

    def __init__(self, script: Sequence[Turn], asked: asyncio.Event) -> None:
        super().__init__(script)
        self._asked = asked

    def stream(self, *given: Any, **options: Any) -> Any:
        self._asked.set()
        return super().stream(*given, **options)


class Talk:
    """A client of one server; with its token unless told otherwise."""

    def __init__(self, server: ServerApp, client: Any, port: int, base_url: str) -> None:
        self.server = server
        self.token = str(server.identity_provider.token)
        self._client = client
        self._base = f"127.0.0.1:{port}{base_url}agentkit/api/v1"
        self._gates: list[asyncio.Event] = []
        self._sockets: list[Socket] = []
        self._names = 0
        self.asked = asyncio.Event()
        """Set once a model of this test has been asked."""

    @property
    def app(self) -> AgentKitApp:
        points = cast("Any", self.server.extension_manager).extension_points
        return points["jupyter_agentkit"].app

    async def start(self) -> None:
        """What the server does with the extension once it runs; the fixtures leave it out."""
        app: Any = self.app
        await app._start_jupyter_server_extension(self.server)

    @property
    def hub(self) -> Hub:
        return self.app.hub

    @property
    def host(self) -> str:
        return self._base.partition("/")[0]

    @property
    def root(self) -> str:
        """The path of the server itself, such as ``/base/``."""
        return "/" + self._base.partition("/")[2].removesuffix("agentkit/api/v1")

    def headers(self, given: dict[str, str] | None) -> dict[str, str]:
        return {"Authorization": f"token {self.token}"} if given is None else given

    async def log_in(self, password: str) -> dict[str, str]:
        """Log in as a browser does; the cookies that it sends from then on."""
        page = await self._client.fetch(f"{self.root}login")
        cookies = _cookies(page)
        form = {"password": password, "_xsrf": cookies["_xsrf"]}
        answer = await self._client.fetch(
            f"{self.root}login",
            method="POST",
            headers={"Cookie": _sent(cookies)},
            body=urlencode(form),
            follow_redirects=False,
            raise_error=False,
        )
        assert answer.code == 302
        return cookies | _cookies(answer)

    def browser(self, cookies: dict[str, str], *, xsrf: bool = True) -> dict[str, str]:
        """The headers that a page of this server sends."""
        headers = {"Cookie": _sent(cookies), "Origin": f"http://{self.host}"}
        return headers | ({"X-XSRFToken": cookies["_xsrf"]} if xsrf else {})

    async def ask(
        self,
        verb: str,
        path: str,
        body: object = None,
        *,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request; ``headers`` take the place of the token.

        ``path`` is one of the route table, or begins with ``root``.
        """
        if not path.startswith(self.root):
            path = f"/{self._base.partition('/')[2]}{path}"
        if body is not None and not isinstance(body, bytes | str):
            body = json.dumps(body)
        response: HTTPResponse = await self._client.fetch(
            path,
            method=verb,
            headers=self.headers(headers),
            body=body,
            allow_nonstandard_methods=True,
            follow_redirects=False,
            raise_error=False,
            request_timeout=SECONDS,
        )
        return Answer(response.code, response.headers, response.body.decode())

    async def socket(
        self, task_id: str, query: str = "", *, headers: dict[str, str] | None = None
    ) -> Socket:
        """Open a task's socket; ``headers`` take the place of the token."""
        return await self.open(f"/ws/tasks/{task_id}?{query}", headers=headers)

    async def open(self, path: str, *, headers: dict[str, str] | None = None) -> Socket:
        """Open any socket of the extension."""
        request = HTTPRequest(f"ws://{self._base}{path}", headers=self.headers(headers))
        socket = Socket(await websocket_connect(request, max_message_size=2**28))
        self._sockets.append(socket)
        return socket

    def script(self, *turns: Turn, agent: str = "analyst") -> None:
        """Make an agent whose model answers with these turns."""
        self._names += 1
        name = f"script{self._names}"
        self.hub.executor.gateway.register_provider(name, _Announced(turns, self.asked))
        self.hub.register(AgentConfig(name=agent, model=name))

    def gate(self) -> asyncio.Event:
        """A part of a script that waits until it is set, at the latest when the test ends."""
        gate = asyncio.Event()
        self._gates.append(gate)
        return gate

    def release(self) -> None:
        for gate in self._gates:
            gate.set()
        for socket in self._sockets:
            socket.leave()

    async def finish(self, task_id: str, query: str = "") -> list[Frame]:
        """All frames of a task, to its end."""
        return await (await self.socket(task_id, query)).rest()


def events(frames: list[Frame]) -> list[Frame]:
    """The events of ``step`` frames."""
    return [frame["data"] for frame in frames if frame["type"] == "step"]


def types(frames: list[Frame]) -> list[str]:
    """The types of the events."""
    return [event["event_type"] for event in events(frames)]


def _cookies(response: HTTPResponse) -> dict[str, str]:
    found = SimpleCookie()
    for line in response.headers.get_list("Set-Cookie"):
        found.load(line)
    return {name: morsel.value for name, morsel in found.items()}


def _sent(cookies: dict[str, str]) -> str:
    return "; ".join(f'{name}="{value}"' for name, value in cookies.items())
