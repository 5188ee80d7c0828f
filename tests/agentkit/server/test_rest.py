"""The routes of the FastAPI host."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from agentkit._version import __version__
from agentkit.core.bounds import Bounds
from agentkit.server.api import ROUTES, Route
from tests.agentkit.server.host import API, Gate, Host, Hosted, until

MINIMAL = {
    "name": "helper",
    "agent_type": "assistant",
    "task_mode": "llm_generate",
    "prompt": {"identity": "You help."},
}


def error_of(response: Any, status: int) -> dict[str, str]:
    """The error of a refused request, in the one shape that errors have."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    error = response.json()
    assert error.keys() == {"message", "reason"}
    assert error["message"]
    return error


def test_an_agent_is_registered_read_listed_replaced_and_removed(host: Host) -> None:
    client = host().client

    made = client.post(f"{API}/agents", json={"config": MINIMAL})
    assert made.status_code == 201
    assert made.json()["name"] == "helper"
    assert client.get(f"{API}/agents/helper").json() == made.json()
    assert client.get(f"{API}/agents").json() == {"agents": [made.json()]}

    again = client.post(f"{API}/agents", json={"config": {**MINIMAL, "description": "New."}})
    assert again.status_code == 200
    assert client.get(f"{API}/agents/helper").json()["description"] == "New."

    assert client.delete(f"{API}/agents/helper").status_code == 204
    error = error_of(client.get(f"{API}/agents/helper"), 404)
    assert error["reason"] == "agent_not_found"
    assert "helper" in error["message"]
    error_of(client.delete(f"{API}/agents/helper"), 404)


def test_status_says_which_providers_there_are_and_what_runs(host: Host) -> None:
    gate = Gate()
    hosted = host([gate, "done"])
    hosted.register()

    before = hosted.client.get(f"{API}/status").json()
    hosted.start("t1")
    assert gate.reached.wait(10)
    during = hosted.client.get(f"{API}/status").json()
    gate.open()

    assert before["version"] == __version__
    assert before["protocol"] == 1
    assert before["running"] == 0
    assert during["running"] == 1
    (provider,) = before["providers"]
    assert (provider["name"], provider["usable"], provider["default"]) == ("test", True, True)
    assert (before["model"], before["problem"]) == (None, None)


def test_a_task_is_started_read_and_deleted_when_it_has_ended(host: Host) -> None:
    gate = Gate()
    hosted = host([gate, "42"])
    client = hosted.client
    hosted.register()

    made = hosted.start("t1", agent="analyst", input="?", thread_id="th", limits={"max_steps": 2})
    assert (made["task_id"], made["agent"], made["thread_id"]) == ("t1", "analyst", "th")
    assert "client_key" not in made
    error = error_of(client.delete(f"{API}/tasks/t1"), 409)
    assert error["reason"] == "task_running"
    gate.open()
    hosted.finish("t1")

    summary = client.get(f"{API}/tasks/t1").json()
    assert (summary["status"], summary["result"]) == ("completed", "42")
    assert client.delete(f"{API}/tasks/t1").status_code == 204
    for path in ("", "/events", "/trace"):
        assert error_of(client.get(f"{API}/tasks/t1{path}"), 404)["reason"] == "task_not_found"


def test_an_id_that_is_taken_is_a_conflict_even_after_the_end(host: Host) -> None:
    gate = Gate()
    hosted = host([gate, "done"])
    hosted.register()
    hosted.start("t1")

    for _ in range(2):
        response = hosted.client.post(f"{API}/tasks", json={"task_id": "t1"})
        assert error_of(response, 409)["reason"] == "task_exists"
        if not gate.reached.is_set():
            assert gate.reached.wait(10)
        if hosted.client.get(f"{API}/status").json()["running"]:
            gate.open()
            hosted.finish("t1")
    assert len(hosted.provider.requests) == 1


def test_cancel_is_accepted_once_and_a_conflict_when_the_task_has_ended(host: Host) -> None:
    gate = Gate()
    hosted = host([gate, "never said"])
    hosted.register()
    hosted.start("t1")
    with hosted.socket("t1") as socket:
        until(socket, "run_started")

    response = hosted.client.post(f"{API}/tasks/t1/cancel", json={"reason": "enough"})
    assert response.status_code == 202
    assert hosted.finish("t1")[-1]["data"]["status"] == "cancelled"
    error = error_of(hosted.client.post(f"{API}/tasks/t1/cancel"), 409)
    assert error["reason"] == "task_finished"
    assert error_of(hosted.client.post(f"{API}/tasks/none/cancel"), 404)["reason"] == (
        "task_not_found"
    )


def test_events_come_in_order_from_the_number_asked_for(host: Host) -> None:
    hosted = host("Yes.")
    hosted.register()
    hosted.finish("t1")

    whole = hosted.client.get(f"{API}/tasks/t1/events").json()["events"]
    assert [event["seq"] for event in whole] == list(range(1, len(whole) + 1))
    for after in range(len(whole) + 2):
        answer = hosted.client.get(f"{API}/tasks/t1/events?after={after}").json()
        assert answer == {"events": whole[after:]}
    two = hosted.client.get(f"{API}/tasks/t1/events?after=1&limit=2").json()["events"]
    assert two == whole[1:3]


def test_the_trace_comes_as_a_document_a_page_markdown_and_a_bundle(host: Host) -> None:
    hosted = host("<script>alert(1)</script> **42**")
    hosted.register()
    hosted.finish("t1", input="How%20many%3F")
    url = f"{API}/tasks/t1/trace"

    document = hosted.client.get(url).json()
    assert (document["version"], document["task_id"], document["status"]) == (1, "t1", "completed")
    assert [event["seq"] for event in document["events"]] == list(
        range(1, len(document["events"]) + 1)
    )
    page = hosted.client.get(f"{url}?format=html")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<script" not in page.text
    assert "How many?" in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script" not in policy
    markdown = hosted.client.get(f"{url}?format=markdown")
    assert markdown.headers["content-type"] == "text/markdown; charset=utf-8"
    assert "42" in markdown.text
    bundle = hosted.client.get(f"{url}?format=bundle").json()
    assert {"application/vnd.agentkit.trace+json", "text/html", "text/plain"} <= bundle[
        "data"
    ].keys()
    assert error_of(hosted.client.get(f"{url}?format=pdf"), 400)["reason"] == "bad_query"


def test_tasks_are_listed_newest_first_and_filtered_and_paged(host: Host) -> None:
    hosted = host("1", "2", ValueError("no"), "4")
    hosted.register("first")
    hosted.register("second")
    for number, agent in enumerate(["first", "second", "first", "second"], 1):
        hosted.finish(f"t{number}", agent=agent)

    def ids(query: str) -> list[str]:
        tasks = hosted.client.get(f"{API}/tasks?{query}").json()["tasks"]
        return [task["task_id"] for task in tasks]

    assert ids("") == ["t4", "t3", "t2", "t1"]
    assert ids("agent=first") == ["t3", "t1"]
    assert ids("status=failed") == ["t3"]
    assert ids("status=completed&agent=first") == ["t1"]
    assert ids("limit=2") == ["t4", "t3"]
    assert ids("limit=2&before=t3") == ["t2", "t1"]
    lost = hosted.client.get(f"{API}/tasks?before=nothing")
    assert (lost.status_code, lost.json()["reason"]) == (404, "task_not_found")
    assert (ids("id=t3"), ids("id=nothing"), ids("id=")) == (["t3"], [], [])
    assert ids("limit=1&limit=3") == ["t4", "t3", "t2"]  # of two, the last counts
    for query in ("status=finished", "limit=0", "limit=x", "limit=1001"):
        error = error_of(hosted.client.get(f"{API}/tasks?{query}"), 400)
        assert error["reason"] == "bad_query"
        assert query.split("=")[0] in error["message"]


BAD_BODIES = [
    (b"", "bad_json"),
    (b"{", "bad_json"),
    (b"\xff", "bad_json"),
    (b"[" * 100_000, "bad_json"),
    (b'{"a":' * 200 + b"1" + b"}" * 200, "bad_json"),
    (b'{"input": NaN}', "bad_json"),
    (b'{"input": -Infinity}', "bad_json"),
    (b'{"limits": {"seconds": 1e999}}', "bad_json"),
    (b'{"limits": {"max_steps": ' + b"9" * 5_000 + b"}}", "bad_json"),
    (b'{"limits": {"max_steps": ' + b"9" * 4_000 + b"}}", "invalid_input"),
    (b"null", "invalid_input"),
    (b"[]", "invalid_input"),
    (b'{"inptu": "?"}', "invalid_input"),
    (b'{"input": 5}', "invalid_input"),
    (b'{"task_id": "a/b"}', "invalid_input"),
    (b'{"task_id": ""}', "invalid_input"),
    (b'{"limits": {"max_steps": 0}}', "invalid_input"),
    (b'{"client_tools": [{"name": "no good"}]}', "invalid_input"),
]


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        (path, body, reason)
        for path in ("/tasks", "/agents", "/tasks/t1/cancel", "/tasks/t1/answers")
        for body, reason in BAD_BODIES
        if body or not path.endswith("/cancel")  # which needs none
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_body_is_refused_and_starts_nothing(
    host: Host, path: str, body: bytes, reason: str
) -> None:
    hosted = host("never said")
    hosted.register()

    error = error_of(hosted.client.post(API + path, content=body), 400)

    assert error["reason"] == reason
    assert len(error["message"]) < 1_000
    assert hosted.client.get(f"{API}/tasks").json() == {"tasks": []}
    assert len(hosted.client.get(f"{API}/agents").json()["agents"]) == 1


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.verb == "POST"], ids=lambda route: route.path
)
def test_a_body_over_the_limit_is_refused(host: Host, route: Route) -> None:
    hosted = host()
    path = API + route.path.format(id="t1")
    most = getattr(Bounds(), route.bound)
    response = hosted.client.post(path, content=b'"' + b"x" * most + b'"')
    error = error_of(response, 413)
    assert error["reason"] == "body_too_large"
    assert f"{most:,}" in error["message"]
    assert most == (48_000_000 if route.path.startswith("/traces") else 4_000_000)


def test_a_body_without_end_is_not_read_to_its_end(host: Host) -> None:
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        for _ in range(100):
            given += 1
            yield b"x" * 1_000_000

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(host().app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.post(f"{API}/tasks", content=endless())

    error_of(asyncio.run(ask()), 413)
    assert given < 10


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "a b"}, "a b"),
        ({"name": "a", "task_mode": "chat"}, "task_mode"),
        ({"name": "a", "promt": {}}, "promt"),
        ({"name": "a", "prompt": {"identity": 1}}, "prompt.identity"),
        ({"name": "a", "limits": {"seconds": -1}}, "limits.seconds"),
    ],
)
def test_a_bad_agent_is_refused_by_field(host: Host, config: dict[str, object], words: str) -> None:
    hosted = host()
    error = error_of(hosted.client.post(f"{API}/agents", json={"config": config}), 400)
    assert error["reason"] == "invalid_input"
    assert words in error["message"]


@pytest.mark.parametrize("field", ["model", "tools", "skills"])
def test_an_agent_that_names_what_does_not_exist_is_refused(host: Host, field: str) -> None:
    hosted = host()
    value: object = "nowhere:model" if field == "model" else ["nowhere"]
    response = hosted.client.post(f"{API}/agents", json={"config": {**MINIMAL, field: value}})
    assert "nowhere" in error_of(response, 404)["message"]


def test_tasks_without_an_agent_or_of_an_unknown_one_are_refused(host: Host) -> None:
    hosted = host()
    assert error_of(hosted.client.post(f"{API}/tasks", json={}), 404)["reason"] == (
        "agent_not_found"
    )
    hosted.register("first")
    hosted.register("second")
    assert error_of(hosted.client.post(f"{API}/tasks", json={}), 400)["reason"] == (
        "agent_required"
    )
    response = hosted.client.post(f"{API}/tasks", json={"agent": "third"})
    assert error_of(response, 404)["reason"] == "agent_not_found"


def test_an_answer_to_a_request_that_is_not_open_is_refused(host: Host) -> None:
    hosted = host("done")
    hosted.register()
    hosted.finish("t1")
    body = {"request_id": "r1", "decision": "approve"}

    error = error_of(hosted.client.post(f"{API}/tasks/t1/answers", json=body), 409)
    assert error["reason"] == "task_finished"
    error = error_of(hosted.client.post(f"{API}/tasks/none/answers", json=body), 404)
    assert error["reason"] == "task_not_found"


ODD_IDS = [
    "a%2Fb",
    "..%2F..",
    "%00",
    "%0A",
    "a%20b",
    "%C3%BC",
    "%F0%9F%98%80",
    "x" * 1000,
    "%25",
    "%ED%A0%80",
]


@pytest.mark.parametrize("task_id", ODD_IDS, ids=lambda value: value[:20])
def test_an_odd_id_is_a_task_that_is_not_there(host: Host, task_id: str) -> None:
    hosted = host()
    for path in ("", "/events", "/trace"):
        error_of(hosted.client.get(f"{API}/tasks/{task_id}{path}"), 404)
    error_of(hosted.client.delete(f"{API}/tasks/{task_id}"), 404)
    error_of(hosted.client.post(f"{API}/tasks/{task_id}/cancel"), 404)


@pytest.mark.parametrize("after", ["-1", "x", "", "1.5", "9" * 30])
def test_a_bad_after_is_refused(host: Host, after: str) -> None:
    hosted = host("done")
    hosted.register()
    hosted.finish("t1")
    error = error_of(hosted.client.get(f"{API}/tasks/t1/events?after={after}"), 400)
    assert error["reason"] == "bad_query"


@pytest.mark.parametrize(
    ("verb", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", f"{API}/nothing", 404),
        ("GET", f"{API}/tasks/a/b/c", 404),
        ("GET", "/docs", 404),
        ("GET", "/openapi.json", 404),
        ("PUT", f"{API}/agents", 405),
        ("DELETE", f"{API}/status", 405),
        ("PATCH", f"{API}/tasks/t1", 405),
    ],
)
def test_what_is_no_route_is_refused_in_the_same_shape(
    host: Host, verb: str, path: str, status: int
) -> None:
    error = error_of(host().client.request(verb, path), status)
    assert path in error["message"]


def test_every_response_has_the_headers_that_keep_a_page_harmless(host: Host) -> None:
    client = host().client
    for path in (f"{API}/status", f"{API}/tasks/none", "/nothing"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'none'")


def test_a_fault_of_ours_is_told_without_its_details(
    host: Host, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("the secret of the house")

    monkeypatch.setattr("agentkit.hub.hub.Hub.summaries", broken)
    hosted: Hosted = host()
    response = hosted.client.get(f"{API}/tasks")

    assert error_of(response, 500)["reason"] == "internal"
    assert "secret" not in response.text
    assert "the secret of the house" in caplog.text


def test_a_task_may_be_asked_with_all_of_unicode(host: Host) -> None:
    hosted = host("done")
    hosted.register()
    text = "ü 😀 \u2028 \x00 \x1b[31m </script> ${x} %s"
    hosted.start("t1", input=text)
    hosted.finish("t1")
    assert hosted.client.get(f"{API}/tasks/t1").json()["input"] == text
    assert json.loads(hosted.client.get(f"{API}/tasks/t1/trace").text)["input"] == text
