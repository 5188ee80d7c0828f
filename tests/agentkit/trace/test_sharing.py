"""What leaves with a run is known before it leaves, and holds no secret that can be known."""

from __future__ import annotations

import json

import pytest

from agentkit.core.redaction import Redactor
from agentkit.trace.document import read_trace
from agentkit.trace.export import FORMS, exported, file_name, form_of
from agentkit.trace.sharing import amount, manifest, masked, shared, summary, to_text
from tests.agentkit.trace.samples import NAMES, call, event, sample, trace

PICTURE = {"image/png": "iVBORw0KGgo" * 80, "text/plain": "<Figure>"}
TABLE = {"text/html": "<table><tr><td>1</td></tr></table>", "text/plain": "1"}
KEY = "sk-proj-a1B2c3D4e5F6g7H8i9J0k1L2"


def test_each_step_is_listed_with_what_stands_in_it() -> None:
    run = read_trace(
        trace(
            *call(1, PICTURE),
            *call(3, TABLE, arguments={"path": "data/sales.csv"}),
            event(5, "message", message_id="m",
                  text="From https://ana:x@API.example.org/v1 and /home/ana/notes.txt, [secret]."),
        )
    )  # fmt: skip
    picture, table, said, answer = (holds for _, holds in manifest(run).steps)
    assert (picture.pictures, table.pictures) == (1, 0)
    assert (table.tables, table.paths) == (1, ("data/sales.csv",))
    assert said.hosts == ("api.example.org",)
    assert said.paths == ("/home/ana/notes.txt",)
    assert said.masked == 1
    assert answer.bytes > 0


def test_ordinary_text_names_no_hosts_and_no_files() -> None:
    text = "a/b and 1/2 </td> http and/or C: x:y (w/o) //comment 3 / 4 e.g. 2026/11/23 **/x"
    run = read_trace(
        trace(
            event(1, "message", message_id="m", text=text),
            *call(2, {"image/svg+xml": '<svg xmlns="http://www.w3.org/2000/svg"></svg>'}),
            result=None,
        )
    )
    total = manifest(run).holds()
    assert (total.hosts, total.paths) == ((), ())


def test_who_decided_is_named() -> None:
    run = read_trace(sample("approved"))
    assert len(manifest(run).holds().people) == 1


@pytest.mark.parametrize("name", NAMES)
def test_what_is_counted_is_about_what_leaves(name: str) -> None:
    run = read_trace(sample(name))
    what = manifest(run)
    room = 400 * (1 + len(run.follow_ups or ()))
    for gone in ([], [part.number for part, _ in what.steps], [1] if what.steps else []):
        said = what.holds(gone).bytes
        written = json.dumps(shared(run, Redactor(environ={}), gone).to_json(), ensure_ascii=False)
        assert said == pytest.approx(len(written.encode()), rel=0.05, abs=room)  # pyright: ignore[reportUnknownMemberType]


def test_a_follow_up_that_is_left_out_takes_what_it_holds_along() -> None:
    run = read_trace(sample("followed"))
    what = manifest(run)
    at = next(part for part, _ in what.steps if part.kind == "follow_up")
    steps = [holds for part, holds in what.steps if part.run == at.run]
    assert what.holds([at.number]).bytes == what.holds().bytes - sum(h.bytes for h in steps)


def test_the_list_numbers_the_steps_and_says_which_do_not_leave() -> None:
    text = to_text(manifest(read_trace(sample("completed"))), [2])
    lines = text.splitlines()
    assert lines[0].startswith("   1 · Thought (")
    assert lines[1].endswith(" · left out")
    assert "1 picture" in lines[5]
    assert "Leaves: 5 steps, 1 answer, " in text


@pytest.mark.parametrize(
    ("size", "said"),
    [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1_000, "1 kB"), (999_500, "1.0 MB")],
)
def test_sizes_are_said_with_few_digits(size: int, said: str) -> None:
    assert amount(size) == said


def test_a_summary_says_only_what_there_is() -> None:
    what = manifest(read_trace(trace(*call(1, TABLE), result=None)))
    said = summary(what.leaving(), what.holds())
    assert said.startswith("1 step, ")
    assert said.endswith(", 1 table")


def test_a_trace_of_somebody_else_leaves_with_its_secrets_masked() -> None:
    foreign = trace(
        *call(1, {"text/plain": f"key {KEY}", "text/html": f"<b>{KEY}</b>"}, arguments={"k": KEY}),
        event(3, "made_up", text={"deep": [KEY]}),
        input=f"use {KEY}",
        result=f"used {KEY}",
        error={"message": f"{KEY} refused", "reason": "x"},
        agent=KEY,
    )
    foreign["follow_ups"] = [{**foreign, "task_id": "t2"}]
    run = read_trace(foreign)
    assert KEY in json.dumps(run.to_json())
    for form in FORMS:
        text = exported(shared(run, Redactor(environ={})), form)
        assert KEY not in text, form
        assert "sk-[secret]" in text.replace("\\\\", "").replace("\\", ""), form


def test_values_of_this_machines_environment_do_not_leave_in_a_trace_of_another() -> None:
    run = read_trace(trace(*call(1, {"text/plain": "the word is correct-horse"})))
    clean = masked(run, Redactor(environ={"DB_PASSWORD": "correct-horse"}))
    assert clean.events[1]["content"] == {"text/plain": "the word is [secret: DB_PASSWORD]"}


def test_a_trace_without_secrets_stays_the_same_object() -> None:
    run = read_trace(sample("completed"))
    assert masked(run, Redactor(environ={})) is run


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.html", "html"), ("a.MD", "markdown"), ("a.agenttrace.json", "json"), ("a.json", "json"),
     ("a.jsonl", "jsonl"), ("a.ipynb", "ipynb"), ("a.otlp.json", "otlp"), ("a.ag-ui.jsonl", "ag-ui")],
)  # fmt: skip
def test_the_ending_of_a_name_says_the_form(name: str, form: str) -> None:
    assert form_of(name) == form


def test_files_are_named_after_agent_and_task_whatever_these_are() -> None:
    assert file_name(read_trace(trace(agent="analyst", task_id="1b2c-3d4e-5f")), "html") == (
        "analyst-1b2c3d4e.html"
    )
    assert file_name(read_trace(trace(agent="../../etc\n", task_id="")), "json") == (
        "etc.agenttrace.json"
    )
    assert file_name(read_trace(trace(agent="/", task_id="..")), "markdown") == "run.md"
