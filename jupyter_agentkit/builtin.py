"""The tools that every server has, given to the agents that name them."""

from __future__ import annotations

from typing import Any

from jupyter_server.serverapp import ServerApp

from agentkit.tools.builtin.ask_user import AskUser
from agentkit.tools.builtin.files import ListFiles, ReadFile
from agentkit.tools.builtin.kernel import InspectVariables, RunPython
from agentkit.tools.builtin.notebook import notebook_tools
from agentkit.tools.protocol import Tool
from agentkit.tools.registry import ToolRegistry
from jupyter_agentkit.ports.files import ServerFiles
from jupyter_agentkit.ports.kernels import ServerKernels
from jupyter_agentkit.ports.notebooks import ServerNotebooks
from jupyter_agentkit.ports.pages import Pages


def add_builtin_tools(
    tools: ToolRegistry, server: ServerApp, pages: Pages, *, busy_seconds: float
) -> ServerNotebooks:
    """Register them; a tool of a package or of an MCP server cannot take the name of one.

    Parameters
    ----------
    pages
        The pages that have notebooks open.
    busy_seconds
        How long a call waits for a kernel that runs a cell.

    Returns
    -------
    The notebooks in which the tools work.
    """
    manager: Any = server.kernel_manager
    kernels = ServerKernels(manager, busy_seconds=busy_seconds)
    notebooks = ServerNotebooks(server, pages, kernels, busy_seconds=busy_seconds)
    files = ServerFiles(server, notebooks.path_of)
    own: list[Tool] = [
        AskUser(),
        RunPython(kernels),
        InspectVariables(kernels),
        ListFiles(files),
        ReadFile(files),
    ]
    for tool in (*own, *notebook_tools(notebooks)):
        tools.register(tool, on_request=True)
    return notebooks
