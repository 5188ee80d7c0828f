"""The life of an application: with and without its lifespan, on one loop and on several in turn."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, MagicMock

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from agentkit.hub.journal import Journal
from agentkit.llm.protocol import LLMResponse, TokenUsage
from agentkit.llm.scripted import ScriptedProvider
from tests.agentkit.server.host import API, Frame, Gate, application, rest, until

CONFIG = {
    "config": {
        "name": "helper",
        "agent_type": "assistant",
        "task_mode": "llm_generate",
        "prompt": {"identity": "You help."},
    }
}


def answered(text: str) -> LLMResponse:
    usage = TokenUsage(prompt_tokens=5, completion_tokens=7)
    return LLMResponse(content=text, model="double", usage=usage)


def plain_double() -> Any:
    class Plain:
        async def chat(self, messages: Any, **_: Any) -> LLMResponse:
            return answered(f"Asked: {messages[-1].content}")

    return Plain()


def mock_with_a_coroutine() -> Any:
    provider = MagicMock()
    provider.chat = AsyncMock(return_value=answered("Asked: hello"))
    return provider


def mock_of_coroutines() -> Any:
    provider = AsyncMock()
    provider.chat.return_value = answered("Asked: hello")
    return provider


DOUBLES = [plain_double, mock_with_a_coroutine, mock_of_coroutines]


def whole_run(client: TestClient, task_id: str, mode: str = "llm_generate") -> list[Frame]:
    config = {"config": {**CONFIG["config"], "task_mode": mode}}
    assert client.post(f"{API}/agents", json=config).status_code in (200, 201)
    with client.websocket_connect(f"{API}/ws/tasks/{task_id}?input=hello") as socket:
        return rest(socket)


@pytest.mark.parametrize("double", DOUBLES)
@pytest.mark.parametrize("mode", ["llm_generate", "react"])
def test_any_object_with_a_chat_is_a_provider(double: Any, mode: str) -> None:
    frames = whole_run(TestClient(application(double())), "t1", mode)

    assert [frame["type"] for frame in (frames[0], frames[-1])] == ["connected", "result"]
    data = frames[-1]["data"]
    assert (data["status"], data["content"]) == ("completed", "Asked: hello")
    assert (data["usage"]["input_tokens"], data["usage"]["output_tokens"]) == (5, 7)


def test_an_application_works_without_its_lifespan() -> None:
    app = application(plain_double())
    client = TestClient(app)  # which runs each request on a loop of its own

    assert client.get(f"{API}/status").status_code == 200
    for task_id in ("t1", "t2"):
        assert whole_run(client, task_id)[-1]["data"]["status"] == "completed"
    assert len(client.get(f"{API}/tasks").json()["tasks"]) == 2


def test_an_application_works_within_its_lifespan_twice_and_after_it() -> None:
    app = application(plain_double())

    for task_id in ("t1", "t2"):
        with TestClient(app) as client:
            assert whole_run(client, task_id)[-1]["data"]["status"] == "completed"
    assert whole_run(TestClient(app), "t3")[-1]["data"]["status"] == "completed"
    tasks = TestClient(app).get(f"{API}/tasks").json()["tasks"]
    assert [task["task_id"] for task in tasks] == ["t3", "t2", "t1"]


def test_an_application_serves_several_loops_in_turn() -> None:
    app = application(plain_double())

    async def ask(task_id: str) -> Frame:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            await client.post(f"{API}/agents", json=CONFIG)
            started = await client.post(f"{API}/tasks", json={"task_id": task_id})
            assert started.status_code == 201
            return (await client.get(f"{API}/tasks/{task_id}")).json()

    for task_id in ("t1", "t2", "t3"):
        assert asyncio.run(ask(task_id))["task_id"] == task_id
    # What was started on a loop that is gone has gone on.
    for task_id in ("t1", "t2", "t3"):
        with TestClient(app).websocket_connect(f"{API}/ws/tasks/{task_id}") as socket:
            assert rest(socket)[-1]["data"]["status"] == "completed"


def test_two_applications_know_nothing_of_each_other() -> None:
    first, second = (TestClient(application(plain_double())) for _ in range(2))
    whole_run(first, "t1")
    assert second.get(f"{API}/tasks").json() == {"tasks": []}
    assert second.get(f"{API}/agents").json() == {"agents": []}


def started(app: FastAPI, gate: Gate) -> None:
    with TestClient(app) as client:
        client.post(f"{API}/agents", json=CONFIG)
        with client.websocket_connect(f"{API}/ws/tasks/t1") as socket:
            until(socket, "run_started")
            assert gate.reached.wait(10)


def test_the_end_of_the_lifespan_ends_what_runs_as_interrupted() -> None:
    gate = Gate()
    app = application(ScriptedProvider([[gate, "never said"], "after"]))

    started(app, gate)

    client = TestClient(app)
    summary = client.get(f"{API}/tasks/t1").json()
    assert (summary["status"], summary["error"]["reason"]) == ("interrupted", "server_stopped")
    assert whole_run(client, "t2")[-1]["data"]["content"] == "after"


def test_a_socket_that_is_open_at_the_end_is_told_the_result() -> None:
    gate = Gate()
    app = application(ScriptedProvider([[gate, "never said"]]))
    client = TestClient(app)
    client.__enter__()
    client.post(f"{API}/agents", json=CONFIG)
    watcher = TestClient(app)  # on a loop that outlives the lifespan
    with watcher.websocket_connect(f"{API}/ws/tasks/t1") as socket:
        until(socket, "run_started")
        client.__exit__(None, None, None)
        assert rest(socket)[-1]["data"]["status"] == "interrupted"


def test_tasks_are_kept_in_a_journal_that_is_given(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    first = application(plain_double(), journal=Journal(path))
    with TestClient(first) as client:
        frames = whole_run(client, "t1")

    second = TestClient(application(plain_double(), journal=Journal(path)))
    with second.websocket_connect(f"{API}/ws/tasks/t1?start=false") as socket:
        again = rest(socket)

    assert again[1:] == [frame for frame in frames[1:] if "_delta" not in str(frame)]
