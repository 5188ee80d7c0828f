"""A run as it is folded from frames, and relayed to a page."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import TypeAdapter

from agentkit.core.frames import ServerFrame
from jupyter_agentkit.host import Frame
from jupyter_agentkit.record import Record
from jupyter_agentkit.relay import Relay

TS = "2026-01-02T03:04:05.678+00:00"


def event(seq: int, kind: str, **payload: Any) -> dict[str, Any]:
    return {"seq": seq, "step": 1, "ts": TS, "event_type": kind, **payload}


STARTED = event(1, "run_started", agent="a", input="q", model="m", provider="p", simulated=True)
USAGE = event(2, "usage", provider="p", model="m", input_tokens=3, output_tokens=4)
ANSWER = event(4, "final_answer", text="Yes.")
FINISHED = event(5, "run_finished", status="completed")
RESULT: Frame = {
    "type": "result",
    "task_id": "t",
    "data": {
        "status": "completed",
        "content": "Yes.",
        "usage": {"input_tokens": 6, "output_tokens": 8},
        "steps": 1,
        "duration_ms": 12.5,
    },
}


def connected(last_seq: int, status: str = "running") -> Frame:
    return {
        "type": "connected",
        "task_id": "t",
        "protocol": 1,
        "status": status,
        "last_seq": last_seq,
    }


def steps(*events: dict[str, Any]) -> Frame:
    return {"type": "steps", "data": list(events)}


def delta(seq: int, text: str) -> dict[str, Any]:
    return event(seq, "message_delta", message_id="m1", delta=text)


def record(*frames: Frame) -> Record:
    record = Record("t", "a", "q")
    for frame in frames:
        record.add(frame)
    return record


def test_events_that_come_twice_count_once() -> None:
    known = record(steps(STARTED, USAGE), connected(2), steps(USAGE, {**USAGE, "seq": 3}))

    assert [each["seq"] for each in known.events] == [1, 2, 3]
    assert known.usage is not None
    assert known.usage.input_tokens == 6


def test_the_status_is_final_only_with_the_result() -> None:
    known = record(connected(5, "completed"), steps(STARTED, ANSWER, FINISHED))

    assert not known.status.is_final
    assert known.finished_at == TS
    known.add(RESULT)
    assert known.status == "completed"


def test_a_request_makes_the_run_wait_until_it_is_resolved() -> None:
    asked = event(2, "input_requested", request_id="r", question="Which?")
    known = record(steps(STARTED, asked))

    assert known.status == "input_required"
    known.add(steps(event(3, "request_resolved", request_id="r", decision="answer", by="ana")))
    assert known.status == "running"


def test_the_trace_is_the_document_that_notebooks_keep() -> None:
    known = record(steps(STARTED, USAGE, ANSWER, FINISHED), RESULT)

    document = known.trace().to_json()
    assert document["simulated"] is True
    assert (document["started_at"], document["finished_at"]) == (TS, TS)
    assert document["usage"] == {"input_tokens": 6, "output_tokens": 8}
    assert [each["seq"] for each in document["events"]] == [1, 2, 4, 5]


def test_streamed_text_is_kept_until_its_message_and_never_stored() -> None:
    known = record(steps(STARTED, delta(1, "Once "), delta(1, "upon")))

    assert known.partial["m1"]["delta"] == "Once upon"
    known.add(steps(event(2, "message", message_id="m1", text="Once upon a time")))
    assert not known.partial
    assert [each["event_type"] for each in known.events] == ["run_started", "message"]


def relayed(known: Record, *actions: Any, messages: int) -> list[list[Frame]]:
    """The frames of each message that the page was sent, once there were so many."""

    async def play() -> list[list[Frame]]:
        sent: asyncio.Queue[list[Frame]] = asyncio.Queue()
        relay = Relay(known, lambda message: sent.put_nowait(message["frames"]))
        for action in actions:
            if isinstance(action, int):
                relay.attach(action)
            else:
                known.add(action)
                relay.push(action)
        taken = [await asyncio.wait_for(sent.get(), 20) for _ in range(messages)]
        assert sent.empty()
        return taken

    return asyncio.run(play())


def test_a_page_that_nobody_attached_is_sent_nothing() -> None:
    assert relayed(record(), steps(STARTED), messages=0) == []


def test_attaching_gives_what_is_missing_and_the_text_so_far() -> None:
    known = record(steps(STARTED, USAGE, delta(2, "Once "), delta(2, "upon")))

    first = relayed(known, 1, messages=1)[0]

    assert first[0] == connected(2)
    assert first[1] == steps(USAGE, delta(2, "Once upon"))


def test_what_follows_is_sent_together_in_order_and_ends_with_the_result() -> None:
    sent = relayed(record(), 0, steps(STARTED), steps(ANSWER), RESULT, messages=2)

    assert sent[1] == [steps(STARTED), steps(ANSWER), RESULT]


def test_attaching_to_a_finished_run_gives_frames_as_the_server_sends_them() -> None:
    known = record(steps(STARTED, FINISHED), RESULT)

    [frames] = relayed(known, 0, messages=1)

    for frame in frames:
        TypeAdapter(ServerFrame).validate_python(frame)
    assert frames[-1]["data"]["content"] == "Yes."
    assert frames[-1]["data"]["duration_ms"] == 12.5
