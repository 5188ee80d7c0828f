from __future__ import annotations

import hashlib
from typing import Any

import pytest

from agentkit.core.approval import guarded
from agentkit.core.events import ApprovalRequested, InputRequested
from agentkit.core.protocol import Origin
from agentkit.errors import AgentKitError
from agentkit.tools.builtin.cells import source_hash
from agentkit.tools.builtin.edit import EDIT_TYPE
from agentkit.tools.builtin.notebook import notebook_tools
from agentkit.tools.protocol import Resolution, ToolContext
from tests.agentkit.tools.builtin.memory import MemoryNotebook, Run, edit_in


def text_of(result: Any) -> str:
    return result.content["text/plain"]


def test_the_hash_of_a_source_is_the_beginning_of_its_sha256() -> None:
    assert source_hash("größer = 1") == hashlib.sha256("größer = 1".encode()).hexdigest()[:12]


def test_only_reading_needs_no_consent() -> None:
    tools = notebook_tools(Run(MemoryNotebook()))
    assert {tool.spec.name: tool.policy for tool in tools} == {
        "read_notebook": "allow",
        "insert_cell": "ask",
        "edit_cell": "ask",
        "run_cell": "ask",
    }
    assert all(tool.asks_because for tool in tools if tool.policy == "ask")


async def test_reading_tells_ids_hashes_sources_and_outputs() -> None:
    notebook = MemoryNotebook("a = 1", "x" * 10_000)
    outputs: list[dict[str, Any]] = [
        {"output_type": "stream", "name": "stdout", "text": ["one\n", "two\n"]},
        {
            "output_type": "execute_result",
            "data": {"text/plain": "<Figure>", "image/png": "iVBORw0KGgo="},
        },
        {"output_type": "error", "ename": "E", "evalue": "m", "traceback": ["\x1b[31mE\x1b[0m: m"]},
    ]
    notebook.cells[0] = notebook.cells[0].model_copy(
        update={"outputs": outputs, "execution_count": 3}
    )
    text = text_of(await Run(notebook).call("read_notebook"))
    assert text.startswith("work/memory.ipynb: 2 cells")
    assert f"cell a (code, hash {source_hash('a = 1')}, run as [3])" in text
    assert "one\ntwo" in text
    assert "<Figure>" in text
    assert "E: m" in text
    assert "\x1b" not in text
    assert "iVBOR" not in text
    assert "cut: read it alone" in text
    assert len(text) < 6_000


async def test_a_long_cell_is_read_whole_when_it_is_asked_for() -> None:
    notebook = MemoryNotebook("a = 1", "x" * 10_000)
    text = text_of(await Run(notebook).call("read_notebook", cell_ids=["b"]))
    assert "x" * 10_000 in text
    assert "a = 1" not in text


async def test_an_edit_is_told_as_a_diff_with_what_it_takes_to_go_on() -> None:
    run = Run(MemoryNotebook("a = 1\nb = 2", "c = 3"))
    result = await run.edit("a", "a = 1\nb = 20")
    assert run.notebook.sources["a"] == "a = 1\nb = 20"
    edit = edit_in(result)
    assert edit.model_dump() == {
        "path": "work/memory.ipynb",
        "cell_id": "a",
        "kind": "edit",
        "cell_type": "code",
        "before": "a = 1\nb = 2",
        "after": "a = 1\nb = 20",
        "before_hash": source_hash("a = 1\nb = 2"),
        "after_hash": source_hash("a = 1\nb = 20"),
    }
    assert "-b = 2\n+b = 20" in text_of(result)
    assert result.note is not None
    assert edit.after_hash in result.note
    assert "before cell b" in result.note


async def test_an_edit_by_a_wrong_hash_is_refused_with_the_right_one() -> None:
    run = Run(MemoryNotebook("a = 1"))
    with pytest.raises(AgentKitError, match=source_hash("a = 1")) as refused:
        await run.call("edit_cell", cell_id="a", hash=source_hash("a = 0"), source="a = 2")
    assert refused.value.reason == "cell_changed"
    assert run.notebook.writes == 0


async def test_an_edit_of_a_cell_that_is_not_there_names_those_that_are() -> None:
    run = Run(MemoryNotebook("a = 1", "b = 2"))
    with pytest.raises(AgentKitError, match="a, b") as refused:
        await run.call("edit_cell", cell_id="z", hash="0" * 12, source="a = 2")
    assert refused.value.reason == "cell_not_found"


async def test_an_edit_that_changes_nothing_is_none() -> None:
    run = Run(MemoryNotebook("a = 1"))
    result = await run.edit("a", "a = 1")
    assert result.error is not None
    assert result.error.reason == "no_change"
    assert run.notebook.writes == 0


async def test_an_edit_is_read_back() -> None:
    run = Run(MemoryNotebook("a = 1"))
    run.notebook.spoils = str.upper
    result = await run.edit("a", "a = 2")
    assert result.error is not None
    assert result.error.reason == "not_as_written"


@pytest.mark.parametrize(
    ("after", "order"), [("start", ["", "a", "b"]), ("a", ["a", "", "b"]), ("end", ["a", "b", ""])]
)
async def test_a_cell_is_inserted_where_it_is_asked_for(after: str, order: list[str]) -> None:
    run = Run(MemoryNotebook("a = 1", "b = 2"))
    result = await run.call("insert_cell", after=after, cell_type="markdown", source="# New")
    edit = edit_in(result)
    assert list(run.notebook.sources) == [each or edit.cell_id for each in order]
    assert (edit.kind, edit.before, edit.before_hash) == ("insert", "", "")
    assert edit.cell_type == "markdown"


async def test_a_cell_is_inserted_into_an_empty_notebook() -> None:
    run = Run(MemoryNotebook())
    result = await run.call("insert_cell", after="end", source="a = 1")
    assert run.notebook.sources == {edit_in(result).cell_id: "a = 1"}


async def test_what_a_cell_gave_comes_back_with_its_picture() -> None:
    run = Run(MemoryNotebook("plot()"))
    run.notebook.outputs = [
        {"output_type": "stream", "name": "stdout", "text": "drawn\n"},
        {"output_type": "display_data", "data": {"text/plain": "Fig", "image/png": "iVBORw0KGgo="}},
    ]
    result = await run.call("run_cell", cell_id="a")
    assert result.outcome == "success"
    assert text_of(result) == "drawn\nFig"
    assert result.content["image/png"] == "iVBORw0KGgo="
    assert run.progress == ["Waiting for the kernel"]


async def test_a_cell_that_raised_is_a_failure_that_says_what() -> None:
    run = Run(MemoryNotebook("1 / 0"))
    run.notebook.outputs = [
        {
            "output_type": "error",
            "ename": "ZeroDivisionError",
            "evalue": "division by zero",
            "traceback": [],
        }
    ]
    result = await run.call("run_cell", cell_id="a", hash=source_hash("1 / 0"))
    assert result.error is not None
    assert "ZeroDivisionError: division by zero" in result.error.message


async def test_a_cell_that_changed_is_not_run() -> None:
    run = Run(MemoryNotebook("a = 1"))
    with pytest.raises(AgentKitError) as refused:
        await run.call("run_cell", cell_id="a", hash="0" * 12)
    assert refused.value.reason == "cell_changed"


async def test_a_run_does_not_run_the_cell_that_started_it() -> None:
    run = Run(MemoryNotebook(*"abcdefgh"))
    result = await run.call("run_cell", cell_id="h")
    assert result.error is not None
    assert result.error.reason == "own_cell"


async def test_arguments_that_do_not_fit_are_named() -> None:
    run = Run(MemoryNotebook("a = 1"))
    with pytest.raises(AgentKitError, match="cell_id") as refused:
        await run.call("run_cell", cell="a")
    assert refused.value.reason == "invalid_arguments"


async def test_who_is_asked_sees_the_edit_with_the_text_before_it() -> None:
    run = Run(MemoryNotebook("a = 1"))
    asked: list[ApprovalRequested] = []

    async def deny(request: ApprovalRequested | InputRequested) -> Resolution:
        assert isinstance(request, ApprovalRequested)
        asked.append(request)
        return Resolution("deny", "Not now.")

    (tool,) = guarded([tool for tool in notebook_tools(run) if tool.spec.name == "edit_cell"], [])
    context = ToolContext("1", request=deny, origin=Origin(kernel_id="k"))
    arguments = {"cell_id": "a", "hash": source_hash("a = 1"), "source": "a = 2"}
    assert (await tool.call(arguments, context)).outcome == "denied"
    (request,) = asked
    assert request.preview is not None
    assert (request.preview[EDIT_TYPE]["before"], request.preview[EDIT_TYPE]["after"]) == (
        "a = 1",
        "a = 2",
    )
    run.notebook.type("a", "a = 1  # mine")
    with pytest.raises(AgentKitError) as refused:
        await tool.call(arguments, context)
    assert refused.value.reason == "cell_changed"
    assert len(asked) == 1
