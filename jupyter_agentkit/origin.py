"""The place in a notebook from which a run is being started, as its kernel knows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from IPython.core.getipython import get_ipython
from pydantic import ValidationError

from agentkit.core.protocol import Origin
from jupyter_agentkit.lending import listen

_MANAGED = "kernel-"


def present_origin() -> Origin | None:
    """Give this kernel and the cell that runs in it; ``None`` outside of a kernel.

    Front ends that name no cells, such as nbclient, leave the cell open. Works from any thread.
    """
    kernel = getattr(get_ipython(), "kernel", None)
    # JPY_SESSION_NAME names the notebook instead, and by the name that it had when the kernel was started.
    kernel_id = connection_file(kernel).stem.removeprefix(_MANAGED)
    if not kernel_id:
        return None
    listen()  # who is told where a run comes from may offer code to the cell that waits for it
    try:
        return Origin(kernel_id=kernel_id, cell_id=_cell_id(kernel))
    except ValidationError:  # ids too long to be any
        return None


def present_place() -> dict[str, str] | None:
    """Give the cell that runs and its execution, as the server is told what a cell shows.

    ``None`` where the front end names no cells.
    """
    origin = present_origin()
    if origin is None or origin.cell_id is None:
        return None
    kernel: Any = getattr(get_ipython(), "kernel", None)
    execution_id = kernel.get_parent().get("header", {}).get("msg_id", "")
    return {
        "kernel_id": origin.kernel_id,
        "cell_id": origin.cell_id,
        "execution_id": str(execution_id),
    }


def in_kernel() -> bool:
    """Whether this process is a kernel."""
    return getattr(get_ipython(), "kernel", None) is not None


def managed_id() -> str | None:
    """The id under which a server may know this kernel; ``None`` where its file names none.

    A server's manager of kernels calls their files ``kernel-<id>.json``. nbclient, and with it papermill and
    ``jupyter execute``, calls the file of its kernel anything else.
    """
    name = connection_file(getattr(get_ipython(), "kernel", None)).stem
    return name.removeprefix(_MANAGED) if name.startswith(_MANAGED) else None


def connection_file(kernel: Any) -> Path:
    """Where the kernel says how it is reached; an empty path for one that was given no file."""
    application = getattr(kernel, "parent", None)
    return Path(str(getattr(application, "abs_connection_file", "")))


def _cell_id(kernel: Any) -> str | None:
    parent = cast("dict[str, Any]", kernel.get_parent())
    # JupyterLab and Notebook say it with each execution; so does VS Code.
    cell = parent.get("metadata", {}).get("cellId")
    return cell if isinstance(cell, str) and cell else None
