"""The document: written as the contract says, read whatever was saved."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentkit.core.events import FinalAnswer, InputRequested, MessageDelta, RunFinished, RunStarted
from agentkit.core.protocol import ErrorInfo, TaskStatus, TaskSummary, Usage
from agentkit.trace.document import Trace, build_trace, read_trace
from agentkit.trace.schema import SCHEMA_FILE, main, trace_schema
from tests.agentkit.trace.samples import NAMES, event, sample, trace

FIELDS = [
    "version", "task_id", "agent", "input", "status", "simulated", "started_at", "finished_at",
    "usage", "result", "error", "events",
]  # fmt: skip


def task(status: TaskStatus = TaskStatus.COMPLETED, **fields: Any) -> TaskSummary:
    given = {"task_id": "t1", "agent": "analyst", "input": "Which?", "created_at": "2026-11-23"}
    return TaskSummary.model_validate({**given, "status": status, **fields})


def validate(document: dict[str, Any]) -> None:
    validator: Any = jsonschema.Draft202012Validator(trace_schema())
    validator.validate(json.loads(json.dumps(document)))


def test_every_field_of_the_contract_is_there_even_when_it_is_empty() -> None:
    document = build_trace(task(TaskStatus.QUEUED), []).to_json()
    assert list(document) == FIELDS
    assert document["version"] == 1
    assert document["status"] == "queued"
    for name in ("started_at", "finished_at", "usage", "result", "error"):
        assert document[name] is None
    validate(document)


def test_a_task_and_its_events_become_a_document_that_fits_the_schema() -> None:
    summary = task(
        TaskStatus.FAILED,
        simulated=True,
        started_at="2026-11-23T13:00:00+00:00",
        usage=Usage(input_tokens=3),
        error=ErrorInfo(message="No key.", reason="provider_not_ready"),
    )
    events = [
        RunStarted(seq=1, ts="x", agent="a", input="i", model="m", provider="p", simulated=True),
        MessageDelta(seq=1, message_id="m", delta="Hal"),
        InputRequested(seq=2, request_id="r", question="Which?", schema={"type": "string"}),
        FinalAnswer(seq=3, text="Half"),
        event(4, "message_delta", message_id="m", delta="f"),
        event(5, "run_finished", status="failed", error={"message": "m", "reason": "r"}),
    ]
    document = build_trace(summary, events).to_json()
    assert [stored["seq"] for stored in document["events"]] == [1, 2, 3, 5]
    assert document["events"][1]["schema"] == {"type": "string"}
    assert document["usage"] == {"input_tokens": 3, "output_tokens": 0}
    assert document["error"] == {"message": "No key.", "reason": "provider_not_ready"}
    validate(document)


def test_models_and_the_json_that_was_stored_give_the_same_document() -> None:
    events = [FinalAnswer(seq=1, text="a"), RunFinished(seq=2, status=TaskStatus.COMPLETED)]
    stored = [json.loads(one.model_dump_json(exclude_none=True)) for one in events]
    assert build_trace(task(), events).to_json() == build_trace(task(), stored).to_json()


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_fits_the_schema_and_reads_as_it_was_written(name: str) -> None:
    document = read_trace(sample(name)).to_json()
    validate(document)
    assert {key: document[key] for key in FIELDS[:-1]} == {
        key: sample(name)[key] for key in FIELDS[:-1]
    }


@pytest.mark.parametrize(
    "wrong",
    [{"version": 2}, {"status": "paused"}, {"simulated": None}, {"events": [{"event_type": "x"}]},
     {"events": [event(1, "thinking_delta", message_id="m", delta="x")]}],
)  # fmt: skip
def test_the_schema_refuses_what_is_no_trace_of_this_version(wrong: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        validate(trace(**wrong))


def test_the_schema_lets_fields_be_added_within_a_version() -> None:
    validate(trace(event(1, "final_answer", text="x", added="later"), more=1))


def test_the_published_schema_is_the_one_of_the_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    assert json.loads(SCHEMA_FILE.read_text(encoding="utf-8")) == trace_schema()
    elsewhere = tmp_path / "schema.json"
    monkeypatch.setattr("agentkit.trace.schema.SCHEMA_FILE", elsewhere)
    assert main(["--check"]) == 1
    assert main([]) == 0
    assert main(["--check"]) == 0
    assert elsewhere.read_bytes() == SCHEMA_FILE.read_bytes()


def test_what_is_missing_is_taken_from_the_events() -> None:
    started = event(1, "run_started", agent="analyst", input="Which?", simulated=True)
    failed = event(
        2, "run_finished", status="failed", error={"message": "No key.", "reason": "key"}
    )
    read = read_trace({"events": [started, failed]})
    assert (read.agent, read.input, read.simulated) == ("analyst", "Which?", True)
    assert read.status == "failed"
    assert read.error == ErrorInfo(message="No key.", reason="key")


def test_a_later_version_and_its_states_are_kept_for_the_reader_to_see() -> None:
    read = read_trace(trace(event(1, "dreamed", of="sheep"), version=7, status="asleep", new={}))
    assert (read.version, read.status, len(read.events)) == (7, "asleep", 1)
    assert not read.is_final


def test_a_trace_reads_as_itself() -> None:
    once = read_trace(trace())
    assert read_trace(once) is once
    assert isinstance(once, Trace)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*FIELDS, "event_type", "seq"]) | st.text(max_size=4), inner
        )
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(ANYTHING)
def test_reading_never_raises(document: Any) -> None:
    assert list(read_trace(document).to_json()) == FIELDS
