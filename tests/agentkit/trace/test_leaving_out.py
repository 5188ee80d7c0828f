"""Steps that somebody leaves out are gone from every form, and every form says so."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest

from agentkit.core.redaction import Redactor
from agentkit.errors import InvalidInput
from agentkit.trace import parts, without
from agentkit.trace.document import Trace, read_trace
from agentkit.trace.export import FORMS, exported
from agentkit.trace.leaving_out import all_but, numbered
from agentkit.trace.plain import to_text
from agentkit.trace.schema import trace_schema
from tests.agentkit.trace.samples import ATTACKS, NAMES, call, event, hostile, sample, trace

VALIDATOR: Any = jsonschema.Draft202012Validator(trace_schema())


def read(*events: dict[str, Any], **fields: Any) -> Trace:
    return read_trace(trace(*events, **fields))


def titled(run: Trace) -> list[tuple[str, str]]:
    return [(part.kind, f"{part.title} {part.details}".strip()) for part in parts(run)]


@pytest.mark.parametrize("name", NAMES)
def test_every_event_that_says_something_belongs_to_one_part(name: str) -> None:
    run = read_trace(sample(name))
    found = parts(run)
    assert [part.number for part in found] == list(range(1, len(found) + 1))
    for index, each in enumerate((run, *(run.follow_ups or ()))):
        steps = [part for part in found if part.run == index and part.kind != "follow_up"]
        places = [place for part in steps for place in part.places]
        assert len(places) == len(set(places))
        rest = {e["event_type"] for at, e in enumerate(each.events) if at not in places}
        assert rest <= {"run_started", "usage", "run_finished"}


@pytest.mark.parametrize("name", NAMES)
def test_a_run_without_any_of_its_parts_fits_the_schema_and_is_read_again(name: str) -> None:
    run = read_trace(sample(name))
    for part in parts(run):
        shorter = without(run, [part.number])
        document = shorter.to_json()
        VALIDATOR.validate(document)
        assert read_trace(json.loads(json.dumps(document))) == shorter
    bare = without(run, [part.number for part in parts(run)])
    VALIDATOR.validate(bare.to_json())
    assert parts(bare) == []


def test_a_call_goes_with_its_approval_its_progress_and_its_result() -> None:
    asked = {"request_id": "r1", "tool_call_id": "c1", "tool_name": "pay", "reason": "costs"}
    run = read(
        event(1, "run_started", agent="a", input="?", model="m", provider="p", simulated=False),
        event(2, "tool_call", tool_call_id="c1", tool_name="pay", arguments={}, runs_in="kernel"),
        event(3, "approval_requested", arguments={"to": "private-1"}, **asked),
        event(4, "tool_call", tool_call_id="c2", tool_name="look", arguments={}, runs_in="mcp"),
        event(5, "request_resolved", request_id="r1", decision="approve", by="private-2"),
        event(6, "tool_progress", tool_call_id="c1", progress=1, message="private-3"),
        event(7, "tool_result", tool_call_id="c2", outcome="success", content={}, duration_ms=1),
        event(8, "tool_result", tool_call_id="c1", outcome="success",
              content={"text/plain": "private-4"}, duration_ms=1),
    )  # fmt: skip
    left = without(run, [1])
    assert [each["seq"] for each in left.events] == [1, 4, 7]
    for form in FORMS:
        assert "private" not in exported(left, form), form


def test_a_call_that_has_the_id_of_an_earlier_one_is_another() -> None:
    run = read(*call(1, {"text/plain": "one"}), *call(1, {"text/plain": "two"}))
    assert [each["content"] for each in without(run, [1]).events[1:]] == [{"text/plain": "two"}]


def test_a_question_goes_with_its_answer_and_with_the_call_that_asked_it() -> None:
    run = read(
        event(1, "tool_call", tool_call_id="c", tool_name="ask_user", arguments={"question": "q?"},
              runs_in="server"),
        event(2, "input_requested", request_id="r", question="Whose account?"),
        event(3, "request_resolved", request_id="r", decision="answer", value="mine", by="ana"),
        event(4, "tool_result", tool_call_id="c", outcome="success",
              content={"text/plain": "mine"}, duration_ms=1),
        result=None,
    )  # fmt: skip
    assert titled(run) == [("question", "Asked you Whose account?")]
    assert without(run, [1]).events == []


def test_without_its_answer_a_run_has_neither_result_nor_the_message_that_it_repeats() -> None:
    said = "North did."
    run = read(event(1, "message", message_id="m", text=said), event(2, "final_answer", text=said))
    assert [part.kind for part in parts(run)] == ["answer"]
    left = without(run, [1])
    assert (left.result, left.events) == (None, [])
    assert left.left_out is not None
    assert left.left_out.model_dump() == {"steps": 0, "answer": True, "follow_ups": 0}
    for form in FORMS:
        assert said not in exported(left, form), form


def test_a_follow_up_goes_as_a_whole_and_its_steps_one_by_one() -> None:
    run = read_trace(sample("followed"))
    at = next(part for part in parts(run) if part.kind == "follow_up")
    whole = without(run, [at.number])
    assert whole.follow_ups is None
    assert whole.left_out is not None
    assert whole.left_out.follow_ups == 1
    some = without(run, [at.number + 1])
    assert some.left_out is None
    assert some.follow_ups is not None
    assert some.follow_ups[0].left_out is not None
    assert some.follow_ups[0].left_out.steps == 1


def test_every_form_says_how_much_was_left_out() -> None:
    run = without(read_trace(sample("completed")), [1, 3, 7])
    said = "2 steps and the answer were left out by whoever shared this."
    for form in ("html", "markdown", "ipynb", "otlp"):
        assert said in exported(run, form), form
    assert said in to_text(run)
    for form in ("json", "jsonl", "ag-ui"):
        text = re.sub(r"\s", "", exported(run, form))
        assert '{"steps":2,"answer":true,"follow_ups":0}' in text, form
    one = without(read_trace(sample("completed")), [1])
    assert "1 step was left out by whoever shared this." in to_text(one)


def test_what_is_left_out_of_what_was_shared_adds_up() -> None:
    once = without(read_trace(sample("completed")), [1])
    twice = without(read_trace(once.to_json()), [1, 2])
    assert twice.left_out is not None
    assert twice.left_out.steps == 3


def test_nothing_left_out_is_the_same_run() -> None:
    run = read_trace(sample("completed"))
    assert without(run, []) is run
    assert "left_out" not in run.to_json()


@pytest.mark.parametrize("numbers", [[0], [8], [-1], [3, 99]])
def test_a_number_that_the_run_does_not_have_is_refused(numbers: list[int]) -> None:
    with pytest.raises(InvalidInput, match="it has 1 to 7") as caught:
        without(read_trace(sample("completed")), numbers)
    assert caught.value.reason == "unknown_step"


def test_a_run_of_nothing_has_nothing_to_leave_out() -> None:
    assert parts(read_trace({})) == []
    with pytest.raises(InvalidInput, match="nothing of it can be left out"):
        without(read_trace({}), [1])


def test_only_some_steps_stay() -> None:
    run = read_trace(sample("completed"))
    assert all_but(run, {1, 7}) == {2, 3, 4, 5, 6}


def test_a_follow_up_that_stays_keeps_its_steps_and_a_step_keeps_its_follow_up() -> None:
    run = read_trace(sample("followed"))
    found = parts(run)
    at = next(part.number for part in found if part.kind == "follow_up")
    assert all_but(run, {at}) == set(range(1, at))
    kept = without(run, all_but(run, {at + 1}))
    assert kept.follow_ups is not None
    assert [part.kind for part in parts(kept)] == ["follow_up", found[at].kind]


@pytest.mark.parametrize(
    ("text", "meant"), [("3", {3}), ("3,5-7", {3, 5, 6, 7}), (" 1 , 2 - 3 ", {1, 2, 3})]
)
def test_numbers_are_written_alone_and_as_ranges(text: str, meant: set[int]) -> None:
    assert numbered(text) == meant


@pytest.mark.parametrize("text", ["", "x", "1-", "-1", "1,,2", "1-2-3", "²", "9" * 9])
def test_other_writing_of_numbers_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="as in 3,5-7"):
        numbered(text)


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_traces_lose_the_steps_that_are_left_out(attack: str) -> None:
    run = read_trace(hostile(attack))
    every = [part.number for part in parts(run)]
    bare = without(run, every)
    assert parts(bare) == []
    assert {each["event_type"] for each in bare.events} <= {"run_started", "usage", "run_finished"}
    # Unknown or hostile, it can be written in every form.
    for form in FORMS:
        exported(without(run, every[::2]), form)


def test_what_says_wrongly_how_much_was_left_out_says_nothing() -> None:
    wrongs: list[Any] = ["2", {"steps": -1}, {"steps": "many"}, []]
    for wrong in wrongs:
        assert read_trace(trace(left_out=wrong)).left_out is None


def test_numbers_are_those_of_the_masked_run() -> None:
    from agentkit.trace.sharing import masked, shared

    # Masked, the message is the answer, so it is no step of its own.
    keys = ("ghp_" + "a1B2" * 9, "ghp_" + "c3D4" * 9)
    run = read(
        event(1, "message", message_id="m", text=f"Use {keys[0]}"),
        event(2, "final_answer", text=f"Use {keys[1]}"),
        result=f"Use {keys[1]}",
    )
    redactor = Redactor(environ={})
    assert [part.kind for part in parts(masked(run, redactor))] == ["answer"]
    assert shared(run, redactor, [1]).events == []
