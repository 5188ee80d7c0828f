"""What a replay is given to replay: objects, modules, files and notebooks."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from agentkit.cli import main
from agentkit.errors import AgentKitError
from agentkit.replay import find_subject, replay
from agentkit.trace.document import TRACE_MIME
from tests.agentkit.trace.samples import call, event, sample, trace

TOOLS = """
from jupyter_agentkit import Agent, tool

factor = 1

@tool
def region_total(region: str) -> str:
    "Total sales of one region."
    print("asked", region)
    return str(factor * len(region))

analyst = Agent("analyst", tools=[region_total])
"""

RUN = trace(
    event(0, "run_started", agent="analyst", input="?", model="m", provider="p", simulated=False),
    *call(1, {"text/plain": "5"}, arguments={"region": "North"}, runs_in="kernel"),
    event(19, "final_answer", text="North did."),
    event(20, "run_finished", status="completed"),
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])


def notebook(*cells: str, run: dict[str, Any] = RUN) -> str:
    """A notebook whose last cell shows a run."""
    made: list[dict[str, Any]] = [
        {"cell_type": "code", "source": cell.splitlines(keepends=True), "outputs": []}
        for cell in cells
    ]
    made[-1]["outputs"] = [{"output_type": "display_data", "data": {TRACE_MIME: run}}]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def test_a_notebooks_definitions_are_run_and_none_of_its_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = tmp_path / "book.ipynb"
    cells = [
        "%matplotlib inline\n" + TOOLS,
        "%%bash\nexit 1",
        "1 / 0",
        "run = analyst.run('?')\nrun",
    ]
    book.write_text(notebook(*cells))

    assert main(["trace", "replay", "book.ipynb", "--agent", "book.ipynb"]) == 0
    said = capsys.readouterr()
    assert "= cell 4 · Which region grew most?\n    the same: 1 step, completed" in said.out
    assert "asked North" in said.err
    assert "asked" not in said.out

    book.write_text(notebook(*cells).replace("factor = 1", "factor = 2"))
    assert main(["trace", "replay", "book.ipynb", "--agent", "book.ipynb:analyst"]) == 1
    assert "result: 5 → 10" in capsys.readouterr().out
    assert main(["trace", "replay", "book.ipynb", "--agent", "book.ipynb", "--recorded-tools"]) == 0


def test_a_run_whose_agent_is_not_found_keeps_nobody_from_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    definitions = TOOLS + '\nfull = Agent("full", tools=[region_total])\n'
    held = json.loads(notebook(definitions, "run"))
    held["cells"] += json.loads(notebook("run", run={**RUN, "agent": "slow", "task_id": "t2"}))[
        "cells"
    ]
    (tmp_path / "book.ipynb").write_text(json.dumps(held))

    assert main(["trace", "replay", "book.ipynb", "--agent", "book.ipynb"]) == 1
    said = capsys.readouterr().out
    assert "the same: 1 step, completed" in said
    assert (
        "note: run 2 was not replayed: book.ipynb has no agent 'slow'; it has analyst, full."
        in said
    )

    assert main(["trace", "replay", "book.ipynb", "--agent", "book.ipynb", "--run", "2"]) == 2


def test_a_module_names_its_agent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "book.ipynb").write_text(notebook("run"))
    (tmp_path / "sales_agents.py").write_text(TOOLS.replace("factor = 1", "factor = 3"))

    code = main(
        [
            "trace",
            "replay",
            "book.ipynb",
            "--agent",
            "sales_agents:analyst",
            "--run",
            "t1",
            "--json",
        ]
    )

    assert code == 1
    told = json.loads(capsys.readouterr().out)
    assert not told["same"]
    assert [step["change"] for step in told["runs"][0]["steps"]] == ["changed"]
    assert told["notes"] == []


def test_a_file_that_defines_an_agent_brings_its_policy(tmp_path: Path) -> None:
    (tmp_path / "analyst.yaml").write_text("policy: {region_total: deny}\ntools: [region_total]\n")

    found = find_subject("analyst.yaml", "analyst")

    assert found.config.policy == {"region_total": "deny"}
    assert found.takes("region_total")
    assert replay(RUN, found).notes == (
        "Answered as recorded, since the agent does not bring them along: region_total.",
    )


def test_a_replay_takes_three_lines_of_a_test(tmp_path: Path) -> None:
    (tmp_path / "book.ipynb").write_text(notebook("run"))

    def region_total(region: str) -> str:
        return str(len(region))

    result = replay("book.ipynb", [region_total])
    assert result.same, result.report


async def test_a_replay_can_be_made_where_a_loop_runs() -> None:
    assert replay(sample("completed")).same


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("nowhere.py", "There is no file .*nowhere.py"),
        ("no_such_module:agent", "no_such_module could not be loaded: ModuleNotFoundError"),
        ("empty.py", "empty.py defines neither an agent nor a @tool"),
        ("empty.py:agent", "has no 'agent'"),
        (
            "two.py",
            "has no agent 'other'; it has analyst, second. Name a variable: two.py:VARIABLE",
        ),
        ("broken.py", r"broken.py, line 1: this is no Python"),
        ("raises.py", "raises.py could not be loaded: ZeroDivisionError"),
        ("what is this", "names no agent: give module:name, or a file"),
        (3, "3 is neither an agent nor a tool nor a function"),
    ],
)
def test_what_cannot_be_replayed_is_refused_with_what_to_do(
    tmp_path: Path, given: object, message: str
) -> None:
    for name, text in {
        "empty.py": "",
        "broken.py": "def",
        "raises.py": "1 / 0",
        "two.py": TOOLS + "second = Agent('second')",
    }.items():
        (tmp_path / name).write_text(text)

    with pytest.raises(AgentKitError, match=message):
        find_subject(given, "other")


@pytest.mark.parametrize(
    ("number", "message"),
    [(None, "holds 2 runs: say which one, from 1 to 2"), (3, "has no run 3; it has 2")],
)
def test_one_of_several_runs_has_to_be_chosen(
    tmp_path: Path, number: int | None, message: str
) -> None:
    file = tmp_path / "runs.json"
    file.write_text(json.dumps([RUN, {**RUN, "task_id": "t2"}]))

    with pytest.raises(AgentKitError, match=message):
        replay(file, number=number)
    assert replay(file, number="t2").same
