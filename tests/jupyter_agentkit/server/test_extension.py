"""The server extension: its settings, its log, its journal, and what it tells kernels."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.serverapp import ServerApp

from agentkit.llm.protocol import ToolCall
from jupyter_agentkit.address import KEY_VARIABLE, URL_VARIABLE
from jupyter_agentkit.app import AgentKitApp
from tests.jupyter_agentkit.server.talk import Talk, events

GARBAGE = "This is no database, and there is more than enough of it." * 100


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All that is logged, also before the server has set up its log."""
    lines: list[str] = []
    handle = logging.Logger.handle

    def heard(self: logging.Logger, record: logging.LogRecord) -> None:
        lines.append(record.getMessage())
        handle(self, record)

    monkeypatch.setattr(logging.Logger, "handle", heard)
    return lines


@pytest.fixture
def settings(
    request: pytest.FixtureRequest, jp_server_config: dict[str, Any], logged: list[str]
) -> dict[str, Any]:
    """Settings of ``c.AgentKitApp``, as a parameter; to be asked for before ``talk``."""
    jp_server_config["AgentKitApp"] |= request.param
    return request.param


async def test_kernels_are_told_the_address_below_the_base_url_and_the_key(talk: Talk) -> None:
    await talk.start()
    url, key = os.environ[URL_VARIABLE], os.environ[KEY_VARIABLE]

    assert url.endswith("/a%40b/agentkit")
    assert url.startswith("http://localhost:")
    assert len(key) > 30
    assert talk.token not in url
    headers = {"X-Agentkit-Kernel-Key": key}
    assert (await talk.ask("GET", "/status", headers=headers)).status == 200

    await talk.app.stop_extension()
    assert URL_VARIABLE not in os.environ
    assert KEY_VARIABLE not in os.environ


async def test_a_server_that_was_started_in_a_notebook_gives_back_what_it_found(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    outer = {URL_VARIABLE: "http://127.0.0.1:1/agentkit", KEY_VARIABLE: "outer"}
    for name, value in outer.items():
        monkeypatch.setenv(name, value)

    await talk.start()
    assert os.environ[KEY_VARIABLE] != "outer"
    await talk.app.stop_extension()

    assert {name: os.environ[name] for name in outer} == outer


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="it collects in small steps by itself")
async def test_garbage_is_looked_for_among_a_few_objects_until_the_server_stops(talk: Talk) -> None:
    before = gc.get_threshold(), gc.get_freeze_count()
    await talk.start()
    looks: list[int] = []

    def look(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            looks.append(info["generation"])

    gc.collect()
    gc.callbacks.append(look)
    kept = [[number] for number in range(80_000)]  # as many as Python would look at all objects for
    gc.callbacks.remove(look)

    assert looks.count(0) > len(kept) / 400
    assert 2 not in looks
    await talk.app.stop_extension()
    assert (gc.get_threshold(), gc.get_freeze_count()) == before


@pytest.mark.parametrize(
    ("ip", "address"),
    [
        ("", "http://127.0.0.1:"),
        ("0.0.0.0", "http://127.0.0.1:"),
        ("::", "http://[::1]:"),
        ("127.0.0.1", "http://127.0.0.1:"),
        ("::1", "http://[::1]:"),
        ("10.1.2.3", "http://10.1.2.3:"),
    ],
)
async def test_kernels_reach_a_server_that_listens_everywhere_on_their_own_machine(
    talk: Talk, ip: str, address: str
) -> None:
    talk.server.ip = ip
    await talk.start()
    assert os.environ[URL_VARIABLE] == f"{address}{talk.server.port}/a%40b/agentkit"


async def test_the_log_has_one_line_at_the_start_of_a_task_and_one_at_its_end(
    talk: Talk, caplog: pytest.LogCaptureFixture
) -> None:
    talk.script("a private answer")
    await talk.ask("POST", "/tasks", {"task_id": "t1", "input": "a private question"})
    await talk.finish("t1")

    lines = [record.getMessage() for record in caplog.records if record.name == "agentkit"]
    assert lines == ["Task t1 started: agent analyst", "Task t1 ended: completed"]
    assert "private" not in caplog.text


async def test_neither_token_nor_key_gets_into_a_trace_or_the_log(
    talk: Talk, caplog: pytest.LogCaptureFixture
) -> None:
    key = talk.app.settings["agentkit_kernel_key"]
    caplog.clear()  # the server shows its token once, where it starts
    talk.script(f"The token is {talk.token}, the key {key}.")

    await talk.ask("POST", "/tasks", {"task_id": "t1", "input": f"{talk.token} {key}"})
    await talk.finish("t1")
    await talk.ask("GET", f"/status?token={talk.token}", headers={})
    await talk.ask("GET", f"/nothing?token={talk.token}", headers={})

    for kind in ("json", "html", "markdown"):
        text = (await talk.ask("GET", f"/tasks/t1/trace?format={kind}")).text
        assert "The token is" in text
        assert talk.token not in text
        assert key not in text
    assert talk.token not in caplog.text
    assert key not in caplog.text


async def test_a_running_task_keeps_an_idle_server_up(talk: Talk) -> None:
    gate = talk.gate()
    talk.script([gate, "done"])
    assert not talk.app.current_activity()
    await talk.ask("POST", "/tasks", {"task_id": "t1"})
    assert talk.app.current_activity()
    gate.set()
    await talk.finish("t1")
    async with asyncio.timeout(10):
        # The last frame goes out a step before the end.
        while talk.hub.runs.running:  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert not talk.app.current_activity()


def told(logged: list[str], word: str) -> str:
    """The one line with ``word`` that the server logged while it started."""
    (line,) = [line for line in logged if word in line and "Config changed" not in line]
    return line


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"model": "opnai:gpt"}, "did you mean 'openai'?"),
        ({"model": "nowhere:x"}, "nowhere"),
        ({"model": "gpt-5"}, "gpt-5"),
    ],
    indirect=["settings"],
)
async def test_a_model_that_does_not_exist_is_told_and_breaks_nothing(
    settings: dict[str, Any], talk: Talk, logged: list[str], words: str
) -> None:
    await talk.start()
    line = told(logged, "AgentKitApp.model")
    assert words in line
    assert ".." not in line

    status = (await talk.ask("GET", "/status")).json
    assert status["model"] == settings["model"]
    assert words in status["problem"]
    talk.script("An agent that names its model still runs.")
    assert (await talk.finish("t1"))[-1]["data"]["status"] == "completed"


@pytest.mark.parametrize(
    "settings", [{"model": "demo"}, {"model": "openai:gpt-5"}, {"model": ""}], indirect=True
)
async def test_a_model_that_exists_is_no_problem(settings: dict[str, Any], talk: Talk) -> None:
    assert (await talk.ask("GET", "/status")).json["problem"] is None


@pytest.mark.parametrize(
    "settings", [{"skills_folders": ["/nowhere/at/all", "/etc"]}], indirect=True
)
async def test_a_folder_of_skills_that_is_not_there_is_told_and_breaks_nothing(
    settings: dict[str, Any], talk: Talk, logged: list[str]
) -> None:
    await talk.start()
    assert "/nowhere/at/all" in told(logged, "AgentKitApp.skills_folders")
    assert (await talk.ask("GET", "/status")).status == 200


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"limits": {"max_steps": 0}}, "max_steps"),
        ({"limits": {"max_step": 3}}, "max_step: is no known field"),
        ({"limits": {"seconds": "long"}}, "limits"),
        ({"limits": 5}, "limits"),
        ({"policy": {"run_python": "perhaps"}}, "AgentKitApp.policy"),
        ({"policy": {"read_file": [{"if": {"path": "*"}, "then": "deny"}]}}, "policy"),
        ({"max_running": 0}, "max_running"),
        ({"max_queued": -1}, "max_queued"),
        ({"away_seconds": -1}, "away_seconds"),
        ({"keep_days": -1}, "keep_days"),
        ({"keep_bytes": "much"}, "keep_bytes"),
        ({"model": 5}, "model"),
    ],
    indirect=["settings"],
)
def test_a_setting_that_cannot_be_used_is_named_and_the_server_starts(
    settings: dict[str, Any],
    jp_serverapp: ServerApp,
    logged: list[str],
    words: str,
) -> None:
    assert words in told(logged, "jupyter_agentkit | error linking extension")
    assert jp_serverapp.web_app is not None
    # Without its settings it would run without the server's policy.
    assert "agentkit_kernel_key" not in jp_serverapp.web_app.settings


@pytest.mark.parametrize(
    "settings",
    [{"limits": {"max_steps": 2, "seconds": None, "tool_seconds": 1.5}, "max_running": 1}],
    indirect=True,
)
async def test_limits_of_the_server_hold_for_its_runs(settings: dict[str, Any], talk: Talk) -> None:
    calls = [ToolCall(str(number), "nothing") for number in range(5)]
    talk.script(*calls)
    result = (await talk.finish("t1"))[-1]["data"]
    assert (result["status"], result["steps"]) == ("failed", 2)


@pytest.mark.parametrize("settings", [{"max_running": 1, "max_queued": 1}], indirect=True)
async def test_the_server_tells_what_waits_and_refuses_what_may_not(
    settings: dict[str, Any], talk: Talk
) -> None:
    gate = talk.gate()
    talk.script([gate, "First."], "Second.")
    for task_id in ("t1", "t2"):
        assert (await talk.ask("POST", "/tasks", {"input": "?", "task_id": task_id})).status == 201
    refused = await talk.ask("POST", "/tasks", {"input": "?", "task_id": "t3"})
    assert refused.refused(429)["reason"] == "queue_full"
    assert "AgentKitApp.max_queued" in refused.json["message"]
    told = (await talk.ask("GET", "/status")).json
    assert (told["running"], told["queued"]) == (1, 1)
    assert (told["max_running"], told["max_queued"]) == (1, 1)
    waiting = (await talk.ask("GET", "/tasks?status=queued")).json["tasks"]
    assert [task["task_id"] for task in waiting] == ["t2"]
    gate.set()
    assert (await talk.finish("t2", "start=false"))[-1]["data"]["content"] == "Second."


@pytest.fixture
def broken_journal(jp_server_config: dict[str, Any], tmp_path: Path, logged: list[str]) -> Path:
    """A journal that cannot be opened; to be asked for before ``talk``."""
    path = tmp_path / "journal.sqlite3"
    path.write_text(GARBAGE)
    jp_server_config["AgentKitApp"]["journal"] = str(path)
    return path


async def test_a_journal_that_cannot_be_opened_is_told_and_left_alone(
    broken_journal: Path, talk: Talk, logged: list[str]
) -> None:
    await talk.start()
    line = told(logged, str(broken_journal))
    assert "kept in memory" in line
    talk.script("done")
    assert (await talk.finish("t1"))[-1]["data"]["status"] == "completed"
    problem = (await talk.ask("GET", "/status")).json["journal"]["problem"]
    assert problem["reason"] == "journal_corrupt"
    assert "kept in memory" in problem["message"]
    assert broken_journal.stat().st_size == len(GARBAGE)  # noqa: ASYNC240


async def test_the_journal_is_kept_in_the_users_data_by_default(talk: Talk) -> None:
    assert AgentKitApp().journal.endswith("agentkit/journal.sqlite3")


@pytest.mark.parametrize(
    "settings", [{"policy": {"run_*": "deny", "ask_user": "allow"}}], indirect=True
)
async def test_what_the_servers_policy_denies_no_agent_may_do(
    settings: dict[str, Any], talk: Talk
) -> None:
    talk.script(ToolCall("1", "run_python", {"code": "1"}), "Then not.")
    config = talk.hub.agents.get("analyst")
    tools = ("run_python", "ask_user")
    talk.hub.register(config.model_copy(update={"policy": {"*": "allow"}, "tools": tools}))
    frames = await talk.finish("t1")
    result = next(each for each in events(frames) if each["event_type"] == "tool_result")
    assert result["outcome"] == "denied"
    assert "A policy forbids run_python" in result["error"]["message"]
