"""Model servers and prices of the configuration: asked by runs, and their keys shown to nobody."""

from __future__ import annotations

import json
import logging
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.serverapp import ServerApp
from traitlets.config import Config

from jupyter_agentkit.app import AgentKitApp
from tests.agentkit.llm.dialects import OpenAI
from tests.agentkit.llm.wire import Reply, wire
from tests.jupyter_agentkit.server.talk import Talk

IT = OpenAI()
KEY = "plain words that look like no key"
NAMED_KEY = "another one in the environment"
AGENT = {"name": "asker", "model": "lab:m", "task_mode": "llm_generate"}


@pytest.fixture
def port() -> int:
    """A free one, for the model's server."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
def configured(
    port: int, jp_server_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two providers with keys, and a price; to be asked for before ``talk``."""
    monkeypatch.setenv("WHAT_IT_NEEDS", NAMED_KEY)
    url = f"http://127.0.0.1:{port}/v1"
    jp_server_config["AgentKitApp"] |= {
        "providers": {
            "lab": {"kind": "openai", "base_url": url, "api_key": KEY},
            "named": {"kind": "anthropic", "base_url": url, "api_key_env": "WHAT_IT_NEEDS"},
        },
        "prices": {"lab:*": {"input": 1, "output": 2, "window": 9}},
    }


async def run(talk: Talk, port: int, reply: Reply) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The frames of a run that asks the lab, and the request that the lab saw."""
    async with wire(reply, port=port) as server:
        assert (await talk.ask("POST", "/agents", {"config": AGENT})).status == 201
        await talk.ask("POST", "/tasks", {"task_id": "t1", "agent": "asker", "input": "Hm?"})
        frames = await talk.finish("t1")
        return frames, {"headers": server.seen[0].headers, "body": server.seen[0].body}


async def test_a_run_asks_the_configured_server_and_counts_its_price(
    configured: None, talk: Talk, port: int
) -> None:
    frames, seen = await run(talk, port, Reply(chunks=IT.whole()))
    assert seen["headers"]["authorization"].endswith(KEY)
    assert seen["body"]["model"] == "m"
    events = [frame["data"] for frame in frames if frame["type"] == "step"]
    [usage] = [event for event in events if event["event_type"] == "usage"]
    assert (usage["provider"], usage["input_tokens"], usage["output_tokens"]) == ("lab", 10, 5)
    assert usage["cost"] == pytest.approx((10 * 1 + 5 * 2) / 1_000_000)
    result = frames[-1]["data"]
    assert (result["status"], result["content"]) == ("completed", "Hello")
    assert result["usage"]["cost"] == pytest.approx(usage["cost"])


async def test_a_models_word_of_a_configured_key_is_masked(
    configured: None, talk: Talk, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    said = IT.chunk({"role": "assistant", "content": f"They are: {KEY}, {NAMED_KEY}."})
    frames, _ = await run(talk, port, Reply(chunks=[said, *IT.end("stop")]))
    shown = json.dumps(frames) + (await talk.ask("GET", "/tasks/t1/trace")).text
    assert "They are" in shown
    assert KEY not in shown
    assert NAMED_KEY not in shown
    status = (await talk.ask("GET", "/status")).text
    assert KEY not in status
    assert NAMED_KEY not in status
    logged = [r.getMessage() for r in caplog.records if r.levelno >= logging.INFO]
    assert not any(KEY in line for line in logged)


async def test_an_error_of_the_models_server_ends_the_run_with_its_reason(
    configured: None, talk: Talk, port: int
) -> None:
    reply = Reply(401, body=IT.error(f"Incorrect API key provided: {KEY}"))
    frames, _ = await run(talk, port, reply)
    result = frames[-1]["data"]
    assert (result["status"], result["error"]["reason"]) == ("failed", "wrong_key")
    assert KEY not in json.dumps(frames)


async def test_status_names_the_configured_servers_and_what_they_lack(
    configured: None, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WHAT_IT_NEEDS")
    providers = (await talk.ask("GET", "/status")).json["providers"]
    lab, named = [p for p in providers if p["name"] in ("lab", "named")]
    assert (lab["usable"], lab["missing"]) == (True, None)
    assert named["usable"] is False
    assert "WHAT_IT_NEEDS" in named["missing"]


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the log shows at its usual level, also before the server has set it up."""
    lines: list[str] = []
    handle = logging.Logger.handle

    def heard(self: logging.Logger, record: logging.LogRecord) -> None:
        if record.levelno >= logging.INFO:
            lines.append(logging.Formatter().format(record))
        handle(self, record)

    monkeypatch.setattr(logging.Logger, "handle", heard)
    return lines


@pytest.fixture
def wrong(
    request: pytest.FixtureRequest, jp_server_config: dict[str, Any], logged: list[str]
) -> None:
    jp_server_config["AgentKitApp"] |= request.param


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"providers": {"lab": {"kind": "olama", "api_key": KEY}}}, "AgentKitApp.providers: "),
        ({"providers": {"lab": {"kind": "openai", "api_key": [KEY]}}}, "AgentKitApp.providers: "),
        ({"prices": {"gpt-5": {"input": -1, "output": 1}}}, "AgentKitApp.prices: "),
    ],
    indirect=["wrong"],
)
def test_a_setting_that_cannot_be_used_is_named_without_its_keys(
    wrong: None, jp_serverapp: ServerApp, logged: list[str], words: str
) -> None:
    text = "\n".join(logged)
    assert words in text
    assert KEY not in text


def test_the_documented_configuration_can_be_used() -> None:
    text = (Path(__file__).parents[3] / "docs" / "models.md").read_text()
    config = Config()
    for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(code, {"c": config})
    app = AgentKitApp(config=config)
    assert {"ollama", "vllm", "claude", "team", "groq"} == app.providers.keys()
    assert app.prices["ollama:*"]["window"] == 32768
