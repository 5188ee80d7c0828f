"""The kernel's own process as the host of its runs, where no Jupyter server started the kernel.

So a notebook that runs under nbclient, papermill or in an editor of its own leaves the same trace. Tasks
are kept in memory and end with the process.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from agentkit.core.bounds import Bounds
from agentkit.core.protocol import Limits
from agentkit.core.redaction import Redactor
from agentkit.errors import NotFound
from agentkit.hub.executor import InProcessExecutor
from agentkit.hub.hub import Hub
from agentkit.hub.journal import MEMORY, Journal
from agentkit.hub.sources import Sources
from agentkit.server.api import ROUTES, Request, answer
from agentkit.server.asker import Asker
from agentkit.server.conversation import REFUSED, Gone, converse
from agentkit.server.input import query_of
from agentkit.skills.registry import SkillRegistry
from agentkit.tools.builtin.ask_user import AskUser
from agentkit.tools.builtin.kernel import InspectVariables, RunPython
from agentkit.tools.mcp import McpServers
from agentkit.tools.registry import ToolRegistry
from jupyter_agentkit.checks import POLICY
from jupyter_agentkit.errors import ConnectionLost
from jupyter_agentkit.host import Frame, Host, Socket, refusal
from jupyter_agentkit.packages import add_packaged_tools, packaged_agents
from jupyter_agentkit.ports.own_kernel import own_kernels
from jupyter_agentkit.progress import keep_off_the_cells
from jupyter_agentkit.trust import resolved
from jupyter_agentkit.wiring import folders_of, gateway_of, keys, local_settings, mcp_of

_ROUTES = [
    (route, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path))) for route in ROUTES
]


def own_tools() -> ToolRegistry:
    """The built-in tools that need no server, those that work in this kernel, and those of packages."""
    tools = ToolRegistry()
    kernels = own_kernels()
    for tool in (AskUser(), RunPython(kernels), InspectVariables(kernels)):
        tools.register(tool, on_request=True)
    add_packaged_tools(tools)
    return tools


class LocalHub(Hub):
    """A hub that starts its MCP servers when it is opened.

    Parameters
    ----------
    mcp
        The servers.
    """

    def __init__(self, mcp: McpServers, *parts: Any, **options: Any) -> None:
        super().__init__(*parts, **options)
        self._mcp: McpServers | None = mcp

    async def open(self) -> None:
        """As every hub; the first time, the MCP servers begin to start."""
        mcp, self._mcp = self._mcp, None
        if mcp is not None:
            mcp.start()
        await super().open()


def default_hub() -> Hub:
    """A hub as a Jupyter server of this user would have it, with nothing stored on disk.

    Raises
    ------
    InvalidInput
        A setting cannot be used.
    """
    keep_off_the_cells(logging.getLogger("agentkit"))
    settings = local_settings()
    mcp, secrets = mcp_of(settings)
    tools, skills = own_tools(), SkillRegistry()
    tools.add_source(mcp)
    # The kernel's folder is the notebook's, where a server has its root.
    sources = Sources(skills, folders_of(settings, resolved(str(Path.cwd()))), packaged_agents())
    sources.load()
    policy = POLICY.validate_python(settings.policy)
    return LocalHub(
        mcp,
        InProcessExecutor(gateway_of(settings), tools, skills, policy=policy),
        Journal(MEMORY),
        redactor=Redactor([*keys(settings), *secrets], os.environ),
        limits=Limits(**settings.limits),
        max_running=settings.max_running,
        max_queued=settings.max_queued,
        bounds=Bounds(**settings.bounds),
        sources=sources,
    )


class LocalHost(Host):
    """Runs tasks in this process, on the client's loop, through the same routes and conversation.

    Parameters
    ----------
    hub
        Used on the client's loop only.
    """

    base_path = ""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def request(self, method: str, path: str, body: Frame | None = None) -> Any:
        await self._hub.open()
        given = b"" if body is None else json.dumps(body).encode()
        path, _, query = path.partition("?")
        for route, pattern in _ROUTES:
            found = pattern.fullmatch(f"/{path}")
            if route.verb == method and found is not None:
                asker = Asker("the notebook")
                request = Request(self._hub, found.groupdict(), query_of(query), given, asker)
                response = await answer(route, request)
                content = json.loads(response.text) if response.text else None
                if error := refusal(response.status, content):
                    raise error
                return content
        raise NotFound(f"There is no route {method} {path}.")

    async def open_socket(self, task_id: str, *, after: int, client_key: str | None) -> Socket:
        await self._hub.open()
        socket = _LocalSocket()
        query = {"start": "false", "batch": "1", "after": str(after)}
        talk = converse(
            self._hub, socket.other_end, task_id, query, may=lambda _: True, client_key=client_key
        )
        socket.begin(talk)
        return socket


class _LocalSocket(Socket):
    """Both ends of a socket within one loop."""

    def __init__(self) -> None:
        self.other_end = _OtherEnd()
        self._talk: asyncio.Task[None] | None = None

    def begin(self, talk: Coroutine[Any, Any, None]) -> None:
        """Hold the conversation on the other end."""
        self._talk = asyncio.create_task(talk)
        self._talk.add_done_callback(lambda _: self.other_end.to_client.put_nowait(None))

    async def send(self, frame: Frame) -> None:
        if self.other_end.code is not None:
            raise ConnectionLost("The socket is closed.")
        await self.other_end.to_server.put(json.dumps(frame))

    async def receive(self) -> Frame | None:
        text = await self.other_end.to_client.get()
        return None if text is None else json.loads(text)

    @property
    def refused(self) -> bool:
        return self.other_end.code == REFUSED

    def close(self) -> None:
        if self._talk is not None:
            self._talk.cancel()


class _OtherEnd:
    """What the conversation is held on."""

    def __init__(self) -> None:
        self.to_client: asyncio.Queue[str | None] = asyncio.Queue()
        self.to_server: asyncio.Queue[str] = asyncio.Queue()
        self.code: int | None = None

    async def send(self, text: str) -> None:
        if self.code is not None:
            raise Gone
        await self.to_client.put(text)

    async def receive(self) -> str:
        return await self.to_server.get()

    async def close(self, code: int) -> None:
        self.code = code
