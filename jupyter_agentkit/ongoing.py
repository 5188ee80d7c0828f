"""What a notebook does with a run that goes on: it waits for it, answers it, ends it, takes it on."""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

import traitlets as t

from agentkit.core.protocol import Limits
from agentkit.trace.bundle import to_bundle
from jupyter_agentkit.asking import OpenRequest, answer_body, chosen, open_request
from jupyter_agentkit.client import Started, own_thread
from jupyter_agentkit.ending import Ending, seconds
from jupyter_agentkit.held import HeldRun
from jupyter_agentkit.record import Record
from jupyter_agentkit.showing import Displays
from jupyter_agentkit.starting import OnAsk, resume_body

if TYPE_CHECKING:
    from jupyter_agentkit.agent import Agent
    from jupyter_agentkit.widget import AgentRun


_log = logging.getLogger(__name__)


class OngoingRun(HeldRun, t.HasTraits):
    """A run of a server, however it is shown.

    Attributes
    ----------
    requests
        What the run asks at present; see ``answer``.
    thread
        The conversation that the run belongs to.
    """

    requests: t.Instance[tuple[OpenRequest, ...]] = t.Instance(tuple, args=())

    def __init__(self, started: Started, **traits: Any) -> None:
        summary = started.summary
        self.record = Record(summary.task_id, summary.agent, summary.input)
        self.thread = summary.thread_id or summary.task_id
        self._client = started.client
        self._config, self._tools = started.config, started.tools
        self._displays = Displays()
        self._ending = Ending()
        super().__init__(**traits)

    def bundle(self, *, live: bool = True) -> dict[str, Any]:
        """``{"data", "metadata"}`` of a cell output.

        Parameters
        ----------
        live
            Whether somebody watches, and the end will be shown in that output.
        """
        return to_bundle(self.record.trace(), live=live and not self._is_over)

    def wait(self, timeout: float | None = None) -> str:
        """Wait for the end and return the answer.

        Interrupting the kernel ends the waiting, not the run.

        Parameters
        ----------
        timeout
            Seconds; ``None`` waits as long as it takes.

        Raises
        ------
        AgentRunError
            The run failed, was interrupted, or can no longer be followed.
        AgentRunCancelled
            It was cancelled.
        TimeoutError
            It has not ended yet; it goes on.
        """
        __tracebackhide__ = True
        self.join(timeout)
        return self._outcome()

    def join(self, timeout: float | None = None) -> None:
        """Wait for the end, whatever it is; as ``wait``, without its outcome."""
        __tracebackhide__ = True
        timeout = seconds(timeout)
        if self._client.in_own_thread and not self._ending.happened:
            raise own_thread()
        if not self._ending.wait(timeout):
            raise TimeoutError(
                f"Run {self.record.task_id} has not ended within {timeout:g} s; it goes on."
            )

    def __await__(self) -> Generator[Any, None, str]:
        """As ``wait``, for any event loop."""
        return self._awaited().__await__()

    def _outcome(self) -> str:
        """The answer; the error of a run that has none is raised."""
        __tracebackhide__ = True
        if (failure := self.failure) is not None:
            self._displays.keep(self)
            raise failure
        return self.record.result or ""

    async def _awaited(self) -> str:
        await self._ending.reached()
        return self._outcome()

    def cancel(self, reason: str | None = None) -> None:
        """Cancel the run; it ends as ``cancelled`` soon after. A run that has ended stays as it is.

        Raises
        ------
        AgentKitError
            The server could not be told, within 15 s.
        """
        __tracebackhide__ = True
        if not self.record.status.is_final:
            self._client.cancel(self.record.task_id, reason)

    def answer(
        self,
        answer: Any,
        *,
        request: OpenRequest | str | None = None,
        arguments: Mapping[str, Any] | None = None,
        always: bool = False,
        reason: str | None = None,
    ) -> None:
        """Answer what the run asks, as the page can too; the first answer counts.

        Parameters
        ----------
        answer
            Of an approval: ``"approve"`` or ``"deny"``. Of a question: the answer itself, or ``None``
            to give none.
        request
            Which of ``run.requests``, or its id; left out, the only one.
        arguments
            With an approval: call the tool with these instead.
        always
            With an approval: also allow the further calls of that tool in this run.
        reason
            With a denial: why, which the agent is told.

        Raises
        ------
        Conflict
            It was answered before (the message says by whom), or several are open and none was named.
        NotFound
            The run asks nothing, or not this.
        InvalidInput
            It is no answer to that request, which stays open.

        Examples
        --------
        >>> run.answer("approve")
        >>> run.answer("deny", reason="Not on the production data.")
        >>> run.answer("North", request=run.requests[0])

        Notes
        -----
        Observers of ``requests`` may answer too; there, what the server refuses is logged.
        """
        __tracebackhide__ = True
        meant = chosen(self.requests, request, f"Run {self.record.task_id}")
        body = answer_body(meant, answer, arguments=arguments, always=always, reason=reason)
        self._client.answer(self.record.task_id, body)
        if not self._client.in_own_thread:
            # The event that says so comes by another way, a little later.
            self._client.call(self._closed(body["request_id"]))

    def resume(
        self,
        agent: Agent | None = None,
        *,
        limits: Limits | Mapping[str, Any] | None = None,
        task_id: str | None = None,
        on_ask: OnAsk | None = None,
    ) -> AgentRun:
        """Take the run on from its last finished step, where it ended without an answer.

        It stays as it is: a new run of the same conversation goes on with its question. What was going on
        when it ended is done again; where that may have run already and has side effects, somebody is asked.

        Parameters
        ----------
        agent
            Who goes on, with the notebook's functions; left out, the run's own agent. A run that this kernel
            did not start needs one, where it used functions of its notebook.
        limits, task_id, on_ask
            Of the new run, as in `Agent.run`.

        Raises
        ------
        Conflict
            The run goes on, or has its answer, or its conversation has gone on after it.
        AgentKitError
            It could not be started, as in `Agent.run`.

        Examples
        --------
        >>> AgentRun("<task id>").resume(agent).wait()
        """
        __tracebackhide__ = True
        body = resume_body(limits=limits, task_id=task_id, on_ask=on_ask)
        config = self._config if agent is None else agent.config
        tools = self._tools if agent is None else agent.tools
        if config is not None and config.task_mode != "react":
            tools = None  # as when it is asked
        from jupyter_agentkit.widget import AgentRun

        return AgentRun(self._client.resume(self.record.task_id, body, config=config, tools=tools))

    async def _closed(self, request_id: str) -> None:
        self.record.requests.pop(request_id, None)
        self._set(requests=self._open_requests())

    def _set(self, **values: Any) -> None:
        """Set traits; called on the client's loop."""
        for name, value in values.items():
            try:
                self.set_trait(name, value)
            except Exception:  # an observer's own; the run is followed all the same
                _log.exception("An observer of %s of run %s failed.", name, self.record.task_id)

    def _open_requests(self) -> tuple[OpenRequest, ...]:
        return tuple(map(open_request, self.record.requests.values()))
