"""The requests of one run: what it asks people, each closed once."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, ValidationError

from agentkit.core.events import ApprovalRequested, InputRequested
from agentkit.core.protocol import OnAsk
from agentkit.errors import Conflict, InvalidInput, NotFound
from agentkit.tools.protocol import Resolution

Request = ApprovalRequested | InputRequested


class Consent(BaseModel):
    """What may be said with an approval."""

    model_config = ConfigDict(extra="forbid")

    arguments: dict[str, Any] | None = None
    """Run the call with these instead."""
    always: bool = False
    """Also consent to the further calls of this tool in this run."""


class Requests:
    """Where a run's requests wait. All of it is used on the run's loop.

    Parameters
    ----------
    on_ask
        Closes each request at once, where nobody is there to answer. ``fail`` is the run's to carry
        out.
    """

    def __init__(self, on_ask: OnAsk | None = None) -> None:
        self.on_ask: OnAsk | None = on_ask
        self._made = 0
        self._open: dict[str, tuple[Request, asyncio.Future[Resolution]]] = {}
        self._closed: dict[str, Resolution] = {}
        self._withdrawn: set[str] = set()

    def open(self, request: Request) -> asyncio.Future[Resolution]:
        """Give a request its id; the future has its resolution."""
        self._made += 1
        request.request_id = f"r{self._made}"
        waiting: asyncio.Future[Resolution] = asyncio.get_running_loop().create_future()
        self._open[request.request_id] = request, waiting
        if self.on_ask is not None and self.on_ask != "fail":
            self._close(request.request_id, _in_advance(request, self.on_ask))
        return waiting

    def expire(self, request_id: str) -> None:
        """Close a request that nobody has answered in time."""
        if request_id in self._open:
            self._close(request_id, Resolution("expired"))

    def withdraw(self, request_id: str) -> None:
        """Close a request that the run no longer waits for."""
        if self._open.pop(request_id, None):
            self._withdrawn.add(request_id)

    def get(self, request_id: str) -> Request:
        """The open request of that id.

        Raises
        ------
        NotFound
            The run never asked it.
        Conflict
            It was answered already (reason ``request_answered``; the message says how), or the run has
            stopped and waits for it no longer (``request_withdrawn``).
        """
        if request_id in self._open:
            return self._open[request_id][0]
        if closed := self._closed.get(request_id):
            who = f" by {closed.by}" if closed.by else ""
            raise Conflict(
                f"The request {request_id!r} was closed already{who}: {_WORDS[closed.decision]}.",
                reason="request_answered",
            )
        if request_id in self._withdrawn:
            raise Conflict(
                f"The run has stopped and waits no longer for an answer to {request_id!r}.",
                reason="request_withdrawn",
            )
        waiting = ", ".join(self._open) or "none"
        raise NotFound(
            f"The run has no open request {request_id[:80]!r}; open are: {waiting}.",
            reason="request_not_found",
        )

    def answer(self, request_id: str, resolution: Resolution) -> None:
        """Close an open request.

        An approval with ``always`` closes the other open requests for the same tool too.

        Raises
        ------
        NotFound, Conflict
            As ``get``.
        InvalidInput
            The answer does not fit the request; it stays open.
        """
        request = self.get(request_id)
        consent = checked_answer(request, resolution)
        self._close(request_id, resolution)
        if consent is None or not consent.always or not isinstance(request, ApprovalRequested):
            return
        for other_id, (other, _) in tuple(self._open.items()):
            if isinstance(other, ApprovalRequested) and other.tool_name == request.tool_name:
                self._close(other_id, Resolution("approve", {"always": True}, resolution.by))

    def _close(self, request_id: str, resolution: Resolution) -> None:
        _, waiting = self._open.pop(request_id)
        self._closed[request_id] = resolution
        if not waiting.done():
            waiting.set_result(resolution)


_WORDS = {
    "approve": "it was approved",
    "deny": "it was denied",
    "answer": "it was answered",
    "expired": "nobody had answered in time",
}


def checked_answer(request: Request, resolution: Resolution) -> Consent | None:
    """The consent that an approval gives; ``None`` for every other answer that fits its request.

    Raises
    ------
    InvalidInput
        The answer does not fit the request; the message says what would.
    """
    if isinstance(request, ApprovalRequested):
        return _consent(request, resolution)
    if resolution.decision == "deny":
        return None
    if resolution.decision != "answer":
        raise InvalidInput(
            f"The request {request.request_id!r} is a question: its decision is 'answer' (with a"
            f" value) or 'deny', not {resolution.decision!r}.",
            reason="wrong_decision",
        )
    if request.choices is not None and resolution.value not in request.choices:
        raise InvalidInput(
            f"The answer has to be one of {request.choices}, not {_short(resolution.value)}.",
            reason="wrong_value",
        )
    if request.schema_ is not None:
        _check_schema(request.schema_, resolution.value)
    return None


def _consent(request: ApprovalRequested, resolution: Resolution) -> Consent | None:
    if resolution.decision == "deny":
        return None
    if resolution.decision != "approve":
        raise InvalidInput(
            f"The request {request.request_id!r} asks for consent: its decision is 'approve' or"
            f" 'deny', not {resolution.decision!r}.",
            reason="wrong_decision",
        )
    try:
        return Consent.model_validate({} if resolution.value is None else resolution.value)
    except ValidationError:
        raise InvalidInput(
            "The value of an approval is an object with 'arguments' (an object) and 'always' (true or"
            f" false), both optional, not {_short(resolution.value)}.",
            reason="wrong_value",
        ) from None


def _check_schema(schema: dict[str, Any], value: Any) -> None:
    import jsonschema
    from jsonschema.exceptions import SchemaError, UnknownType
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    # A tool's schema may have been written by anybody: with a registry, nothing of it is fetched.
    validator = cast("Any", jsonschema.Draft202012Validator(schema, registry=Registry()))
    try:
        fault = next(iter(sorted(validator.iter_errors(value), key=_place)), None)
    except (Unresolvable, RecursionError, UnknownType, SchemaError):
        raise InvalidInput(
            "The schema of this question leads nowhere, so no answer can be checked: deny it.",
            reason="bad_schema",
        ) from None
    if fault is not None:
        where = ".".join(map(str, fault.absolute_path))
        message = f"{where}: {fault.message}" if where else str(fault.message)
        raise InvalidInput(f"The answer does not fit: {message[:500]}.", reason="wrong_value")


def _place(fault: Any) -> list[str]:
    return [str(part) for part in fault.absolute_path]


def _in_advance(request: Request, on_ask: OnAsk) -> Resolution:
    if on_ask == "approve" and isinstance(request, ApprovalRequested):
        return Resolution("approve", by="on_ask")
    # A question cannot be approved: nobody knows the answer.
    return Resolution("deny", f"Nobody is there to ask (on_ask={on_ask!r}).", by="on_ask")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:197]}..."
