"""What a run asks of people, as a notebook sees it, and how an answer to it is written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from agentkit.errors import Conflict, InvalidInput, NotFound
from agentkit.trace.words import one_line
from jupyter_agentkit.host import Frame


@dataclass(frozen=True, slots=True, repr=False)
class OpenRequest:
    """One thing that a run asks and waits for.

    Attributes
    ----------
    id
        Unique within the run.
    kind
        ``approval``: may a tool be called. ``question``: something that the agent wants to know.
    tool, arguments, reason
        Of an approval: the call, and why it is asked for.
    question, choices, schema
        Of a question: its words, what may be chosen, and the JSON Schema of the answer.
    expires_at
        When nobody's answer counts any more: ISO 8601 with zone; ``None``: never.
    """

    id: str
    kind: Literal["approval", "question"]
    tool: str | None = None
    arguments: Mapping[str, Any] | None = None
    reason: str | None = None
    question: str | None = None
    choices: Sequence[str] | None = None
    schema: Mapping[str, Any] | None = None
    expires_at: str | None = None

    def __repr__(self) -> str:
        return f"<{self}>"

    def __str__(self) -> str:
        if self.kind == "approval":
            arguments = json.dumps(self.arguments, ensure_ascii=False, default=str)
            return f"{self.id}: may {self.tool} be called with {one_line(arguments)}?"
        choices = f" One of {list(self.choices)}." if self.choices is not None else ""
        return f"{self.id}: {one_line(self.question or '')}{choices}"


def open_request(event: Frame) -> OpenRequest:
    """The request that an ``approval_requested`` or ``input_requested`` event tells of."""
    if event["event_type"] == "approval_requested":
        return OpenRequest(
            event["request_id"],
            "approval",
            tool=event["tool_name"],
            arguments=event["arguments"],
            reason=event["reason"],
            expires_at=event.get("expires_at"),
        )
    return OpenRequest(
        event["request_id"],
        "question",
        question=event["question"],
        choices=event.get("choices"),
        schema=event.get("schema"),
        expires_at=event.get("expires_at"),
    )


def chosen(
    requests: Sequence[OpenRequest], wanted: OpenRequest | str | None, run: str
) -> OpenRequest | str:
    """The request that is meant: the wanted one, or else the only one.

    An id that is not open here is given back: whoever runs the task says what became of it.

    Raises
    ------
    Conflict
        None was named, and not exactly one is open; the message lists them.
    """
    if isinstance(wanted, OpenRequest):
        wanted = wanted.id
    if wanted is not None:
        return next((each for each in requests if each.id == wanted), wanted)
    if not requests:
        raise NotFound(f"{run} asks nothing at present.", reason="request_not_found")
    if len(requests) > 1:
        listed = "\n".join(f"    {each}" for each in requests)
        raise Conflict(
            f"{run} asks {len(requests)} things: say which one is answered with request=….\n{listed}",
            reason="request_not_named",
        )
    return requests[0]


def answer_body(
    request: OpenRequest | str,
    answer: Any,
    *,
    arguments: Mapping[str, Any] | None,
    always: bool,
    reason: str | None,
) -> Frame:
    """The body of the route ``answers``; see `AgentRun.answer` for what may be given.

    Raises
    ------
    InvalidInput
        It is no answer to this request.
    """
    request_id = request if isinstance(request, str) else request.id
    # Of a request that is closed the kind does not matter: the answer is refused in any case.
    decision = _decision(request, answer)
    if decision != "approve" and (arguments is not None or always):
        raise InvalidInput("arguments and always go with an approval: run.answer('approve', …).")
    if decision in ("approve", "answer") and reason is not None:
        raise InvalidInput("A reason goes with a denial: run.answer('deny', reason=…).")
    body: Frame = {"request_id": request_id, "decision": decision}
    match decision:
        case "answer":
            body["value"] = answer
        case "approve":
            consent: Frame = {"always": True} if always else {}
            if arguments is not None:
                consent["arguments"] = _arguments(arguments)
            if consent:
                body["value"] = consent
        case _:
            if reason is not None:
                body["reason"] = reason
    return _as_json(body)


def _decision(request: OpenRequest | str, answer: Any) -> str:
    if isinstance(request, OpenRequest) and request.kind == "question":
        return "deny" if answer is None else "answer"
    if isinstance(answer, str) and answer in ("approve", "deny"):
        return answer
    if isinstance(request, str):
        return "answer"
    raise InvalidInput(
        f"The run asks whether {request.tool} may be called: answer 'approve' or 'deny', not "
        f"{answer!r}."
    )


def _arguments(given: object) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise InvalidInput(f"arguments has to be a dict of the call's arguments, not {given!r}.")
    return given  # pyright: ignore[reportUnknownVariableType]


def _as_json(body: Frame) -> Frame:
    try:
        return json.loads(json.dumps(body, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"The answer cannot be written as JSON: {error}.") from None
