"""The kernel's side of its runs: finds the host, starts and cancels tasks, all in one background thread."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import os
import threading
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

from agentkit.core.protocol import AgentConfig, TaskSummary
from agentkit.errors import AgentKitError, Conflict
from agentkit.server.portal import Portal
from agentkit.tools.protocol import Tool
from jupyter_agentkit.address import find_server
from jupyter_agentkit.follower import Patience
from jupyter_agentkit.host import Frame, Host
from jupyter_agentkit.offered import offered_specs
from jupyter_agentkit.origin import in_kernel, managed_id
from jupyter_agentkit.remote import JupyterHost
from jupyter_agentkit.standing import StandingOffers

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Client:
    """Starts runs on a host. Its methods block; each is bounded by the host's time limits.

    Parameters
    ----------
    host
        Runs the tasks.
    patience
        How long lost connections are tried again.
    """

    def __init__(self, host: Host, *, patience: Patience | None = None) -> None:
        self.host = host
        self.patience = patience or Patience()
        self.portal = Portal("agentkit-client")
        self._tasks: set[asyncio.Task[None]] = set()
        self._standing = StandingOffers(host, self.patience)

    @property
    def in_own_thread(self) -> bool:
        """Whether the caller runs on the client's loop, where nothing may wait for it."""
        try:
            return asyncio.get_running_loop() is self.portal.loop
        except RuntimeError:
            return False

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the client's loop to its end; an interrupt cancels it.

        Raises
        ------
        AgentKitError
            What it raised; or it was called in the client's own thread, which would wait for itself.
        """
        if self.in_own_thread:
            work.close()
            raise own_thread()
        future = self.portal.submit(work)
        try:
            return future.result()
        except AgentKitError as error:
            # The frames of the other thread say nothing to the reader of a cell.
            raise error.with_traceback(None) from None
        finally:
            future.cancel()

    def start(
        self,
        body: Frame,
        *,
        config: AgentConfig | None = None,
        tools: Mapping[str, Tool] | None = None,
    ) -> Started:
        """Start a task.

        Parameters
        ----------
        body
            Of the route ``POST /tasks``, without ``client_tools``.
        config
            The agent to register first; left out, the agent is known to the host.
        tools
            The functions that this process offers to the run, by name.
        """
        return self._begun("tasks", body, config, tools)

    def resume(
        self,
        task_id: str,
        body: Frame,
        *,
        config: AgentConfig | None = None,
        tools: Mapping[str, Tool] | None = None,
    ) -> Started:
        """Start a task that takes another one on; parameters as in ``start``."""
        return self._begun(f"{_task(task_id)}/resume", body, config, tools)

    def _begun(
        self,
        path: str,
        body: Frame,
        config: AgentConfig | None,
        tools: Mapping[str, Tool] | None,
    ) -> Started:
        started = self.call(self._start(path, body, config, tools or {}))
        if started.tools and "origin" in body:
            self._offer(started, body["origin"]["kernel_id"])
        return started

    def _offer(self, started: Started, kernel_id: str) -> None:
        """Keep the run's functions on offer to whoever follows it up from a page."""
        context = contextvars.copy_context()
        offer = self._standing.put(kernel_id, started.summary.agent, started.tools, context)
        self.begin(offer, context)

    def find(self, task_id: str) -> Started:
        """A task that was started before, here or elsewhere.

        Raises
        ------
        NotFound
            There is none.
        """
        return Started(self, _summary(self.call(self.host.request("GET", _task(task_id)))))

    def get(self, path: str) -> Any:
        """What a route tells; ``path`` as in `Host.request`."""
        return self.call(self.host.request("GET", path))

    def may_be_known(self, kernel_id: str) -> bool:
        """Whether the host has that kernel, or cannot tell: what is wrong then is said by what asks next."""
        try:
            told = self.get(f"kernels/{quote(kernel_id, safe='')}")
        except AgentKitError:
            return True
        return told["known"]

    def cancel(self, task_id: str, reason: str | None) -> None:
        """Cancel a task; one that has ended is left as it is.

        In the client's own thread, where nothing may wait, the cancel is sent and not waited for.
        """
        body = {} if reason is None else {"reason": reason}
        if self.in_own_thread:
            self.send_soon(task_id, "cancel", body)
        else:
            self.call(self._send(task_id, "cancel", body))

    def answer(self, task_id: str, body: Frame) -> None:
        """Answer a request of a task.

        In the client's own thread, where nothing may wait, the answer is sent and not waited for.

        Raises
        ------
        Conflict
            Somebody answered before; the message says who.
        """
        if self.in_own_thread:
            self.send_soon(task_id, "answers", body)
        else:
            self.call(self.host.request("POST", f"{_task(task_id)}/answers", body))

    def send_soon(self, task_id: str, what: str, body: Frame) -> None:
        """Send a task a ``cancel``, ``answers`` or ``displays`` without waiting; a failure is logged."""

        async def send() -> None:
            try:
                await self._send(task_id, what, body)
            except AgentKitError as error:
                _log.error("The %s of run %s did not reach it: %s", what, task_id, error)

        self.begin(send(), contextvars.copy_context())

    def begin(self, work: Coroutine[Any, Any, None], context: contextvars.Context) -> None:
        """Run a coroutine beside everything else, in the given context; from any thread."""

        def start() -> None:
            task = asyncio.create_task(work, context=context)
            self._tasks.add(task)  # a loop alone does not keep its tasks
            task.add_done_callback(self._tasks.discard)

        self.portal.loop.call_soon_threadsafe(start)

    async def _start(
        self, path: str, body: Frame, config: AgentConfig | None, tools: Mapping[str, Tool]
    ) -> Started:
        if config is not None:
            # Each time: the server may have been started anew, or another notebook may have
            # registered an agent of the same name since.
            agent = config.model_dump(mode="json", exclude_unset=True)
            await self.host.request("POST", "agents", {"config": agent})
            # And with the task too: what another notebook registers in between is not what was asked.
            body = {**body, "agent": config.name, "config": agent}
        if tools:
            body = {**body, "client_tools": offered_specs(tools)}
        answer = await self.host.request("POST", path, body)
        return Started(self, _summary(answer), config, tools, answer.get("client_key"))

    async def _send(self, task_id: str, what: str, body: Frame) -> None:
        try:
            await self.host.request("POST", f"{_task(task_id)}/{what}", body)
        except Conflict:
            return  # it has ended: there is nothing left to cancel or answer


@dataclass(frozen=True, slots=True)
class Started:
    """A task that a host runs or has run, and what this process can do for it."""

    client: Client
    summary: TaskSummary
    config: AgentConfig | None = None
    """The agent as it was started here."""
    tools: Mapping[str, Tool] = field(default_factory=dict[str, Tool])
    client_key: str | None = field(default=None, repr=False)


def own_thread() -> AgentKitError:
    """The error for what would wait for its own thread."""
    return AgentKitError(
        "This call would wait for itself: it was made in agentkit's own thread, by an async tool or "
        "by an observer of a run. Use 'await run' there, or make the call in another thread with "
        "'await asyncio.to_thread(…)'.",
        reason="own_thread",
    )


def _task(task_id: str) -> str:
    return f"tasks/{quote(task_id, safe='')}"


def _summary(answer: dict[str, Any]) -> TaskSummary:
    fields = {name: answer[name] for name in TaskSummary.model_fields if name in answer}
    return TaskSummary.model_validate(fields)


_lock = threading.Lock()
_clients: dict[int, Client] = {}


def connect() -> Client:
    """Give the client of this process, made at the first call.

    Raises
    ------
    NoServer
        A Jupyter server started this kernel, but agentkit cannot be reached there.
    """
    with _lock:
        # A forked process has the client but not its thread.
        pid = os.getpid()
        if pid not in _clients:
            _clients.clear()
            _clients[pid] = _of_server() or _of_this_process()
        return _clients[pid]


def _of_server() -> Client | None:
    """The client of the server that started this process; ``None`` where that was somebody else.

    A notebook that is run by papermill in a terminal of JupyterLab, or in a cell, has a kernel that inherits
    the server's address. The server does not know that kernel, and could not run code in it.
    """
    kernel_id = managed_id()
    if kernel_id is None and in_kernel():
        return None
    address = find_server()
    if address is None:
        return None
    client = Client(JupyterHost(address))
    if kernel_id is not None and not client.may_be_known(kernel_id):
        client.portal.close()
        return None
    return client


def _of_this_process() -> Client:
    # With a server, nothing of what runs agents is needed here.
    from jupyter_agentkit.local import LocalHost, default_hub

    return Client(LocalHost(default_hub()))
