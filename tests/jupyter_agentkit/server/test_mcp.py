from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse

from agentkit.core.protocol import AgentConfig, TaskStatus
from agentkit.llm.protocol import ToolCall
from agentkit.tools.mcp_config import HttpServer
from agentkit.tools.mcp_session import McpSession, open_session
from tests.jupyter_agentkit.server.talk import SECONDS, Talk

pytest.importorskip("mcp", reason="the extra 'mcp' is not installed")

HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
ACCEPT = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


def silent(done: float, total: float | None, message: str | None) -> None:
    """Progress that nobody looks at."""


def address(talk: Talk) -> str:
    return f"http://{talk.host}{talk.root}agentkit/mcp"


@contextlib.asynccontextmanager
async def session(talk: Talk) -> AsyncGenerator[McpSession]:
    """The agents as our own client of MCP sees them."""
    server = HttpServer(url=address(talk), headers={"Authorization": f"token {talk.token}"})
    async with open_session(server, lambda line: None) as opened:
        yield opened


async def send(
    talk: Talk,
    message: object = None,
    *,
    method: str = "POST",
    headers: dict[str, str] | None = None,
    opened: str | None = None,
    **more: Any,
) -> HTTPResponse:
    """One request on the wire; ``headers`` take the place of the token."""
    given = ACCEPT | talk.headers(headers) | ({"Mcp-Session-Id": opened} if opened else {})
    request = HTTPRequest(
        address(talk),
        method=method,
        headers=given | more.pop("extra", {}),
        body=None if message is None else json.dumps(message),
        allow_nonstandard_methods=True,
        follow_redirects=False,
        request_timeout=SECONDS,
        **more,
    )
    return await AsyncHTTPClient(force_instance=True).fetch(request, raise_error=False)


def results(text: str) -> list[dict[str, Any]]:
    """The messages of a response, whether it is one or a stream."""
    lines = [line[5:].strip() for line in text.splitlines() if line.startswith("data:")]
    return [json.loads(line) for line in (lines or [text]) if line]


async def shake_hands(talk: Talk) -> str:
    response = await send(talk, HELLO)
    assert response.code == 200, response.body
    return response.headers["Mcp-Session-Id"]


def called(name: str, number: int = 2, **arguments: Any) -> dict[str, Any]:
    return {
        "jsonrpc": "2.0",
        "id": number,
        "method": "tools/call",
        "params": {"name": name, "arguments": arguments, "_meta": {"progressToken": "p"}},
    }


async def test_each_agent_is_a_tool(talk: Talk) -> None:
    talk.script("Hello", agent="greeter")
    talk.hub.register(AgentConfig(name="other", description="Says other things."))
    async with session(talk) as opened:
        tools = {tool["name"]: tool for tool in await opened.tools()}
    assert tools.keys() == {"greeter", "other"}
    assert tools["other"]["description"] == "Says other things."
    assert tools["greeter"]["inputSchema"]["required"] == ["input"]


async def test_a_call_runs_the_agent_and_returns_its_answer_with_progress(talk: Talk) -> None:
    def region_total(region: str) -> float:
        return 3.0

    talk.hub.executor.tools.register(region_total)
    call = ToolCall("c1", "region_total", {"region": "north"})
    talk.script(call, "It is 3.", agent="analyst")
    seen: list[tuple[float, str | None]] = []

    def progress(done: float, total: float | None, message: str | None) -> None:
        seen.append((done, message))

    async with session(talk) as opened:
        result = await opened.call("analyst", {"input": "How much?"}, progress)
    assert [block["text"] for block in result["content"]] == ["It is 3."]
    structured = result["structuredContent"]
    assert structured["status"] == "completed"
    task = await talk.hub.task(structured["task_id"])
    assert task.summary.input == "How much?"
    messages = [message for _, message in seen]
    assert messages[0] == "analyst has started"
    assert "Calls region_total" in messages
    assert [number for number, _ in seen] == sorted({number for number, _ in seen})


async def test_a_conversation_goes_on_in_its_thread(talk: Talk) -> None:
    talk.script("One", "Two", agent="analyst")
    async with session(talk) as opened:
        first = await opened.call("analyst", {"input": "1", "thread": "t"}, silent)
        second = await opened.call("analyst", {"input": "2", "thread": "t"}, silent)
    ids = [each["structuredContent"]["task_id"] for each in (first, second)]
    assert [(await talk.hub.task(each)).summary.thread_id for each in ids] == ["t", "t"]


async def test_a_run_that_fails_is_a_failed_call_that_says_why(talk: Talk) -> None:
    talk.script(RuntimeError("no model today"), agent="analyst")
    async with session(talk) as opened:
        result = await opened.call("analyst", {"input": "?"}, silent)
    assert result["isError"] is True
    assert "no model today" in result["content"][0]["text"]
    assert result["structuredContent"]["status"] == "failed"


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("nobody", {"input": "?"}, "no agent named 'nobody'"),
        ("analyst", {"input": 3}, "input"),
        ("analyst", {"input": "?", "speed": 3}, "'speed'"),
        ("analyst", {"input": "?", "client_tools": []}, "'client_tools'"),
    ],
)
async def test_a_call_that_cannot_be_made_says_what_is_wrong(
    talk: Talk, name: str, arguments: dict[str, Any], words: str
) -> None:
    talk.script("Hello", agent="analyst")
    async with session(talk) as opened:
        result = await opened.call(name, arguments, silent)
    assert result["isError"] is True
    assert words in result["content"][0]["text"]


async def running(talk: Talk) -> str:
    """The id of the only task, as soon as its model is asked."""
    await asyncio.wait_for(talk.asked.wait(), SECONDS)
    return (await talk.hub.summaries())[0].task_id


async def test_cancelling_the_request_cancels_the_run(talk: Talk) -> None:
    talk.script([talk.gate(), "Hello"], agent="analyst")
    async with session(talk) as opened:
        call = asyncio.ensure_future(opened.call("analyst", {"input": "?"}, silent))
        task = await talk.hub.task(await running(talk))
        call.cancel()
        await asyncio.wait_for(task.ended.wait(), SECONDS)
    assert task.summary.status is TaskStatus.CANCELLED


@contextlib.asynccontextmanager
async def stream(
    talk: Talk, method: str, opened: str, message: object = None, **headers: str
) -> AsyncGenerator[asyncio.StreamReader]:
    """A response as it comes; leaving closes the connection, as a client that is killed does."""
    host, _, port = talk.host.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    body = b"" if message is None else json.dumps(message).encode()
    given = {
        **ACCEPT,
        **talk.headers(None),
        "Host": talk.host,
        "Mcp-Session-Id": opened,
        "Mcp-Protocol-Version": "2025-11-25",
        "Content-Length": str(len(body)),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    writer.write(f"{method} {talk.root}agentkit/mcp HTTP/1.1\r\n{head}\r\n".encode() + body)
    try:
        yield reader
    finally:
        writer.close()
        await writer.wait_closed()


async def until(reader: asyncio.StreamReader, word: str) -> list[str]:
    """The lines up to one with that word."""
    lines = [""]
    while word not in lines[-1]:
        line = await asyncio.wait_for(reader.readline(), SECONDS)
        assert line, f"the stream ended without {word!r}: {lines}"
        lines.append(line.decode().strip())
    return lines


async def test_a_client_that_leaves_ends_no_run_and_can_fetch_what_it_missed(talk: Talk) -> None:
    gate = talk.gate()
    talk.script([gate, "Late answer"], agent="analyst")
    opened = await shake_hands(talk)
    async with stream(talk, "POST", opened, called("analyst", input="?")) as reader:
        lines = await until(reader, "has started")
        task = await talk.hub.task(await running(talk))
    last = [line[3:].strip() for line in lines if line.startswith("id:")][-1]
    gate.set()
    await asyncio.wait_for(task.ended.wait(), SECONDS)
    assert task.summary.status is TaskStatus.COMPLETED
    async with stream(talk, "GET", opened, Last_Event_ID=last) as reader:
        await until(reader, "Late answer")


async def test_a_session_that_is_ended_ends_no_run(talk: Talk) -> None:
    gate = talk.gate()
    talk.script([gate, "Still here"], agent="analyst")
    opened = await shake_hands(talk)
    async with stream(talk, "POST", opened, called("analyst", input="?")) as reader:
        await until(reader, "has started")
        task = await talk.hub.task(await running(talk))
        assert (await send(talk, method="DELETE", opened=opened)).code == 200
        gate.set()
        await asyncio.wait_for(task.ended.wait(), SECONDS)
    assert task.summary.status is TaskStatus.COMPLETED


async def test_what_one_session_was_sent_is_shown_to_no_other(talk: Talk) -> None:
    gate = talk.gate()
    talk.script([gate, "First secret"], [gate, "Second answer"], agent="analyst")
    gate.set()
    one, two = await shake_hands(talk), await shake_hands(talk)
    async with stream(talk, "POST", one, called("analyst", input="?")) as reader:
        await until(reader, "First secret")
    async with stream(talk, "POST", two, called("analyst", input="?")) as reader:
        lines = await until(reader, "Second answer")
        assert not any("First secret" in line for line in lines)


async def test_nobody_is_let_in_without_the_servers_authentication(talk: Talk) -> None:
    for method in ("GET", "POST", "DELETE"):
        message = HELLO if method == "POST" else None
        response = await send(talk, message, method=method, headers={})
        assert response.code == 403
        assert json.loads(response.body)["reason"] == "unauthorized"


async def test_a_page_needs_its_xsrf_token_and_this_origin(talk: Talk) -> None:
    cookies = await talk.log_in(talk.token)
    assert (await send(talk, HELLO, headers=talk.browser(cookies))).code == 200
    assert (await send(talk, HELLO, headers=talk.browser(cookies, xsrf=False))).code == 403
    foreign = talk.browser(cookies) | {"Origin": "http://evil.example"}
    assert (await send(talk, HELLO, headers=foreign)).code in (403, 404)


async def test_whoever_may_not_execute_is_refused(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []

    def refuse(handler: Any, user: Any, action: str, resource: str) -> bool:
        asked.append((action, resource))
        return False

    monkeypatch.setattr(talk.server.authorizer, "is_authorized", refuse)
    response = await send(talk, HELLO)
    assert response.code == 403
    assert asked == [("execute", "agentkit")]


async def test_a_session_belongs_to_who_opened_it(talk: Talk) -> None:
    opened = await shake_hands(talk)
    listing = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
    assert (await send(talk, listing, opened=opened)).code == 200
    await talk.start()
    kernel = {"X-Agentkit-Kernel-Key": talk.server.web_app.settings["agentkit_kernel_key"]}
    response = await send(talk, listing, opened=opened, headers=kernel)
    assert response.code == 404
    assert (await send(talk, HELLO, headers=kernel)).code == 200


async def test_a_session_that_was_ended_is_gone(talk: Talk) -> None:
    opened = await shake_hands(talk)
    assert (await send(talk, method="DELETE", opened=opened)).code == 200
    listing = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
    assert (await send(talk, listing, opened=opened)).code == 404


async def test_a_body_that_is_too_large_is_refused(talk: Talk) -> None:
    response = await send(talk, {**HELLO, "params": "x" * 4_000_001})
    assert response.code == 413


async def test_without_the_package_the_route_says_what_is_missing(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str, package: str | None = None) -> Any:
        raise ImportError("No module named 'mcp'")

    monkeypatch.setattr(importlib, "import_module", missing)
    response = await send(talk, HELLO)
    assert response.code == 501
    assert json.loads(response.body)["reason"] == "mcp_missing"
    assert "pip install 'jupyter-agentkit[mcp]'" in json.loads(response.body)["message"]
