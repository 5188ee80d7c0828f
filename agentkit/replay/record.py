"""What a trace says of its run, by turn, by call and by request. Read tolerantly, as every saved trace."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast, get_args

from agentkit.core.approval import Doubt
from agentkit.core.protocol import ErrorInfo, Outcome
from agentkit.core.transcript import Unfinished
from agentkit.llm.protocol import (
    ChatMessage,
    LLMResponse,
    Notice,
    TextPiece,
    ThinkingPiece,
    TokenUsage,
    ToolCall,
)
from agentkit.tools.protocol import Resolution, ToolResult
from agentkit.trace.document import Trace
from agentkit.trace.read import as_mapping, as_number, as_text, first_event

_RESTARTS = ("retry", "fallback")
"""The reasons of warnings after which a model begins its turn anew."""
_SAID = ("thinking", "message", "final_answer")
_LENGTH = "length limit"
_MALFORMED = "The arguments were not a JSON object"
_MASK = "[secret"


@dataclass(slots=True)
class Turn:
    """What a model said in one turn."""

    pieces: list[TextPiece | ThinkingPiece | Notice] = field(default_factory=list[Any])
    response: LLMResponse | None = None
    """``None`` when its answer never came."""

    @property
    def is_one(self) -> bool:
        """Whether the model said anything."""
        return bool(self.pieces) or self.response is not None


@dataclass(slots=True)
class Call:
    """A call of a tool, and what came of it."""

    name: str
    arguments: dict[str, Any]
    runs_in: str
    result: ToolResult | None = None
    approval: dict[str, Any] = field(default_factory=dict[str, Any])
    """The event that asked for consent to it; empty where nobody was asked."""
    told: list[dict[str, Any]] = field(default_factory=list[Any])
    """The warnings and questions that it brought."""

    @property
    def was_cut(self) -> bool:
        """Whether the end of the run ended it, or it never came to run."""
        result = self.result
        if result is None or result.outcome == "interrupted":
            return True
        error = result.error
        return error is not None and (
            error.reason in ("stopped", "too_many_calls") or error.message.startswith(_MALFORMED)
        )

    @property
    def is_masked(self) -> bool:
        """Whether it was made with a secret, which the record does not have."""
        return _MASK in json.dumps(self.arguments, ensure_ascii=False, default=str)

    @property
    def was_unknown(self) -> bool:
        """Whether the run had no such tool."""
        error = self.result and self.result.error
        return bool(error) and error.reason == "unknown_tool"


class Record:
    """A run as it was recorded.

    Attributes
    ----------
    turns
        In order. The last one has no response when the run ended without an answer.
    calls
        By ``tool_call_id``.
    left
        What it had found left of the run that it took on; ``None`` where it took none on.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.started = first_event(trace.events, "run_started")
        self.calls: dict[str, Call] = {}
        self.turns: list[Turn] = []
        self._resolutions: dict[str, Resolution] = {}
        self._questions: list[tuple[str, str]] = []
        for event in trace.events:
            self._take(event)
        self.turns = [turn for turn in map(_turn, _by_turn(trace.events)) if turn.is_one]
        self.left = self._left_before() if self.started.get("resumes") else None
        self.unasked: list[dict[str, Any]] = []
        """Questions of no call: what limits asked."""
        self._attribute()

    def _left_before(self) -> Unfinished:
        """The calls before the first turn were not the model's in this run."""
        calls: list[ToolCall] = []
        if any(e["event_type"] == "tool_call" and not e.get("step") for e in self.trace.events):
            first = self.turns.pop(0).response
            calls = first.tool_calls if first else []
        asked = [Doubt(each.name, each.arguments) for each in calls if self.calls[each.id].approval]
        question = ChatMessage("user", self.trace.input)
        return Unfinished(as_text(self.started.get("resumes")) or "", [question], calls, asked)

    def consent(self, call_id: str) -> Resolution | None:
        """What was decided on a call; ``None`` where nothing was."""
        call = self.calls.get(call_id)
        return (
            self._resolutions.get(as_text(call.approval.get("request_id")) or "") if call else None
        )

    def answer(self, question: str) -> tuple[Resolution | None, bool]:
        """The next answer to a question, and whether it was asked and never answered."""
        for each in self._questions:
            if each[1] == question:
                self._questions.remove(each)
                found = self._resolutions.get(each[0])
                return found, found is None
        return None, False

    def _take(self, event: dict[str, Any]) -> None:
        call_id = as_text(event.get("tool_call_id")) or ""
        match event["event_type"]:
            case "tool_call":
                self.calls[call_id] = Call(
                    as_text(event.get("tool_name")) or "",
                    as_mapping(event.get("arguments")),
                    as_text(event.get("runs_in")) or "server",
                )
            case "tool_result" if call_id in self.calls:
                self.calls[call_id].result = _result(event)
            case "approval_requested" if call_id in self.calls:
                self.calls[call_id].approval = event
            case "input_requested":
                request_id = as_text(event.get("request_id")) or ""
                self._questions.append((request_id, as_text(event.get("question")) or ""))
            case "request_resolved":
                decision = as_text(event.get("decision"))
                if decision in ("approve", "deny", "answer", "expired"):
                    self._resolutions[as_text(event.get("request_id")) or ""] = Resolution(
                        cast("Any", decision), event.get("value"), as_text(event.get("by")) or ""
                    )
            case _:
                pass

    def _attribute(self) -> None:
        """Give each call what was told while it ran: the next call to end brought it."""
        begun: dict[str, Call] = {}
        told: list[dict[str, Any]] = []
        for event in self.trace.events:
            call_id = as_text(event.get("tool_call_id")) or ""
            match event["event_type"]:
                case "tool_call":
                    begun[call_id] = self.calls[call_id]
                case "warning" | "input_requested" if begun:
                    told.append(event)
                case "input_requested":
                    self.unasked.append(event)
                case "tool_result" if call_id in begun:
                    begun.pop(call_id).told += told
                    told = []
                case _:
                    pass
        for call in list(begun.values())[-1:]:
            call.told += told


def _by_turn(events: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    turn: list[dict[str, Any]] = []
    step, called, running = 0.0, False, set[str | None]()
    for event in events:
        kind, number = event["event_type"], as_number(event.get("step")) or 0
        over = kind in _SAID or number > step or (kind == "warning" and not running)
        # What is said before the first turn, such as that a server is waited for, belongs to it.
        if called and over:
            yield turn
            turn, called = [], False
        if kind == "tool_call":
            called = True
            running.add(as_text(event.get("tool_call_id")))
        elif kind == "tool_result":
            running.discard(as_text(event.get("tool_call_id")))
        step = number
        turn.append(event)
    yield turn


def _turn(events: list[dict[str, Any]]) -> Turn:
    turn, calls, usage = Turn(), list[ToolCall](), None
    text, finish, answered, asked = "", "stop", False, dict[str, Any]()
    for event in events:
        said = as_text(event.get("text")) or ""
        match event["event_type"]:
            case "thinking":
                turn.pieces.append(ThinkingPiece(said))
            case "message":
                turn.pieces.append(TextPiece(said))
                text = said
            case "final_answer":
                text, answered = said, True
            case "tool_call":
                call_id = as_text(event.get("tool_call_id")) or ""
                name = as_text(event.get("tool_name")) or ""
                calls.append(ToolCall(call_id, name, as_mapping(event.get("arguments"))))
            case "usage":
                usage, asked = _usage(event), event
            case "warning" if not calls:
                message, reason = (as_text(event.get(each)) or "" for each in ("message", "reason"))
                if reason == "truncated" and _LENGTH in message:
                    finish = "length"
                    continue
                restarted = reason in _RESTARTS and bool(turn.pieces)
                text = "" if restarted else text
                turn.pieces.append(Notice(reason, message, restarted=restarted))
            case _:
                pass
    if calls or answered:
        turn.response = LLMResponse(
            text,
            model=as_text(asked.get("model")) or "",
            provider=as_text(asked.get("provider")) or "",
            usage=usage,
            tool_calls=calls,
            thinking=_without_last(turn.pieces, ThinkingPiece),
            finish_reason=cast("Any", "length" if finish == "length" else "stop"),
        )
        if calls and text:
            _without_last(turn.pieces, TextPiece)
    return turn


def _without_last(pieces: list[Any], kind: type[ThinkingPiece] | type[TextPiece]) -> str:
    """Take out the last piece of a kind: the response says it, and else it would be told twice."""
    for place in reversed(range(len(pieces))):
        if isinstance(pieces[place], Notice) and pieces[place].restarted:
            return ""
        if isinstance(pieces[place], kind):
            return pieces.pop(place).text
    return ""


def _usage(event: Mapping[str, Any]) -> TokenUsage:
    def number(name: str) -> int | None:
        value = as_number(event.get(name))
        return None if value is None else int(value)

    return TokenUsage(
        number("input_tokens") or 0,
        number("output_tokens") or 0,
        cached_tokens=number("cached_input_tokens"),
        reasoning_tokens=number("reasoning_tokens"),
        cost=as_number(event.get("cost")),
    )


def _result(event: Mapping[str, Any]) -> ToolResult:
    outcome = as_text(event.get("outcome"))
    error = as_mapping(event.get("error"))
    message = as_text(error.get("message"))
    return ToolResult(
        cast("Outcome", outcome if outcome in get_args(Outcome) else "failed"),
        as_mapping(event.get("content")),
        ErrorInfo(message=message, reason=as_text(error.get("reason")) or "") if message else None,
    )
