"""Two runs beside each other: what counts as a difference, and what does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentkit.trace.compare import compare, compare_all
from agentkit.trace.comparison import to_json, to_text
from agentkit.trace.document import Trace, read_trace
from agentkit.trace.read import as_list, as_mapping, as_number
from tests.agentkit.trace.samples import ATTACKS, NAMES, call, event, hostile, sample, trace


def run(*events: dict[str, Any], **fields: Any) -> Trace:
    return read_trace(trace(*events, **fields))


def steps(a: Trace, b: Trace) -> list[tuple[str, str]]:
    return [(step.change, step.row.title) for step in compare(a, b).steps]


def differing(a: Trace, b: Trace) -> dict[str, tuple[Any, Any]]:
    change = compare(a, b)
    found = [*change.differences, *(each for step in change.steps for each in step.differences)]
    return {each.name: (each.a, each.b) for each in found}


def renamed(value: object, name: str = "") -> Any:
    """The same run as it would be another time: other ids, times and durations."""
    if fields := as_mapping(value):
        return {key: renamed(each, key) for key, each in fields.items()}
    if items := as_list(value):
        return [renamed(each) for each in items]
    if name in ("task_id", "message_id", "tool_call_id", "request_id"):
        return f"another-{value}"
    if name in ("ts", "started_at", "finished_at") and value:
        return "2027-01-02T03:04:05.678+00:00"
    return 7.5 + (as_number(value) or 0) if name == "duration_ms" else value


@pytest.mark.parametrize("name", NAMES)
def test_ids_times_and_durations_are_no_difference(name: str) -> None:
    once, again = sample(name), renamed(sample(name))
    assert once != again
    changes = compare_all([read_trace(once)], [read_trace(again)])
    assert [change.change for change in changes] == ["same"] * len(changes)
    assert len(changes) == (2 if name in ("followed", "resumed") else 1)
    assert to_json(changes)["same"] is True


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("status", "completed", "failed"),
        ("result", "North did.", "East did."),
        ("agent", "analyst", "critic"),
        ("simulated", False, True),
        ("input", "Which region grew most?", "Which one?"),
    ],
)
def test_what_a_run_is_and_says_is_compared(name: str, before: object, after: object) -> None:
    shown = {"result": "answer", "input": "question"}.get(name, name)
    assert differing(run(**{name: before}), run(**{name: after})) == {shown: (before, after)}


def test_tokens_and_model_are_compared_and_prices_are_not() -> None:
    def with_usage(tokens: int, cost: float, model: str) -> Trace:
        started = event(1, "run_started", agent="a", input="i", model=model, provider="p")
        usage = {"input_tokens": tokens, "output_tokens": 1, "cost": cost}
        return run(started, usage=usage)

    assert differing(with_usage(1, 0.1, "m"), with_usage(2, 0.2, "n")) == {
        "input tokens": (1, 2),
        "model": ("m", "n"),
    }


def test_a_call_that_gives_another_result_is_changed() -> None:
    a, b = run(*call(1, {"text/plain": "1"})), run(*call(1, {"text/plain": "2"}))
    assert steps(a, b) == [("changed", "Called region_total")]
    assert differing(a, b) == {"result": ({"text/plain": "1"}, {"text/plain": "2"})}


def test_a_whole_number_that_a_page_wrote_without_its_point_is_no_difference() -> None:
    values = ({"n": [163.0, 1e21, 0.5]}, {"n": [163, 10**21, 0.5]}, {"n": [163, 10**21, 0.25]})
    a, b, c = (run(*call(1, {"application/json": each}, arguments=each)) for each in values)
    assert steps(a, b) == [("same", "Called region_total")]
    assert steps(a, c) == [("changed", "Called region_total")]


def test_a_call_with_other_arguments_is_the_same_step_changed() -> None:
    a = run(*call(1, {}, arguments={"region": "North"}), *call(3, {}, tool_name="stop"))
    b = run(*call(1, {}, arguments={"region": "South"}), *call(3, {}, tool_name="stop"))
    assert steps(a, b) == [("changed", "Called region_total"), ("same", "Called stop")]
    assert differing(a, b) == {"arguments": ({"region": "North"}, {"region": "South"})}


def test_steps_that_only_one_run_has_are_added_or_removed() -> None:
    first, second = call(1, {}, tool_name="first"), call(3, {}, tool_name="second")
    third = call(5, {}, tool_name="third")
    a, b = run(*first, *second, *third), run(*first, *third)
    assert steps(a, b) == [
        ("same", "Called first"),
        ("removed", "Called second"),
        ("same", "Called third"),
    ]
    assert [change for change, _ in steps(b, a)] == ["same", "added", "same"]


def test_the_answer_to_a_question_is_compared_and_who_gave_it_is_not() -> None:
    def answered(value: str, by: str) -> Trace:
        return run(
            event(1, "input_requested", request_id="r", question="Which year?"),
            event(2, "request_resolved", request_id="r", decision="answer", value=value, by=by),
        )

    assert differing(answered("2024", "ana"), answered("2025", "ana")) == {
        "answer": ("2024", "2025")
    }
    assert differing(answered("2024", "ana"), answered("2024", "ben")) == {}


def test_a_widgets_id_is_no_difference() -> None:
    widget = "application/vnd.jupyter.widget-view+json"
    a, b = (run(*call(1, {"text/plain": "x", widget: {"model_id": name}})) for name in "ab")
    assert compare(a, b).change == "same"


def test_the_ids_of_unknown_events_are_no_difference_and_what_they_say_is() -> None:
    a, b, c = (run(event(1, "dreamt", dream_id=each, of=of)) for each, of in ("ax", "bx", "cy"))
    assert compare(a, b).change == "same"
    assert differing(b, c) == {
        "event": ({"event_type": "dreamt", "of": "x"}, {"event_type": "dreamt", "of": "y"})
    }


def test_a_kernels_process_and_its_addresses_are_no_difference() -> None:
    texts = [
        f'File "/tmp/ipykernel_{process}/247.py", line {line}: <A object at 0x7f{process}00>'
        for process, line in ((27211, 1), (29360, 1), (27211, 2))
    ]
    first, again, other = (run(*call(1, {"text/plain": text})) for text in texts)
    assert compare(first, again).change == "same"
    assert compare(first, other).change == "changed"


def test_a_run_without_a_counterpart_is_added_or_removed() -> None:
    followed, alone = read_trace(sample("followed")), read_trace(sample("completed"))
    assert [each.change for each in compare_all([followed], [alone])] == ["same", "removed"]
    assert [each.change for each in compare_all([alone], [followed])] == ["same", "added"]
    assert [each.change for each in compare_all([alone], [])] == ["removed"]


def test_long_runs_of_the_same_calls_are_compared_at_once() -> None:
    events = [each for seq in range(1, 10_001, 2) for each in call(seq, {"text/plain": "1"})]
    other = [*events[:-1], {**events[-1], "content": {"text/plain": "2"}}]
    changes = [step.change for step in compare(run(*events), run(*other)).steps]
    assert (changes.count("same"), changes.count("changed"), len(changes)) == (4_999, 1, 5_000)


def test_the_text_shows_the_lines_that_changed_with_their_indent() -> None:
    a = run(*call(1, {"text/plain": "def f():\n    --x\n    return 1" + "\n# end" * 9}))
    b = run(
        *call(1, {"text/plain": "def f():\n    --x\n    return 2" + "\n# end" * 9}), status="failed"
    )
    text = to_text(compare_all([a], [b]), "a.ipynb", "b.ipynb")
    assert text.startswith("--- a.ipynb\n+++ b.ipynb\n\n~ Which region grew most?\n")
    assert "    status: completed → failed\n" in text
    assert "  ~ Called region_total (North)\n      result:\n" in text
    assert "        -     return 1\n        +     return 2\n" in text
    assert text.count("# end") == 1


def test_lines_that_look_like_a_diffs_own_are_not_lost() -> None:
    a, b = (run(result=f"{'x' * 80}\n{line}") for line in ("-- a", "++ b"))
    text = to_text(compare_all([a], [b]), "a", "b")
    assert "- -- a\n" in text
    assert "+ ++ b\n" in text


@pytest.mark.parametrize("attack", [*ATTACKS, "\x1b[2J\x1b]0;owned\x07\u202eevil"])
def test_a_hostile_run_can_be_compared_and_moves_no_terminal(attack: str) -> None:
    changes = compare_all([read_trace(hostile(attack))], [read_trace(hostile("x"))])
    text = to_text(changes, attack, attack)
    assert not {"\x1b", "\x07", "\u202e", "\x00"} & set(text)
    assert json.dumps(to_json(changes), allow_nan=False)
    assert (
        compare_all([read_trace(hostile(attack))], [read_trace(hostile(attack))])[0].change
        == "same"
    )
