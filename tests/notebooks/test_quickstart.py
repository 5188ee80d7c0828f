"""The quickstart as it is committed: it reads well without being run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbconvert
import nbformat
import pytest

from agentkit.trace.document import TRACE_MIME

# Both are partly untyped.
_nbformat: Any = nbformat
_nbconvert: Any = nbconvert

QUICKSTART = Path(__file__).parents[2] / "notebooks" / "quickstart.ipynb"
QUESTIONS = (
    "Which species has the highest average body mass?",
    "How many penguins were counted on each island?",
    "Plot flipper length against body mass",
)
ANSWERS = ("Gentoo", "Torgersen", "drew a picture", "Stopped by you")


@pytest.fixture
def notebook() -> Any:
    return _nbformat.read(QUICKSTART, as_version=4)


def outputs(notebook: Any) -> list[dict[str, Any]]:
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def test_the_quickstart_is_a_valid_notebook_without_errors(notebook: Any) -> None:
    _nbformat.validate(notebook)
    assert {output["output_type"] for output in outputs(notebook)} <= {
        "display_data",
        "execute_result",
        "stream",
    }


def test_the_quickstart_holds_its_finished_runs_and_no_widget(notebook: Any) -> None:
    bundles = [output["data"] for output in outputs(notebook) if "data" in output]
    runs = [bundle[TRACE_MIME] for bundle in bundles if TRACE_MIME in bundle]
    assert [run["status"] for run in runs] == ["completed"] * 3 + ["cancelled"]
    assert tuple(run["input"] for run in runs[:3]) == QUESTIONS
    assert all(run["simulated"] for run in runs)
    assert not [
        bundle for bundle in bundles if "application/vnd.jupyter.widget-view+json" in bundle
    ]


@pytest.mark.parametrize("exporter", ["HTMLExporter", "MarkdownExporter"])
def test_a_converted_quickstart_shows_every_run_whole(notebook: Any, exporter: str) -> None:
    text, _ = getattr(_nbconvert, exporter)().from_notebook_node(notebook)
    for expected in (*QUESTIONS, *ANSWERS, "Simulated", "mean_by_group", "body_mass_g"):
        assert expected in text
    assert "Loading widget" not in text


def test_the_data_names_its_source_and_its_licence() -> None:
    told = (QUICKSTART.parent / "data" / "README.md").read_text(encoding="utf-8")
    assert "palmerpenguins" in told
    assert "CC0" in told
