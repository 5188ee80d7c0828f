"""A trace as OpenTelemetry spans: OTLP's own JSON, the conventions' names, and one tree a run."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from agentkit.trace.document import read_trace
from agentkit.trace.otlp import to_otlp
from tests.agentkit.trace.samples import ATTACKS, NAMES, call, event, hostile, sample, trace


def spans(*documents: dict[str, Any]) -> list[dict[str, Any]]:
    """The spans, each with its attributes as a mapping; what OTLP's JSON demands of all is checked."""
    data = json.loads(json.dumps(to_otlp([read_trace(each) for each in documents])))
    (resource,) = data["resourceSpans"]
    assert plain(resource["resource"]["attributes"]) == {"service.name": "agentkit"}
    (scope,) = resource["scopeSpans"]
    found = scope["spans"]
    ids = [span["spanId"] for span in found]
    assert len(ids) == len(set(ids))
    for span in found:
        assert re.fullmatch("[0-9a-f]{32}", span["traceId"])
        assert re.fullmatch("[0-9a-f]{16}", span["spanId"])
        assert span.get("parentSpanId", ids[0]) in ids
        assert 0 <= int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"])
        assert isinstance(span["startTimeUnixNano"], str)
        assert span["name"]
        span["attributes"] = plain(span["attributes"])
    return found


def plain(attributes: list[dict[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for each in attributes:
        ((kind, value),) = each["value"].items()
        types = {"stringValue": str, "intValue": str, "boolValue": bool, "doubleValue": float}
        assert type(value) is types[kind]
        assert each["key"] not in values
        values[each["key"]] = int(value) if kind == "intValue" else value
    return values


def named(found: list[dict[str, Any]], name: str) -> dict[str, Any]:
    (span,) = [span for span in found if span["name"] == name]
    return span


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_is_one_tree_of_spans_a_run(name: str) -> None:
    document = sample(name)
    found = spans(document)
    roots = [span for span in found if "parentSpanId" not in span]
    assert len(roots) == 1 + len(document.get("follow_ups") or ())
    assert {span["traceId"] for span in found} == {roots[0]["traceId"]}
    assert roots[0]["name"] == f"invoke_agent {document['agent']}"
    assert roots[0]["attributes"]["agentkit.run.status"] == document["status"]
    assert found == spans(document)


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_traces_are_spans_too(attack: str) -> None:
    assert spans(hostile(attack))


def test_a_run_says_who_was_asked_what_and_what_it_took() -> None:
    root = spans(sample("completed"))[0]
    attributes = root["attributes"]
    assert attributes["gen_ai.operation.name"] == "invoke_agent"
    assert attributes["gen_ai.agent.name"] == "analyst"
    assert attributes["gen_ai.conversation.id"] == "sales-growth"
    assert attributes["gen_ai.usage.input_tokens"] == 5252
    assert attributes["gen_ai.usage.output_tokens"] == 345
    (asked,) = json.loads(attributes["gen_ai.input.messages"])
    text = {"type": "text", "content": sample("completed")["input"]}
    assert asked == {"role": "user", "parts": [text]}
    (answer,) = json.loads(attributes["gen_ai.output.messages"])
    assert (answer["role"], answer["finish_reason"]) == ("assistant", "stop")
    assert root["status"] == {}


def test_a_call_of_a_tool_has_its_arguments_its_result_and_the_time_it_ran() -> None:
    found = spans(trace(*call(10, {"text/plain": "9874.0"})))
    span = named(found, "execute_tool region_total")
    assert span["parentSpanId"] == found[0]["spanId"]
    assert span["attributes"] == {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "region_total",
        "gen_ai.tool.call.id": "c10",
        "gen_ai.tool.call.arguments": '{"region": "North"}',
        "gen_ai.tool.call.result": "9874.0",
        "agentkit.tool.outcome": "success",
        "agentkit.tool.runs_in": "kernel",
        "gen_ai.conversation.id": "t1",
    }
    assert span["endTimeUnixNano"] == "1795438811000000000"
    assert span["startTimeUnixNano"] == "1795438810600000000"


def test_a_call_of_a_model_lasts_from_the_step_before_it_to_its_report() -> None:
    usage = {"provider": "openai", "model": "m", "input_tokens": 7, "output_tokens": 2}
    parts = {"cached_input_tokens": 5, "reasoning_tokens": 1, "cost": 0.25}
    span = named(spans(trace(*call(1, {}), event(6, "usage", **usage, **parts))), "chat m")
    assert (span["startTimeUnixNano"][-12:], span["endTimeUnixNano"][-12:]) == (
        "802000000000",
        "806000000000",
    )
    assert span["kind"] == 3
    assert span["attributes"] == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "m",
        "gen_ai.usage.input_tokens": 7,
        "gen_ai.usage.output_tokens": 2,
        "gen_ai.usage.cache_read.input_tokens": 5,
        "gen_ai.usage.reasoning.output_tokens": 1,
        "agentkit.cost.usd": 0.25,
        "gen_ai.conversation.id": "t1",
    }


def test_what_failed_is_an_error_with_its_reason() -> None:
    root = spans(sample("failed"))[0]
    error = sample("failed")["error"]
    assert root["status"] == {"code": 2, "message": error["message"]}
    assert root["attributes"]["error.type"] == error["reason"]
    problem = {"message": "KeyError: 'x'", "reason": "tool_failed"}
    called = spans(trace(*call(1, {}, outcome="failed", error=problem)))[1]
    assert called["status"] == {"code": 2, "message": "KeyError: 'x'"}
    assert called["attributes"]["error.type"] == "tool_failed"


@pytest.mark.parametrize(
    ("status", "error"), [("interrupted", "interrupted"), ("cancelled", None), ("running", None)]
)
def test_a_call_without_a_result_ends_as_its_run(status: str, error: str | None) -> None:
    found = spans(trace(call(1, {})[0], status=status))
    span = named(found, "execute_tool region_total")
    assert span["endTimeUnixNano"] == found[0]["endTimeUnixNano"]
    assert span["attributes"].get("error.type") == error


@pytest.mark.parametrize("ids", [("a", "b"), (None, None)])
def test_runs_of_different_tasks_are_different_traces(ids: tuple[str | None, str | None]) -> None:
    first, second = ids
    found = spans(trace(task_id=first, input="1"), trace(task_id=second, input="2"))
    assert len({span["traceId"] for span in found}) == 2


def test_a_run_that_takes_another_on_names_it() -> None:
    roots = [span for span in spans(sample("resumed")) if "parentSpanId" not in span]
    taken_on = [root["attributes"].get("agentkit.run.resumes") for root in roots]
    assert taken_on == [None, "cut-off"]
