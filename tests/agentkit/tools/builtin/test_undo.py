"""Taking back what a run did."""

from __future__ import annotations

from agentkit.tools.builtin.edit import EDIT_TYPE
from agentkit.tools.builtin.undo import Undone, edits_of, undo
from tests.agentkit.tools.builtin.memory import MemoryNotebook, Run, edit_in


async def take_back(run: Run[MemoryNotebook]) -> Undone:
    edits, lost = edits_of(run.events)
    done = await undo(run.notebook, edits)
    return Undone(undone=done.undone, kept=[*done.kept, *lost])


def reasons(done: Undone) -> dict[str, str]:
    return {kept.cell_id: kept.message for kept in done.kept}


async def test_edits_and_insertions_are_taken_back_once() -> None:
    run = Run(MemoryNotebook("a = 1", "b = 2"))
    await run.edit("a", "a = 10")
    inserted = edit_in(await run.call("insert_cell", after="a", source="new"))
    await run.edit(inserted.cell_id, "newer")
    await run.edit("b", "b = 20")
    assert await take_back(run) == Undone(undone=4)
    assert run.notebook.sources == {"a": "a = 1", "b": "b = 2"}
    assert await take_back(run) == Undone()


async def test_several_edits_of_a_cell_are_one_step_back() -> None:
    run = Run(MemoryNotebook("a = 1"))
    await run.edit("a", "a = 2")
    await run.edit("a", "a = 3")
    run.notebook.writes = 0
    assert await take_back(run) == Undone(undone=2)
    assert run.notebook.sources == {"a": "a = 1"}
    assert run.notebook.writes == 1


async def test_a_cell_that_somebody_changed_or_deleted_since_is_left_alone() -> None:
    run = Run(MemoryNotebook("a = 1", "b = 2", "c = 3"))
    for cell_id in "abc":
        await run.edit(cell_id, f"{cell_id} = 0")
    run.notebook.type("a", "a = 0  # mine")
    del run.notebook.cells[1]
    done = await take_back(run)
    assert done.undone == 1
    assert "changed since" in reasons(done)["a"]
    assert "deleted" in reasons(done)["b"]
    assert run.notebook.sources == {"a": "a = 0  # mine", "c": "c = 3"}


async def test_what_somebody_changed_between_two_edits_is_not_lost() -> None:
    run = Run(MemoryNotebook("a = 1"))
    await run.edit("a", "a = 2")
    run.notebook.type("a", "a = 2  # mine")
    await run.edit("a", "a = 3  # mine")
    done = await take_back(run)
    assert done.undone == 1
    assert "changed since" in reasons(done)["a"]
    assert run.notebook.sources == {"a": "a = 2  # mine"}


async def test_an_edit_that_the_user_took_back_himself_is_no_matter() -> None:
    run = Run(MemoryNotebook("a = 1"))
    await run.edit("a", "a = 2")
    run.notebook.type("a", "a = 1")
    assert await take_back(run) == Undone()


async def test_a_run_that_ended_where_it_began_has_nothing_to_take_back() -> None:
    run = Run(MemoryNotebook("a = 1"))
    await run.edit("a", "a = 2")
    await run.edit("a", "a = 1")
    assert await take_back(run) == Undone()
    assert run.notebook.sources == {"a": "a = 1"}


async def test_a_text_in_which_a_secret_was_masked_is_never_written() -> None:
    run = Run(MemoryNotebook("key = 'hunter2'", "b = 2"))
    await run.edit("a", "key = 'other'")
    await run.edit("b", "b = 20")
    run.events[1]["content"][EDIT_TYPE]["before"] = "key = '[secret]'"
    done = await take_back(run)
    assert done.undone == 1
    assert "secret" in reasons(done)["a"]
    assert run.notebook.sources == {"a": "key = 'other'", "b": "b = 2"}


async def test_a_secret_in_between_does_not_keep_the_beginning() -> None:
    run = Run(MemoryNotebook("a = 1"))
    await run.edit("a", "key = 'hunter2'")
    await run.edit("a", "a = 3")
    for event in run.events:
        if (edit := event.get("content", {}).get(EDIT_TYPE)) is not None:
            for side in ("before", "after"):
                edit[side] = edit[side].replace("hunter2", "[secret]")
    assert await take_back(run) == Undone(undone=2)
    assert run.notebook.sources == {"a": "a = 1"}


async def test_a_result_that_only_looks_like_an_edit_is_not_believed() -> None:
    run = Run(MemoryNotebook("a = 1"))
    await run.edit("a", "a = 2")
    for forged in (
        {"tool_name": "edit_cell", "runs_in": "kernel"},
        {"tool_name": "evil__edit", "runs_in": "mcp"},
    ):
        events = [{**run.events[0], **forged}, run.events[1]]
        assert edits_of(events) == ([], [])


async def test_an_edit_that_was_too_large_to_be_kept_is_told() -> None:
    run = Run(MemoryNotebook("a = 1"))
    await run.edit("a", "a = 2")
    del run.events[1]["content"][EDIT_TYPE]
    done = await take_back(run)
    assert (done.undone, list(reasons(done))) == (0, ["a"])


async def test_failed_calls_are_no_edits() -> None:
    run = Run(MemoryNotebook("a = 1"))
    await run.edit("a", "a = 1")
    assert edits_of(run.events) == ([], [])
