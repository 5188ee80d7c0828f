"""The notebooks of a Jupyter server, for the agents' tools: in the page that has one open, or on the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.serverapp import ServerApp

from agentkit.core.protocol import Origin
from agentkit.errors import AgentKitError
from agentkit.tools.builtin.cells import Cell, Change, Notebook, NotebookGone
from agentkit.tools.builtin.ports import Kernels
from jupyter_agentkit.page_frames import Apply, Read, Run
from jupyter_agentkit.ports.notebook_file import NotebookFile
from jupyter_agentkit.ports.pages import Page, Pages

RETURN_SECONDS = 5.0
"""For a page to say that it has a notebook open, when somebody is connected to its kernel. Pages that lost
their connection are back by then."""

LOOK_EVERY = 0.1
"""Seconds between two looks at a busy kernel; nothing announces its rest."""


class ServerNotebooks:
    """The notebooks of a server.

    Parameters
    ----------
    kernels
        Run the code of notebooks that no page has open.
    busy_seconds
        How long a kernel that runs something else is waited for.
    """

    def __init__(
        self, server: ServerApp, pages: Pages, kernels: Kernels, *, busy_seconds: float
    ) -> None:
        self._server = server
        self._pages = pages
        self._kernels = kernels
        self._busy_seconds = busy_seconds
        self._writing = asyncio.Lock()

    async def of(self, origin: Origin | None) -> Notebook:
        """The notebook of a run; see ``agentkit.tools.builtin.cells.Notebooks``."""
        if origin is None:
            raise NotebookGone(
                "This run was not started in a notebook of this server, so there is none to work in."
                " Start it from a notebook's cell."
            )
        path = await self.path_of(origin.kernel_id)
        if path is None:
            raise NotebookGone(
                "The kernel of the notebook from which this run was started has been shut down or"
                " replaced, so it is not known any more which notebook that is."
            )
        return await self.at(path, origin.kernel_id)

    async def path_of(self, kernel_id: str) -> str | None:
        """Where the notebook of a kernel is now; ``None`` when no notebook has that kernel."""
        return (await self.paths()).get(kernel_id)

    async def paths(self) -> dict[str, str]:
        """Where the notebook of each kernel is now."""
        return {str(each["kernel"]["id"]): str(each["path"]) for each in await self._sessions()}

    async def kernels_of(self, path: str) -> list[str]:
        """The kernels of the notebook at a path."""
        sessions = await self._sessions()
        return [str(each["kernel"]["id"]) for each in sessions if each["path"] == path]

    def name_of(self, path: str) -> str:
        """What tells a notebook apart from those of servers in other folders."""
        return str(Path(self._server.root_dir, path.strip("/")))

    def path_from(self, name: str) -> str | None:
        """The path of a notebook that ``name_of`` gave a name; ``None`` for one of another server."""
        try:
            return PurePath(name).relative_to(self._server.root_dir).as_posix()
        except ValueError:
            return None

    async def _sessions(self) -> list[Any]:
        sessions: list[Any] = await ensure_async(self._server.session_manager.list_sessions())
        return [each for each in sessions if each["type"] == "notebook"]

    async def at(self, path: str, kernel_id: str | None = None) -> Notebook:
        """The notebook at a path; with a kernel, its cells can be run."""
        page = self._pages.holding(path)
        if page is None and kernel_id is not None and await self._is_watched(kernel_id):
            page = await self._pages.wait_for(path, RETURN_SECONDS)
        if page is not None:
            manager = self._server.kernel_manager
            return _OpenNotebook(path, page, manager, kernel_id, self._busy_seconds)
        contents = self._server.contents_manager
        return NotebookFile(path, contents, self._writing, self._kernels, kernel_id)

    async def _is_watched(self, kernel_id: str) -> bool:
        """Whether a page is connected to the kernel: it has a notebook open, or a console."""
        manager: Any = self._server.kernel_manager
        model = await ensure_async(manager.kernel_model(kernel_id))
        return bool(model.get("connections"))


@dataclass(frozen=True, slots=True)
class _OpenNotebook:
    """A notebook in a page. Nothing is saved: that is the user's to do."""

    path: str
    page: Page
    kernel_manager: Any
    kernel_id: str | None
    busy_seconds: float

    async def read(self) -> list[Cell]:
        return await self.page.ask(Read(path=self.path))

    async def apply(self, change: Change) -> Cell | None:
        cells = await self.page.ask(Apply(path=self.path, change=change))
        return cells[0] if cells else None

    async def run(self, cell: Cell, say: Callable[[str], None]) -> Cell:
        if self.kernel_id is not None:
            await self._rest(self.kernel_id, say)
        # How long code may run is said by the limit of the call.
        cells = await self.page.ask(
            Run(path=self.path, cell_id=cell.id, source=cell.source), seconds=None
        )
        return cells[0]

    async def _rest(self, kernel_id: str, say: Callable[[str], None]) -> None:
        """Wait until the kernel is idle, so that the cell starts at once and can be stopped."""
        said = False
        try:
            async with asyncio.timeout(self.busy_seconds):
                while await self._is_busy(kernel_id):
                    if not said:
                        say("Waiting for the kernel, which is busy with something else.")
                    said = True
                    await asyncio.sleep(LOOK_EVERY)
        except TimeoutError:
            raise AgentKitError(
                f"The kernel has been busy with something else for {self.busy_seconds:g} s. The cell"
                " was not run.",
                reason="kernel_busy",
            ) from None

    async def _is_busy(self, kernel_id: str) -> bool:
        model = await ensure_async(self.kernel_manager.kernel_model(kernel_id))
        return model["execution_state"] == "busy"
