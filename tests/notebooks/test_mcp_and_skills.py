"""The notebook with an MCP server and a skill, run by a program; and the server and the skill themselves."""

from __future__ import annotations

import datetime
import json
import shlex
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from skills_ref.validator import validate

from agentkit.trace.document import TRACE_MIME
from tests.notebooks.conftest import ROOT, SECONDS, RunNotebook

# nbformat is partly untyped.
_nbformat: Any = nbformat


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    """A server with agentkit alone, and with what ``make lab`` tells it."""
    return {
        "ServerApp": {"jpserver_extensions": {"jupyter_agentkit": True}},
        "AgentKitApp": {
            "journal": ":memory:",
            "mcp_config": "notebooks/mcp.json",
            "skills_folders": ["notebooks/skills"],
        },
    }


@pytest.fixture(scope="module")
def sun() -> Any:
    """The server's module; it is no package's."""
    spec = spec_from_file_location("sun", ROOT / "notebooks" / "sun.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def test_the_agent_reads_the_skill_and_calls_the_server(run_notebook: RunNotebook) -> None:
    ran = await run_notebook("mcp_and_skills.ipynb")

    run = ran.cells[7].outputs[0].data[TRACE_MIME]
    assert run["status"] == "completed"
    calls = [event for event in run["events"] if event["event_type"] == "tool_call"]
    results = [event for event in run["events"] if event["event_type"] == "tool_result"]
    assert [(call["tool_name"], call["runs_in"]) for call in calls] == [
        ("activate_skill", "server"),
        ("read_skill_file", "server"),
        ("sun__draw_year", "mcp"),
        ("sun__day_length", "mcp"),
        ("sun__day_length", "mcp"),
    ]
    assert {result["outcome"] for result in results} == {"success"}
    assert "-64.77" in results[1]["content"]["text/plain"]
    assert results[2]["content"]["image/png"]
    assert "21 h 44 min" in run["result"]
    assert "3 h 43 min" in run["result"]


def test_without_a_server_the_cell_names_what_is_missing(folder: Path) -> None:
    notebook = _nbformat.read(folder / "mcp_and_skills.ipynb", as_version=4)
    client: Any = NotebookClient(
        notebook, timeout=SECONDS, resources={"metadata": {"path": str(folder)}}
    )
    with pytest.raises(CellExecutionError, match="There is no tool named 'sun__"):
        client.execute()


@pytest.mark.parametrize(
    ("latitude", "date", "hours", "minutes"),
    [
        (51.5, "2009-06-21", 16, 38),  # London
        (40.7, "2009-12-21", 9, 15),  # New York
        (0, "2009-03-21", 12, 7),
        (-70, "2009-12-21", 24, 0),
        (80, "2009-12-21", 0, 0),
    ],
)
def test_the_server_computes_the_length_of_a_day(
    sun: Any, latitude: float, date: str, hours: int, minutes: int
) -> None:
    computed = sun.hours_of_sun(latitude, datetime.date.fromisoformat(date)) * 60
    assert computed == pytest.approx(hours * 60 + minutes, abs=3)


def test_the_server_refuses_what_is_no_latitude(sun: Any) -> None:
    with pytest.raises(ValueError, match=r"between -90 \(south\) and 90 \(north\), not 647"):
        sun.day_length(647, datetime.date(2009, 12, 21))


def test_the_skill_keeps_to_the_format() -> None:
    assert not validate(ROOT / "notebooks" / "skills" / "daylight")


def test_make_lab_names_both_to_the_server() -> None:
    [line] = [
        line for line in (ROOT / "Makefile").read_text().splitlines() if "LAB_SETTINGS ?=" in line
    ]
    given = dict(word.split("=", 1) for word in shlex.split(line.partition("?=")[2]))
    servers = json.loads((ROOT / given["--AgentKitApp.mcp_config"]).read_text())["mcpServers"]
    assert list(servers) == ["sun"]
    assert (ROOT / given["--AgentKitApp.skills_folders"] / "daylight" / "SKILL.md").is_file()
    assert "make lab" in (ROOT / "notebooks" / "mcp_and_skills.ipynb").read_text()
