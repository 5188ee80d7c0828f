from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from traitlets import TraitError

from agentkit.core.protocol import AgentConfig
from agentkit.llm.protocol import ToolCall
from agentkit.llm.scripted import ScriptedProvider
from agentkit.tools.mcp import McpServers
from jupyter_agentkit.app import AgentKitApp
from tests.agentkit.tools import mcp_peer
from tests.jupyter_agentkit.server.talk import Talk, events

pytest.importorskip("mcp", reason="the extra 'mcp' is not installed")

SECRET = "pk-1234567890abcdef"


@pytest.fixture
def jp_server_config(jp_server_config: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    file = tmp_path / ".mcp.json"
    told = tmp_path / "told.txt"
    peer = {
        "command": sys.executable,
        "args": [str(Path(mcp_peer.__file__)), str(told)],
        "env": {"PEER_KEY": SECRET, "PEER_DELAY": "0.3"},
    }
    file.write_text(json.dumps({"mcpServers": {"peer": peer}}))
    return {
        **jp_server_config,
        "AgentKitApp": {
            "journal": ":memory:",
            "mcp_config": str(file),
            "mcp_servers": {"gone": {"command": "no-such-mcp-server"}},
        },
    }


def agent(talk: Talk, *turns: Any, tools: tuple[str, ...] | None) -> None:
    talk.hub.executor.gateway.register_provider("script", ScriptedProvider(turns))
    policy = {"peer__*": "allow"}
    talk.hub.register(
        AgentConfig.model_validate(
            {"name": "analyst", "model": "script", "tools": tools, "policy": policy}
        )
    )


async def run(talk: Talk) -> list[dict[str, Any]]:
    answer = await talk.ask("POST", "/tasks", {"agent": "analyst", "input": "?"})
    assert answer.status == 201, answer.text
    return events(await talk.finish(answer.json["task_id"]))


async def test_a_run_waits_for_a_server_that_is_being_started_and_calls_it(talk: Talk) -> None:
    await talk.start()
    call = ToolCall("c1", "peer__echo", {"text": "from the server"})
    agent(talk, call, "Done.", tools=("peer__*",))
    seen = await run(talk)
    assert [event["event_type"] for event in seen[:2]] == ["run_started", "warning"]
    assert seen[1]["reason"] == "mcp_starting"
    called = next(event for event in seen if event["event_type"] == "tool_call")
    assert called["runs_in"] == "mcp"
    result = next(event for event in seen if event["event_type"] == "tool_result")
    assert result["content"]["text/plain"] == "from the server"


async def test_what_a_server_was_given_in_secret_is_never_shown(talk: Talk) -> None:
    await talk.start()
    call = ToolCall("c1", "peer__environment", {})
    agent(talk, call, "Done.", tools=("peer__environment",))
    text = json.dumps(await run(talk))
    assert "PEER_KEY" in text
    assert SECRET not in text


async def test_the_status_says_how_each_server_stands(talk: Talk) -> None:
    await talk.start()
    agent(talk, "Done.", tools=("peer__*", "gone__*"))
    seen = await run(talk)
    warnings = [event for event in seen if event["event_type"] == "warning"]
    assert warnings[-1]["reason"] == "mcp_unavailable"
    assert "There is no command 'no-such-mcp-server'" in warnings[-1]["message"]
    peer, gone = (await talk.ask("GET", "/status")).json["mcp"]
    assert peer == {"name": "peer", "state": "ready", "tools": 15, "message": None}
    assert (gone["name"], gone["state"], gone["tools"]) == ("gone", "failed", 0)
    assert "There is no command 'no-such-mcp-server' on the PATH" in gone["message"]


async def test_nothing_is_started_before_the_server_has_started(talk: Talk, tmp_path: Path) -> None:
    (servers,) = [each for each in talk.hub.executor.tools.sources if isinstance(each, McpServers)]
    assert [each.state for each in servers.status] == ["stopped", "stopped"]
    assert not (tmp_path / "told.txt").exists()


def test_a_wrong_setting_is_refused_with_the_servers_name() -> None:
    with pytest.raises(TraitError, match=r"AgentKitApp\.mcp_servers, server 'a': expected either"):
        AgentKitApp(mcp_servers={"a": {}})
