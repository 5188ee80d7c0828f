"""What a reader is told of each step; the page's own fold says the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from agentkit.trace.document import read_trace
from agentkit.trace.overview import overview
from agentkit.trace.row import Row
from agentkit.trace.rows import fold
from agentkit.trace.sharing import manifest
from agentkit.trace.titles import SPELLED, VERBS, tool_title
from agentkit.trace.words import cost, counted, duration, first_line, visible
from tests.agentkit.trace.samples import NAMES, STEPS, call, event, sample, trace

PAGE_TITLES = Path(__file__).parents[3] / "labextension" / "src" / "view" / "row" / "titles.ts"


def rows(*events: dict[str, Any], **fields: Any) -> list[Row]:
    return fold(read_trace(trace(*events, **fields)))


def told(row: Row) -> tuple[str, str, str, str]:
    return row.title, row.details, row.state, row.line


def test_a_completed_run_is_told_step_by_step() -> None:
    assert [told(row) for row in fold(read_trace(sample("completed")))] == [
        ("Thought", "", "said", "I need the totals of both years for each region. …"),
        ("Said", "", "said", ""),
        ("Called growth_by_region", "first_year: 2024, last_year: 2025", "done", "A table of 4 rows"),
        ("Called region_total", "East", "done", "8402.75"),
        ("Read data/README.md", "", "done",
         "Sales by region and month, in thousands. Returns are negative."),
        ("Plotted growth", 'regions: ["North", "South", "East", "West"], kind: bar', "done", ""),
    ]  # fmt: skip


def test_a_denied_edit_keeps_the_reason_and_who_decided() -> None:
    edit = fold(read_trace(sample("denied")))[-1]
    assert told(edit)[0::2] == ("Edit cell", "denied")
    assert edit.line == ""
    assert edit.notes == [
        "It changes a cell of this notebook.",
        "Denied by ada: I will do it myself. · 13:02 UTC",
    ]


def test_a_failed_call_says_its_error_on_one_line() -> None:
    failed = fold(read_trace(sample("recovered")))[1]
    assert told(failed) == ("Call region_total", "Nroth", "failed", "KeyError: 'Nroth'")


def test_a_call_is_one_row_whichever_of_its_events_comes_first() -> None:
    asked = event(1, "approval_requested", request_id="r", tool_call_id="c", tool_name="add_row",
                  arguments={"n": 1}, reason="It writes.")  # fmt: skip
    answered = event(2, "request_resolved", request_id="r", decision="approve", by="ana")
    called = event(3, "tool_call", tool_call_id="c", tool_name="add_row", arguments={"n": 1})
    result = event(4, "tool_result", tool_call_id="c", outcome="success", content={}, duration_ms=1)
    states = [rows(*[asked, answered, called, result][:n], status="running") for n in range(1, 5)]
    assert [(len(some), some[0].state) for some in states] == [
        (1, "waiting"), (1, "running"), (1, "running"), (1, "done")
    ]  # fmt: skip
    assert states[-1][0].notes == ["It writes.", "Approved by ana · 13:00 UTC"]


def test_a_model_may_use_the_id_of_a_call_again() -> None:
    first, second = call(1, {"text/plain": "1"}), call(3, {"text/plain": "2"})
    for one in (*first, *second):
        one["tool_call_id"] = "call_0"
    assert [row.line for row in rows(*first, *second)] == ["1", "2"]


@pytest.mark.parametrize(
    ("status", "state"),
    [("cancelled", "cancelled"), ("failed", "interrupted"), ("interrupted", "interrupted"),
     ("running", "running")],
)  # fmt: skip
def test_a_call_that_never_ended_is_told_as_the_run_ended(status: str, state: str) -> None:
    assert [row.state for row in rows(call(1, {})[0], status=status)] == [state]


def test_progress_is_said_while_a_call_runs() -> None:
    progress = event(2, "tool_progress", tool_call_id="c1", progress=3, total=10, message="files")
    assert rows(call(1, {})[0], progress, status="running")[0].line == "files · 3 of 10"


def test_a_question_to_the_person_keeps_its_answer() -> None:
    asked = event(1, "input_requested", request_id="r", question="Which year?")
    answered = event(
        2, "request_resolved", request_id="r", decision="answer", value="2024", by="ana"
    )
    assert rows(asked, status="running")[0].title == "Asking you"
    row = rows(asked, answered)[0]
    assert (row.title, row.text, row.state) == ("Asked you", "Which year?", "done")
    assert row.notes == ["Answered by ana: 2024 · 13:00 UTC"]


@pytest.mark.parametrize(
    ("decision", "value", "by", "said"),
    [
        ("approve", None, "", "Approved"),
        ("approve", {"always": True}, "ana", "Approved for the whole run by ana"),
        ("approve", {"arguments": {"region": "South"}}, "", "Approved with other arguments"),
        ("approve", None, "on_ask", "Approved in advance"),
        ("deny", "too risky", "Ada", "Denied by Ada: too risky"),
        ("deny", "Nobody is there to ask.", "on_ask", "Denied in advance"),
        ("expired", None, "ana", "Nobody answered in time"),
    ],
)
def test_a_decision_is_said_in_a_few_words(
    decision: str, value: object, by: str, said: str
) -> None:
    asked = {"request_id": "r", "tool_call_id": "c", "tool_name": "region_total"}
    closed = {"request_id": "r", "decision": decision, "value": value, "by": by}
    row = rows(
        event(1, "approval_requested", arguments={"region": "North"}, reason="", **asked),
        event(2, "request_resolved", **closed),
        status="running",
    )[0]
    assert row.notes == [f"{said} · 13:00 UTC"]


def test_a_call_is_titled_by_the_arguments_that_were_approved() -> None:
    edited = fold(read_trace(sample("edited")))[-1]
    assert [(change.place, change.amount) for change in edited.changes] == [
        ("source", "1 line added, 1 removed")
    ]
    assert edited.named.details.startswith("cell_id: 4f1c")


def test_an_edit_of_a_cell_says_where_and_how_much() -> None:
    assert fold(read_trace(sample("edited")))[-1].line == (
        "analysis.ipynb, cell 4f1c · 1 line added, 1 removed"
    )


def test_a_question_is_told_once_not_as_a_call_too() -> None:
    asked = call(1, {"text/plain": "2024"}, tool_name="ask_user")
    question = event(2, "input_requested", request_id="r", question="Which year?")
    asked[1]["seq"] = 3
    assert [row.kind for row in rows(asked[0], question, asked[1])] == ["question"]
    assert [row.kind for row in rows(*asked)] == ["tool"]


def test_a_message_that_the_answer_repeats_is_told_once() -> None:
    said = event(1, "message", message_id="m", text="North did.")
    assert rows(said, event(2, "final_answer", text="North did.")) == []
    assert len(rows(said, event(2, "final_answer", text="South did."))) == 1


def test_an_event_of_another_version_is_shown_as_it_is() -> None:
    row = rows(event(1, "dreamed", of="sheep"))[0]
    assert row.title == "Event dreamed"
    assert row.arguments["of"] == "sheep"


@pytest.mark.parametrize(
    ("name", "arguments", "over", "going_on", "details"),
    [
        (
            "region_total",
            {"region": "North"},
            "Called region_total",
            "Calling region_total",
            "North",
        ),
        ("read_file", {"path": "a.csv", "rows": 3}, "Read a.csv", "Reading a.csv", "rows: 3"),
        ("fs__readFile", {"path": "a.csv"}, "Read a.csv", "Reading a.csv", ""),
        ("list_files", {}, "Listed files", "Listing files", ""),
        ("plot", {}, "Called plot", "Calling plot", ""),
        ("get_URL", {"url": "https://a.example"}, "Got URL", "Getting URL", "https://a.example"),
        ("write_summary", {"a": 1, "b": [2]}, "Wrote summary", "Writing summary", "a: 1, b: [2]"),
        ("", {}, "Called a tool", "Calling a tool", ""),
    ],
)
def test_a_call_is_named_by_what_it_does(
    name: str, arguments: dict[str, Any], over: str, going_on: str, details: str
) -> None:
    done, doing = tool_title(name, arguments, "over"), tool_title(name, arguments, "going on")
    assert f"{done.verb} {done.object}" == over
    assert f"{doing.verb} {doing.object}" == going_on
    assert done.details == details


def test_the_page_knows_the_same_verbs() -> None:
    source = PAGE_TITLES.read_text(encoding="utf-8")
    table = source.split("new Map(\n", 1)[1].split("`")[1]
    assert [line.split() for line in re.split(r"\|\s*", table)] == list(VERBS.values())


def test_the_page_spells_the_same_words() -> None:
    source = PAGE_TITLES.read_text(encoding="utf-8")
    words = source.split("const SPELLED = new Map(", 1)[1].split("]", 1)[0]
    assert re.findall(r"'(\w+)'", words) == list(SPELLED.values())
    assert tool_title("run_python", {"code": "1"}, "over").object == "Python"


def test_header_and_footer_are_derived_from_the_events() -> None:
    started = event(1, "run_started", model="gpt", provider="openai", simulated=False)
    usage = {"provider": "openai", "model": "gpt", "input_tokens": 1000, "output_tokens": 200}
    both = [event(2, "usage", cost=0.01, **usage), event(31, "usage", cost=0.02, **usage)]
    events = (started, *both, *call(40, {}), event(50, "warning", message="Slow."))
    assert overview(read_trace(trace(*events))).footer == [
        "2 steps", "12 s", "2,400 tokens", "$0.0300", "openai:gpt", "2026-11-23 13:00 UTC"
    ]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_the_footer_counts_the_steps_that_the_page_counts_too(name: str) -> None:
    run = read_trace(sample(name))
    said = [part for part in overview(run).footer if re.fullmatch(r"\d+ steps?", part)]
    assert said == ([counted(STEPS[name], "step")] if STEPS[name] else [])
    of_run = [part for part, _ in manifest(run).steps if part.run == 0 and part.kind != "answer"]
    assert len(of_run) == STEPS[name]


def test_a_cost_that_is_known_in_part_is_not_said() -> None:
    usage = {"input_tokens": 1, "output_tokens": 0}
    events = [event(2, "usage", cost=0.01, **usage), event(3, "usage", **usage)]
    assert "$" not in " ".join(overview(read_trace(trace(*events))).footer)


def test_times_and_prices_read_as_people_write_them() -> None:
    assert [duration(ms) for ms in (None, 4, 400, 9949, 12_000, 125_000, 3_780_000)] == [
        "", "< 0.1 s", "0.4 s", "9.9 s", "12 s", "2 min 05 s", "1 h 03 min"
    ]  # fmt: skip
    assert [cost(price) for price in (0, 0.00001, 0.0123, 1.5)] == [
        "$0.0000", "< $0.0001", "$0.0123", "$1.50"
    ]  # fmt: skip


def test_text_is_shown_without_what_could_change_how_it_reads() -> None:
    assert visible("\x1b[31mred\x1b[0m \x1b]0;title\x07ok\u202e\x00\r\nnext") == "red ok\nnext"
    assert first_line("one\ntwo", 10) == "one …"
    assert first_line("x" * 20, 10) == "xxxxxxxxxx…"
