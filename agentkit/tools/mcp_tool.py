"""A tool of an MCP server, under a name that models take."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar, cast

from agentkit.core.protocol import ToolSpec, Verdict
from agentkit.tools.mcp_session import Progress
from agentkit.tools.protocol import Tool, ToolContext, ToolResult

NAME_LENGTH = 64

Run = Callable[[str, dict[str, Any], Progress], Awaitable[ToolResult]]
"""Has the server run a tool: its own name, the arguments, and who is told of progress."""


class McpTool(Tool):
    """A tool of an MCP server."""

    runs_in: ClassVar[str] = "mcp"

    def __init__(self, server: str, given: Mapping[str, Any], name: str, run: Run) -> None:
        self._run = run
        self._theirs = str(given["name"])
        schema = given.get("inputSchema")
        hints = cast("Mapping[str, Any]", given.get("annotations") or {})
        reads = hints.get("readOnlyHint") is True
        self.spec = ToolSpec(
            name=name,
            description=str(given.get("description") or given.get("title") or ""),
            parameters=dict(cast("Mapping[str, Any]", schema)) if schema else {"type": "object"},
            side_effects=not (reads or hints.get("idempotentHint") is True),
        )
        # A hint is the server's word about itself: it may spare a question, and lifts no other guard.
        self.policy: Verdict = "allow" if reads else "ask"
        self.asks_because = f"It runs {self._theirs!r} on the MCP server {server!r}."

    async def call(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """Have the server run it; a server that dies meanwhile is a failure that says so."""
        return await self._run(self._theirs, arguments, context.progress)


def fitting(prefix: str, name: str, taken: Mapping[str, object]) -> str:
    """A tool's name as models take it: letters, digits, ``_`` and ``-``, at most 64, used once.

    What had to be changed ends in a mark that is made from the name, so that it is the same each time.
    """
    plain = f"{prefix}{re.sub(r'[^A-Za-z0-9_-]', '_', name)}"
    if plain == f"{prefix}{name}" and len(plain) <= NAME_LENGTH and plain not in taken:
        return plain
    number = 0
    while True:
        mark = hashlib.sha256(f"{name}{number or ''}".encode()).hexdigest()[:6]
        unique = f"{plain[: NAME_LENGTH - len(mark) - 1]}_{mark}"
        if unique not in taken:
            return unique
        number += 1
