"""The notebooks of a real Jupyter server: on its disk, and in pages."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import nbformat.v4
import pytest
from jupyter_server.serverapp import ServerApp

from agentkit.core.protocol import Origin
from agentkit.errors import AgentKitError
from agentkit.tools.builtin.cells import (
    InsertCell,
    Notebook,
    RemoveCell,
    ReplaceSource,
    source_hash,
)
from agentkit.tools.builtin.undo import Undone, edits_of, undo
from jupyter_agentkit.ports.kernels import ServerKernels
from jupyter_agentkit.ports.notebooks import ServerNotebooks
from jupyter_agentkit.ports.pages import Page, Pages
from tests.agentkit.tools.builtin.memory import Run

_v4: Any = nbformat.v4
_nbformat: Any = nbformat

Frame = dict[str, Any]


class Desk:
    """A server's notebooks, and the files that they are."""

    def __init__(self, server: ServerApp, root: Path) -> None:
        self.server = server
        self.root = root
        self.pages = Pages()
        kernels = ServerKernels(server.kernel_manager)
        self.notebooks = ServerNotebooks(server, self.pages, kernels, busy_seconds=60)

    def write(self, *sources: str, minor: int = 5, name: str = "n.ipynb") -> None:
        cells = [_v4.new_code_cell(source) for source in sources]
        notebook = _v4.new_notebook(cells=cells, metadata={"kept": {"as": "it is"}})
        notebook.nbformat_minor = minor
        for number, cell in enumerate(cells):
            cell.id = f"cell-{number}"
            if minor < 5:
                del cell["id"]
        (self.root / name).write_text(json.dumps(notebook))

    def read(self, name: str = "n.ipynb") -> Any:
        return json.loads((self.root / name).read_text())

    def sources(self) -> list[str]:
        return ["".join(cell["source"]) for cell in self.read()["cells"]]

    async def session(self, path: str = "n.ipynb") -> Origin:
        """Start the kernel of a notebook."""
        manager: Any = self.server.session_manager
        session = await manager.create_session(
            path=path, name=path, type="notebook", kernel_name="python3"
        )
        return Origin(kernel_id=session["kernel"]["id"])


@pytest.fixture
def desk(jp_serverapp: ServerApp, jp_root_dir: Path) -> Desk:
    return Desk(jp_serverapp, jp_root_dir)


async def at(desk: Desk) -> Notebook:
    return await desk.notebooks.at("n.ipynb")


async def test_a_closed_notebook_is_changed_on_the_disk_and_nothing_else_in_it(desk: Desk) -> None:
    desk.write("a = 1", "b = 2")
    before = desk.read()
    notebook = await at(desk)
    await notebook.apply(ReplaceSource(cell_id="cell-0", before="a = 1", source="a = 10\nc"))
    await notebook.apply(
        InsertCell(cell_id="new", after="cell-0", cell_type="markdown", source="# New")
    )
    await notebook.apply(RemoveCell(cell_id="cell-1", before="b = 2"))
    after = desk.read()
    assert desk.sources() == ["a = 10\nc", "# New"]
    assert [cell["id"] for cell in after["cells"]] == ["cell-0", "new"]
    assert {**after, "cells": []} == {**before, "cells": []}


async def test_a_file_without_ids_keeps_its_format_and_names_cells_by_their_places(
    desk: Desk,
) -> None:
    desk.write("same", "same", minor=4)
    notebook = await at(desk)
    assert [cell.id for cell in await notebook.read()] == ["#1", "#2"]
    inserted = await notebook.apply(
        InsertCell(cell_id="new", after="#2", cell_type="code", source="last")
    )
    assert inserted is not None
    assert inserted.id == "#3"
    edited = await notebook.apply(ReplaceSource(cell_id="#2", before="same", source="other"))
    assert edited is not None
    assert edited.id == "#2"
    assert desk.sources() == ["same", "other", "last"]
    assert desk.read()["nbformat_minor"] == 4
    assert all("id" not in cell for cell in desk.read()["cells"])


async def test_edits_of_a_file_without_ids_are_taken_back_last_first(desk: Desk) -> None:
    desk.write("a", "b", minor=4)
    notebook = await at(desk)
    run = Run(notebook)
    await run.call("edit_cell", cell_id="#1", hash=source_hash("a"), source="aa")
    await run.call("insert_cell", after="start", source="new")
    await run.call("edit_cell", cell_id="#2", hash=source_hash("aa"), source="aaa")
    await run.call("insert_cell", after="#1", source="newer")
    assert desk.sources() == ["new", "newer", "aaa", "b"]
    edits, lost = edits_of(run.events)
    assert lost == []
    assert await undo(notebook, edits) == Undone(undone=4)
    assert desk.sources() == ["a", "b"]


@pytest.mark.parametrize(
    "change",
    [
        ReplaceSource(cell_id="cell-0", before="a = 0", source="a = 10"),
        RemoveCell(cell_id="cell-0", before="a = 0"),
    ],
)
async def test_a_cell_that_changed_on_the_disk_is_left_alone(desk: Desk, change: Any) -> None:
    desk.write("a = 1")
    with pytest.raises(AgentKitError) as refused:
        await (await at(desk)).apply(change)
    assert refused.value.reason == "cell_changed"
    assert desk.sources() == ["a = 1"]


async def test_a_file_that_is_written_at_the_same_moment_is_not_overwritten(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write("a = 1", "b = 2")
    contents: Any = desk.server.contents_manager
    get = contents.get

    async def get_and_somebody_writes(path: str, **options: Any) -> Any:
        model = await get(path, **options)
        if options.get("content", True):
            await asyncio.to_thread(desk.write, "a = 1", "b = 2  # theirs")
        return model

    monkeypatch.setattr(contents, "get", get_and_somebody_writes)
    with pytest.raises(AgentKitError) as refused:
        await (await at(desk)).apply(ReplaceSource(cell_id="cell-0", before="a = 1", source="a"))
    assert refused.value.reason == "cell_changed"
    assert desk.sources() == ["a = 1", "b = 2  # theirs"]


async def test_the_changes_of_parallel_calls_are_all_kept(desk: Desk) -> None:
    desk.write("a", "b", "c")
    notebook = await at(desk)
    await asyncio.gather(
        *(
            notebook.apply(ReplaceSource(cell_id=f"cell-{n}", before=text, source=text * 2))
            for n, text in enumerate("abc")
        )
    )
    assert desk.sources() == ["aa", "bb", "cc"]


async def test_a_deleted_notebook_is_named(desk: Desk) -> None:
    desk.write("a = 1")
    notebook = await at(desk)
    (desk.root / "n.ipynb").unlink()
    for work in (notebook.read(), notebook.apply(RemoveCell(cell_id="cell-0", before="a = 1"))):
        with pytest.raises(AgentKitError, match=r"n\.ipynb") as gone:
            await work
        assert gone.value.reason == "notebook_gone"


async def test_a_broken_file_is_a_readable_failure(desk: Desk) -> None:
    (desk.root / "n.ipynb").write_text("{no notebook")
    with pytest.raises(AgentKitError, match=r"n\.ipynb cannot be read") as broken:
        await (await at(desk)).read()
    assert broken.value.reason == "notebook_not_read"


@pytest.mark.parametrize("fault", [{"source": None}, {"cell_type": "heading", "level": 1}])
async def test_a_cell_that_is_none_is_a_readable_failure(desk: Desk, fault: dict[str, Any]) -> None:
    desk.write("a = 1", "b = 2")
    broken = desk.read()
    broken["cells"][1] |= fault
    (desk.root / "n.ipynb").write_text(json.dumps(broken))
    with pytest.raises(AgentKitError, match="no valid notebook: cell 2") as caught:
        await (await at(desk)).read()
    assert caught.value.reason == "notebook_not_read"


async def test_a_run_without_a_notebook_is_told_so(desk: Desk) -> None:
    for origin in (None, Origin(kernel_id="gone")):
        with pytest.raises(AgentKitError) as gone:
            await desk.notebooks.of(origin)
        assert gone.value.reason == "notebook_gone"


async def test_a_closed_notebooks_cell_runs_in_its_kernel_and_its_outputs_are_written(
    desk: Desk,
) -> None:
    desk.write("print('hello')\nx = 41", "x + 1", "1 / 0")
    notebook = await desk.notebooks.of(await desk.session())
    said: list[str] = []
    for cell in await notebook.read():
        await notebook.run(cell, said.append)
    _nbformat.validate(desk.read())
    printed, value, raised = (cell["outputs"] for cell in desk.read()["cells"])
    assert "".join(printed[0]["text"]) == "hello\n"
    assert value[0]["data"]["text/plain"] == ["42"]
    assert raised[0]["ename"] == "ZeroDivisionError"


async def test_outputs_of_a_cell_that_was_changed_while_it_ran_are_not_written_over_it(
    desk: Desk,
) -> None:
    desk.write("import time; time.sleep(0.5)")
    notebook = await desk.notebooks.of(await desk.session())
    (cell,) = await notebook.read()
    running = asyncio.create_task(notebook.run(cell, lambda what: None))
    desk.write("other")
    with pytest.raises(AgentKitError, match="has run, but") as refused:
        await running
    assert refused.value.reason == "cell_changed"
    assert desk.sources() == ["other"]


async def test_a_renamed_notebook_is_found_under_its_new_name(desk: Desk) -> None:
    desk.write("a = 1")
    origin = await desk.session()
    manager: Any = desk.server.session_manager
    (session,) = await manager.list_sessions()
    (desk.root / "n.ipynb").rename(desk.root / "renamed.ipynb")
    await manager.update_session(session["id"], path="renamed.ipynb")
    assert (await desk.notebooks.of(origin)).path == "renamed.ipynb"


async def test_a_notebook_that_is_open_in_a_page_is_the_pages(desk: Desk) -> None:
    desk.write("a = 1")
    asked: list[dict[str, Any]] = []

    def answer(text: str) -> None:
        frame = json.loads(text)
        asked.append(frame)
        cell: Frame = {"id": "cell-0", "cell_type": "code", "source": "a = 2", "outputs": []}
        desk.pages.hear(page, json.dumps({"type": "done", "id": frame["id"], "cells": [cell]}))

    page = Page(answer)
    desk.pages.add(page)
    state = {"path": "n.ipynb", "dirty": True, "collaborative": False, "active": True}
    desk.pages.hear(page, json.dumps({"type": "notebooks", "notebooks": [state]}))
    notebook = await at(desk)
    (cell,) = await notebook.read()
    assert cell.source == "a = 2"
    await notebook.apply(ReplaceSource(cell_id="cell-0", before="a = 2", source="a = 3"))
    await notebook.run(cell, lambda what: None)
    assert [frame["type"] for frame in asked] == ["read", "apply", "run"]
    assert desk.sources() == ["a = 1"]
