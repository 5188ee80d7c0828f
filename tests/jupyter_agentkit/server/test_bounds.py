"""Each bound takes what has its size and refuses one more, with its name and the setting."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from agentkit.core.bounds import Bound, Bounds
from agentkit.core.protocol import AgentConfig, ToolSpec
from agentkit.llm.protocol import ToolCall
from jupyter_agentkit.address import KERNEL_KEY_HEADER
from jupyter_agentkit.settings import AgentKitSettings
from tests.jupyter_agentkit.server.doors import REQUEST, RUNNING, furnish
from tests.jupyter_agentkit.server.talk import Talk

SMALL = 1_000
FEW = 2

Tried = Callable[[Talk, int], Awaitable[str]]
"""Gives the server so much; ``""`` when it took it, else what it said."""


async def said(talk: Talk, verb: str, path: str, body: Any) -> str:
    answer = await talk.ask(verb, path, body)
    if answer.status < 300:
        return ""
    assert answer.status in (400, 413, 429), answer.text
    return str(answer.json["message"])


def sized(size: int, body: dict[str, Any], field: str) -> str:
    """JSON of ``size`` characters, made so by a field."""
    body[field] = "x" * (size - len(json.dumps({**body, field: ""})))
    text = json.dumps(body)
    assert len(text) == size
    return text


async def a_body(talk: Talk, size: int) -> str:
    talk.script("Done.")
    return await said(talk, "POST", "/tasks", sized(size, {}, "input"))


async def a_trace(talk: Talk, size: int) -> str:
    trace: dict[str, Any] = {"task_id": "t", "events": []}
    text = json.dumps({"trace": trace})
    return await said(talk, "POST", "/traces/manifest", text + " " * (size - len(text)))


async def a_frame(talk: Talk, size: int) -> str:
    await furnish(talk)
    socket = await talk.socket(RUNNING)
    await socket.until("input_requested")
    text = '{"type": "ping"}'
    await socket.say(text + " " * (size - len(text)))
    answer = await socket.hear()
    assert answer is not None
    return "" if answer["type"] == "pong" else answer["data"]["message"]


async def a_page_frame(talk: Talk, size: int) -> str:
    socket = await talk.open("/ws/page")
    text = '{"type": "ping"}'
    await socket.say(text + " " * (size - len(text)))
    if await socket.hear() is not None:
        return ""
    assert socket.connection.close_code == 1009  # Tornado's own: it reads no further
    return socket.connection.close_reason or ""


async def an_input(talk: Talk, size: int) -> str:
    talk.script("Done.")
    return await said(talk, "POST", "/tasks", {"input": "ü" * size})


async def an_answer(talk: Talk, size: int) -> str:
    await furnish(talk)
    body = {"request_id": REQUEST, "decision": "answer", "value": "ü" * (size - 2)}
    return await said(talk, "POST", f"/tasks/{RUNNING}/answers", body)


async def a_reason(talk: Talk, size: int) -> str:
    await furnish(talk)
    return await said(talk, "POST", f"/tasks/{RUNNING}/cancel", {"reason": "x" * size})


async def an_agent(talk: Talk, size: int) -> str:
    talk.script("Done.")
    least = len(AgentConfig(name="a", description="").model_dump_json())
    config = {"name": "a", "description": "x" * (size - least)}
    brought = await said(talk, "POST", "/tasks", {"config": config})
    assert brought == await said(talk, "POST", "/agents", {"config": config})
    return brought


async def agents(talk: Talk, count: int) -> str:
    told = ""
    for number in range(count):
        told = await said(talk, "POST", "/agents", {"config": {"name": f"a{number}"}})
    # The ones that are there may always be replaced.
    assert not await said(talk, "POST", "/agents", {"config": {"name": "a0", "description": "!"}})
    return told


async def brought_tools(talk: Talk, given: list[dict[str, Any]]) -> str:
    talk.script("Done.")
    told = await said(talk, "POST", "/tasks", {"client_tools": given})
    offer = {"type": "offer", "kernel_id": "k", "agent": "a", "tools": given}
    assert told == await offered(talk, [offer])
    return told


async def tools(talk: Talk, count: int) -> str:
    return await brought_tools(talk, [{"name": f"t{number}"} for number in range(count)])


async def tools_chars(talk: Talk, size: int) -> str:
    least = len(ToolSpec(name="t").model_dump_json())
    return await brought_tools(talk, [{"name": "t", "description": "x" * (size - least)}])


async def offered(talk: Talk, frames: list[dict[str, Any]]) -> str:
    headers = {KERNEL_KEY_HEADER: talk.server.web_app.settings["agentkit_kernel_key"]}
    socket = await talk.open("/ws/offers", headers=headers)
    for frame in frames:
        await socket.say(frame)
    await socket.say({"type": "ping"})
    answer = await socket.hear()
    assert answer is not None
    return "" if answer["type"] == "pong" else answer["data"]["message"]


async def offers(talk: Talk, count: int) -> str:
    frame: dict[str, Any] = {"type": "offer", "kernel_id": "k", "tools": []}
    return await offered(talk, [{**frame, "agent": f"a{number}"} for number in range(count)])


async def a_thread(talk: Talk, count: int) -> str:
    talk.script(*["Done."] * count)
    told = ""
    for number in range(count):
        body = {"thread_id": "t", "task_id": f"t{number}"}
        told = await said(talk, "POST", "/tasks", body)
        if not told:
            await talk.finish(f"t{number}")
    return told


async def displays(talk: Talk, count: int) -> str:
    talk.script("Done.")
    await talk.finish("t")
    kernels: Any = talk.app.hosted.notebooks
    kernels.path_of = _known  # a kernel of no notebook shows nothing that could be lost
    told = ""
    for number in range(count):
        body = {"kernel_id": "k", "cell_id": f"c{number}", "execution_id": "e"}
        told = await said(talk, "POST", "/tasks/t/displays", body)
    assert not await said(
        talk, "POST", "/tasks/t/displays", {"kernel_id": "k", "cell_id": "c0", "execution_id": "f"}
    )
    return told


async def _known(kernel_id: str) -> str:
    return "a.ipynb"


async def sockets(talk: Talk, count: int) -> str:
    """Of whatever kind; one that has left makes room."""
    talk.script(talk.gate())
    for path in ("/ws/page", "/ws/tasks/t", "/ws/tasks")[: count - 1]:
        socket = await talk.open(path)
        if path == "/ws/page":
            await socket.say({"type": "ping"})
        await socket.hear()
    feed = await (await talk.open("/ws/tasks")).hear()
    assert feed is not None
    return "" if feed["type"] == "tasks" else feed["data"]["message"]


async def task_sockets(talk: Talk, count: int) -> str:
    talk.script(talk.gate())
    heard: Any = None
    for _ in range(count):
        heard = await (await talk.socket("t")).hear()
    return "" if heard["type"] == "connected" else heard["data"]["message"]


TRIED: dict[str, tuple[int, Tried]] = {
    "body_bytes": (SMALL, a_body),
    "trace_bytes": (SMALL, a_trace),
    "frame_chars": (SMALL, a_frame),
    "page_frame_bytes": (SMALL, a_page_frame),
    "input_chars": (SMALL, an_input),
    "answer_chars": (SMALL, an_answer),
    "reason_chars": (SMALL, a_reason),
    "agent_chars": (SMALL, an_agent),
    "agents": (FEW, agents),
    "tools": (FEW, tools),
    "tools_chars": (SMALL, tools_chars),
    "offers": (FEW, offers),
    "thread_tasks": (FEW, a_thread),
    "displays": (FEW, displays),
    "sockets": (FEW, sockets),
    "task_sockets": (FEW, task_sockets),
}


@pytest.fixture
def bound(request: pytest.FixtureRequest, jp_server_config: dict[str, Any]) -> str:
    """A bound that is set low; to be asked for before ``talk``."""
    jp_server_config["AgentKitApp"]["bounds"] = {request.param: TRIED[request.param][0]}
    return request.param


every = pytest.mark.parametrize("bound", Bounds.model_fields, indirect=True)


@every
async def test_what_has_the_size_of_a_bound_is_taken(bound: str, talk: Talk) -> None:
    most, tried = TRIED[bound]
    assert await tried(talk, most) == ""


@every
async def test_what_is_over_a_bound_is_refused_with_its_name_and_the_number(
    bound: str, talk: Talk
) -> None:
    most, tried = TRIED[bound]
    told = await tried(talk, most + 1)
    assert f"{most:,} are allowed (AgentKitApp.bounds, '{bound}')" in told
    assert (await talk.ask("GET", "/status")).status == 200


def test_every_bound_is_documented_with_its_default_and_named_in_the_settings_help() -> None:
    text = (Path(__file__).parents[3] / "docs" / "configuration.md").read_text()
    section = text.partition("\n## Bounds\n")[2].partition("\n## ")[0]
    rows = {line.split("`")[1]: line for line in section.splitlines() if line.startswith("| `")}
    assert set(get_args(Bound)) == set(Bounds.model_fields)
    for name, field in Bounds.model_fields.items():
        assert rows[name].endswith(f"| {field.default:,} |")
        assert name in str(AgentKitSettings.class_traits()["bounds"].help)


async def test_a_call_with_longer_arguments_than_a_run_takes_is_not_run_and_not_kept(
    talk: Talk,
) -> None:
    long = "x" * 2_000
    talk.script(ToolCall("c", "list_files", {"path": long}), "Done.")
    agent = talk.hub.agents.get("analyst").model_copy(update={"tools": ("list_files",)})
    talk.hub.register(agent)
    body = {"task_id": "t", "limits": {"arguments_chars": 1_000}}
    assert (await talk.ask("POST", "/tasks", body)).status == 201
    events = (await talk.finish("t"))[1:-1]
    result = next(each["data"] for each in events if each["data"]["event_type"] == "tool_result")
    assert result["error"]["reason"] == "arguments_too_large"
    assert "limits.arguments_chars" in result["error"]["message"]
    assert long not in json.dumps(events)
