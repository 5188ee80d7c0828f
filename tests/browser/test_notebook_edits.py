"""Agents that work in a notebook which somebody has open, and in one which nobody has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from playwright.sync_api import expect

from agentkit.tools.builtin.cells import source_hash
from tests.browser.lab import Lab, LabPage

OpenPage = Callable[[Lab], LabPage]
Call = tuple[str, dict[str, Any]]

READ = """() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells
    .map(cell => cell.getSource())"""


class Notebook:
    """A notebook of the test, and runs that are started in it."""

    def __init__(self, lab: Lab, name: str, cells: Sequence[str]) -> None:
        self.lab = lab
        self.name = name
        lab.write(name, cells)
        self.ids: list[str] = [cell["id"] for cell in lab.read(name).cells]
        self.sources = list(cells)
        self._agents = 0

    def edit(self, cell: int, source: str, *, seen: str | None = None) -> Call:
        """A call that edits a cell, whose source the agent has ``seen`` as it was written here."""
        digest = source_hash(self.sources[cell] if seen is None else seen)
        return "edit_cell", {"cell_id": self.ids[cell], "hash": digest, "source": source}

    def kernel_id(self) -> str:
        """Its kernel."""
        (session,) = (
            each for each in self.lab.request("GET", "api/sessions") if each["path"] == self.name
        )
        return session["kernel"]["id"]

    def run(self, *calls: Call, kernel_id: str | None = None) -> str:
        """Run an agent that makes these calls, one a turn, to its end; the id of the task."""
        self._agents += 1
        config = {
            "name": f"{self.name.removesuffix('.ipynb')}-{self._agents}",
            "model": "demo",
            "tools": ["read_notebook", "insert_cell", "edit_cell", "run_cell"],
            "policy": {"*": "allow"},
            "script": [
                {"calls": [{"tool": tool, "arguments": arguments}]} for tool, arguments in calls
            ],
        }
        self.lab.request("POST", "agentkit/api/v1/agents", {"config": config})
        task = self.lab.request(
            "POST",
            "agentkit/api/v1/tasks",
            {
                "agent": config["name"],
                "input": "Work in the notebook",
                "origin": {"kernel_id": kernel_id or self.kernel_id()},
            },
        )
        self.lab.wait_for_task(task["task_id"])
        return task["task_id"]

    def results(self, task_id: str) -> list[dict[str, Any]]:
        """The results of the run's calls."""
        events = self.lab.events(task_id)
        return [event for event in events if event["event_type"] == "tool_result"]

    def undo(self, task_id: str) -> Any:
        """Take back what the run did."""
        return self.lab.request("POST", f"agentkit/api/v1/tasks/{task_id}/undo", {})


def outcomes(results: list[dict[str, Any]]) -> list[str]:
    return [
        result["outcome"] if result["outcome"] == "success" else result["error"]["reason"]
        for result in results
    ]


def type_into(page: LabPage, cell: int, text: str) -> None:
    """Type at the end of a cell, as a person does."""
    editor = page.page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".cm-content")
    editor.click()
    page.page.keyboard.press("Control+End")
    page.page.keyboard.type(text)
    expect(editor).to_contain_text(text)


def sources(page: LabPage) -> list[str]:
    return page.page.evaluate(READ)


def test_an_edit_of_an_open_notebook_leaves_what_is_typed_elsewhere(
    lab: Lab, open_page: OpenPage
) -> None:
    notebook = Notebook(lab, "open.ipynb", ["a = 1", "b = 2", "c = 3"])
    page = open_page(lab)
    page.open("open.ipynb")
    type_into(page, 2, "  # not saved")
    task = notebook.run(notebook.edit(0, "a = 10\nprint(a)"))
    assert outcomes(notebook.results(task)) == ["success"], notebook.results(task)
    assert sources(page) == ["a = 10\nprint(a)", "b = 2", "c = 3  # not saved"]
    # Saving is the user's to do.
    assert [cell["source"] for cell in lab.read("open.ipynb").cells] == ["a = 1", "b = 2", "c = 3"]
    (result,) = notebook.results(task)
    edit = result["content"]["application/vnd.agentkit.edit+json"]
    assert (edit["path"], edit["before"], edit["after"]) == (
        "open.ipynb",
        "a = 1",
        "a = 10\nprint(a)",
    )
    page.picture("edited")
