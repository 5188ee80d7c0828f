"""Without a server, a notebook's runs keep to the settings that a server of this user would have."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from agentkit.errors import InvalidInput
from agentkit.hub.hub import Hub
from agentkit.llm.protocol import ToolCall
from agentkit.llm.scripted import ScriptedProvider, Turn
from jupyter_agentkit import Agent, AgentRun, agent
from jupyter_agentkit.client import Client
from jupyter_agentkit.local import LocalHost, default_hub
from tests.agentkit.tools import mcp_peer

SKILL = "---\nname: birds\ndescription: Knows birds.\n---\nCount them.\n"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of Jupyter's configuration, in a home that is empty."""
    folder = tmp_path / "config"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("jupyter_agentkit.wiring.jupyter_config_path", lambda: [str(folder)])
    monkeypatch.chdir(tmp_path)
    return folder


def ask(hub: Hub, monkeypatch: pytest.MonkeyPatch, *script: Turn, **fields: Any) -> AgentRun:
    hub.executor.gateway.register_provider("script", ScriptedProvider(script), default=True)
    client = Client(LocalHost(hub))
    monkeypatch.setattr(agent, "connect", lambda: client)
    run = Agent("a", model="script", **fields).run("Go", on_ask="approve")
    run.join(30)
    return run


def results(run: AgentRun) -> list[dict[str, Any]]:
    return [step for step in run.steps if step["event_type"] == "tool_result"]


def drop(name: str) -> str:
    return f"dropped {name}"


def test_the_policy_and_the_limits_of_the_configuration_hold(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (config / "jupyter_server_config.py").write_text(
        "c.AgentKitApp.policy = {'drop': 'deny'}\nc.AgentKitApp.limits = {'max_steps': 9}\n"
    )
    (config / "jupyter_agentkit_config.json").write_text(
        json.dumps({"AgentKitApp": {"limits": {"max_steps": 1}}})
    )
    call = ToolCall("1", "drop", {"name": "sales"})

    run = ask(default_hub(), monkeypatch, [call], [call], tools=[drop], policy={"drop": "allow"})

    assert [result["outcome"] for result in results(run)] == ["denied"]
    assert run.error is not None
    assert run.error["reason"] == "max_steps"


def test_skills_of_the_configured_folders_can_be_activated(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "skills" / "birds").mkdir(parents=True)
    (tmp_path / "skills" / "birds" / "SKILL.md").write_text(SKILL)
    (config / "jupyter_server_config.py").write_text(
        "c.AgentKitApp.skills_folders = ['skills']\nc.AgentKitApp.model = 'demo'\n"
    )
    hub = default_hub()

    run = ask(hub, monkeypatch, [ToolCall("1", "activate_skill", {"name": "birds"})], "Done.")

    assert hub.executor.gateway.default_model == "demo"
    assert "Count them." in str(results(run)[0]["content"])


def test_mcp_servers_are_started_with_the_first_run(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mcp", reason="the extra 'mcp' is not installed")
    peer = {
        "command": sys.executable,
        "args": [str(Path(mcp_peer.__file__)), str(tmp_path / "told.txt")],
    }
    (config / "jupyter_agentkit_config.json").write_text(
        json.dumps({"AgentKitApp": {"mcp_servers": {"peer": peer}}})
    )

    run = ask(
        default_hub(),
        monkeypatch,
        [ToolCall("1", "peer__echo", {"text": "hello"})],
        "Done.",
        tools=["peer__*"],
    )

    assert run.status == "completed", run.error
    assert "hello" in str(results(run)[0]["content"])


def test_a_setting_that_cannot_be_used_lets_nothing_run(config: Path) -> None:
    (config / "jupyter_server_config.py").write_text("c.AgentKitApp.policy = {'drop': 'never'}\n")

    with pytest.raises(InvalidInput, match=r"AgentKitApp\.policy"):
        default_hub()
