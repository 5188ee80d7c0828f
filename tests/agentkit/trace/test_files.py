"""The runs of a file: notebooks old and new, traces, bundles, lists, and what is none of these."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from agentkit.errors import BrokenFile, NotFound
from agentkit.trace import load
from agentkit.trace.bundle import to_bundle
from agentkit.trace.document import TRACE_MIME, read_trace
from agentkit.trace.plain import to_text
from tests.agentkit.trace.samples import NAMES, SAMPLES, event, sample, trace

NOTEBOOKS: Any = nbformat  # it has no types


def notebook(*outputs: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A notebook with a text cell, and then one code cell an output."""
    book = NOTEBOOKS.v4.new_notebook(cells=[NOTEBOOKS.v4.new_markdown_cell("# Runs")])
    for number, output in enumerate(outputs):
        cell = NOTEBOOKS.v4.new_code_cell("agent.run('…')", id=f"cell-{number}")
        cell.outputs = [
            NOTEBOOKS.v4.new_output("stream", text="working\n"),
            NOTEBOOKS.v4.new_output("display_data", **output),
        ]
        book.cells.append(cell)
    NOTEBOOKS.validate(book)
    return {**json.loads(NOTEBOOKS.writes(book)), **fields}


def saved(folder: Path, document: object, name: str = "x.ipynb") -> Path:
    file = folder / name
    file.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
    return file


def test_a_notebook_gives_every_run_with_its_cell_in_the_order_of_the_cells(tmp_path: Path) -> None:
    file = saved(tmp_path, notebook(*(to_bundle(sample(name)) for name in NAMES)))
    runs = load(file)
    assert [run.to_json() for run in runs] == [read_trace(sample(name)).to_json() for name in NAMES]
    places = [run.place for run in runs if run.place]
    assert [(place.cell, place.cell_id, place.output) for place in places] == [
        (number + 1, f"cell-{number}", 1) for number in range(len(NAMES))
    ]
    assert str(places[0]) == "cell 2 (cell-0)"
    followed = runs[NAMES.index("followed")].follow_ups
    assert followed
    assert followed[0].to_json() == sample("followed")["follow_ups"][0]


@pytest.mark.parametrize("version", [3, 4])
def test_runs_survive_a_notebook_of_an_older_format(tmp_path: Path, version: int) -> None:
    book = NOTEBOOKS.reads(json.dumps(notebook(to_bundle(sample("completed")))), as_version=4)
    older = NOTEBOOKS.convert(book, version)
    if version == 4:
        older.nbformat_minor = 1
        for cell in older.cells:
            del cell["id"]
    else:
        # Jupyter leaves types out that the old format did not name; a writer of that time would not.
        shown = older.worksheets[0].cells[1].outputs[1]
        shown[TRACE_MIME] = json.dumps(sample("completed"))
    (run,) = load(saved(tmp_path, json.loads(json.dumps(older))))
    assert run.to_json() == sample("completed")
    assert run.place
    assert (run.place.cell, run.place.cell_id, str(run.place)) == (1, None, "cell 2")


def lines_of(text: str) -> list[str]:
    return text.splitlines(keepends=True)


FAILED = sample("failed")


@pytest.mark.parametrize(
    "saved_as",
    [
        FAILED,
        [FAILED],
        to_bundle(FAILED),
        to_bundle(FAILED)["data"],
        {"data": {TRACE_MIME: json.dumps(FAILED)}},
        {TRACE_MIME: lines_of(json.dumps(FAILED, indent=1))},
    ],
)
def test_a_trace_is_read_however_it_was_saved(tmp_path: Path, saved_as: object) -> None:
    file = saved(tmp_path, saved_as, "x.agenttrace.json")
    assert [run.to_json() for run in load(str(file))] == [FAILED]


def test_json_lines_are_one_run_a_line(tmp_path: Path) -> None:
    lines = [json.dumps(sample(name)) for name in ("failed", "cancelled")]
    runs = load(saved(tmp_path, "\n".join(lines) + "\n", "x.jsonl"))
    assert [run.task_id for run in runs] == ["no-key", "long-scan"]
    with pytest.raises(BrokenFile, match=r"x\.jsonl, line 2: this line is no JSON"):
        load(saved(tmp_path, f"{lines[0]}\n{lines[1][:-5]}", "x.jsonl"))


def test_a_run_that_is_shown_twice_is_one_run_with_the_most_that_is_known(tmp_path: Path) -> None:
    early = trace(event(1, "thinking", message_id="m", text="Hm"), status="running", result=None)
    late = trace(*early["events"], event(2, "final_answer", text="North did."))
    other = trace(task_id="t2")
    book = notebook(*(to_bundle(each) for each in (early, other, late, early)))
    runs = load(saved(tmp_path, book))
    assert [run.task_id for run in runs] == ["t1", "t2"]
    assert runs[0].status == "completed"
    assert runs[0].place
    assert runs[0].place.cell == 1


def test_a_trace_of_a_later_version_is_shown_as_far_as_it_is_understood_and_says_so(
    tmp_path: Path,
) -> None:
    later = trace(event(1, "dreamt", text="of sheep"), version=9, mood="calm", usage="lots")
    (run,) = load(saved(tmp_path, later))
    assert run.version == 9
    shown = to_text(run)
    assert "Written by a later version (9)" in shown
    assert "Event dreamt" in shown
    assert "North did." in shown


BROKEN: list[Any] = [
    {"cells": [1, None, {"outputs": 3}, {"outputs": [None, {"data": []}, {"data": {"x": 1}}]}]},
    {"cells": [{"outputs": [{"data": {TRACE_MIME: value}} for value in (None, 3, "{", ["["])]}]},
    {"cells": "none", "worksheets": [{"cells": {}}, 5]},
    {"nbformat": 4},
]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_notebook_with_broken_outputs_gives_no_runs_and_no_error(
    tmp_path: Path, broken: dict[str, Any]
) -> None:
    assert load(saved(tmp_path, broken)) == []


def test_runs_beside_broken_outputs_are_found(tmp_path: Path) -> None:
    book = notebook(to_bundle(sample("failed")))
    book["cells"].insert(0, {"outputs": [None, {"data": 7}, {"data": {TRACE_MIME: "{"}}]})
    (run,) = load(saved(tmp_path, book))
    assert run.place
    assert (run.task_id, run.place.cell) == ("no-key", 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no JSON"),
        ('{\n  "cells": [\n<<<<<<< HEAD\n', "line 3: this is no JSON"),
        ('{"name": "package"}', "neither a notebook, a trace"),
        ('{"data": {"text/plain": "x"}}', "neither a notebook, a trace"),
        ("[]", "neither a notebook, a trace"),
        ("7", "neither a notebook, a trace"),
        ("[" * 200_000, "cannot be read"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_what_is_wrong(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(BrokenFile, match=said) as refused:
        load(saved(tmp_path, text))
    assert str(tmp_path / "x.ipynb") in refused.value.message


def test_what_is_no_readable_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no file .*nowhere\.ipynb"):
        load(tmp_path / "nowhere.ipynb")
    with pytest.raises(BrokenFile, match="cannot be read"):
        load(tmp_path)
    picture = tmp_path / "x.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\xff")
    with pytest.raises(BrokenFile, match="this is no text"):
        load(picture)


def test_what_is_nested_too_deeply_to_be_read_is_said(tmp_path: Path) -> None:
    deep = f'{{"cells": {"[" * 100_000}{"]" * 100_000}}}'
    with pytest.raises(BrokenFile, match="too many lists and objects stand within one another"):
        load(saved(tmp_path, deep))


def test_numbers_that_are_no_json_can_be_written_again(tmp_path: Path) -> None:
    odd = json.dumps(trace()).replace('"usage": null', '"usage": {"cost": NaN}, "x": 1e999')
    odd = odd.replace(
        '"events": []',
        f'"events": [{{"event_type": "odd", "a": -Infinity, "b": 1e999, "c": {"9" * 5000}}}]',
    )
    (run,) = load(saved(tmp_path, odd))
    assert json.dumps(run.to_json(), allow_nan=False)
    assert [run.events[0][name] for name in "abc"] == [None] * 3


def test_reading_needs_no_package_of_jupyter() -> None:
    program = (
        "import sys; from agentkit.trace import load\n"
        f"assert len(load({str(SAMPLES / 'failed.json')!r})) == 1\n"
        "loaded = {'nbformat', 'jupyter_core', 'traitlets', 'IPython'} & set(sys.modules)\n"
        "assert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
