"""``AgentRun``: one run as a notebook holds it, an ipywidget whose traits follow the run."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import warnings
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any, cast

import anywidget
import traitlets as t

from agentkit.core.protocol import Limits
from agentkit.errors import AgentKitError
from agentkit.trace.bundle import to_bundle
from agentkit.trace.words import one_line
from jupyter_agentkit.asking import OpenRequest, answer_body, chosen, open_request
from jupyter_agentkit.client import Started, connect, own_thread
from jupyter_agentkit.ending import Ending, seconds
from jupyter_agentkit.follower import Follower
from jupyter_agentkit.held import HeldRun
from jupyter_agentkit.host import Frame
from jupyter_agentkit.offered import OfferedTools
from jupyter_agentkit.origin import present_place
from jupyter_agentkit.page_module import page_module
from jupyter_agentkit.progress import progress_here
from jupyter_agentkit.record import Record
from jupyter_agentkit.relay import Relay
from jupyter_agentkit.showing import Displays, is_headless
from jupyter_agentkit.starting import OnAsk, resume_body

if TYPE_CHECKING:
    from jupyter_agentkit.agent import Agent

WIDGET_MIME = "application/vnd.jupyter.widget-view+json"

_log = logging.getLogger(__name__)
_followed: set[AgentRun] = set()
"""Runs that are being followed live on when the notebook drops them: their tools are needed."""


_instance: Any = t.Instance
"""Its type does not say that ``None`` is allowed."""


class AgentRun(HeldRun, anywidget.AnyWidget):
    """A run, kept current in the background while the kernel is idle or busy.

    `Agent.run` makes one. ``AgentRun(task_id)`` follows a run that was started before, such as by a
    kernel that was restarted since; it answers none of that run's tool calls.

    Parameters
    ----------
    task
        The id of a task.

    Attributes
    ----------
    task_id, agent, input
        What was asked of whom.
    status
        ``queued``, ``running``, ``input_required``, and at the end ``completed``, ``failed``,
        ``cancelled`` or ``interrupted``.
    steps
        The events so far, as dicts; a new list whenever some were added.
    result
        The answer's text; ``None`` until there is one.
    error
        ``{"message", "reason"}`` of a run that ended badly or can no longer be followed.
    requests
        What the run asks at present, as a tuple of `OpenRequest`; see ``answer``.
    usage
        Tokens so far, as a dict; ``None`` where no provider reported any.
    base_url
        The path of agentkit on the Jupyter server; empty when the run is not on one.

    Notes
    -----
    Traits are set in agentkit's own thread, and observers run there: one that waits holds up all runs.
    The comm to the page opens when the run is first shown or laid out.
    """

    _esm = t.Unicode("").tag(sync=True)
    task_id = t.Unicode("").tag(sync=True)
    status = t.Unicode("queued").tag(sync=True)
    base_url = t.Unicode("").tag(sync=True)
    # Not sent to the page: a list that grows would be sent whole with every event.
    agent = t.Unicode("")
    input = t.Unicode("")
    steps: t.Instance[list[dict[str, Any]]] = t.Instance(list, args=())
    result = t.Unicode(None, allow_none=True)
    error: t.Instance[dict[str, str] | None] = _instance(dict, allow_none=True)
    requests: t.Instance[tuple[OpenRequest, ...]] = t.Instance(tuple, args=())
    usage: t.Instance[dict[str, Any] | None] = _instance(dict, allow_none=True)

    _may_open = False

    def __init__(self, task: str | Started, **layout: Any) -> None:
        started = connect().find(task) if isinstance(task, str) else task
        summary = started.summary
        self.record = Record(summary.task_id, summary.agent, summary.input)
        self.thread = summary.thread_id or summary.task_id
        """The conversation that the run belongs to."""
        self._client = started.client
        self._config, self._tools = started.config, started.tools
        self._displays = Displays()
        self._relay = Relay(self.record, cast("Any", self).send)
        self._ending = Ending()
        self._progress = progress_here()
        super().__init__(
            task_id=summary.task_id,
            agent=summary.agent,
            input=summary.input,
            base_url=self._client.host.base_path,
            **layout,
        )
        self._may_open = True
        self.on_msg(self._on_page_message)  # pyright: ignore[reportUnknownMemberType]
        # What runs for this run in the background prints into the cell that started it.
        context = contextvars.copy_context()
        follower = Follower(
            self._client.host,
            self.record,
            OfferedTools(started.tools, context),
            client_key=started.client_key,
            on_frame=self._on_frame,
            patience=self._client.patience,
        )
        _followed.add(self)
        self._client.begin(self._follow(follower), context)

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
                f"Run {self.task_id} has not ended within {timeout:g} s; it goes on."
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
            self._client.cancel(self.task_id, reason)

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
        meant = chosen(self.requests, request, f"Run {self.task_id}")
        body = answer_body(meant, answer, arguments=arguments, always=always, reason=reason)
        self._client.answer(self.task_id, body)
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
        return AgentRun(self._client.resume(self.task_id, body, config=config, tools=tools))

    def bundle(self, *, live: bool = True) -> dict[str, Any]:
        """``{"data", "metadata"}`` of a cell output; with the widget's view while the run goes on.

        Parameters
        ----------
        live
            Whether somebody watches, and the end will be shown in that output.
        """
        if self._is_over or not live:
            return to_bundle(self.record.trace(), live=False)
        bundle = to_bundle(self.record.trace(), live=True)
        try:
            view, metadata = cast("Any", super())._repr_mimebundle_()
        except AgentKitError as error:  # the other forms are there, so the reader is not lost
            warnings.warn(error.message, RuntimeWarning, stacklevel=2)
        else:
            bundle["data"][WIDGET_MIME] = view[WIDGET_MIME]
            bundle["metadata"].update(metadata)
        return bundle

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle = self.bundle()
        return bundle["data"], bundle["metadata"]

    def _ipython_display_(self) -> None:
        # A result of a cell cannot be updated later, a display can.
        self._displays.show(self)
        self._tell_place()

    def _tell_place(self) -> None:
        """Tell the server which cell shows the run, for a page that comes back to an unsaved notebook."""
        if not self._client.host.base_path or is_headless():
            return
        if (place := present_place()) is not None:
            self._client.send_soon(self.task_id, "displays", place)

    def open(self) -> None:
        """Open the comm to the page, which needs the widget's page part."""
        if not self._may_open or self.comm is not None:
            return
        self._esm = page_module("widget")
        told = self.status
        super().open()
        if self.status != told:  # it changed while the comm was being opened
            self.send_state("status")  # pyright: ignore[reportUnknownMemberType]

    @property
    def model_id(self) -> str:
        """The id under which pages know the widget; opens the comm."""
        self.open()
        return super().model_id

    def __repr__(self) -> str:
        count = len(self.record.events)
        what = f"{count} event{'' if count == 1 else 's'}"
        if self.error is not None:
            what = one_line(self.error["message"])
        elif self.requests:
            what = "; ".join(map(str, self.requests))
        elif self.result is not None:
            what = repr(one_line(self.result))
        return f"<AgentRun {self.task_id} of {self.agent!r}: {self.status}, {what}>"

    async def _follow(self, follower: Follower) -> None:
        try:
            await follower.follow()
        except AgentKitError as error:
            self._lost = error
        except Exception as error:  # whoever waits has to learn of it, whatever it is
            if "cannot schedule new futures" in str(error):
                return  # the interpreter is ending: its thread pools are gone, and nobody waits
            _log.exception("Following run %s failed.", self.task_id)
            self._lost = AgentKitError(f"{type(error).__name__}: {error}", reason="internal")
        if self._lost is not None:
            self._set(error={"message": self._lost.message, "reason": self._lost.reason})
        try:
            await asyncio.to_thread(self._displays.finish, self)
        except Exception:
            _log.exception("The output of run %s could not be replaced.", self.task_id)
        finally:
            _followed.discard(self)
            self._ending.happen()

    async def _closed(self, request_id: str) -> None:
        self.record.requests.pop(request_id, None)
        self._set(requests=self._open_requests())

    def _open_requests(self) -> tuple[OpenRequest, ...]:
        return tuple(map(open_request, self.record.requests.values()))

    def _on_frame(self, frame: Frame) -> None:
        self._relay.push(frame)
        record = self.record
        values: dict[str, Any] = {"result": record.result}
        if len(record.events) != len(self.steps):
            if self._progress is not None:
                self._progress.tell(record.events[len(self.steps) :])
            values["steps"] = list(record.events)
            values["requests"] = self._open_requests()
        if record.usage is not None:
            values["usage"] = record.usage.model_dump(exclude_none=True)
        if record.error is not None:
            values["error"] = record.error.model_dump()
        # The status last: who observes it finds everything else in place.
        self._set(**values, status=record.status.value)

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            try:
                self.set_trait(name, value)
            except Exception:  # an observer's own; the run is followed all the same
                _log.exception("An observer of %s of run %s failed.", name, self.task_id)

    def _on_page_message(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        match message:
            case {"type": "attach", "after": int(after)}:
                self._client.portal.loop.call_soon_threadsafe(self._relay.attach, after)
            case {"type": "cancel"}:
                self._client.send_soon(self.task_id, "cancel", {})
            case {"type": "answer", **answer}:
                self._client.send_soon(self.task_id, "answers", answer)
            case _:
                _log.warning("A page sent what no AgentRun understands: %r", message)
