"""An MCP server as a child process: found, started under a keeper, and listened to."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

from agentkit.errors import InvalidInput
from agentkit.tools.mcp_config import StdioServer

LAST_LINES = 5
"""Lines of a server's standard error that an error quotes."""

LINE = 1_000
"""Characters of one of them."""


@contextlib.asynccontextmanager
async def stdio(server: StdioServer, say: Callable[[str], None]) -> AsyncGenerator[Any]:
    """Start a server; the streams to it. At the end it is stopped, with all its processes.

    ``say`` takes the lines that it writes to its standard error, from any thread.
    """
    from mcp import StdioServerParameters
    from mcp.client.stdio import stdio_client

    command, arguments = find_command(server), list(server.args)
    if os.name == "posix":
        # Isolated and without site packages: it starts fast and sees no code of the project's folder.
        arguments = [
            "-I",
            "-S",
            str(Path(__file__).with_name("mcp_keeper.py")),
            command,
            *arguments,
        ]
        command = sys.executable
    parameters = StdioServerParameters(
        command=command, args=arguments, env=server.env, cwd=_folder_of(server)
    )
    with _listening(say) as errlog:
        async with stdio_client(parameters, errlog=errlog) as streams:
            yield streams


def find_command(server: StdioServer) -> str:
    """Where the command is.

    Raises
    ------
    InvalidInput
        There is no such command or folder; says where it was looked for.
    """
    folder = _folder_of(server)
    if folder is not None and not folder.is_dir():
        raise InvalidInput(f"Its folder {server.cwd!r} (cwd) does not exist.")
    path = server.env.get("PATH") or os.environ.get("PATH", os.defpath)
    command = (
        str(Path(server.command).expanduser()) if server.command[:1] == "~" else server.command
    )
    if folder is not None and os.path.dirname(command):  # noqa: PTH120  ("./x" loses its dot in a Path)
        command = str(folder / command)
    found = shutil.which(command, path=path)
    if found is None:
        where = "" if os.path.dirname(command) else f" on the PATH ({path})"  # noqa: PTH120
        raise InvalidInput(
            f"There is no command {server.command!r}{where}. Install it, or give the full path in "
            "'command'.",
            reason="mcp_command_not_found",
        )
    return str(Path(found).absolute())


def _folder_of(server: StdioServer) -> Path | None:
    return Path(server.cwd).expanduser() if server.cwd else None


@contextlib.contextmanager
def _listening(say: Callable[[str], None]) -> Any:
    """A file whose lines are said; its other end is read until the last process has closed it."""
    reading, writing = os.pipe()

    def listen() -> None:
        with os.fdopen(reading, encoding="utf-8", errors="replace") as lines:
            while line := lines.readline(LINE):
                say(line.rstrip())

    threading.Thread(target=listen, name="agentkit-mcp-stderr", daemon=True).start()
    with os.fdopen(writing, "w", encoding="utf-8") as file:
        yield file


class LastLines:
    """The last lines that a server wrote to its standard error."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=LAST_LINES)

    def add(self, line: str) -> None:
        """Keep a line."""
        if line:
            self._lines.append(line)

    def __str__(self) -> str:
        return " | ".join(self._lines)
