"""Applications to test, and the talk with one over a socket."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from starlette.testclient import TestClient, WebSocketTestSession

from agentkit.hub.journal import Journal
from agentkit.llm.gateway import LLMGateway
from agentkit.llm.scripted import Request, ScriptedProvider
from agentkit.server.app import create_app
from agentkit.skills.registry import SkillRegistry
from agentkit.tools.registry import ToolRegistry

Frame = dict[str, Any]
API = "/api/v1"


class Gate:
    """A part of a script that waits until the test opens it, from whatever thread.

    ``reached`` is set when the run has come to it.
    """

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._opened: Future[None] = Future()

    def open(self) -> None:
        self._opened.set_result(None)

    async def __call__(self, _: Request) -> None:
        self.reached.set()
        await asyncio.shield(asyncio.wrap_future(self._opened))


def application(
    provider: Any, *, api_key: str | None = None, journal: Journal | None = None, **options: Any
) -> FastAPI:
    """An application with one provider, and with no agent."""
    gateway = LLMGateway()
    gateway.register_provider("test", provider)
    return create_app(
        llm_gateway=gateway,
        skill_registry=SkillRegistry(),
        tool_registry=ToolRegistry(),
        api_key=api_key,
        journal=journal,
        **options,
    )


@dataclass
class Hosted:
    """An application, a client of it, and the provider that its agents ask."""

    app: FastAPI
    client: TestClient
    provider: ScriptedProvider

    def register(self, name: str = "analyst", **config: Any) -> None:
        response = self.client.post(f"{API}/agents", json={"config": {"name": name, **config}})
        assert response.status_code == 201, response.text

    def start(self, task_id: str, **body: Any) -> Frame:
        response = self.client.post(
            f"{API}/tasks", content=json.dumps({"task_id": task_id, **body})
        )
        assert response.status_code == 201, response.text
        return response.json()

    def socket(self, task_id: str, **options: Any) -> WebSocketTestSession:
        headers = options.pop("headers", {})
        query = "&".join(f"{name}={value}" for name, value in options.items())
        return self.client.websocket_connect(f"{API}/ws/tasks/{task_id}?{query}", headers=headers)

    def finish(self, task_id: str, **options: Any) -> list[Frame]:
        """All frames of a task, to its end."""
        with self.socket(task_id, **options) as socket:
            return rest(socket)


def rest(socket: WebSocketTestSession) -> list[Frame]:
    """The frames that are still to come; the server has closed with 1000 after them."""
    frames: list[Frame] = []
    while (message := socket.receive())["type"] == "websocket.send":
        frames.append(_json(message))
    assert message == {"type": "websocket.close", "code": 1000, "reason": ""}
    return frames


def refused(socket: WebSocketTestSession) -> list[Frame]:
    """The frames before the server closed because it refused; the last says why."""
    frames: list[Frame] = []
    while (message := socket.receive())["type"] == "websocket.send":
        frames.append(_json(message))
    assert message["code"] == 1008
    return frames


def until(socket: WebSocketTestSession, event_type: str) -> list[Frame]:
    """The frames up to the first event of that type."""
    frames: list[Frame] = []
    while True:
        frames.append(socket.receive_json())
        if frames[-1].get("data", {}).get("event_type") == event_type:
            return frames


def events(frames: Iterable[Frame]) -> list[Frame]:
    """The events of ``step`` and ``steps`` frames."""
    found: list[Frame] = []
    for frame in frames:
        if frame["type"] == "step":
            found.append(frame["data"])
        elif frame["type"] == "steps":
            found += frame["data"]
    return found


def types(frames: Iterable[Frame]) -> list[str]:
    """The types of the events in ``frames``."""
    return [event["event_type"] for event in events(frames)]


def _json(message: Any) -> Frame:

    return json.loads(message["text"])


Host = Callable[..., Hosted]
"""``host(*turns)``: an application whose provider answers with these turns."""
