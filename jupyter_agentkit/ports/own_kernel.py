"""The kernel of this very process, for runs that no Jupyter server hosts: it is its own client."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from IPython.core.getipython import get_ipython
from jupyter_client.asynchronous.client import AsyncKernelClient

from agentkit.errors import NotFound
from jupyter_agentkit.lending import interrupt_main_thread
from jupyter_agentkit.origin import connection_file
from jupyter_agentkit.ports.connection import Kernel
from jupyter_agentkit.ports.kernels import JupyterKernels
from jupyter_agentkit.ports.patience import BUSY_SECONDS


def own_kernels(*, busy_seconds: float = BUSY_SECONDS) -> JupyterKernels:
    """Give the kernel of this process, under whatever id: its runs have no other."""
    return JupyterKernels(_own, busy_seconds=busy_seconds)


def _own(kernel_id: str) -> Kernel:
    file = connection_file(getattr(get_ipython(), "kernel", None))
    if not file.is_file():
        raise NotFound(
            "This process is no notebook's kernel, or does not say how it is reached.",
            reason="kernel_not_found",
        )
    return _OwnKernel(file)


class _OwnKernel(Kernel):
    def __init__(self, file: Path) -> None:
        self._file = file

    def client(self) -> AsyncKernelClient:
        client: Any = AsyncKernelClient(connection_file=str(self._file))
        client.load_connection_file()
        return client

    async def process(self) -> object:
        return os.getpid()

    async def interrupt(self) -> None:
        interrupt_main_thread()
