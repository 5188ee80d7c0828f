"""What of a run can be left out when it is shared, and the run without it.

A step goes as a whole: a call with its approval, progress and result; a question with its answer. What
stays in any case is the question that began the run, how it ended, its times and its tokens. The
document says how much was left out (``Trace.left_out``), and so does every form that is written from it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from agentkit.errors import InvalidInput
from agentkit.trace.answer import plain_line
from agentkit.trace.document import LeftOut, Trace
from agentkit.trace.row import Kind, Row
from agentkit.trace.rows import fold
from agentkit.trace.titles import details as all_details
from agentkit.trace.words import first_line, one_line

_Trace = TypeVar("_Trace", bound=Trace)

PartKind = Kind | Literal["answer", "follow_up"]


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that can be left out."""

    number: int
    """Counted from 1 through the run and those that follow it up, in the order in which they are shown."""
    kind: PartKind
    title: str
    details: str
    """What stands beside the title; may be empty."""
    state: str
    """As in ``words.ROW_STATES``; empty for an answer and a follow-up."""
    run: int
    """0 for the run itself, else which of its follow-ups, from 1."""
    places: frozenset[int]
    """Which events of that run it is made of, counted from 0. A follow-up is all of its run."""
    tool: str = ""
    """The name of a called tool or of an unknown event, for titles in other languages."""
    arguments: str = ""
    """All that a tool was called with, on one line."""


def parts(trace: Trace) -> list[Part]:
    """All that can be left out of a run and of those that follow it up."""
    found: list[Part] = []
    for run, each in enumerate((trace, *(trace.follow_ups or ()))):
        if run:
            every = frozenset(range(len(each.events)))
            title = first_line(each.input, 200)
            found.append(Part(len(found) + 1, "follow_up", title, "", "", run, every))
        rows = fold(each)
        found += [_step(len(found) + at, row, run) for at, row in enumerate(rows, 1)]
        answer = _answer(each, rows)
        if answer is not None:
            said = plain_line(each.result or "", 200)
            found.append(Part(len(found) + 1, "answer", said, "", "", run, answer))
    return found


def _step(number: int, row: Row, run: int) -> Part:
    title, details = row.title, row.details
    if row.kind in ("message", "question"):
        details = plain_line(row.text, 200)
    elif row.kind == "thinking":
        details = row.line
    places = frozenset(row.places)
    asked = all_details(row.approved or row.arguments) if row.kind == "tool" else ""
    tool = one_line(row.tool_name)
    return Part(number, row.kind, title, details, row.state, run, places, tool, asked)


def _answer(trace: Trace, rows: Iterable[Row]) -> frozenset[int] | None:
    """The events of the answer, with the message that it repeats; ``None`` without an answer."""
    shown = {place for row in rows for place in row.places}
    places = frozenset(
        place
        for place, event in enumerate(trace.events)
        if place not in shown and event.get("event_type") in ("message", "final_answer")
    )
    return places if places or trace.result else None


def without(trace: _Trace, numbers: Collection[int]) -> _Trace:
    """The run without some of its parts, and the word that they were left out.

    Parameters
    ----------
    numbers
        Of ``parts``. Without its answer, a run has no ``result``; a follow-up goes as a whole.

    Raises
    ------
    InvalidInput
        There is no part of that number; ``reason`` is ``unknown_step``.
    """
    known = {part.number: part for part in parts(trace)}
    if unknown := sorted(set(numbers) - known.keys()):
        has = f"it has 1 to {len(known)}" if known else "nothing of it can be left out"
        raise InvalidInput(f"The run has no step {unknown[0]}; {has}.", reason="unknown_step")
    if not numbers:
        return trace
    chosen = [known[number] for number in set(numbers)]
    gone = {part.run for part in chosen if part.kind == "follow_up"}
    followed = [
        _left(each, [part for part in chosen if part.run == run])
        for run, each in enumerate(trace.follow_ups or (), 1)
        if run not in gone
    ]
    first = _left(trace, [part for part in chosen if part.run == 0], follow_ups=len(gone))
    return first.model_copy(update={"follow_ups": followed or None})


def all_but(trace: Trace, numbers: Collection[int]) -> set[int]:
    """The numbers to leave out so that only these stay; a step of a follow-up keeps that follow-up.

    Raises
    ------
    InvalidInput
        There is no part of that number.
    """
    known = parts(trace)
    without(trace, numbers)  # refuses what it does not know
    kept = [part for part in known if part.number in numbers]
    runs = {part.run for part in kept}
    whole = {part.run for part in kept if part.kind == "follow_up"}
    return {
        part.number
        for part in known
        if part not in kept
        and part.run not in whole
        and not (part.kind == "follow_up" and part.run in runs)
    }


def _left(trace: _Trace, chosen: list[Part], follow_ups: int = 0) -> _Trace:
    steps = sum(1 for part in chosen if part.kind not in ("answer", "follow_up"))
    answer = any(part.kind == "answer" for part in chosen)
    before = trace.left_out or LeftOut()
    left = LeftOut(
        steps=before.steps + steps,
        answer=before.answer or answer,
        follow_ups=before.follow_ups + follow_ups,
    )
    places = {place for part in chosen for place in part.places}
    events = [event for place, event in enumerate(trace.events) if place not in places]
    said: dict[str, Any] = {"result": None} if answer else {}
    return trace.model_copy(
        update={"events": events, "left_out": left if left.any else None, **said}
    )


def numbered(text: str) -> set[int]:
    """The numbers that ``3,5-7`` means.

    Raises
    ------
    InvalidInput
        It is written in another way.
    """
    return {number for piece in text.split(",") for number in _range(piece.strip(), text)}


def _range(piece: str, text: str) -> Iterator[int]:
    first, dash, last = piece.partition("-")
    ends = (first.strip(), last.strip() if dash else first.strip())
    # A run of more steps than this cannot be.
    if not all(end.isascii() and end.isdigit() and len(end) < 7 for end in ends):
        raise InvalidInput(
            f"{text!r} are no steps; write their numbers as in 3,5-7.", reason="bad_steps"
        )
    yield from range(int(ends[0]), int(ends[1]) + 1)
