"""The kernels of the Jupyter server, as the tools of an agent use them."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast
from weakref import WeakValueDictionary

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.session import Session
from jupyter_core.utils import ensure_async

from agentkit.errors import AgentKitError, NotFound
from agentkit.tools.builtin.ports import Ears, Kernels, Output, Raised
from jupyter_agentkit.ports.connection import Connection, Kernel
from jupyter_agentkit.ports.execution import run
from jupyter_agentkit.ports.patience import BUSY_SECONDS

EVALUATE_SECONDS = 15.0
"""For an expression that only looks."""


class JupyterKernels(Kernels):
    """Runs code in kernels that speak Jupyter's protocol. Used on one loop.

    Parameters
    ----------
    find
        Gives the kernel of an id; raises ``NotFound``.
    busy_seconds
        How long a kernel that runs a cell is waited for.
    """

    def __init__(self, find: Callable[[str], Kernel], *, busy_seconds: float) -> None:
        self._find = find
        self._busy_seconds = busy_seconds
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def execute(self, kernel_id: str, code: str, ears: Ears) -> None:
        raised = False

        def take(output: Output) -> None:
            nonlocal raised
            raised = raised or isinstance(output, Raised)
            ears.output(output)

        async with self._turn(kernel_id, ears) as kernel:
            heard = Ears(take, ears.say)
            reply = await run(kernel, _request(code), heard, self._busy_seconds)
        if reply.get("status") == "error" and not raised:
            # IPython prints some failures, such as a wrong magic or a group of exceptions.
            name, message = str(reply.get("ename", "Error")), str(reply.get("evalue", ""))
            ears.output(Raised(name, message, f"{name}: {message}"))

    async def evaluate(self, kernel_id: str, expression: str, ears: Ears) -> str:
        async with self._turn(kernel_id, ears) as kernel:
            request = _request("", silent=True, user_expressions={"it": expression})
            try:
                async with asyncio.timeout(self._busy_seconds + EVALUATE_SECONDS):
                    reply = await run(kernel, request, ears, self._busy_seconds)
            except TimeoutError:
                message = f"Looking took longer than {EVALUATE_SECONDS:g} s and was stopped."
                raise AgentKitError(message, reason="evaluation_failed") from None
        return _value(reply)

    @asynccontextmanager
    async def _turn(self, kernel_id: str, ears: Ears) -> AsyncGenerator[Connection]:
        """A connection to the kernel. The calls of agents take turns."""
        turn = self._turns.setdefault(kernel_id, asyncio.Lock())
        if turn.locked():
            ears.say("Another call of an agent runs in the kernel; waiting for its end")
        async with turn, Connection(self._find(kernel_id)) as kernel:
            yield kernel


class ServerKernels(JupyterKernels):
    """Runs code in the kernels of a Jupyter server. Used on the server's loop.

    Parameters
    ----------
    manager
        The server's ``kernel_manager``.
    busy_seconds
        How long a kernel that runs a cell is waited for.
    """

    def __init__(self, manager: Any, *, busy_seconds: float = BUSY_SECONDS) -> None:
        super().__init__(self._known, busy_seconds=busy_seconds)
        self._manager = manager

    def _known(self, kernel_id: str) -> Kernel:
        if kernel_id not in self._manager:
            raise NotFound(
                "The notebook's kernel is not one of this server: it was shut down or died, or something"
                " else started it. Run the notebook with a kernel of this server.",
                reason="kernel_not_found",
            )
        return _ServerKernel(self._manager, kernel_id)


class _ServerKernel(Kernel):
    def __init__(self, kernels: Any, kernel_id: str) -> None:
        self._kernels = kernels
        self._kernel_id = kernel_id
        self._manager: Any = kernels.get_kernel(kernel_id)

    def client(self) -> AsyncKernelClient:
        # With the manager's own session, the replies to the server's requests could not be told from ours.
        session = Session(parent=self._manager, key=self._manager.session.key)
        return cast("AsyncKernelClient", self._manager.client(session=session))

    async def process(self) -> object:
        if self._kernel_id not in self._kernels or not await ensure_async(self._manager.is_alive()):
            return None
        return getattr(self._manager.provisioner, "pid", self._manager.provisioner)

    async def interrupt(self) -> None:
        await ensure_async(self._manager.interrupt_kernel())


def _request(code: str, **others: Any) -> dict[str, Any]:
    return {
        "code": code,
        "silent": False,
        # The numbers of the notebook's cells are the user's.
        "store_history": False,
        "user_expressions": {},
        "allow_stdin": False,
        # A failure must not take the user's queued cells with it.
        "stop_on_error": False,
        **others,
    }


def _value(reply: dict[str, Any]) -> str:
    found = reply.get("user_expressions", {}).get("it", {})
    if found.get("status") != "ok":
        said = f"{found.get('ename', 'Error')}: {found.get('evalue', 'no answer')}"[:500]
        raise AgentKitError(f"The kernel could not look: {said}", reason="evaluation_failed")
    value = ast.literal_eval(found["data"]["text/plain"])
    return str(value)
