"""The built-in tools in a run: named by an agent, guarded by consent, shown as steps."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from jupyter_core.utils import ensure_async

from agentkit.core.protocol import AgentConfig
from agentkit.llm.protocol import ToolCall
from agentkit.llm.scripted import ScriptedProvider
from tests.jupyter_agentkit.ports.page import SECONDS, Page
from tests.jupyter_agentkit.server.talk import Frame, Socket, Talk, events


def analyst(talk: Talk, *turns: Any, tools: tuple[str, ...]) -> None:
    talk.hub.executor.gateway.register_provider("script", ScriptedProvider(turns))
    talk.hub.register(AgentConfig(name="analyst", model="script", tools=tools))


async def start(talk: Talk, **body: Any) -> None:
    answer = await talk.ask("POST", "/tasks", {"task_id": "t", "agent": "analyst", **body})
    assert answer.status == 201, answer.text


def result(frames: list[Frame]) -> Frame:
    [found] = [each for each in events(frames) if each["event_type"] == "tool_result"]
    return found


async def begun(socket: Socket) -> None:
    """Wait until the code has printed so."""
    while events(await socket.until("tool_progress"))[-1]["message"] != "begun":
        pass


async def test_code_runs_in_the_notebook_of_the_run_once_somebody_has_consented(
    talk: Talk, page: Page
) -> None:
    code = ToolCall("1", "run_python", {"code": "kept = 6 * 7\nkept"})
    analyst(talk, [code], "Done.", tools=("run_python",))
    await start(talk, origin={"kernel_id": page.kernel_id})
    socket = await talk.socket("t")
    frames = await socket.until("approval_requested")
    [call] = [each for each in events(frames) if each["event_type"] == "tool_call"]
    asked = events(frames)[-1]
    assert (call["runs_in"], call["needs_approval"]) == ("kernel", True)
    assert "notebook's kernel" in asked["reason"]
    assert await page.value("'kept' in globals()") == "False"
    await socket.say({"type": "answer", "request_id": asked["request_id"], "decision": "approve"})
    assert result(await socket.rest())["content"] == {"text/plain": "42"}
    assert await page.value("kept") == "42"


async def test_a_run_from_nowhere_is_told_that_it_has_no_kernel(talk: Talk) -> None:
    analyst(talk, [ToolCall("1", "inspect_variables", {})], "Oh.", tools=("inspect_variables",))
    await start(talk)
    assert result(await talk.finish("t"))["error"]["reason"] == "no_notebook"


async def test_a_kernel_that_the_server_does_not_know_is_said_to_be_gone(talk: Talk) -> None:
    analyst(talk, [ToolCall("1", "inspect_variables", {})], "Oh.", tools=("inspect_variables",))
    await start(talk, origin={"kernel_id": "somebody-elses"})
    error = result(await talk.finish("t"))["error"]
    assert error["reason"] == "kernel_not_found"
    assert "not one of this server" in error["message"]


async def test_a_cancelled_run_has_stopped_its_code_when_it_ends(talk: Talk, page: Page) -> None:
    code = ToolCall("1", "run_python", {"code": "print('begun')\nwhile True: pass"})
    analyst(talk, [code], "never said", tools=("run_python",))
    await start(talk, origin={"kernel_id": page.kernel_id}, on_ask="approve")
    socket = await talk.socket("t")
    await begun(socket)
    await socket.say({"type": "cancel"})
    frames = await socket.rest()
    assert frames[-1]["data"]["status"] == "cancelled"
    assert result(frames)["outcome"] == "interrupted"
    assert "warning" not in [each["event_type"] for each in events(frames)]
    assert await page.value("1 + 1") == "2"


async def test_code_that_does_not_stop_is_said_to_be_left_behind(talk: Talk, page: Page) -> None:
    stubborn = (
        "import time\nprint('begun')\nwhile True:\n    try:\n        time.sleep(100)\n"
        "    except KeyboardInterrupt: print('no')"
    )
    analyst(talk, [ToolCall("1", "run_python", {"code": stubborn})], "no", tools=("run_python",))
    await start(talk, origin={"kernel_id": page.kernel_id}, on_ask="approve")
    socket = await talk.socket("t")
    await begun(socket)
    await socket.say({"type": "cancel"})
    frames = await socket.rest()
    assert frames[-1]["data"]["status"] == "cancelled"
    [warning] = [each for each in events(frames) if each["event_type"] == "warning"]
    assert warning["reason"] == "tool_abandoned"
    [left] = [each for each in asyncio.all_tasks() if "_abandoned" in repr(each)]
    await page.manager.shutdown_kernel(page.kernel_id, now=True)
    async with asyncio.timeout(SECONDS):
        await asyncio.wait([left])


async def test_agents_that_name_no_tools_get_none_of_the_built_in_ones(talk: Talk) -> None:
    provider = ScriptedProvider(["Hello."])
    talk.hub.executor.gateway.register_provider("script", provider)
    talk.hub.register(AgentConfig(name="analyst", model="script"))
    await start(talk)
    await talk.finish("t")
    assert provider.requests[0].tools == ()


async def test_files_are_those_beside_the_notebook_of_the_run(talk: Talk, page: Page) -> None:
    root = Path(str(talk.server.root_dir))
    (root / "project").mkdir()
    (root / "project" / "data.csv").write_text("a,b\n")
    (root / "project" / ".env").write_text("KEY=1")
    await ensure_async(
        talk.server.session_manager.create_session(
            path="project/new.ipynb", type="notebook", kernel_id=page.kernel_id
        )
    )
    calls = [ToolCall("1", "read_file", {"path": "data.csv"}), ToolCall("2", "list_files", {})]
    analyst(talk, calls, "Done.", tools=("read_file", "list_files"))
    await start(talk, origin={"kernel_id": page.kernel_id})
    steps = events(await talk.finish("t"))
    results = {e["tool_call_id"]: e for e in steps if e["event_type"] == "tool_result"}
    assert results["1"]["content"] == {"text/plain": "a,b\n"}
    assert results["2"]["content"]["text/plain"] == "data.csv  4 B"


@pytest.mark.parametrize("waits", ["print(run.wait())", "print(await run)"])
async def test_a_cell_that_waits_for_its_run_does_not_stand_in_its_way(
    told: Talk, page: Page, waits: str
) -> None:
    calls = [
        [ToolCall("1", "run_python", {"code": "b = a + 1\nprint('in', b)"})],
        [ToolCall("2", "inspect_variables", {"names": ["b"]})],
    ]
    told.hub.executor.gateway.register_provider("script", ScriptedProvider([*calls, "b is 21."]))
    cell = page.send(
        "from jupyter_agentkit import Agent\na = 20\n"
        "agent = Agent('analyst', model='script', tools=['run_python', 'inspect_variables'])\n"
        f"run = agent.run('What is b?', task_id='t', on_ask='approve')\n{waits}"
    )
    reply = await page.end(cell)
    assert reply["status"] == "ok", reply
    assert page.printed(cell) == "b is 21.\n"
    steps = events(await told.finish("t"))
    results = [e["content"]["text/plain"] for e in steps if e["event_type"] == "tool_result"]
    assert results == ["in 21", "b: int · 21"]
