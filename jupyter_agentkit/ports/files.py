"""The files of the Jupyter server, as the tools of an agent read them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from jupyter_server.serverapp import ServerApp
from jupyter_server.services.contents.filemanager import FileContentsManager

from agentkit.core.protocol import Origin
from agentkit.errors import Refused
from agentkit.tools.builtin.file_tree import FileTree
from agentkit.tools.builtin.files import Files


class ServerFiles(Files):
    """What is below the server's root folder, without what its file browser hides.

    Parameters
    ----------
    path_of
        Where the notebook of a kernel is, as a path of the server; ``None`` when no notebook has it.
    """

    def __init__(self, server: ServerApp, path_of: Callable[[str], Awaitable[str | None]]) -> None:
        self._server = server
        self._path_of = path_of

    async def around(self, origin: Origin | None) -> FileTree:
        contents: Any = self._server.contents_manager
        if not isinstance(contents, FileContentsManager):
            raise Refused(
                f"This server keeps its files elsewhere than on a disk ({type(contents).__name__}), where"
                " agents cannot read them yet. Read them with code in the notebook.",
                reason="files_not_on_disk",
            )
        root = Path(str(contents.root_dir))
        notebook = None if origin is None else await self._path_of(origin.kernel_id)
        start = root if notebook is None else (root / notebook.lstrip("/")).parent
        return FileTree(root, start, shows_hidden=bool(contents.allow_hidden))
