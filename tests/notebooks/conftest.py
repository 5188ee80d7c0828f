from __future__ import annotations

import os
import shutil
import sys
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import nbformat
import pytest
from jupyter_server.serverapp import ServerApp
from nbclient import NotebookClient

from jupyter_agentkit.address import KEY_VARIABLE, URL_VARIABLE

# nbformat is partly untyped.
_nbformat: Any = nbformat

ROOT = Path(__file__).parents[2]
SECONDS = 60


class RunNotebook(Protocol):
    """Runs a notebook to its end, as a program does, and gives it with its outputs."""

    def __call__(self, name: str, *, allow_errors: bool = False) -> Awaitable[Any]: ...



@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What ``make lab`` starts with, and no model of whoever runs the tests."""
    for name in list(os.environ):
        if name.startswith(("AGENTKIT_", "OPENAI_", "ANTHROPIC_", "JPY_")):
            monkeypatch.delenv(name)
    for name in (URL_VARIABLE, KEY_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)


@pytest.fixture
def folder(jp_root_dir: Path) -> Path:
    """The server's root folder, with copies of the notebooks and their data."""
    shutil.copytree(ROOT / "notebooks", jp_root_dir, dirs_exist_ok=True)
    return jp_root_dir


@pytest.fixture
def run_notebook(jp_serverapp: ServerApp, http_server_client: Any, folder: Path) -> RunNotebook:
    """In a kernel of a real server, as one that its scheduler starts."""

    async def run(name: str, *, allow_errors: bool = False) -> Any:
        # What the server does with the extension once it runs; the fixtures leave it out.
        points: Any = jp_serverapp.extension_manager.extension_points
        await points["jupyter_agentkit"].app._start_jupyter_server_extension(jp_serverapp)
        async with _kernel(jp_serverapp, name) as kernel:
            notebook = _nbformat.read(folder / name, as_version=4)
            client: Any = NotebookClient(
                notebook, timeout=SECONDS, km=kernel, allow_errors=allow_errors
            )
            try:
                await client.async_execute()
            finally:
                client.kc.stop_channels()
            return notebook

    return run


@asynccontextmanager
async def _kernel(server: ServerApp, name: str) -> AsyncGenerator[Any]:
    sessions: Any = server.session_manager
    session = await sessions.create_session(
        path=name, name=name, type="notebook", kernel_name="python3"
    )
    manager: Any = server.kernel_manager
    try:
        yield manager.get_kernel(session["kernel"]["id"])
    finally:
        await sessions.delete_session(session["id"])
