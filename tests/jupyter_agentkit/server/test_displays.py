"""Which cell shows which run, as kernels tell it and pages ask for it."""

from __future__ import annotations

from typing import Any

import pytest
from jupyter_server.auth import Authorizer

from tests.jupyter_agentkit.server.talk import Answer, Talk


async def open_notebook(talk: Talk, path: str) -> str:
    """A notebook with a kernel; the kernel's id."""
    manager: Any = talk.server.session_manager
    session = await manager.create_session(
        path=path, name=path, type="notebook", kernel_name="python3"
    )
    return session["kernel"]["id"]


async def show(
    talk: Talk, task_id: str, kernel_id: str, cell_id: str = "c", execution_id: str = "1"
) -> Answer:
    body = {"kernel_id": kernel_id, "cell_id": cell_id, "execution_id": execution_id}
    return await talk.ask("POST", f"/tasks/{task_id}/displays", body)


async def shown(talk: Talk, path: str) -> list[tuple[str, str]]:
    told = (await talk.ask("GET", f"/displays?path={path}")).json["displays"]
    return [(each["cell_id"], each["task_id"]) for each in told]


async def tasks(talk: Talk, *task_ids: str) -> None:
    talk.script(*["Done."] * len(task_ids))
    for task_id in task_ids:
        await talk.finish(task_id)


async def test_what_cells_show_is_told_in_its_order_with_when_it_ended(talk: Talk) -> None:
    gate = talk.gate()
    await tasks(talk, "t1")
    talk.script([gate, "Done."], agent="slow")
    await talk.ask("POST", "/tasks", {"task_id": "t2", "agent": "slow"})
    kernel = await open_notebook(talk, "a.ipynb")
    for task_id, cell_id in (("t2", "c2"), ("t1", "c1")):
        assert (await show(talk, task_id, kernel, cell_id)).status == 204
    told = (await talk.ask("GET", "/displays?path=a.ipynb")).json["displays"]
    ended = (await talk.ask("GET", "/tasks/t1")).json["finished_at"]
    assert told == [
        {"task_id": "t2", "cell_id": "c2", "finished_at": None},
        {"task_id": "t1", "cell_id": "c1", "finished_at": ended},
    ]
    assert await shown(talk, "b.ipynb") == []


async def test_a_cell_shows_what_its_last_execution_showed(talk: Talk) -> None:
    await tasks(talk, "t1", "t2", "t3")
    kernel = await open_notebook(talk, "a.ipynb")
    await show(talk, "t1", kernel, execution_id="1")
    await show(talk, "t1", kernel, "other", execution_id="1")
    await show(talk, "t2", kernel, execution_id="2")
    await show(talk, "t3", kernel, execution_id="2")
    await show(talk, "t3", kernel, execution_id="2")
    assert await shown(talk, "a.ipynb") == [("other", "t1"), ("c", "t2"), ("c", "t3")]


async def test_cells_of_the_same_id_in_two_notebooks_are_two(talk: Talk) -> None:
    await tasks(talk, "t1", "t2")
    await show(talk, "t1", await open_notebook(talk, "a.ipynb"), execution_id="1")
    await show(talk, "t2", await open_notebook(talk, "copy.ipynb"), execution_id="2")
    assert await shown(talk, "a.ipynb") == [("c", "t1")]
    assert await shown(talk, "copy.ipynb") == [("c", "t2")]


async def test_a_notebook_is_known_by_its_file_when_its_kernel_is_gone(talk: Talk) -> None:
    await tasks(talk, "t1", "t2")
    before = await open_notebook(talk, "in a folder/a.ipynb")
    await show(talk, "t1", before)
    await talk.server.kernel_manager.shutdown_kernel(before, now=True)
    assert await shown(talk, "in%20a%20folder/a.ipynb") == [("c", "t1")]
    await show(talk, "t2", await open_notebook(talk, "in a folder/a.ipynb"), execution_id="2")
    assert await shown(talk, "in%20a%20folder/a.ipynb") == [("c", "t2")]


async def test_a_notebook_that_was_renamed_is_known_by_its_kernel(talk: Talk) -> None:
    await tasks(talk, "t1")
    kernel = await open_notebook(talk, "a.ipynb")
    await show(talk, "t1", kernel)
    manager: Any = talk.server.session_manager
    (session,) = await manager.list_sessions()
    await manager.update_session(session["id"], path="renamed.ipynb")
    assert await shown(talk, "renamed.ipynb") == [("c", "t1")]


async def place_of(talk: Talk, task_id: str) -> dict[str, str] | None:
    listed = (await talk.ask("GET", "/tasks")).json["tasks"]
    (place,) = [each.get("place") for each in listed if each["task_id"] == task_id]
    alone = (await talk.ask("GET", f"/tasks/{task_id}")).json
    assert alone.get("place") == place
    return place


async def test_lists_and_the_feed_tell_the_cell_that_shows_a_run(talk: Talk) -> None:
    await tasks(talk, "t1", "t2")
    feed = await talk.open("/ws/tasks")
    first = await feed.hear()
    assert first is not None
    assert [each.get("place") for each in first["data"]] == [None, None]
    kernel = await open_notebook(talk, "in a folder/a.ipynb")
    await show(talk, "t1", kernel, "c1")
    told = await feed.hear()
    place = {"path": "in a folder/a.ipynb", "cell_id": "c1"}
    assert told is not None
    assert (told["data"]["task_id"], told["data"]["place"]) == ("t1", place)
    assert await place_of(talk, "t1") == place
    assert await place_of(talk, "t2") is None

    manager: Any = talk.server.session_manager
    (session,) = await manager.list_sessions()
    await manager.update_session(session["id"], path="renamed.ipynb")
    assert await place_of(talk, "t1") == {"path": "renamed.ipynb", "cell_id": "c1"}
    # Without its kernel nothing tells that it was renamed.
    await talk.server.kernel_manager.shutdown_kernel(kernel, now=True)
    assert await place_of(talk, "t1") == place


async def test_a_run_that_no_cell_shows_is_where_it_was_started(talk: Talk) -> None:
    kernel = await open_notebook(talk, "a.ipynb")
    talk.script("Done.", "Done.")
    for task_id, kernel_id in (("t1", kernel), ("t2", "gone")):
        origin = {"kernel_id": kernel_id, "cell_id": "c7"}
        await talk.ask("POST", "/tasks", {"task_id": task_id, "origin": origin})
        await (await talk.socket(task_id)).rest()
    assert await place_of(talk, "t1") == {"path": "a.ipynb", "cell_id": "c7"}
    assert await place_of(talk, "t2") is None


async def test_a_run_is_found_by_the_name_of_its_notebook_alone(talk: Talk) -> None:
    await tasks(talk, "t1", "t2")
    await show(talk, "t1", await open_notebook(talk, "in a folder/Penguins.ipynb"))
    folder = str(talk.server.root_dir).rpartition("/")[2]
    for words, found in (("penguins", ["t1"]), ("folder", []), (folder, [])):
        listed = (await talk.ask("GET", f"/tasks?q={words}")).json["tasks"]
        assert [each["task_id"] for each in listed] == found


async def test_a_task_that_is_deleted_is_not_shown(talk: Talk) -> None:
    await tasks(talk, "t1")
    await show(talk, "t1", await open_notebook(talk, "a.ipynb"))
    await talk.ask("DELETE", "/tasks/t1")
    assert await shown(talk, "a.ipynb") == []


async def test_what_no_notebook_shows_is_not_kept_and_bad_requests_are_refused(
    talk: Talk,
) -> None:
    await tasks(talk, "t1")
    assert (await show(talk, "t1", "a-console")).status == 204
    assert (await show(talk, "none", "k")).refused(404)["reason"] == "task_not_found"
    empty = dict.fromkeys(("kernel_id", "cell_id", "execution_id"), "")
    for body in ("{}", {"kernel_id": "k"}, "[]", empty):
        refused = (await talk.ask("POST", "/tasks/t1/displays", body)).refused(400)
        assert refused["reason"] == "invalid_input"
    for query in ("", "?path="):
        refused = (await talk.ask("GET", f"/displays{query}")).refused(400)
        assert refused["reason"] == "bad_query"
    assert await shown(talk, "../../etc/a.ipynb") == []


class MayOnlyRead(Authorizer):
    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        return action == "read"


class TestWhoMayOnlyRead:
    @pytest.fixture
    def jp_server_config(self) -> dict[str, Any]:
        return {
            "ServerApp": {
                "jpserver_extensions": {"jupyter_agentkit": True},
                "authorizer_class": MayOnlyRead,
            },
            "AgentKitApp": {"journal": ":memory:"},
        }

    async def test_may_ask_and_tell_nothing(self, talk: Talk) -> None:
        assert (await talk.ask("GET", "/displays?path=a.ipynb")).status == 200
        (await show(talk, "t1", "k")).refused(403)
        stranger = await talk.ask("GET", "/displays?path=a.ipynb", headers={})
        assert stranger.status == 403
