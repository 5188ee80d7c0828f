"""Following a run over sockets that a test scripts frame by frame."""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

import pytest

from agentkit.core.protocol import ToolSpec
from agentkit.errors import Refused
from agentkit.tools.protocol import Tool, ToolContext, ToolResult
from jupyter_agentkit.errors import ConnectionLost
from jupyter_agentkit.follower import Follower, Patience
from jupyter_agentkit.host import Frame, Host, Socket
from jupyter_agentkit.offered import OfferedTools
from jupyter_agentkit.record import Record

RESULT: Frame = {
    "type": "result",
    "task_id": "t",
    "data": {"status": "completed", "content": "Done.", "steps": 1, "duration_ms": 1.0},
}
LOST = ConnectionLost("not now")


class ScriptedSocket(Socket):
    def __init__(self, frames: list[Frame], *, refused: bool = False) -> None:
        self._frames = list(frames)
        self._refused = refused
        self.sent: list[Frame] = []

    async def send(self, frame: Frame) -> None:
        self.sent.append(frame)

    async def receive(self) -> Frame | None:
        for _ in range(10):  # what was started by the last frame gets its turn
            await asyncio.sleep(0)
        return self._frames.pop(0) if self._frames else None

    @property
    def refused(self) -> bool:
        return self._refused

    def close(self) -> None:
        self._frames.clear()


class ScriptedHost(Host):
    base_path = ""

    def __init__(self, *connections: ScriptedSocket | Exception) -> None:
        self._connections = list(connections)
        self.asked_after: list[int] = []

    async def request(self, method: str, path: str, body: Frame | None = None) -> Any:
        raise AssertionError("a follower asks for sockets only")

    async def open_socket(self, task_id: str, *, after: int, client_key: str | None) -> Socket:
        self.asked_after.append(after)
        connection = self._connections.pop(0)
        if isinstance(connection, Exception):
            raise connection
        return connection


class Counting(Tool):
    spec = ToolSpec(name="count")

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.arguments: list[dict[str, Any]] = []

    async def call(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        self.calls.append(context.tool_call_id)
        self.arguments.append(arguments)
        return ToolResult("success", {"text/plain": "counted"})


def connected(last_seq: int) -> Frame:
    return {
        "type": "connected",
        "task_id": "t",
        "protocol": 1,
        "status": "running",
        "last_seq": last_seq,
    }


def call(seq: int, name: str = "count", runs_in: str = "kernel") -> Frame:
    event = {"event_type": "tool_call", "tool_call_id": f"c{seq}", "tool_name": name}
    return {
        "type": "step",
        "data": {**event, "seq": seq, "step": 1, "ts": "", "arguments": {}, "runs_in": runs_in},
    }


def asking(seq: int) -> Frame:
    frame = call(seq)
    frame["data"]["needs_approval"] = True
    return frame


def requested(seq: int, request_id: str, call_id: str) -> Frame:
    event = {"event_type": "approval_requested", "request_id": request_id, "tool_call_id": call_id}
    rest: Frame = {"tool_name": "count", "arguments": {}, "reason": "Because."}
    return {"type": "step", "data": {**event, **rest, "seq": seq, "step": 1, "ts": ""}}


def resolved(seq: int, request_id: str, decision: str, value: Any = None) -> Frame:
    event = {"event_type": "request_resolved", "request_id": request_id, "decision": decision}
    return {
        "type": "step",
        "data": {**event, "value": value, "by": "Ada", "seq": seq, "step": 1, "ts": ""},
    }


def settled(seq: int, call_id: str) -> Frame:
    event = {"event_type": "tool_result", "tool_call_id": call_id, "outcome": "interrupted"}
    return {
        "type": "step",
        "data": {**event, "seq": seq, "step": 1, "ts": "", "content": {}, "duration_ms": 1.0},
    }


def follow(host: ScriptedHost, tool: Counting, *, total: float = 60) -> Record:
    record = Record("t", "a", "q")
    follower = Follower(
        host,
        record,
        OfferedTools({"count": tool}, contextvars.copy_context()),
        client_key="k",
        on_frame=lambda _: None,
        patience=Patience(first=0.001, longest=0.001, total=total),
    )
    asyncio.run(asyncio.wait_for(follower.follow(), 20))
    return record


def test_a_call_is_not_made_before_the_replay_has_told_whether_it_was_settled() -> None:
    tool = Counting()
    socket = ScriptedSocket([connected(2), call(1), settled(2, "c1"), RESULT])

    record = follow(ScriptedHost(socket), tool)

    assert tool.calls == []
    assert record.result == "Done."


def test_a_call_that_is_open_after_the_replay_is_made_once_and_answered() -> None:
    tool = Counting()
    others = call(2, runs_in="server")
    socket = ScriptedSocket([connected(1), call(1), others, settled(3, "c1"), RESULT])

    follow(ScriptedHost(socket), tool)

    assert tool.calls == ["c1"]
    assert [frame["tool_call_id"] for frame in socket.sent] == ["c1"]


def test_a_result_that_was_not_taken_is_sent_again_and_the_call_not_made_again() -> None:
    tool = Counting()
    first = ScriptedSocket([connected(1), call(1)])
    second = ScriptedSocket([connected(1), settled(2, "c1"), RESULT])

    host = ScriptedHost(first, second)
    follow(host, tool)

    assert host.asked_after == [0, 1]
    assert tool.calls == ["c1"]
    assert first.sent == second.sent
    assert len(second.sent) == 1


def test_a_call_that_needs_consent_is_made_when_its_own_request_is_approved() -> None:
    tool = Counting()
    socket = ScriptedSocket(
        [
            connected(4),
            asking(1),
            asking(2),
            requested(3, "r1", "c1"),
            requested(4, "r2", "c2"),
            resolved(5, "r2", "approve"),
            resolved(6, "unknown", "approve"),
            settled(7, "c2"),
            RESULT,
        ]
    )

    follow(ScriptedHost(socket), tool)

    assert tool.calls == ["c2"]
    assert [frame["tool_call_id"] for frame in socket.sent] == ["c2"]


def test_consent_that_was_given_during_a_break_is_acted_on_after_it() -> None:
    tool = Counting()
    first = ScriptedSocket([connected(2), asking(1), requested(2, "r1", "c1")])
    edited = resolved(3, "r1", "approve", {"arguments": {"x": 2}})
    second = ScriptedSocket([connected(3), edited, settled(4, "c1"), RESULT])

    follow(ScriptedHost(first, second), tool)

    assert tool.calls == ["c1"]
    assert tool.arguments == [{"x": 2}]


def test_a_call_whose_consent_was_used_up_before_a_replay_is_not_made() -> None:
    tool = Counting()
    told = [asking(1), requested(2, "r1", "c1"), resolved(3, "r1", "approve"), settled(4, "c1")]

    follow(ScriptedHost(ScriptedSocket([connected(4), *told, RESULT])), tool)

    assert tool.calls == []


@pytest.mark.parametrize("decision", ["deny", "expired", "answer"])
def test_a_call_whose_consent_was_not_given_is_never_made(decision: str) -> None:
    tool = Counting()
    told = [asking(1), requested(2, "r1", "c1"), resolved(3, "r1", decision, "too risky")]

    follow(ScriptedHost(ScriptedSocket([connected(1), *told, RESULT])), tool)

    assert tool.calls == []


@pytest.mark.parametrize(
    "other", [call(1, runs_in="server"), call(1, name="somebody_elses"), call(1, runs_in="mcp")]
)
def test_calls_of_others_are_left_to_them(other: Frame) -> None:
    tool = Counting()

    follow(ScriptedHost(ScriptedSocket([connected(1), other, RESULT])), tool)

    assert tool.calls == []


def test_a_tool_of_the_users_own_class_that_raises_fails_its_call_only() -> None:
    class Raising(Counting):
        async def call(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
            raise OSError("disk full")

    socket = ScriptedSocket([connected(1), call(1), settled(2, "c1"), RESULT])

    follow(ScriptedHost(socket), Raising())

    assert socket.sent[0]["outcome"] == "failed"
    assert socket.sent[0]["error"]["message"] == "OSError: disk full"


def test_a_refusal_ends_the_following_with_what_the_server_said() -> None:
    error: Frame = {"type": "error", "data": {"message": "Not yours.", "reason": "forbidden"}}

    with pytest.raises(Refused, match="Not yours"):
        follow(ScriptedHost(ScriptedSocket([connected(0), error], refused=True)), Counting())


def test_an_error_frame_on_an_open_socket_ends_nothing() -> None:
    error: Frame = {"type": "error", "data": {"message": "Bad.", "reason": "bad_frame"}}

    record = follow(ScriptedHost(ScriptedSocket([connected(0), error, RESULT])), Counting())

    assert record.result == "Done."


def test_failed_tries_are_repeated_and_then_given_up() -> None:
    record = follow(ScriptedHost(LOST, LOST, ScriptedSocket([connected(0), RESULT])), Counting())
    assert record.result == "Done."

    with pytest.raises(ConnectionLost, match="Gave up"):
        follow(ScriptedHost(*[LOST] * 1000), Counting(), total=0.01)


def test_pauses_between_tries_grow_to_a_limit() -> None:
    patience = Patience(first=1, longest=8)

    pauses = [patience.pause(attempt) for attempt in (0, 1, 2, 3, 50)]

    for pause, most in zip(pauses, (1, 2, 4, 8, 8), strict=True):
        assert most / 2 <= pause <= most
