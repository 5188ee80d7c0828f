"""Clients of the protocol without sessions, which version 2 of the package ``mcp`` speaks."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest

from agentkit.core.protocol import TaskStatus
from tests.jupyter_agentkit.server.talk import SECONDS, Talk

mcp: Any = pytest.importorskip("mcp", reason="the extra 'mcp' is not installed")
if not hasattr(mcp, "Client"):
    pytest.skip("version 1 of 'mcp' knows sessions only", allow_module_level=True)


def client(talk: Talk) -> Any:
    from mcp.client.streamable_http import streamable_http_client

    http = httpx2.AsyncClient(
        headers={"Authorization": f"token {talk.token}"}, timeout=httpx2.Timeout(SECONDS)
    )
    url = f"http://{talk.host}{talk.root}agentkit/mcp"
    return mcp.Client(streamable_http_client(url, http_client=http))


async def test_an_agent_is_called_without_a_session(talk: Talk) -> None:
    talk.script("Hello", agent="greeter")
    seen: list[str | None] = []

    async def progress(done: float, total: float | None, message: str | None) -> None:
        seen.append(message)

    async with client(talk) as opened:
        assert opened.protocol_version > "2025-11-25"
        assert [tool.name for tool in (await opened.list_tools()).tools] == ["greeter"]
        result = await opened.call_tool("greeter", {"input": "?"}, progress_callback=progress)
    assert result.content[0].text == "Hello"
    assert result.structured_content["status"] == "completed"
    assert "greeter has started" in seen


async def test_closing_the_connection_cancels_where_the_protocol_says_so(talk: Talk) -> None:
    talk.script([talk.gate(), "Hello"], agent="greeter")
    async with client(talk) as opened:
        call = asyncio.ensure_future(opened.call_tool("greeter", {"input": "?"}))
        await asyncio.wait_for(talk.asked.wait(), SECONDS)
        call.cancel()
        task = await talk.hub.task((await talk.hub.summaries())[0].task_id)
        await asyncio.wait_for(task.ended.wait(), SECONDS)
    assert task.summary.status is TaskStatus.CANCELLED
