"""Every way into the extension, as it is mounted, with a request that would do something."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Literal

from tornado.httpclient import HTTPClientError

from agentkit.core.protocol import StartTask
from agentkit.hub.hub import Hub
from agentkit.llm.protocol import ToolCall
from jupyter_agentkit.handlers.http import API, RouteHandler
from jupyter_agentkit.handlers.mcp import McpHandler
from jupyter_agentkit.handlers.page import PageSocket
from jupyter_agentkit.handlers.socket import FeedSocket, OfferSocket, TaskSocket
from tests.jupyter_agentkit.server.talk import SECONDS, Answer, Talk

RUNNING, ENDED, INTRUDER = "running", "ended", "intruder"
QUESTION = "q1"
REQUEST = "r1"
"""As the run names what it asks."""
MCP = "agentkit/mcp"

BODIES: dict[tuple[str, str], object] = {
    ("POST", "/agents"): {"config": {"name": INTRUDER}},
    ("POST", "/tasks"): {"task_id": INTRUDER, "agent": "analyst"},
    ("POST", "/tasks/{id}/cancel"): {},
    ("POST", "/tasks/{id}/answers"): {
        "request_id": REQUEST,
        "decision": "answer",
        "value": "Yes",
    },
    ("POST", "/tasks/{id}/resume"): {},
    ("POST", "/tasks/{id}/undo"): {},
    ("POST", "/tasks/{id}/displays"): {"kernel_id": "k", "cell_id": "c", "execution_id": "e"},
    ("POST", "/traces/manifest"): {"task_id": RUNNING},
    ("POST", "/traces/export"): {"task_id": RUNNING, "format": "json"},
}
"""A body for each route that takes one: a new one without is a ``KeyError`` here."""

ON_ENDED = {("DELETE", "/tasks/{id}"), ("POST", "/tasks/{id}/resume"), ("POST", "/tasks/{id}/undo")}
QUERIES = {"/displays": "?path=a.ipynb"}


@dataclass(frozen=True)
class Door:
    """One verb of one route, or one socket."""

    verb: str
    path: str
    action: Literal["read", "write", "execute"]
    kind: Literal["route", "mcp", "socket"] = "route"
    kernels_only: bool = False
    people_only: bool = False

    @property
    def is_of_a_task(self) -> bool:
        return self.path.startswith("/tasks/{id}") or self.path.startswith("/traces/")

    async def knock(self, talk: Talk, headers: dict[str, str]) -> Answer:
        """Ask for something that has an effect; a socket that opens answers with 101."""
        task = ENDED if (self.verb, self.path) in ON_ENDED else RUNNING
        path = self.path.format(id=task, name="analyst") + QUERIES.get(self.path, "")
        if self.kind == "socket":
            try:
                socket = await talk.open(path.replace(RUNNING, INTRUDER), headers=headers)
            except HTTPClientError as error:
                refused: Any = error.response
                return Answer(refused.code, refused.headers, refused.body.decode())
            socket.leave()
            return Answer(101, {}, "")
        body = None
        if self.kind == "mcp":
            path = talk.root + MCP
            body = '{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}'
        elif self.verb == "POST":
            body = json.dumps(BODIES[self.verb, self.path])
        return await talk.ask(self.verb, path, body, headers=headers)

    def __str__(self) -> str:
        return f"{self.verb} {self.path}"


def doors(talk: Talk) -> list[Door]:
    """The doors of all rules that the extension has given Tornado; one of a new kind is an error."""
    found: list[Door] = []
    for rule, handler, *given in talk.app.hosted.handlers:
        assert isinstance(rule, str)
        options: dict[str, Any] = given[0] if given else {}
        path = rule.removeprefix(talk.root.rstrip("/")).removeprefix(API)
        path = path.replace(r"(?P<", "{").replace(r">[^/]+)", "}")
        if issubclass(handler, RouteHandler):
            found += [Door(verb, path, route.action) for verb, route in options["routes"].items()]
        elif issubclass(handler, McpHandler):
            found += [Door(verb, MCP, "execute", "mcp") for verb in ("GET", "POST", "DELETE")]
        elif issubclass(handler, OfferSocket):
            found.append(Door("WS", path, "execute", "socket", kernels_only=True))
        elif issubclass(handler, PageSocket):
            found.append(Door("WS", path, "execute", "socket", people_only=True))
        elif issubclass(handler, TaskSocket | FeedSocket):
            found.append(Door("WS", path, "read", "socket"))
        else:
            raise AssertionError(f"{rule} is of a kind that the matrix does not know: {handler}")
    return found


async def furnish(talk: Talk, user: str | None = None) -> None:
    """An agent, a task that has ended, and one that runs and has asked something."""
    question = ToolCall(QUESTION, "ask_user", {"question": "Go on?"})
    talk.script("Done.", question, "Went on.")
    hub = talk.hub
    hub.register(hub.agents.get("analyst").model_copy(update={"tools": ("ask_user",)}))
    await hub.open()
    for task_id in (ENDED, RUNNING):
        task = await hub.start(StartTask(task_id=task_id, agent="analyst"), user=user)
        if task_id == ENDED:
            await task.ended.wait()
        else:
            await until_asked(talk)


async def until_asked(talk: Talk) -> None:
    """Wait until the running task has asked."""
    socket = _Listening()
    unlisten = talk.hub.changes.listen(socket)
    try:
        async with asyncio.timeout(SECONDS):
            while not (await talk.hub.task(RUNNING)).summary.asks:
                await socket.news()
    finally:
        unlisten()


async def state(hub: Hub, talk: Talk) -> dict[str, Any]:
    """All that a request could change."""
    tasks = await hub.summaries()
    return {
        "agents": [each.model_dump() for each in hub.agents],
        "tasks": [each.model_dump() for each in tasks],
        "events": [await hub.journal.events(each.task_id) for each in tasks],
        "displays": await hub.journal.displays_of_tasks([each.task_id for each in tasks], ["k"]),
        "running": hub.runs.running,
        "offers": vars(hub.offers)["_offers"].copy(),
        "pages": vars(talk.app.hosted.pages)["_pages"].copy(),
        "sessions": vars(talk.app.hosted.agents_as_tools)["_keys"].copy(),
    }


class _Listening:
    def __init__(self) -> None:
        self._event = asyncio.Event()

    def changed(self, summary: Any) -> None:
        self._event.set()

    def removed(self, task_id: str, user: str | None) -> None:
        self._event.set()

    async def news(self) -> None:
        await self._event.wait()
        self._event.clear()
