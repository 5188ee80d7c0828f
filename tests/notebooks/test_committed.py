"""The notebooks as they are committed: they read well without being run."""

from __future__ import annotations

import re
from typing import Any

import nbconvert
import nbformat
import pytest

from agentkit.trace.document import TRACE_MIME
from tests.notebooks.conftest import ROOT

# Both are partly untyped.
_nbformat: Any = nbformat
_nbconvert: Any = nbconvert

SHOWN = {
    "analysis": (
        "How do flipper length and body mass go together?",
        "Inspected variables",
        "344 rows",
        "Approved",
        'penguins.groupby("species")',
        "50 g more body mass (r = 0.87, 342 penguins)",
        "Simulated",
    ),
    "mcp_and_skills": (
        "How long are the longest and the shortest day on Torgersen?",
        "daylight",
        "references/islands.md",
        "21 December 2009, 64.77° S: the sun is up for 21 h 44 min.",
        "21 June 2009, 64.77° S: the sun is up for 3 h 43 min.",
        "Simulated",
    ),
}
"""What a reader without JupyterLab has to see of each."""

names = pytest.mark.parametrize("name", SHOWN)


def read(name: str) -> Any:
    return _nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)


@names
def test_it_is_a_valid_notebook_whose_cells_have_lasting_ids(name: str) -> None:
    notebook = read(name)
    _nbformat.validate(notebook)
    prefix = name.replace("_", "-")
    assert [cell.id for cell in notebook.cells] == [
        f"{prefix}-{number:02d}" for number, _ in enumerate(notebook.cells, 1)
    ]


@names
def test_it_holds_one_finished_run_and_no_widget_and_no_error(name: str) -> None:
    outputs = [output for cell in read(name).cells for output in cell.get("outputs", [])]
    assert {output["output_type"] for output in outputs} <= {"display_data", "execute_result"}
    runs = [output["data"][TRACE_MIME] for output in outputs if TRACE_MIME in output["data"]]
    assert [(run["status"], run["simulated"]) for run in runs] == [("completed", True)]
    results = [event for event in runs[0]["events"] if event["event_type"] == "tool_result"]
    assert results
    assert {result["outcome"] for result in results} == {"success"}
    assert not [
        output for output in outputs if "application/vnd.jupyter.widget-view+json" in output["data"]
    ]


@names
@pytest.mark.parametrize("exporter", ["HTMLExporter", "MarkdownExporter"])
def test_converted_it_shows_its_run_whole(name: str, exporter: str) -> None:
    text, _ = getattr(_nbconvert, exporter)().from_notebook_node(read(name))
    if exporter == "HTMLExporter":
        text = re.sub(r"<[^>]*>", "", text).replace("&quot;", '"').replace("&#34;", '"')
    for expected in SHOWN[name]:
        assert expected in text, expected
    assert "Loading widget" not in text


@names
def test_it_says_which_line_makes_it_use_a_real_model(name: str) -> None:
    notebook = read(name)
    told = "".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    code = "".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert 'change the line `model="demo"`' in " ".join(told.split())
    assert code.count('model="demo",\n') == 1
