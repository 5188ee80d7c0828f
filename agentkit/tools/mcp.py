"""The tools of MCP servers (https://modelcontextprotocol.io), as a source of a ``ToolRegistry``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from agentkit.tools.mcp_config import McpServerConfig
from agentkit.tools.mcp_status import McpServerStatus
from agentkit.tools.protocol import Tool

if TYPE_CHECKING:
    from agentkit.tools.mcp_server import McpServer

WAIT_SECONDS = 30.0
"""How long a run waits for the servers whose tools it may call."""


class McpServers:
    """Servers by name. Nothing is started before ``start``, or before a run needs their tools.

    Parameters
    ----------
    servers
        As ``mcp_config.parse_servers`` reads them.
    problem
        A configuration that could not be read: where it stands, and what is wrong. It is shown with them.
    wait_seconds
        How long a run waits for them.
    """

    def __init__(
        self,
        servers: Mapping[str, McpServerConfig],
        *,
        problem: tuple[str, str] | None = None,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._servers: list[McpServer] = []
        if servers:  # what keeps them is needed where there are some
            from agentkit.tools.mcp_server import McpServer

            self._servers = [McpServer(name, config) for name, config in servers.items()]
        self._problem = problem
        self._wait_seconds = wait_seconds

    def start(self) -> None:
        """Begin to start all of them on the running loop; it waits for none."""
        for server in self._servers:
            server.start()

    async def stop(self) -> None:
        """End them and their processes."""
        await asyncio.gather(*(server.stop() for server in self._servers))

    @property
    def status(self) -> list[McpServerStatus]:
        """How each stands now."""
        shown = [server.status for server in self._servers]
        if self._problem is not None:
            name, message = self._problem
            shown.append(McpServerStatus(name=name, state="failed", tools=0, message=message))
        return shown

    @property
    def tools(self) -> Sequence[Tool]:
        """The tools of those that are ready."""
        return [tool for server in self._servers for tool in server.tools.values()]

    def may_give(self, name: str) -> bool:
        """Whether a tool of that name, or of that pattern, can come from one of the servers."""
        return any(_meets(name, server.prefix) for server in self._servers)

    async def ready(self, names: Iterable[str] | None, say: Callable[[str, str], None]) -> None:
        """Wait for the servers whose tools are wanted, for a limited time.

        Those that have failed are tried again when they are wanted by name.

        Parameters
        ----------
        names
            Names and patterns; ``None`` for every tool there is.
        say
            ``say(message, reason)``, for whoever watches the run.
        """
        wanted = None if names is None else tuple(names)
        waited = [
            server
            for server in self._servers
            if server.state != "ready"
            and (wanted is None or any(_meets(name, server.prefix) for name in wanted))
        ]
        trying = [server for server in waited if wanted is not None or server.state != "failed"]
        if trying:
            say(f"Waiting for {_listed(trying)} to start.", "mcp_starting")
        await asyncio.gather(*(server.settled(self._wait_seconds) for server in trying))
        for server in waited:
            if server.state != "ready":
                why = server.message or f"it did not start within {self._wait_seconds:g} s."
                say(
                    f"The MCP server {server.name!r} is not there, so the run goes on without its "
                    f"tools: {why}",
                    "mcp_unavailable",
                )


def _meets(name: str, prefix: str) -> bool:
    """Whether a name or a pattern can be that of a tool whose name begins with ``prefix``."""
    fixed = len(name)
    for sign in "*?[":
        at = name.find(sign)
        fixed = at if 0 <= at < fixed else fixed
    if fixed == len(name):
        return name.startswith(prefix)
    return name[:fixed].startswith(prefix) or prefix.startswith(name[:fixed])


def _listed(servers: Sequence[McpServer]) -> str:
    names = ", ".join(repr(server.name) for server in servers)
    return f"the MCP server{'s' if len(servers) > 1 else ''} {names}"
