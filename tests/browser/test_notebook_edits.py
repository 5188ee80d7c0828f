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

    def run(self, *calls: Call) -> str:
        """Run an agent that makes these calls, one a turn, to its end; the id of the task."""
        task_id = self.start(*calls)
        self.lab.wait_for_task(task_id)
        return task_id

    def start(self, *calls: Call) -> str:
        """As ``run``, without waiting for the end."""
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
                "origin": {"kernel_id": self.kernel_id()},
            },
        )
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


def test_an_edit_is_one_step_of_the_undo_history(lab: Lab, open_page: OpenPage) -> None:
    notebook = Notebook(lab, "history.ipynb", ["a = 1", "b = 2"])
    page = open_page(lab)
    page.open("history.ipynb")
    type_into(page, 0, "0")
    task = notebook.run(notebook.edit(0, "first = 1\nsecond = 2", seen="a = 10"))
    assert outcomes(notebook.results(task)) == ["success"]
    page.page.locator(".jp-Notebook .jp-Cell").first.locator(".cm-content").click()
    page.page.keyboard.press("Control+z")
    assert sources(page) == ["a = 10", "b = 2"]
    page.page.keyboard.press("Control+z")
    assert sources(page) == ["a = 1", "b = 2"]


def test_a_cell_that_was_changed_since_is_not_overwritten(lab: Lab, open_page: OpenPage) -> None:
    notebook = Notebook(lab, "changed.ipynb", ["a = 1", "b = 2"])
    page = open_page(lab)
    page.open("changed.ipynb")
    type_into(page, 0, "  # mine")
    task = notebook.run(notebook.edit(0, "a = 10"), notebook.edit(1, "b = 20"))
    refused, _ = notebook.results(task)
    assert outcomes(notebook.results(task)) == ["cell_changed", "success"]
    assert source_hash("a = 1  # mine") in refused["error"]["message"]
    assert sources(page) == ["a = 1  # mine", "b = 20"]


def test_cells_are_inserted_and_run_in_the_open_notebook(lab: Lab, open_page: OpenPage) -> None:
    notebook = Notebook(lab, "insert.ipynb", ["a = 6"])
    page = open_page(lab)
    page.open("insert.ipynb")
    task = notebook.run(
        ("run_cell", {"cell_id": notebook.ids[0]}),
        ("insert_cell", {"after": "start", "cell_type": "markdown", "source": "# Six"}),
        ("insert_cell", {"after": "end", "source": "a * 7"}),
        ("insert_cell", {"after": notebook.ids[0], "source": "1 / 0"}),
    )
    assert outcomes(notebook.results(task)) == ["success"] * 4
    assert sources(page) == ["# Six", "a = 6", "1 / 0", "a * 7"]
    ids = page.page.evaluate(READ.replace("getSource", "getId"))
    task = notebook.run(
        ("run_cell", {"cell_id": ids[3]}),
        ("run_cell", {"cell_id": ids[2], "hash": source_hash("1 / 0")}),
        ("run_cell", {"cell_id": ids[0]}),
    )
    seven, broken, words = notebook.results(task)
    assert seven["content"]["text/plain"] == "42"
    assert broken["outcome"] == "failed"
    assert "ZeroDivisionError" in broken["error"]["message"]
    assert words["error"]["reason"] == "not_code"
    expect(page.output(3)).to_contain_text("42")
    expect(page.output(2)).to_contain_text("ZeroDivisionError")
    expect(
        page.page.locator(".jp-Notebook .jp-Cell").nth(3).locator(".jp-InputPrompt")
    ).to_have_text("[2]:")


def test_a_cell_that_runs_is_interrupted_with_its_run(lab: Lab, open_page: OpenPage) -> None:
    notebook = Notebook(lab, "stuck.ipynb", ["print('begun')\nwhile True: pass"])
    page = open_page(lab)
    page.open("stuck.ipynb")
    task_id = notebook.start(("run_cell", {"cell_id": notebook.ids[0]}))
    expect(page.output(0)).to_contain_text("begun")
    lab.request("POST", f"agentkit/api/v1/tasks/{task_id}/cancel")
    expect(page.output(0)).to_contain_text("KeyboardInterrupt")
    lab.wait_for_task(task_id)
    assert outcomes(notebook.results(task_id)) == ["stopped"]


def test_a_kernel_that_dies_while_a_cell_runs_is_a_failure_that_says_so(
    lab: Lab, open_page: OpenPage
) -> None:
    notebook = Notebook(lab, "dies.ipynb", ["import os; os._exit(1)"])
    page = open_page(lab)
    page.open("dies.ipynb")
    task = notebook.run(("run_cell", {"cell_id": notebook.ids[0]}))
    (result,) = notebook.results(task)
    assert outcomes([result]) == ["not_run"]
    assert "died" in result["error"]["message"]


def test_all_edits_of_a_run_are_taken_back_but_those_that_somebody_changed(
    lab: Lab, open_page: OpenPage
) -> None:
    notebook = Notebook(lab, "undo.ipynb", ["a = 1", "b = 2", "c = 3"])
    page = open_page(lab)
    page.open("undo.ipynb")
    task = notebook.run(
        notebook.edit(0, "a = 10"),
        notebook.edit(0, "a = 100", seen="a = 10"),
        ("insert_cell", {"after": "end", "source": "d = 4"}),
        notebook.edit(1, "b = 20"),
        notebook.edit(2, "c = 30"),
    )
    assert outcomes(notebook.results(task)) == ["success"] * 5
    type_into(page, 1, "  # mine")
    undone = notebook.undo(task)
    assert undone["undone"] == 4
    assert [kept["cell_id"] for kept in undone["kept"]] == [notebook.ids[1]]
    assert "changed since" in undone["kept"][0]["message"]
    assert sources(page) == ["a = 1", "b = 20  # mine", "c = 3"]
    assert notebook.undo(task)["undone"] == 0


def test_a_notebook_that_nobody_has_open_is_edited_run_and_undone_on_the_disk(
    lab: Lab, open_page: OpenPage
) -> None:
    notebook = Notebook(lab, "closed.ipynb", ["a = 6", "a * 7"])
    page = open_page(lab)
    page.open("closed.ipynb")
    kernel_id = notebook.kernel_id()
    page.save()
    page.page.evaluate("() => window.jupyterapp.shell.currentWidget.close()")
    expect(page.page.locator(".jp-Notebook")).to_have_count(0)
    before = lab.read("closed.ipynb")
    task = notebook.run(
        notebook.edit(0, "a = 60"),
        ("run_cell", {"cell_id": notebook.ids[0]}),
        ("run_cell", {"cell_id": notebook.ids[1]}),
        ("insert_cell", {"after": notebook.ids[0], "source": "# Between"}),
    )
    results = notebook.results(task)
    assert outcomes(results) == ["success"] * 4
    assert results[2]["content"]["text/plain"] == "420"
    after = lab.read("closed.ipynb")
    assert [cell.source for cell in after.cells] == ["a = 60", "# Between", "a * 7"]
    assert after.cells[2].outputs[0].data["text/plain"] == "420"
    assert (after.nbformat_minor, after.metadata) == (before.nbformat_minor, before.metadata)
    lab.request("DELETE", f"api/kernels/{kernel_id}")
    assert notebook.undo(task) == {"undone": 2, "kept": []}
    assert [cell.source for cell in lab.read("closed.ipynb").cells] == ["a = 6", "a * 7"]


def test_in_notebook_7_a_run_that_a_cell_starts_works_in_that_cells_notebook(
    lab: Lab, open_page: OpenPage
) -> None:
    start = """\
from jupyter_agentkit import Agent
script = [
    {"calls": [{"tool": "insert_cell", "arguments": {"after": "end", "source": "6 * 7"}}]},
    {"calls": [{"tool": "read_notebook", "arguments": {}}]},
]
Agent("seven", model="demo", tools=["insert_cell", "read_notebook"], script=script,
      policy={"insert_cell": "allow"}).run("Insert a cell")"""
    lab.write("seven.ipynb", [start])
    page = open_page(lab)
    page.open("seven.ipynb", app="notebook")
    page.run_all()
    page.trace().expect_status("completed")
    assert sources(page) == [start, "6 * 7"]


def test_an_edit_is_approved_as_a_diff_while_the_kernel_is_busy_and_undone(
    lab: Lab, open_page: OpenPage
) -> None:
    lab.write("asks.ipynb", ["", "a = 1", "import time; time.sleep(1000)"])
    target = lab.read("asks.ipynb").cells[1]["id"]
    start = f"""\
from jupyter_agentkit import Agent
call = {{"tool": "edit_cell", "arguments": {{
    "cell_id": "{target}", "hash": "{source_hash("a = 1")}", "source": "a = 2"}}}}
Agent("asks", model="demo", tools=["edit_cell"], script=[{{"calls": [call]}}]).run("Edit")"""
    page = open_page(lab)
    page.open("asks.ipynb")
    page.page.evaluate(
        "source => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells[0]"
        ".setSource(source)",
        start,
    )
    page.run_all()
    trace = page.trace()
    trace.expect_status("input_required")
    expect(trace.element.locator(".ask .diff [data-kind=removed]")).to_contain_text("a = 1")
    expect(trace.element.locator(".ask .diff [data-kind=added]")).to_contain_text("a = 2")
    page.picture("edit-asked")
    trace.element.get_by_role("button", name="Approve", exact=True).click()
    trace.expect_status("completed")
    assert sources(page)[1] == "a = 2"
    page.picture("edit-done")
    trace.element.get_by_role("button", name="Undo").click()
    page.page.wait_for_function(f"() => ({READ})()[1] === 'a = 1'")


def test_of_two_pages_the_one_with_unsaved_work_is_edited(lab: Lab, open_page: OpenPage) -> None:
    notebook = Notebook(lab, "two-pages.ipynb", ["a = 1", "b = 2"])
    first, second = open_page(lab), open_page(lab)
    for page in (first, second):
        page.open("two-pages.ipynb")
        page.save()
    type_into(first, 1, "  # mine")
    second.page.bring_to_front()
    task = notebook.run(notebook.edit(0, "a = 10"))
    assert outcomes(notebook.results(task)) == ["success"]
    assert sources(first) == ["a = 10", "b = 2  # mine"]
    assert sources(second) == ["a = 1", "b = 2"]


def test_a_page_that_is_reloaded_or_renames_its_notebook_is_found_again(
    lab: Lab, open_page: OpenPage
) -> None:
    notebook = Notebook(lab, "before.ipynb", ["a = 1", "b = 2"])
    page = open_page(lab)
    page.open("before.ipynb")
    kernel_id = notebook.kernel_id()
    page.save()
    page.reload()
    type_into(page, 1, "  # mine")
    page.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.rename('after.ipynb')")
    notebook.name = "after.ipynb"
    assert notebook.kernel_id() == kernel_id
    task = notebook.run(notebook.edit(0, "a = 10"))
    assert outcomes(notebook.results(task)) == ["success"]
    assert sources(page) == ["a = 10", "b = 2  # mine"]
    (result,) = notebook.results(task)
    assert result["content"]["application/vnd.agentkit.edit+json"]["path"] == "after.ipynb"


def test_a_notebook_that_is_deleted_in_mid_run_is_a_failure_that_says_so(
    lab: Lab, open_page: OpenPage
) -> None:
    notebook = Notebook(lab, "deleted.ipynb", ["import time; time.sleep(1)", "b = 2"])
    page = open_page(lab)
    page.open("deleted.ipynb")
    page.save()
    page.page.evaluate("() => window.jupyterapp.shell.currentWidget.close()")
    expect(page.page.locator(".jp-Notebook")).to_have_count(0)
    task_id = notebook.start(("run_cell", {"cell_id": notebook.ids[0]}), notebook.edit(1, "b = 20"))
    (lab.root / "deleted.ipynb").unlink()
    lab.wait_for_task(task_id)
    assert outcomes(notebook.results(task_id))[-1] == "notebook_gone"
    assert not (lab.root / "deleted.ipynb").exists()
    (task,) = lab.tasks()
    assert task["status"] == "completed"
