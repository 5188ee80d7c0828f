"""The client under test: starts the server at the given address as a run would, and calls its tools."""

from __future__ import annotations

import asyncio
import sys

from agentkit.tools.mcp_config import HttpServer
from agentkit.tools.mcp_server import McpServer
from agentkit.tools.protocol import ToolContext

ARGUMENTS = {"conformance__add_numbers": {"a": 5, "b": 3}}


async def main(url: str) -> None:
    server = McpServer("conformance", HttpServer(url=url))
    if not await server.settled(20):
        sys.exit(f"{server.status}")
    for name, tool in list(server.tools.items()):
        result = await tool.call(dict(ARGUMENTS.get(name, {})), ToolContext("c1"))
        if result.outcome != "success":
            sys.exit(f"{name}: {result.error}")
    await server.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[-1]))
