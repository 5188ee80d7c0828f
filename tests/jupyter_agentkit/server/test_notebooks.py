"""The page's socket and the undo of a run, as the server offers them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat.v4
import pytest
from jupyter_server.auth import Authorizer
from jupyter_server.auth.security import passwd  # pyright: ignore[reportUnknownVariableType]
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from agentkit.core.protocol import AgentConfig
from agentkit.llm.protocol import ToolCall
from agentkit.llm.scripted import ScriptedProvider, Turn
from agentkit.tools.builtin.cells import source_hash
from jupyter_agentkit.address import KERNEL_KEY_HEADER
from tests.jupyter_agentkit.server.talk import Socket, Talk, events

_v4: Any = nbformat.v4


async def page(talk: Talk, headers: dict[str, str] | None = None) -> Socket:
    """Connect as a page does."""
    url = f"ws://{talk.host}{talk.root}agentkit/api/v1/ws/page"
    return Socket(await websocket_connect(HTTPRequest(url, headers=talk.headers(headers))))


def opened(*paths: str) -> dict[str, Any]:
    state = {"dirty": False, "collaborative": False, "active": True}
    return {"type": "notebooks", "notebooks": [{"path": path, **state} for path in paths]}


async def test_a_page_talks_and_what_it_says_wrong_harms_nothing(talk: Talk) -> None:
    socket = await page(talk)
    for frame in ("no json", b"\xff", {"type": "unknown"}, opened("a.ipynb"), {"type": "ping"}):
        await socket.say(frame)
    assert await socket.hear() == {"type": "pong"}
    socket.leave()


async def test_strangers_and_kernels_get_no_socket(talk: Talk) -> None:
    key = {KERNEL_KEY_HEADER: talk.app.settings["agentkit_kernel_key"]}
    for headers in ({}, {"Authorization": "token wrong"}, key):
        with pytest.raises(HTTPClientError, match="403"):
            await page(talk, headers)


class TestWithAPassword:
    @pytest.fixture
    def jp_server_config(self) -> dict[str, Any]:
        hashed = passwd("correct horse", algorithm="sha1")
        return {
            "ServerApp": {"jpserver_extensions": {"jupyter_agentkit": True}},
            "PasswordIdentityProvider": {"hashed_password": hashed},
            "AgentKitApp": {"journal": ":memory:"},
        }

    async def test_a_foreign_page_gets_no_socket_with_its_visitors_cookie(self, talk: Talk) -> None:
        cookies = await talk.log_in("correct horse")
        own = talk.browser(cookies, xsrf=False)
        with pytest.raises(HTTPClientError, match="403"):
            await page(talk, own | {"Origin": "https://elsewhere.example"})
        socket = await page(talk, own)
        await socket.say({"type": "ping"})
        assert await socket.hear() == {"type": "pong"}
        socket.leave()


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

    async def test_opens_no_page_and_takes_nothing_back(self, talk: Talk) -> None:
        with pytest.raises(HTTPClientError, match="403"):
            await page(talk)
        (await talk.ask("POST", "/tasks/t1/undo", {})).refused(403)


def script(talk: Talk, *turns: Turn) -> None:
    """An agent with the tools of notebooks that need no consent."""
    talk.hub.executor.gateway.register_provider("scripted", ScriptedProvider(turns))
    talk.hub.register(
        AgentConfig(
            name="editor",
            model="scripted",
            tools=("insert_cell", "edit_cell"),
            policy={"*": "allow"},
        )
    )


async def origin_in(talk: Talk, root: Path, *sources: str) -> dict[str, str]:
    """A notebook with a kernel."""
    cells = [_v4.new_code_cell(source, id=f"c{n}") for n, source in enumerate(sources)]
    (root / "n.ipynb").write_text(json.dumps(_v4.new_notebook(cells=cells)))
    manager: Any = talk.server.session_manager
    session = await manager.create_session(
        path="n.ipynb", name="n", type="notebook", kernel_name="python3"
    )
    return {"kernel_id": session["kernel"]["id"]}


def sources(root: Path) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads((root / "n.ipynb").read_text())["cells"]]


def edit(source: str, seen: str) -> ToolCall:
    arguments = {"cell_id": "c0", "hash": source_hash(seen), "source": source}
    return ToolCall(source, "edit_cell", arguments)


async def test_a_run_is_taken_back_once_it_has_ended(talk: Talk, jp_root_dir: Path) -> None:
    gate = talk.gate()
    origin = await origin_in(talk, jp_root_dir, "a = 1")
    insert = ToolCall("i", "insert_cell", {"after": "end", "source": "b = 2"})
    script(talk, [edit("a = 10", "a = 1"), insert], [gate, "Done."])
    await talk.ask("POST", "/tasks", {"task_id": "t1", "agent": "editor", "origin": origin})
    socket = await talk.socket("t1")
    await socket.until("tool_result")
    refused = (await talk.ask("POST", "/tasks/t1/undo", {})).refused(409)
    assert refused["reason"] == "task_running"
    gate.set()
    await socket.rest()
    assert sources(jp_root_dir) == ["a = 10", "b = 2"]
    # The kernel may be gone by then, and with it what tells the notebook's present name.
    await talk.server.kernel_manager.shutdown_kernel(origin["kernel_id"], now=True)
    assert (await talk.ask("POST", "/tasks/t1/undo", {})).json == {"undone": 2, "kept": []}
    assert sources(jp_root_dir) == ["a = 1"]
    assert (await talk.ask("POST", "/tasks/t1/undo", {})).json == {"undone": 0, "kept": []}


async def test_what_held_a_secret_is_kept_and_never_replaced_by_its_mask(
    talk: Talk, jp_root_dir: Path
) -> None:
    before = f"token = '{talk.token}'"
    origin = await origin_in(talk, jp_root_dir, before)
    script(talk, [edit("token = None", before)], "Done.")
    await talk.ask("POST", "/tasks", {"task_id": "t1", "agent": "editor", "origin": origin})
    frames = await talk.finish("t1")
    assert talk.token not in json.dumps(frames)
    (result,) = (each for each in events(frames) if each["event_type"] == "tool_result")
    assert result["outcome"] == "success"
    answer = (await talk.ask("POST", "/tasks/t1/undo", {})).json
    assert answer["undone"] == 0
    assert [kept["cell_id"] for kept in answer["kept"]] == ["c0"]
    assert "secret" in answer["kept"][0]["message"]
    assert sources(jp_root_dir) == ["token = None"]


async def test_a_run_that_edited_nothing_has_nothing_to_take_back(talk: Talk) -> None:
    talk.script("Nothing to do.")
    await talk.finish("t1")
    assert (await talk.ask("POST", "/tasks/t1/undo", {})).json == {"undone": 0, "kept": []}
    assert (await talk.ask("POST", "/tasks/none/undo", {})).refused(404)["reason"] == (
        "task_not_found"
    )


async def test_the_undo_of_a_deleted_notebook_says_so(talk: Talk, jp_root_dir: Path) -> None:
    origin = await origin_in(talk, jp_root_dir, "a = 1")
    script(talk, [edit("a = 10", "a = 1")], "Done.")
    await talk.ask("POST", "/tasks", {"task_id": "t1", "agent": "editor", "origin": origin})
    await talk.finish("t1")
    (jp_root_dir / "n.ipynb").unlink()
    refused = (await talk.ask("POST", "/tasks/t1/undo", {})).refused(404)
    assert refused["reason"] == "notebook_gone"
