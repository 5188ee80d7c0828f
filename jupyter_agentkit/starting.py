"""What is sent to start a run from a notebook, checked before it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, get_args

from pydantic import TypeAdapter

from agentkit.core.protocol import Limits
from agentkit.errors import InvalidInput
from agentkit.server.input import checked
from jupyter_agentkit.host import Frame
from jupyter_agentkit.origin import present_origin
from jupyter_agentkit.showing import is_headless

if TYPE_CHECKING:
    from jupyter_agentkit.widget import AgentRun

OnAsk = Literal["ask", "approve", "deny", "fail"]
"""What a run does when it has something to ask: ask, or take this for the answer, or end as failed."""

_LIMITS = TypeAdapter(Limits)


def start_body(
    agent: str,
    input: str,
    *,
    limits: Limits | Mapping[str, Any] | None = None,
    task_id: str | None = None,
    thread: str | AgentRun | None = None,
    on_ask: OnAsk | None = None,
) -> Frame:
    """The body of ``POST /tasks``; the parameters are those of `Agent.run`.

    Raises
    ------
    InvalidInput
        One of them cannot be used; the message names it.
    """
    __tracebackhide__ = True
    body: Frame = {"agent": agent, "input": _question(input)}
    body |= resume_body(limits=limits, task_id=task_id, on_ask=on_ask)
    if thread is not None:
        body["thread_id"] = _thread(thread)
    return body


def resume_body(
    *,
    limits: Limits | Mapping[str, Any] | None = None,
    task_id: str | None = None,
    on_ask: OnAsk | None = None,
) -> Frame:
    """The body of ``POST /tasks/{id}/resume``; the parameters are those of `AgentRun.resume`.

    Raises
    ------
    InvalidInput
        One of them cannot be used; the message names it.
    """
    __tracebackhide__ = True
    body: Frame = {}
    if limits is not None:
        body["limits"] = checked_limits(limits).model_dump(mode="json", exclude_unset=True)
    if task_id is not None:
        body["task_id"] = task_id
    if (instead := in_place_of_asking(on_ask)) is not None:
        body["on_ask"] = instead
    if (origin := present_origin()) is not None:
        body["origin"] = origin.model_dump(mode="json")
    return body


def in_place_of_asking(on_ask: OnAsk | None) -> str | None:
    """What the server is told: ``None`` to ask.

    Where a program runs the notebook and nobody said what to do, the run fails: a question would wait
    for ever.
    """
    __tracebackhide__ = True
    if on_ask is not None and on_ask not in get_args(OnAsk):
        known = ", ".join(map(repr, get_args(OnAsk)))
        raise InvalidInput(f"on_ask has to be one of {known}, not {on_ask!r}.")
    if on_ask is None and is_headless():
        return "fail"
    return None if on_ask == "ask" else on_ask


def checked_limits(limits: Limits | Mapping[str, Any]) -> Limits:
    """The limits in their shape, from a dict too."""
    __tracebackhide__ = True
    given = dict(limits) if isinstance(limits, Mapping) else limits
    return checked(_LIMITS, given, "limits", "invalid_input")


def _question(input: object) -> str:
    __tracebackhide__ = True
    if not isinstance(input, str) or not input.strip():
        raise InvalidInput(f"The question has to be a text with some words in it, not {input!r}.")
    return input


def _thread(thread: object) -> str:
    __tracebackhide__ = True
    found = getattr(thread, "thread", thread)
    if not isinstance(found, str):
        raise InvalidInput(
            f"thread has to be the name of a conversation or an earlier run of it, not {thread!r}."
        )
    return found
