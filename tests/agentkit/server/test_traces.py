"""Runs leave the server as a page asks for them: its own, and those that the page brings along."""

from __future__ import annotations

import base64
import json
import os
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from agentkit.server import traces
from agentkit.trace.export import FORMS
from tests.agentkit.server.host import API, Host, Hosted
from tests.agentkit.server.test_rest import error_of
from tests.agentkit.trace.samples import ATTACKS, call, hostile, sample, trace

KEY = "ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6"


@pytest.fixture
def hosted(host: Host) -> Hosted:
    return host(f"The key is {KEY}.")


def export(hosted: Hosted, form: str, **body: Any) -> Any:
    return hosted.client.post(f"{API}/traces/export", json={"format": form, **body})


def look(hosted: Hosted, **body: Any) -> Any:
    return hosted.client.post(f"{API}/traces/manifest", json=body)


def test_what_would_leave_with_a_run_is_told_step_by_step(hosted: Hosted) -> None:
    told = look(hosted, trace=sample("completed")).json()
    assert [step["number"] for step in told["steps"]] == [1, 2, 3, 4, 5, 6, 7]
    assert told["steps"][4]["title"] == "Read data/README.md"
    assert told["steps"][4]["paths"] == ["data/README.md"]
    assert told["steps"][5]["pictures"] == 1
    assert told["rest"]["bytes"] > 0
    assert told["name"].startswith("analyst-")
    assert told["endings"]["json"] == ".agenttrace.json"


@pytest.mark.parametrize("form", FORMS)
def test_a_run_that_the_server_does_not_know_is_given_in_every_form(
    hosted: Hosted, form: str
) -> None:
    answer = export(hosted, form, trace=sample("completed"), leave_out=[5])
    assert answer.status_code == 200
    assert "README" not in answer.text
    assert "sandbox" in answer.headers["content-security-policy"]
    assert hosted.client.get(f"{API}/tasks").json() == {"tasks": []}


def test_a_run_of_the_server_is_named_by_its_id_and_leaves_masked(hosted: Hosted) -> None:
    hosted.register()
    hosted.start("t1", agent="analyst", input="?")
    hosted.finish("t1")
    told = look(hosted, task_id="t1").json()
    assert [step["kind"] for step in told["steps"]] == ["answer"]
    assert told["steps"][0]["masked"] == 1
    document = export(hosted, "json", task_id="t1").json()
    assert document["result"] == "The key is ghp_[secret]."
    bare = export(hosted, "json", task_id="t1", leave_out=[1]).json()
    assert bare["result"] is None
    assert bare["left_out"]["answer"] is True


@pytest.mark.parametrize("form", FORMS)
def test_secrets_in_a_trace_of_somebody_else_do_not_leave(
    host: Host, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "DB_PASSWORD", "correct-horse-battery")
    foreign = trace(*call(1, {"text/html": f"<p>{KEY}</p>"}), result="It is correct-horse-battery.")
    text = export(host(), form, trace=foreign).text
    assert KEY not in text
    assert "correct-horse" not in text


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_traces_are_looked_at_and_given(hosted: Hosted, attack: str) -> None:
    document = json.loads(json.dumps(hostile(attack)))
    # As JSON text: some of it is no text that a client could send otherwise.
    for path, body in (("manifest", {}), ("export", {"format": "html"})):
        answer = hosted.client.post(
            f"{API}/traces/{path}", content=json.dumps({"trace": document, **body})
        )
        assert answer.status_code == 200, answer.text
        assert "<script" not in answer.text or path == "manifest"


@pytest.mark.parametrize(
    ("body", "status", "reason", "words"),
    [
        ({}, 400, "invalid_input", "either a trace or a task_id"),
        ({"trace": {"events": []}, "task_id": "t1"}, 400, "invalid_input", "either a trace or"),
        ({"trace": {}}, 400, "no_trace", "neither events nor a task_id"),
        ({"trace": [1]}, 400, "invalid_input", "trace"),
        ({"trace": "x"}, 400, "invalid_input", "trace"),
        ({"task_id": "nobody"}, 404, "task_not_found", "nobody"),
        ({"task_id": 1}, 400, "invalid_input", "task_id"),
        ({"trace": {"events": []}, "more": 1}, 400, "invalid_input", "more"),
    ],
)
def test_what_is_no_run_is_refused_by_name(
    hosted: Hosted, body: dict[str, Any], status: int, reason: str, words: str
) -> None:
    for answer in (look(hosted, **body), export(hosted, "html", **body)):
        error = error_of(answer, status)
        assert error["reason"] == reason
        assert words in error["message"]


@pytest.mark.parametrize(
    ("body", "reason", "words"),
    [
        ({"format": "pdf"}, "invalid_input", "format"),
        ({}, "invalid_input", "format"),
        ({"format": "html", "leave_out": [99]}, "unknown_step", "no step 99; it has 1 to 7"),
        ({"format": "html", "leave_out": "all"}, "invalid_input", "leave_out"),
        ({"format": "html", "leave_out": [1.5]}, "invalid_input", "leave_out"),
    ],
)
def test_what_cannot_be_written_or_left_out_is_refused_by_name(
    hosted: Hosted, body: dict[str, Any], reason: str, words: str
) -> None:
    given = {"trace": sample("completed"), **body}
    error = error_of(hosted.client.post(f"{API}/traces/export", json=given), 400)
    assert error["reason"] == reason
    assert words in error["message"]


def test_a_run_with_many_pictures_may_be_larger_than_other_requests(hosted: Hosted) -> None:
    picture = {"image/png": "iVBORw0KGgo" * 500_000, "text/plain": "<Figure>"}
    told = look(hosted, trace=trace(*call(1, picture))).json()
    assert told["steps"][0]["bytes"] > 5_000_000
    assert told["steps"][0]["pictures"] == 1


@pytest.mark.parametrize("many", [b"[]," * 1_000_001, b"1," * 4_000_001])
def test_what_would_keep_the_server_busy_is_refused_before_anything_is_made_of_it(
    hosted: Hosted, many: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any) -> Any:
        raise AssertionError("It was read.")

    monkeypatch.setattr("agentkit.server.traces.parsed", never)
    body = b'{"trace": {"task_id": "t", "events": [' + many + b"0]}}"
    for what in ("manifest", "export"):
        error = error_of(hosted.client.post(f"{API}/traces/{what}", content=body), 400)
        assert error["reason"] == "body_too_large"
        assert "more than 1,000,000 lists and objects or 4,000,000 commas" in error["message"]


def test_what_is_nested_deeper_than_a_server_takes_cannot_come_in_packed(hosted: Hosted) -> None:
    event = '{"event_type":"odd","value":' + "[" * 600 + "]" * 600 + "}"
    data = base64.b64encode(zlib.compress(f"[{event}]".encode())).decode()
    packed = {"encoding": "zlib+base64", "count": 1, "data": data}
    brought = {**sample("completed"), "events": packed}
    assert look(hosted, trace=brought).status_code == 200
    assert "nested too deep" in export(hosted, "json", trace=brought).text


def test_two_large_traces_are_written_at_a_time_and_the_others_wait(
    hosted: Hosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once: list[int] = []
    busy = threading.Semaphore(0)
    go = threading.Event()
    counting = threading.Lock()
    inside = 0

    def slow(*_: object) -> str:
        nonlocal inside
        with counting:
            inside += 1
            at_once.append(inside)
        busy.release()
        assert go.wait(30)
        with counting:
            inside -= 1
        return "written"

    monkeypatch.setattr("agentkit.trace.export.exported", slow)
    with ThreadPoolExecutor(6) as pages:
        asked = [pages.submit(export, hosted, "html", trace=sample("completed")) for _ in range(6)]
        for _ in range(traces.AT_ONCE):
            assert busy.acquire(timeout=30)
        go.set()
        assert {answer.result().text for answer in asked} == {"written"}
    assert len(at_once) == 6
    assert max(at_once) == traces.AT_ONCE
