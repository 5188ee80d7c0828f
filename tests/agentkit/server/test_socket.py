"""What is said on ``/ws/tasks/{id}`` of the FastAPI host."""

from __future__ import annotations

import pytest

from agentkit.core.bounds import Bounds
from agentkit.llm.protocol import TokenUsage, ToolCall
from tests.agentkit.server.host import API, Gate, Host, events, refused, rest, types, until


def test_an_unknown_id_starts_the_only_agent_and_all_is_told_in_order(host: Host) -> None:
    hosted = host([TokenUsage(3, 4), "It is blue."])
    hosted.register(task_mode="llm_generate")

    frames = hosted.finish("t1", input="What colour?")

    assert frames[0] == {
        "type": "connected",
        "task_id": "t1",
        "protocol": 1,
        "status": "queued",
        "last_seq": 0,
    }
    stored = [each for each in events(frames) if not each["event_type"].endswith("_delta")]
    assert [each["seq"] for each in stored] == list(range(1, len(stored) + 1))
    assert stored[0]["event_type"] == "run_started"
    assert stored[0]["input"] == "What colour?"
    assert [each["event_type"] for each in stored[-2:]] == ["final_answer", "run_finished"]
    assert all({"seq", "step", "event_type", "ts"} <= each.keys() for each in stored)
    result = frames[-1]
    assert result["type"] == "result"
    assert result["task_id"] == "t1"
    data = result["data"]
    assert (data["status"], data["content"], data["steps"]) == ("completed", "It is blue.", 1)
    assert data["usage"]["input_tokens"] == 3
    assert data["duration_ms"] >= 0  # it may begin and end within one millisecond
    assert "error" not in data


def test_a_failed_run_ends_with_a_result_that_says_why(host: Host) -> None:
    hosted = host(ValueError("no model today"))
    hosted.register()

    result = hosted.finish("t1")[-1]

    assert result["type"] == "result"
    assert result["data"]["status"] == "failed"
    assert "no model today" in result["data"]["error"]["message"]


def test_connected_comes_before_an_agent_is_looked_up(host: Host) -> None:
    hosted = host()

    with hosted.socket("t1", agent="nobody") as socket:
        connected, error = refused(socket)

    assert connected["type"] == "connected"
    assert error["data"]["reason"] == "agent_not_found"
    assert "nobody" in error["data"]["message"]


def test_with_several_agents_one_has_to_be_named(host: Host) -> None:
    hosted = host("From the second.")
    hosted.register("first")
    hosted.register("second")

    with hosted.socket("t1") as socket:
        error = refused(socket)[-1]
    assert error["data"]["reason"] == "agent_required"
    assert "first, second" in error["data"]["message"]

    assert events(hosted.finish("t2", agent="second"))[0]["agent"] == "second"
    assert [task["task_id"] for task in hosted.client.get(f"{API}/tasks").json()["tasks"]] == ["t2"]


def test_start_false_never_starts_a_task(host: Host) -> None:
    hosted = host("never said")
    hosted.register()

    with hosted.socket("t1", start="false") as socket:
        frames = refused(socket)

    assert [frame["type"] for frame in frames] == ["connected", "error"]
    assert frames[-1]["data"]["reason"] == "task_not_found"
    assert hosted.client.get(f"{API}/tasks").json() == {"tasks": []}


def test_two_sockets_open_at_once_see_the_same_run(host: Host) -> None:
    gate = Gate()
    hosted = host(["One, ", gate, "two."])
    hosted.register()

    with hosted.socket("t1") as first:
        seen = until(first, "message_delta")
        with hosted.socket("t1") as second:
            joined = until(second, "message_delta")
            assert len(hosted.provider.requests) == 1
            gate.open()
            first_frames, second_frames = seen + rest(first), joined + rest(second)

    def stored(frames: list[dict[str, object]]) -> list[dict[str, object]]:
        return [each for each in events(frames) if each["event_type"] != "message_delta"]

    assert stored(first_frames) == stored(second_frames)
    assert first_frames[-1] == second_frames[-1]
    assert first_frames[-1]["data"]["content"] == "One, two."


def test_a_client_that_leaves_does_not_end_the_run_and_another_joins_it(host: Host) -> None:
    gate = Gate()
    hosted = host(["Working… ", gate, "done."])
    hosted.register()
    with hosted.socket("t1") as socket:
        until(socket, "run_started")
        assert gate.reached.wait(10)

    with hosted.socket("t1", after=1) as socket:
        connected = socket.receive_json()
        assert (connected["status"], connected["last_seq"]) == ("running", 1)
        gate.open()
        frames = rest(socket)

    assert "run_started" not in types(frames)
    assert frames[-1]["data"]["status"] == "completed"
    assert len(hosted.provider.requests) == 1


def test_a_finished_task_is_told_again_from_any_number_on(host: Host) -> None:
    hosted = host("Yes.")
    hosted.register()
    whole = [each for each in events(hosted.finish("t1")) if "_delta" not in each["event_type"]]

    for after in range(len(whole) + 2):
        frames = hosted.finish("t1", after=after)
        assert events(frames) == whole[after:]
        assert frames[-1]["type"] == "result"


def test_batched_frames_hold_the_very_same_events(host: Host) -> None:
    hosted = host("Yes.")
    hosted.register()
    hosted.finish("t1")

    single, batched = hosted.finish("t1"), hosted.finish("t1", batch=1)

    assert {frame["type"] for frame in single} == {"connected", "step", "result"}
    assert [frame["type"] for frame in batched] == ["connected", "steps", "result"]
    assert events(single) == events(batched)


def test_cancel_ends_the_run_and_says_so(host: Host) -> None:
    gate = Gate()
    hosted = host([gate, "never said"])
    hosted.register()

    with hosted.socket("t1") as socket:
        until(socket, "run_started")
        socket.send_json({"type": "cancel", "reason": "enough"})
        frames = rest(socket)

    assert types(frames)[-1] == "run_finished"
    assert frames[-1]["data"]["status"] == "cancelled"


def test_ping_is_answered(host: Host) -> None:
    gate = Gate()
    hosted = host([gate, "done"])
    hosted.register()

    with hosted.socket("t1") as socket:
        until(socket, "run_started")
        socket.send_json({"type": "ping"})
        assert socket.receive_json() == {"type": "pong"}
        gate.open()
        rest(socket)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "bad_json"),
        ("", "bad_json"),
        ("[" * 100_000, "bad_json"),
        ('{"type": "answer", "request_id": "r", "decision": "answer", "value": NaN}', "bad_json"),
        ("null", "bad_frame"),
        ('"ping"', "bad_frame"),
        ("{}", "bad_frame"),
        ('{"type": "start"}', "bad_frame"),
        ('{"type": "ping", "more": 1}', "bad_frame"),
        ('{"type": "cancel", "reason": 5}', "bad_frame"),
        ('{"type": "answer", "request_id": "r", "decision": "perhaps"}', "bad_frame"),
        ('{"type": "answer", "request_id": "r", "decision": "approve"}', "request_not_found"),
        (
            '{"type": "tool_result", "tool_call_id": "c", "outcome": "success", "content": {}}',
            "not_your_tool",
        ),
        ('{"type": "cancel", "reason": "' + "x" * Bounds().frame_chars + '"}', "frame_too_large"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_frame_is_refused_and_harms_nothing(host: Host, text: str, reason: str) -> None:
    gate = Gate()
    hosted = host([gate, "done"])
    hosted.register()

    with hosted.socket("t1") as socket:
        until(socket, "run_started")
        socket.send_text(text)
        error = socket.receive_json()
        assert error["type"] == "error"
        assert error["data"]["reason"] == reason
        assert len(error["data"]["message"]) < 1_000
        gate.open()
        assert rest(socket)[-1]["data"]["status"] == "completed"


def test_a_frame_in_bytes_is_taken_as_text(host: Host) -> None:
    gate = Gate()
    hosted = host([gate, "done"])
    hosted.register()

    with hosted.socket("t1") as socket:
        until(socket, "run_started")
        socket.send_bytes(b'{"type": "ping"}')
        assert socket.receive_json() == {"type": "pong"}
        socket.send_bytes(b"\xff\xfe")
        assert socket.receive_json()["data"]["reason"] == "bad_json"
        gate.open()
        rest(socket)


@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", "after=99999999999999999999", "batch=maybe", "start=perhaps"]
)
def test_a_bad_query_is_refused_and_starts_nothing(host: Host, query: str) -> None:
    hosted = host("never said")
    hosted.register()

    with hosted.client.websocket_connect(f"{API}/ws/tasks/t1?{query}") as socket:
        error = refused(socket)[-1]

    assert error["data"]["reason"] == "bad_query"
    assert query.split("=")[0] in error["data"]["message"]
    assert hosted.client.get(f"{API}/tasks").json() == {"tasks": []}


@pytest.mark.parametrize("task_id", ["%20", "a b", "a%0Ab", "ü", "-x", "x" * 1000, "%F0%9F%98%80"])
def test_an_id_that_cannot_be_one_starts_nothing(host: Host, task_id: str) -> None:
    hosted = host("never said")
    hosted.register()

    with hosted.socket(task_id) as socket:
        connected, error = refused(socket)

    assert connected["type"] == "connected"
    assert error["data"]["reason"] == "invalid_input"
    assert "task_id" in error["data"]["message"]
    assert hosted.client.get(f"{API}/tasks").json() == {"tasks": []}


TOOL = {
    "name": "region_total",
    "description": "Total of a region.",
    "parameters": {"type": "object"},
}


def test_only_who_started_the_task_answers_its_tools(host: Host) -> None:
    hosted = host(ToolCall("c1", "region_total", {"region": "North"}), "It is 7.")
    hosted.register()
    key = hosted.start("t1", input="?", client_tools=[TOOL])["client_key"]
    result = {"type": "tool_result", "tool_call_id": "c1", "outcome": "success"}

    with (
        hosted.socket("t1", headers={"X-Agentkit-Client-Key": key}) as owner,
        hosted.socket("t1") as stranger,
    ):
        until(owner, "tool_call")
        until(stranger, "tool_call")
        stranger.send_json({**result, "content": {"text/plain": "999"}})
        assert stranger.receive_json()["data"]["reason"] == "not_your_tool"
        owner.send_json({**result, "tool_call_id": "c2", "content": {}})
        assert owner.receive_json()["data"]["reason"] == "call_not_found"
        owner.send_json({**result, "outcome": "failed", "content": {}})
        assert owner.receive_json()["data"]["reason"] == "bad_frame"
        owner.send_json({**result, "content": {"text/plain": "7"}})
        told = [each for each in events(rest(owner)) if each["event_type"] == "tool_result"]

    assert [(each["outcome"], each["content"]) for each in told] == [
        ("success", {"text/plain": "7"})
    ]


def test_a_wrong_client_key_is_refused_and_not_repeated(host: Host) -> None:
    gate = Gate()
    hosted = host([gate, "done"])
    hosted.register()
    hosted.start("t1", client_tools=[TOOL])

    with hosted.socket("t1", headers={"X-Agentkit-Client-Key": "guessed-key"}) as socket:
        error = refused(socket)[-1]

    assert error["data"]["reason"] == "wrong_client_key"
    assert "guessed-key" not in error["data"]["message"]
    gate.open()
    assert hosted.finish("t1")[-1]["data"]["status"] == "completed"


def test_halves_of_surrogate_pairs_harm_neither_the_journal_nor_the_socket(host: Host) -> None:
    hosted = host(ToolCall("c1", "region_total"), "done")
    hosted.register()
    key = hosted.start("t1", input="\ud83d?", client_tools=[TOOL])["client_key"]

    with hosted.socket("t1", headers={"X-Agentkit-Client-Key": key}) as socket:
        until(socket, "tool_call")
        socket.send_text(
            '{"type": "tool_result", "tool_call_id": "c1", "outcome": "success",'
            ' "content": {"text/plain": "half \\ud83d, whole \\ud83d\\ude00"}}'
        )
        frames = rest(socket)

    told = next(each for each in events(frames) if each["event_type"] == "tool_result")
    assert told["content"] == {"text/plain": "half \ufffd, whole 😀"}
    assert hosted.client.get(f"{API}/tasks/t1").json()["input"] == "\ufffd?"
    for kind in ("json", "html", "markdown", "bundle"):
        assert hosted.client.get(f"{API}/tasks/t1/trace?format={kind}").status_code == 200
