"""Answers to open requests, over the socket and over HTTP; conversations over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from agentkit.errors import ProviderRejected
from agentkit.llm.protocol import ToolCall
from tests.agentkit.server.host import API, Host, Hosted, events, rest, types, until

CALL = ToolCall("1", "look", {"at": "the sky"})
LOOK = {"client_tools": [{"name": "look"}]}


def asking(host: Host, *turns: Any) -> tuple[Hosted, str]:
    """A task that asks before it calls its client's tool, and the client's key."""
    hosted = host(CALL, *turns)
    hosted.register(policy={"look": "ask"})
    return hosted, hosted.start("t1", **LOOK)["client_key"]


def post(hosted: Hosted, status: int, **body: Any) -> Any:
    response = hosted.client.post(f"{API}/tasks/t1/answers", json=body)
    assert response.status_code == status, response.text
    return response.json() if status != 204 else None


def test_a_request_is_answered_over_the_socket(host: Host) -> None:
    hosted, _ = asking(host, "Then not.")
    with hosted.socket("t1") as socket:
        seen = until(socket, "approval_requested")
        assert events(seen)[-1]["arguments"] == {"at": "the sky"}
        answer = {"type": "answer", "request_id": "r1", "decision": "deny", "reason": "too bright"}
        socket.send_json(answer)
        frames = rest(socket)
    assert types(frames)[:2] == ["request_resolved", "tool_result"]
    resolved, finished = events(frames)[:2]
    assert (resolved["decision"], resolved["value"]) == ("deny", "too bright")
    assert finished["outcome"] == "denied"
    assert "too bright" in finished["error"]["message"]
    assert frames[-1]["data"]["status"] == "completed"


def test_a_bad_answer_over_the_socket_is_told_and_the_socket_stays_open(host: Host) -> None:
    hosted, _ = asking(host, "Done.")
    with hosted.socket("t1") as socket:
        until(socket, "approval_requested")
        socket.send_json({"type": "answer", "request_id": "r9", "decision": "approve"})
        assert socket.receive_json()["data"]["reason"] == "request_not_found"
        socket.send_json({"type": "answer", "request_id": "r1", "decision": "answer", "value": 1})
        assert socket.receive_json()["data"]["reason"] == "wrong_decision"
        socket.send_json({"type": "answer", "request_id": "r1", "decision": "deny"})
        assert rest(socket)[-1]["data"]["status"] == "completed"


def test_a_request_is_answered_over_http_once(host: Host) -> None:
    hosted, key = asking(host, "It is blue.")
    with hosted.socket("t1", headers={"X-Agentkit-Client-Key": key}) as socket:
        until(socket, "approval_requested")
        assert hosted.client.get(f"{API}/tasks/t1").json()["open_requests"] == ["r1"]
        error = post(hosted, 400, request_id="r1", decision="approve", value={"arguments": 3})
        assert error["reason"] == "wrong_value"
        arguments = {"at": "the sea"}
        post(hosted, 204, request_id="r1", decision="approve", value={"arguments": arguments})
        again = post(hosted, 409, request_id="r1", decision="deny")
        assert again["reason"] == "request_answered"
        [resolved] = events(until(socket, "request_resolved"))
        assert resolved["value"] == {"arguments": arguments}
        content = {"text/plain": "blue"}
        result = {"type": "tool_result", "tool_call_id": "1", "outcome": "success"}
        socket.send_json({**result, "content": content})
        assert rest(socket)[-1]["data"]["content"] == "It is blue."


@pytest.mark.parametrize(
    "body",
    [
        {"request_id": "r1"},
        {"request_id": "r1", "decision": "perhaps"},
        {"decision": "approve"},
        {"request_id": "r1", "decision": "approve", "who": "me"},
    ],
)
def test_an_answer_of_another_shape_is_refused(host: Host, body: dict[str, Any]) -> None:
    hosted, _ = asking(host, "Done.")
    assert post(hosted, 400, **body)["reason"] == "invalid_input"


def test_a_task_goes_on_with_a_conversation_and_is_shown_with_it(host: Host) -> None:
    hosted = host("One.", "Two.", "Three.", "Elsewhere.")
    hosted.register()
    for task_id, body in {
        "a": {"input": "first"},
        "b": {"input": "second", "follows": "a"},
        "c": {"input": "third", "follows": "b"},
        "d": {"input": "in a cell of its own", "thread_id": "a"},
    }.items():
        hosted.start(task_id, **body)
        hosted.finish(task_id)
    assert [message.content for message in hosted.provider.requests[-1].messages][::2] == [
        "first",
        "second",
        "third",
        "in a cell of its own",
    ]
    trace = hosted.client.get(f"{API}/tasks/a/trace?follow_ups=true").json()
    assert [each["task_id"] for each in trace["follow_ups"]] == ["b", "c"]
    assert trace["result"] == "One."
    assert "follow_ups" not in hosted.client.get(f"{API}/tasks/a/trace").json()
    bundle = hosted.client.get(f"{API}/tasks/b/trace?format=bundle&follow_ups=true").json()
    [document] = [value for name, value in bundle["data"].items() if "agentkit" in name]
    assert [each["task_id"] for each in document["follow_ups"]] == ["c"]


def test_a_task_that_follows_none_or_a_running_one_is_refused(host: Host) -> None:
    hosted, _ = asking(host, "Done.")
    for follows, status, reason in (("x", 404, "task_not_found"), ("t1", 409, "thread_busy")):
        body = {"input": "?", "follows": follows}
        response = hosted.client.post(f"{API}/tasks", json=body)
        assert (response.status_code, response.json()["reason"]) == (status, reason)


def test_a_task_that_failed_is_resumed_and_shown_below_it(host: Host) -> None:
    hosted = host(ProviderRejected("no credit", reason="quota"), "It is blue.")
    hosted.register()
    hosted.start("a", input="Which colour has the sky?")
    hosted.finish("a")
    response = hosted.client.post(f"{API}/tasks/a/resume")
    assert response.status_code == 201, response.text
    started = response.json()
    assert (started["resumes"], started["input"]) == ("a", "Which colour has the sky?")
    assert hosted.finish(started["task_id"])[-1]["data"]["content"] == "It is blue."
    trace = hosted.client.get(f"{API}/tasks/a/trace?follow_ups=true").json()
    assert [each["result"] for each in trace["follow_ups"]] == ["It is blue."]
    assert trace["status"] == "failed"


def test_what_cannot_be_resumed_is_refused(host: Host) -> None:
    hosted, key = asking(host, "Done.")
    for task_id, body, status, reason in (
        ("x", {}, 404, "task_not_found"),
        ("t1", {}, 409, "task_running"),
        ("t1", {"input": "another question"}, 400, "invalid_input"),
        ("t1", {"follows": "t1"}, 400, "invalid_input"),
    ):
        response = hosted.client.post(f"{API}/tasks/{task_id}/resume", json=body)
        assert (response.status_code, response.json()["reason"]) == (status, reason)
    hosted.client.post(f"{API}/tasks/t1/cancel")
    hosted.finish("t1")
    # Its caller runs the tools, and has to bring them along.
    response = hosted.client.post(f"{API}/tasks/t1/resume")
    assert (response.status_code, response.json()["reason"]) == (409, "client_away")
    response = hosted.client.post(f"{API}/tasks/t1/resume", json=LOOK)
    assert response.status_code == 201
    assert response.json()["client_key"] not in ("", key)
