"""The routes of the Jupyter host."""

from __future__ import annotations

import pytest

from agentkit import _version
from agentkit.core.bounds import Bounds
from tests.agentkit.trace.samples import sample
from tests.jupyter_agentkit.server.talk import Talk


async def test_an_agent_is_registered_run_read_and_removed(talk: Talk) -> None:
    assert (await talk.ask("GET", "/agents")).json == {"agents": []}
    config = {"name": "helper", "prompt": {"identity": "You help."}, "task_mode": "llm_generate"}
    made = await talk.ask("POST", "/agents", {"config": config})
    assert made.status == 201
    assert (await talk.ask("GET", "/agents/helper")).json == made.json
    assert (await talk.ask("POST", "/agents", {"config": config})).status == 200

    started = await talk.ask("POST", "/tasks", {"agent": "helper", "input": "?", "task_id": "t1"})
    assert started.status == 201
    assert (await talk.finish("t1"))[-1]["data"]["status"] == "completed"

    assert (await talk.ask("DELETE", "/agents/helper")).status == 204
    assert (await talk.ask("GET", "/agents/helper")).refused(404)["reason"] == "agent_not_found"


async def test_status_says_who_answers_and_what_runs(talk: Talk) -> None:
    talk.script([talk.gate(), "done"])
    await talk.ask("POST", "/tasks", {"task_id": "t1"})

    status = (await talk.ask("GET", "/status")).json

    assert status["version"] == _version.__version__
    assert status["running"] == 1
    assert status["problem"] is None
    default = next(each for each in status["providers"] if each["default"])
    assert (default["name"], default["usable"], default["simulated"]) == ("demo", True, True)


async def test_a_task_is_read_listed_told_and_deleted(talk: Talk) -> None:
    talk.script("One.", "Two.")
    for task_id in ("t1", "t2"):
        assert (await talk.finish(task_id, "input=a%20b"))[-1]["type"] == "result"

    summary = (await talk.ask("GET", "/tasks/t1")).json
    assert (summary["status"], summary["input"], summary["result"]) == ("completed", "a b", "One.")
    listed = (await talk.ask("GET", "/tasks?status=completed&agent=analyst&limit=1")).json
    assert [task["task_id"] for task in listed["tasks"]] == ["t2"]
    listed = (await talk.ask("GET", "/tasks?before=t2")).json
    assert [task["task_id"] for task in listed["tasks"]] == ["t1"]
    events = (await talk.ask("GET", "/tasks/t1/events?after=1")).json["events"]
    assert [event["seq"] for event in events] == list(range(2, len(events) + 2))

    assert (await talk.ask("DELETE", "/tasks/t1")).status == 204
    assert (await talk.ask("GET", "/tasks/t1")).refused(404)["reason"] == "task_not_found"


async def test_a_task_is_cancelled_once(talk: Talk) -> None:
    talk.script([talk.gate(), "never said"])
    assert (await talk.ask("POST", "/tasks", {"task_id": "t1"})).status == 201
    assert (await talk.ask("POST", "/tasks", {"task_id": "t1"})).refused(409)["reason"] == (
        "task_exists"
    )
    assert (await talk.ask("DELETE", "/tasks/t1")).refused(409)["reason"] == "task_running"

    assert (await talk.ask("POST", "/tasks/t1/cancel", {"reason": "enough"})).status == 202

    assert (await talk.finish("t1"))[-1]["data"]["status"] == "cancelled"
    assert (await talk.ask("POST", "/tasks/t1/cancel")).refused(409)["reason"] == "task_finished"


async def test_the_trace_comes_in_four_forms_and_its_page_runs_nothing(talk: Talk) -> None:
    talk.script("<script>alert(1)</script> **42**")
    await talk.finish("t1")

    assert (await talk.ask("GET", "/tasks/t1/trace")).json["task_id"] == "t1"
    bundle = (await talk.ask("GET", "/tasks/t1/trace?format=bundle")).json
    assert "application/vnd.agentkit.trace+json" in bundle["data"]
    page = await talk.ask("GET", "/tasks/t1/trace?format=html")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<script" not in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script" not in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    markdown = await talk.ask("GET", "/tasks/t1/trace?format=markdown")
    assert markdown.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert (await talk.ask("GET", "/tasks/t1/trace?format=pdf")).refused(400)["reason"] == (
        "bad_query"
    )


async def test_an_answer_to_no_open_request_is_refused(talk: Talk) -> None:
    talk.script("done")
    await talk.finish("t1")
    body = {"request_id": "r1", "decision": "approve"}
    refused = (await talk.ask("POST", "/tasks/t1/answers", body)).refused(409)
    assert refused["reason"] == "task_finished"


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"{", 400, "bad_json"),
        (b"\xff", 400, "bad_json"),
        (b"[" * 100_000, 400, "bad_json"),
        (b'{"limits": {"seconds": NaN}}', 400, "bad_json"),
        (b"[]", 400, "invalid_input"),
        (b'{"inptu": "?"}', 400, "invalid_input"),
        (b'{"task_id": "a/b"}', 400, "invalid_input"),
        (b'{"agent": "nobody"}', 404, "agent_not_found"),
        (b'"' + b"x" * Bounds().body_bytes + b'"', 413, "body_too_large"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_bad_body_is_refused_and_starts_nothing(
    talk: Talk, body: bytes, status: int, reason: str
) -> None:
    talk.script("never said")

    refused = (await talk.ask("POST", "/tasks", body)).refused(status)

    assert refused["reason"] == reason
    assert len(refused["message"]) < 1_000
    assert (await talk.ask("GET", "/tasks")).json == {"tasks": []}


async def test_a_run_that_a_page_brings_along_is_given_without_what_was_left_out(
    talk: Talk,
) -> None:
    document = sample("completed")
    told = await talk.ask("POST", "/traces/manifest", {"trace": document})
    assert told.json["steps"][4]["title"] == "Read data/README.md"
    body = {"trace": document, "format": "html", "leave_out": [5]}
    page = await talk.ask("POST", "/traces/export", body)
    assert page.text.startswith("<!DOCTYPE html>")
    assert "1 step was left out" in page.text
    assert "README" not in page.text
    refused = await talk.ask("POST", "/traces/export", {**body, "leave_out": [99]})
    assert refused.refused(400)["reason"] == "unknown_step"


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain"])
async def test_a_form_that_is_json_is_taken_as_json(talk: Talk, kind: str) -> None:
    talk.script("done")
    headers = {"Authorization": f"token {talk.token}", "Content-Type": kind}
    started = await talk.ask("POST", "/tasks", {"task_id": "t1"}, headers=headers)
    assert started.status == 201


ODD_IDS = [
    *("a%2Fb", "..%2F..", "%00", "%0A", "a%20b", "%C3%BC", "%F0%9F%98%80", "%25", "%252F"),
    "x" * 1000,
]


@pytest.mark.parametrize("task_id", ODD_IDS, ids=lambda value: value[:20])
async def test_an_odd_id_is_a_task_that_is_not_there(talk: Talk, task_id: str) -> None:
    for verb, path in (("GET", ""), ("GET", "/events"), ("GET", "/trace"), ("DELETE", "")):
        refused = (await talk.ask(verb, f"/tasks/{task_id}{path}")).refused(404)
        assert refused["reason"] == "task_not_found"
    assert (await talk.ask("POST", f"/tasks/{task_id}/cancel")).refused(404)


async def test_a_path_that_is_no_utf8_is_refused(talk: Talk) -> None:
    assert (await talk.ask("GET", "/tasks/%FF")).refused(400)["reason"] == "bad_request"


@pytest.mark.parametrize("verb", ["PUT", "PATCH", "DELETE"])
async def test_a_verb_that_a_path_has_not_is_refused(talk: Talk, verb: str) -> None:
    body = "{}" if verb != "DELETE" else None
    refused = (await talk.ask(verb, "/status", body)).refused(405)
    assert refused["reason"] == "method_not_allowed"


async def test_a_fault_of_ours_is_told_without_its_details(
    talk: Talk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("the secret of the house")

    monkeypatch.setattr(talk.hub, "summaries", broken)
    answer = await talk.ask("GET", "/tasks")

    assert answer.refused(500)["reason"] == "internal"
    assert "secret" not in answer.text
    assert "the secret of the house" in caplog.text
