"""The analysis, run by a program: an agent works in the notebook that is run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from agentkit.trace.document import TRACE_MIME
from tests.notebooks.conftest import SECONDS, RunNotebook

# nbformat is partly untyped.
_nbformat: Any = nbformat

UNASKED = {"run_python": "allow", "insert_cell": "allow"}


@pytest.fixture(params=[{}])
def jp_server_config(request: pytest.FixtureRequest) -> dict[str, Any]:
    """A server with agentkit alone, with the policy that the test gives."""
    return {
        "ServerApp": {"jpserver_extensions": {"jupyter_agentkit": True}},
        "AgentKitApp": {"journal": ":memory:", "policy": request.param},
    }


@pytest.mark.parametrize("jp_server_config", [UNASKED], indirect=True)
async def test_where_a_policy_allows_it_the_agent_draws_and_inserts_a_cell(
    run_notebook: RunNotebook, folder: Path
) -> None:
    before = _nbformat.read(folder / "analysis.ipynb", as_version=4)

    ran = await run_notebook("analysis.ipynb")

    run = ran.cells[8].outputs[0].data[TRACE_MIME]
    assert run["status"] == "completed"
    assert "50 g more body mass (r = 0.87, 342 penguins)" in run["result"]
    results = [event for event in run["events"] if event["event_type"] == "tool_result"]
    assert [event["outcome"] for event in results] == ["success"] * 5
    averages, chart = results[1]["content"], results[2]["content"]
    assert "2 penguins were not measured" in averages["text/plain"]
    assert "5076.0" in averages["text/html"]
    assert chart["image/png"]
    # The file was written by the server, behind the cell that asked.
    after = _nbformat.read(folder / "analysis.ipynb", as_version=4)
    ids = [cell.id for cell in before.cells]
    assert [cell.id for cell in after.cells if cell.id in ids] == ids
    [inserted] = [cell for cell in after.cells if cell.id not in ids]
    assert after.cells.index(inserted) == ids.index("analysis-09") + 1
    assert "axes.scatter(rows.flipper_length_mm, rows.body_mass_g" in inserted.source


async def test_where_nobody_can_be_asked_the_run_fails_and_says_so(
    run_notebook: RunNotebook, folder: Path
) -> None:
    ran = await run_notebook("analysis.ipynb", allow_errors=True)

    shown, error = ran.cells[8].outputs
    reason = "needs consent to call run_python, and nobody is there to ask"
    assert shown.data[TRACE_MIME]["status"] == "failed"
    assert reason in shown.data["text/plain"]
    assert error.ename == "CellFailed"
    assert reason in error.evalue
    assert len(_nbformat.read(folder / "analysis.ipynb", as_version=4).cells) == len(ran.cells)


def test_without_a_server_the_cell_names_the_tool_that_is_missing(folder: Path) -> None:
    notebook = _nbformat.read(folder / "analysis.ipynb", as_version=4)
    client: Any = NotebookClient(
        notebook, timeout=SECONDS, resources={"metadata": {"path": str(folder)}}
    )
    with pytest.raises(CellExecutionError, match="There is no tool named 'insert_cell'"):
        client.execute()
