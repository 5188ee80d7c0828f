"""``AgentRun``: one run as a notebook holds it, an ipywidget whose traits follow the run."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import warnings
from typing import Any, cast

import anywidget
import traitlets as t

from agentkit.errors import AgentKitError
from agentkit.trace.words import one_line
from jupyter_agentkit.client import Started, connect
from jupyter_agentkit.follower import Follower
from jupyter_agentkit.host import Frame
from jupyter_agentkit.offered import OfferedTools
from jupyter_agentkit.ongoing import OngoingRun
from jupyter_agentkit.origin import present_place
from jupyter_agentkit.page_module import page_module
from jupyter_agentkit.progress import progress_here
from jupyter_agentkit.relay import Relay
from jupyter_agentkit.showing import is_headless

WIDGET_MIME = "application/vnd.jupyter.widget-view+json"

_log = logging.getLogger(__name__)
_followed: set[AgentRun] = set()
"""Runs that are being followed live on when the notebook drops them: their tools are needed."""

_instance: Any = t.Instance
"""Its type does not say that ``None`` is allowed."""


class AgentRun(OngoingRun, anywidget.AnyWidget):
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
    usage: t.Instance[dict[str, Any] | None] = _instance(dict, allow_none=True)

    _may_open = False

    def __init__(self, task: str | Started, **layout: Any) -> None:
        started = connect().find(task) if isinstance(task, str) else task
        summary = started.summary
        self._progress = progress_here()
        super().__init__(
            started,
            task_id=summary.task_id,
            agent=summary.agent,
            input=summary.input,
            base_url=started.client.host.base_path,
            **layout,
        )
        self._relay = Relay(self.record, cast("Any", self).send)
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

    def bundle(self, *, live: bool = True) -> dict[str, Any]:
        """As the forms of `OngoingRun`, with the widget's view while the run goes on."""
        bundle = super().bundle(live=live)
        if self._is_over or not live:
            return bundle
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
