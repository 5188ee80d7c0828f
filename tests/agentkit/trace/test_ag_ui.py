"""A trace as AG-UI events: the protocol's own models take them, and their order is a stream's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ag_ui.core import Event
from pydantic import TypeAdapter

from agentkit.trace.ag_ui import to_ag_ui
from agentkit.trace.document import read_trace
from tests.agentkit.trace.samples import ATTACKS, NAMES, call, event, hostile, sample, trace

EVENT: TypeAdapter[Any] = TypeAdapter(Event)


def stream(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The events, each as JSON and as the protocol's model has it, without a field it does not know."""
    events = [json.loads(json.dumps(each)) for each in to_ag_ui(read_trace(document))]
    for each in events:
        model = EVENT.validate_json(json.dumps(each), strict=True)
        assert not model.model_extra, each
    return events


def types(document: dict[str, Any]) -> list[str]:
    return [each["type"] for each in stream(document)]


def check_order(events: list[dict[str, Any]]) -> None:
    """What a client of the protocol relies on."""
    opened: set[str] = set()
    messages: list[str] = []
    calls: list[str] = []
    results: list[str] = []
    for each in events:
        match each["type"]:
            case "TEXT_MESSAGE_START" | "REASONING_MESSAGE_START":
                opened.add(each["messageId"])
                messages.append(each["messageId"])
            case "TEXT_MESSAGE_CONTENT" | "REASONING_MESSAGE_CONTENT":
                assert each["messageId"] in opened
                assert each["delta"]
            case "TEXT_MESSAGE_END" | "REASONING_MESSAGE_END":
                opened.remove(each["messageId"])
            case "TOOL_CALL_START":
                calls.append(each["toolCallId"])
            case "TOOL_CALL_RESULT":
                assert each["toolCallId"] in calls
                results.append(each["toolCallId"])
                messages.append(each["messageId"])
            case _:
                pass
    assert not opened
    for ids in (messages, calls, results):
        assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_is_a_stream_of_the_protocol(name: str) -> None:
    document = sample(name)
    events = stream({**document, "follow_ups": None})
    assert events[0]["type"] == "RUN_STARTED"
    assert events[0]["runId"] == document["task_id"]
    asked = [each["content"] for each in events[0]["input"]["messages"]]
    assert asked == [document["input"]]
    assert [each["type"] for each in events].count("RUN_STARTED") == 1
    check_order(events)
    last = events[-1]
    match document["status"]:
        case "completed":
            assert (last["outcome"], last["result"]) == ({"type": "success"}, document["result"])
        case "cancelled":
            assert last["outcome"] == {"type": "cancelled"}
        case "failed" | "interrupted":
            assert last["type"] == "RUN_ERROR"
            assert last["message"] == document["error"]["message"]
        case "input_required":
            assert last["outcome"]["type"] == "interrupt"
        case _:
            assert last["type"] not in ("RUN_FINISHED", "RUN_ERROR")


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_traces_make_streams_of_the_protocol_too(attack: str) -> None:
    if "\ud800" in attack:
        attack = attack.replace("\ud800", "")  # no reader of UTF-8 takes it as JSON text
    check_order(stream(hostile(attack)))


def test_a_call_is_start_arguments_end_and_result() -> None:
    events = stream(trace(*call(1, {"text/plain": "9874.0"})))[1:-1]
    assert [each["type"] for each in events] == [
        "TOOL_CALL_START",
        "TOOL_CALL_ARGS",
        "TOOL_CALL_END",
        "TOOL_CALL_RESULT",
    ]
    assert events[0]["toolCallName"] == "region_total"
    assert json.loads(events[1]["delta"]) == {"region": "North"}
    assert events[3]["content"] == "9874.0"
    assert events[3]["rawEvent"]["content"] == {"text/plain": "9874.0"}
    assert events[0]["timestamp"] == 1795438801000


def test_an_open_approval_interrupts_and_names_the_call() -> None:
    asked: dict[str, Any] = {"tool_call_id": "c", "tool_name": "edit", "arguments": {}}
    asked |= {"reason": "It writes."}
    wait = event(
        1, "approval_requested", request_id="r", expires_at="2026-11-24T00:00:00Z", **asked
    )
    document = trace(wait, status="input_required", result=None)
    assert stream(document)[-1]["outcome"]["interrupts"] == [
        {
            "id": "r",
            "reason": "tool_call",
            "message": "It writes.",
            "toolCallId": "c",
            "expiresAt": "2026-11-24T00:00:00Z",
        }
    ]
    answered = event(2, "request_resolved", request_id="r", decision="approve", by="ana")
    assert types(trace(wait, answered))[-2:] == ["CUSTOM", "RUN_FINISHED"]


def test_only_what_is_still_open_interrupts() -> None:
    asked = [event(seq, "input_requested", request_id=f"r{seq}", question="?") for seq in (1, 2)]
    answered = event(3, "request_resolved", request_id="r1", decision="answer", by="ana")
    end = stream(trace(*asked, answered, status="input_required"))[-1]
    assert [each["id"] for each in end["outcome"]["interrupts"]] == ["r2"]


def test_an_id_that_comes_again_is_another_call_and_another_message() -> None:
    again = call(3, {"text/plain": "2"})
    for each in again:
        each["tool_call_id"] = "c1"
    said = [
        event(seq, kind, message_id="m", text="x")
        for seq, kind in ((5, "thinking"), (6, "message"))
    ]
    events = stream(trace(*call(1, {"text/plain": "1"}), *again, *said))
    check_order(events)
    results = [each for each in events if each["type"] == "TOOL_CALL_RESULT"]
    assert [(each["toolCallId"], each["content"]) for each in results] == [
        ("c1", "1"),
        ("c1-3", "2"),
    ]


def test_tokens_are_summed_for_each_model() -> None:
    usage = {"provider": "p", "output_tokens": 1, "cost": 0.5}
    events = [
        event(1, "usage", model="a", input_tokens=2, reasoning_tokens=1, **usage),
        event(2, "usage", model="a", input_tokens=3, **usage),
        event(3, "usage", model="b", input_tokens=4, cached_input_tokens=4, **usage),
    ]
    a = {"model": "a", "inputTokens": 5, "outputTokens": 2, "reasoningTokens": 1}
    b = {"model": "b", "inputTokens": 4, "outputTokens": 1, "cachedInputTokens": 4}
    assert stream(trace(*events))[-1]["usage"] == [{"provider": "p", **a}, {"provider": "p", **b}]


def test_an_answer_that_was_said_already_is_one_message() -> None:
    said = event(1, "message", message_id="m", text="North did.")
    document = trace(said, event(2, "final_answer", text="North did."))
    assert types(document).count("TEXT_MESSAGE_START") == 1
    other = trace(said, event(2, "final_answer", text="It was North."))
    assert types(other).count("TEXT_MESSAGE_START") == 2


def test_a_follow_up_is_a_further_run_of_the_thread() -> None:
    started = [each for each in stream(sample("followed")) if each["type"] == "RUN_STARTED"]
    assert [each["threadId"] for each in started] == ["with-follow-up"] * 2
    assert len({each["runId"] for each in started}) == 2


def test_a_run_that_takes_another_on_names_it_and_asks_nothing() -> None:
    first, second = (e for e in stream(sample("resumed")) if e["type"] == "RUN_STARTED")
    assert first["input"]["messages"][0]["content"].startswith("Which region")
    assert (second["parentRunId"], "input" in second) == ("cut-off", False)
