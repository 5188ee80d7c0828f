"""Stored events as the messages of a model: what earlier runs said and did, and what one has left to do.

A run that ended before its answer may be taken on by another, and that one by a third. Together they work
on one question: the calls of one are answered in the next, under the same ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agentkit.core.approval import NOT_REPEATED, Doubt
from agentkit.core.redaction import holds_mask
from agentkit.llm.protocol import ChatMessage, Image, ToolCall
from agentkit.tools.display import images_for_model, text_for_model

_NEVER_KNOWN = ("stopped", NOT_REPEATED)
"""Reasons with which a call has a result that does not say whether it did what it does."""

_UNKNOWN = "The run ended before this call did."
_MASKED = (
    "It is not known whether this call ran. It cannot be repeated: its arguments held a secret, which is not"
    " stored."
)

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the stored events of the runs that worked on it: each took the one before it on."""

    question: str
    runs: Sequence[Sequence[Event]]


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Where a run goes on that another one left.

    Attributes
    ----------
    task_id
        The run that is taken on.
    messages
        The question and every finished turn; of the last turn, the results that there are.
    calls
        The calls of the last turn that have no result.
    doubts
        Calls that may have done what they do; some of them are among ``calls``.
    """

    task_id: str
    messages: Sequence[ChatMessage]
    calls: Sequence[ToolCall]
    doubts: Sequence[Doubt]


def messages_of(questions: Iterable[Asked], *, result_chars: int) -> list[ChatMessage]:
    """What the model is told of earlier questions, the oldest first.

    Parameters
    ----------
    result_chars
        Characters of one tool result that the model is given.

    Returns
    -------
    Messages in which each tool call is followed by its result, under ids that are unique among all. A
    run that failed or was cancelled counts up to its last word.
    """
    messages: list[ChatMessage] = []
    for number, asked in enumerate(questions, 1):
        work = _Work(asked)
        messages += work.messages(len(asked.runs) - 1, result_chars, prefix=f"h{number}_")
        if work.answer:
            messages.append(ChatMessage("assistant", work.answer))
    return messages


def unfinished(task_id: str, asked: Asked, *, result_chars: int) -> Unfinished:
    """What is left to do of a question, whose last run is that task.

    Text after which neither a call nor an answer came is part of a turn that was cut off, and left out.
    """
    work = _Work(asked)
    calls = work.open_calls
    messages = list(work.messages(len(asked.runs), result_chars, still_open=calls))
    for message in messages:
        if message.tool_call_id in work.results:
            message.images = _images(work.results[message.tool_call_id])
    return Unfinished(task_id, messages, calls, work.doubts)


@dataclass(slots=True)
class _Turn:
    run: int
    text: str = ""
    calls: list[ToolCall] = field(default_factory=list[ToolCall])


class _Work:
    """What the runs of one question did, turn by turn."""

    def __init__(self, asked: Asked) -> None:
        self.answer = ""
        self.results: dict[str | None, Event] = {}
        self._question = asked.question
        self._turns: dict[tuple[int, int], _Turn] = {}
        self._calls: dict[str, ToolCall] = {}
        self._begun: dict[str, list[dict[str, Any]]] = {}
        """Call → the arguments with which it may have run."""
        for number, events in enumerate(asked.runs):
            requests: dict[str, Event] = {}
            for event in events:
                self._take(number, event, requests)

    def _take(self, run: int, event: Event, requests: dict[str, Event]) -> None:
        match event["event_type"]:
            case "message":
                self._turn(run, event).text = event["text"]
            case "tool_call":
                self._take_call(run, event)
            case "approval_requested":
                requests[event["request_id"]] = event
            case "request_resolved" if event["decision"] == "approve":
                if asked := requests.get(event["request_id"]):
                    consent: dict[str, Any] = event.get("value") or {}
                    arguments = consent.get("arguments") or asked["arguments"]
                    self._begun.setdefault(asked["tool_call_id"], []).append(arguments)
            case "tool_result":
                self.results[event["tool_call_id"]] = event
            case "final_answer":
                self.answer = event["text"]
            case _:
                pass

    def _take_call(self, run: int, event: Event) -> None:
        call = ToolCall(event["tool_call_id"], event["tool_name"], event["arguments"])
        # A run that takes another on announces the calls once more that it found open.
        if call.id not in self._calls:
            self._calls[call.id] = call
            self._turn(run, event).calls.append(call)
        if not event.get("needs_approval"):
            self._begun.setdefault(call.id, []).append(call.arguments)

    def _turn(self, run: int, event: Event) -> _Turn:
        return self._turns.setdefault((run, event["step"]), _Turn(run))

    @property
    def open_calls(self) -> list[ToolCall]:
        """The calls of the last turn that have no result and can be run again."""
        last = next((turn for turn in reversed(self._turns.values()) if turn.calls), None)
        return [
            call
            for call in (last.calls if last else ())
            if call.id not in self.results and not holds_mask(call.arguments)
        ]

    @property
    def doubts(self) -> list[Doubt]:
        """Calls that were begun and have no result that says what they did."""
        return [
            Doubt(self._calls[call_id].name, arguments)
            for call_id, begun in self._begun.items()
            if call_id in self._calls and self._is_unknown(call_id)
            for at, arguments in enumerate(begun)
            if arguments not in begun[:at]
        ]

    def _is_unknown(self, call_id: str) -> bool:
        result = self.results.get(call_id)
        if result is None:
            return True
        error = result.get("error")
        return error is not None and error["reason"] in _NEVER_KNOWN

    def messages(
        self,
        taken_on: int,
        result_chars: int,
        *,
        prefix: str = "",
        still_open: Sequence[ToolCall] = (),
    ) -> Iterator[ChatMessage]:
        """The question and what followed it, but for the answer.

        Parameters
        ----------
        taken_on
            How many of the runs were taken on by another: these asked for their unfinished turn once more.
        prefix
            Put before the ids of calls.
        still_open
            Calls whose results are yet to come.
        """
        yield ChatMessage("user", self._question)
        for turn in self._turns.values():
            if not turn.calls and turn.run < taken_on:
                continue
            named = [replace(call, id=prefix + call.id) for call in turn.calls]
            yield ChatMessage("assistant", turn.text, tool_calls=named)
            for call, now in zip(turn.calls, named, strict=True):
                if call not in still_open:
                    yield _result(now, self.results.get(call.id), result_chars)


def _result(call: ToolCall, event: Event | None, result_chars: int) -> ChatMessage:
    error = event and event.get("error")
    if event is None:
        text = _MASKED if holds_mask(call.arguments) else _UNKNOWN
    elif error:
        text = f"Error: {error['message']}"
    else:
        text, _ = text_for_model(event["content"], result_chars)
    return ChatMessage(
        "tool",
        text,
        tool_call_id=call.id,
        name=call.name,
        failed=event is None or event["outcome"] != "success",
    )


def _images(event: Event) -> list[Image]:
    return [Image(mime, data) for mime, data in images_for_model(event["content"])]
