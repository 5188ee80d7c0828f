"""What is said on ``/ws/tasks/{id}`` of the Jupyter host."""

from __future__ import annotations

import pytest

from agentkit.core.bounds import Bounds
from agentkit.llm.protocol import ToolCall
from jupyter_agentkit.handlers.socket import INBOX
from tests.jupyter_agentkit.server.talk import Talk, events, types

TOOL = {"name": "region_total", "parameters": {"type": "object"}}


async def test_a_run_is_told_from_connected_to_result(talk: Talk) -> None:
    talk.script("It is blue.")

    frames = await talk.finish("t1", "input=What%20colour%3F")

    assert frames[0] == {
        "type": "connected",
        "task_id": "t1",
        "protocol": 1,
        "status": "queued",
        "last_seq": 0,
    }
    assert events(frames)[0]["input"] == "What colour?"
    assert frames[-1]["type"] == "result"
    assert frames[-1]["data"]["content"] == "It is blue."


async def test_a_client_that_leaves_ends_nothing_and_another_sees_the_rest(talk: Talk) -> None:
    gate = talk.gate()
    talk.script(["Working… ", gate, "done."])
    first = await talk.socket("t1")
    await first.until("message_delta")
    first.leave()

    second = await talk.socket("t1", "after=1&batch=1")
    connected = await second.hear()
    assert connected is not None
    assert (connected["status"], connected["last_seq"]) == ("running", 1)
    gate.set()
    frames = await second.rest()

    assert {frame["type"] for frame in frames} == {"steps", "result"}
    assert frames[-1]["data"]["content"] == "Working… done."


async def test_ping_and_cancel(talk: Talk) -> None:
    talk.script([talk.gate(), "never said"])
    socket = await talk.socket("t1")
    await socket.until("run_started")

    await socket.say({"type": "ping"})
    assert await socket.hear() == {"type": "pong"}
    await socket.say({"type": "cancel"})

    assert (await socket.rest())[-1]["data"]["status"] == "cancelled"


async def test_start_false_and_an_unknown_agent_start_nothing(talk: Talk) -> None:
    talk.script("never said")
    for query, reason in (
        ("start=false", "task_not_found"),
        ("agent=nobody", "agent_not_found"),
        ("after=-1", "bad_query"),
    ):
        frames = await (await talk.socket("t1", query)).rest(1008)
        assert frames[-1]["type"] == "error"
        assert frames[-1]["data"]["reason"] == reason
    assert (await talk.ask("GET", "/tasks")).json == {"tasks": []}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("{", "bad_json"),
        (b"\xff", "bad_json"),
        ("[" * 100_000, "bad_json"),
        ('{"type": "start"}', "bad_frame"),
        ('{"type": "ping", "more": 1}', "bad_frame"),
        ('{"type": "answer", "request_id": "r", "decision": "approve"}', "request_not_found"),
        (
            '{"type": "tool_result", "tool_call_id": "c", "outcome": "success", "content": {}}',
            "not_your_tool",
        ),
        ('{"type": "cancel", "reason": "' + "ü" * Bounds().frame_chars + '"}', "frame_too_large"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_bad_frame_is_refused_and_harms_nothing(
    talk: Talk, said: str | bytes, reason: str
) -> None:
    gate = talk.gate()
    talk.script([gate, "done"])
    socket = await talk.socket("t1")
    await socket.until("run_started")

    await socket.say(said)

    error = await socket.hear()
    assert error is not None
    assert (error["type"], error["data"]["reason"]) == ("error", reason)
    await socket.say({"type": "ping"})
    assert await socket.hear() == {"type": "pong"}
    gate.set()
    assert (await socket.rest())[-1]["data"]["status"] == "completed"


@pytest.mark.parametrize(
    "task_id", ["%20", "a%2Fb", "a%20b", "%0A", "%C3%BC", "%F0%9F%98%80", "-x", "x" * 1000]
)
async def test_an_id_that_cannot_be_one_starts_nothing(talk: Talk, task_id: str) -> None:
    talk.script("never said")

    connected, error = await (await talk.socket(task_id)).rest(1008)

    assert connected["type"] == "connected"
    assert error["data"]["reason"] == "invalid_input"
    assert (await talk.ask("GET", "/tasks")).json == {"tasks": []}


async def test_only_who_started_the_task_answers_its_tools(talk: Talk) -> None:
    talk.script(ToolCall("c1", "region_total"), "It is 7.")
    started = await talk.ask("POST", "/tasks", {"task_id": "t1", "client_tools": [TOOL]})
    key = {"X-Agentkit-Client-Key": started.json["client_key"]}
    token = {"Authorization": f"token {talk.token}"}
    owner = await talk.socket("t1", headers=token | key)
    stranger = await talk.socket("t1")
    result = {"type": "tool_result", "tool_call_id": "c1", "outcome": "success"}
    for socket in (owner, stranger):
        await socket.until("tool_call")

    await stranger.say({**result, "content": {"text/plain": "999"}})
    refused = await stranger.hear()
    await owner.say({**result, "content": {"text/plain": "7 \ud83d"}})

    assert refused is not None
    assert refused["data"]["reason"] == "not_your_tool"
    frames = await owner.rest()
    (told,) = [each for each in events(frames) if each["event_type"] == "tool_result"]
    assert told["content"] == {"text/plain": "7 \ufffd"}
    assert types(await stranger.rest())[-1] == "run_finished"


async def test_more_frames_than_are_read_hold_up_neither_the_end_nor_the_server(talk: Talk) -> None:
    gate = talk.gate()
    talk.script([gate, "done"])
    socket = await talk.socket("t1")
    await socket.until("run_started")

    gate.set()
    for _ in range(20 * INBOX):
        await socket.say({"type": "ping"})

    frames = await socket.rest()
    assert [frame for frame in frames if frame["type"] != "pong"][-1]["type"] == "result"
    assert (await talk.ask("GET", "/status")).status == 200


async def test_a_question_in_the_address_is_not_logged(
    talk: Talk, caplog: pytest.LogCaptureFixture
) -> None:
    from tornado.httpclient import HTTPClientError

    with pytest.raises(HTTPClientError):
        await talk.socket("t1", "input=my%20private%20question", headers={})
    talk.script("done")
    await talk.finish("t1", "input=my%20private%20question")

    assert "/ws/tasks/t1" in caplog.text
    assert "private" not in caplog.text
