"""The answer of the demo provider, composed from what the tools returned."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from agentkit.core.protocol import ToolSpec
from agentkit.llm.demo_calls import Choice
from agentkit.llm.demo_question import Question, stems
from agentkit.llm.demo_results import Row, column_for, is_number, json_of, number_text, rows_of
from agentkit.llm.protocol import ToolCall

_WHO = "I am a simulated model without a language model behind me"
_REAL = (
    "Set OPENAI_API_KEY or ANTHROPIC_API_KEY, or name a model as provider:model, to use a real one."
)
_FOOTER = (
    "*Composed by rule from the results above: this is the simulated demo model, and no language"
    " model has read them.*"
)
_UNREAD = (
    "*Played from a script: this is the simulated demo model, and no language model was asked.*"
)
_PICTURE = re.compile(r"\[(image/[^\]]*), shown to the reader\]")


@dataclass(slots=True)
class Finished:
    """A call with what it returned."""

    call: ToolCall
    text: str
    failed: bool


def refusal(choices: Sequence[Choice], tools: Sequence[ToolSpec]) -> str:
    """Why nothing was called, and what would help."""
    if not tools:
        return f"{_WHO}, and I was given no tools, so I cannot answer this. {_REAL}"
    if not choices:
        names = ", ".join(f"`{tool.name}`" for tool in tools)
        return (
            f"{_WHO}; none of the tools I was given ({names}) matches the words of your question. "
            f"Use words of a tool's name or description. {_REAL}"
        )
    return f"{_WHO}. {' '.join(map(_unfilled, choices))} {_REAL}"


def answer(question: Question, done: list[Finished], choices: list[Choice]) -> str:
    """Compare what is comparable, quote the rest, and say what was left out and why."""
    parts: list[str] = []
    groups: dict[str, list[Finished]] = {}
    for entry in done:
        groups.setdefault(entry.call.name, []).append(entry)
    wanted = {choice.tool.name for choice in choices}
    for name, entries in groups.items():
        worked = [entry for entry in entries if not entry.failed]
        failed = [entry for entry in entries if entry.failed]
        if name in wanted and worked and (compared := _compared(question, worked)):
            parts += compared
        elif name in wanted or len(groups) == 1:
            # A look-up for the values of another tool is quoted only when nothing else was found.
            parts += [_quoted(entry, _written(entry.call)) for entry in worked]
        parts += [_failure(entry, _written(entry.call)) for entry in failed]
    called = groups.keys()
    parts += [_unfilled(choice) for choice in choices if choice.tool.name not in called]
    return "\n\n".join([*parts, _FOOTER])


def report(opening: str, done: Sequence[Finished]) -> str:
    """What the calls of a script's last turn returned, after an opening sentence."""
    parts = [opening] if opening else []
    for entry in done:
        name = entry.call.name
        parts.append(_failure(entry, name) if entry.failed else _quoted(entry, name))
    return "\n\n".join([*parts, _FOOTER] if done else [*parts, _UNREAD])


def _failure(entry: Finished, call: str) -> str:
    first_line = entry.text.strip().removeprefix("Error: ").partition("\n")[0]
    return f"`{call}` failed: {first_line}"


def _unfilled(choice: Choice) -> str:
    names = " and ".join(f"`{name}`" for name in choice.unfilled)
    return (
        f"`{choice.tool.name}` fits your question, but I found no value for its argument {names}"
        " in your words: put it in quotation marks."
    )


def _compared(question: Question, entries: list[Finished]) -> list[str]:
    """Rankings of the numbers, when the question asks for one or several values were asked."""
    if len(entries) == 1:
        return _ranked(question, rows_of(entries[0].text), f"`{_written(entries[0].call)}`")
    own = _records([rows_of(entry.text) for entry in entries])
    if any(len(rows) != 1 for rows in own):
        return []
    rows = [
        Row(_label(entries, entry), rows[0].numbers)
        for entry, rows in zip(entries, own, strict=True)
    ]
    first = entries[0].call
    same = [
        str(value)
        for key, value in first.arguments.items()
        if isinstance(value, str) and all(e.call.arguments.get(key) == value for e in entries)
    ]
    return _ranked(question, rows, f"`{first.name}`", same, several=True)


def _records(own: list[list[Row]]) -> list[list[Row]]:
    """Rows with the same labels in each of several calls are the fields of one thing a call."""
    labels = [[row.label for row in rows] for rows in own]
    plain = all(set(row.numbers) == {""} for rows in own for row in rows)
    if plain and len(labels[0]) > 1 and all(other == labels[0] for other in labels):
        return [[Row("", {row.label: row.numbers[""] for row in rows})] for rows in own]
    return own


def _ranked(
    question: Question,
    rows: list[Row],
    source: str,
    same: Sequence[str] = (),
    *,
    several: bool = False,
) -> list[str]:
    column = column_for(question, rows)
    if column is None or (question.largest is None and not several):
        return []
    numbers = {
        row.label: row.numbers[column]
        for row in rows
        if not math.isnan(row.numbers.get(column, math.nan))
    }
    if len(numbers) < 2:
        return []
    what = [column, *(text for text in same if not set(stems(text)) <= set(stems(column)))]
    subject = " of ".join(word for word in what if word)
    ranked = sorted(
        numbers.items(), key=lambda pair: pair[1], reverse=question.largest is not False
    )
    told = [f"{label} {number_text(number)}" for label, number in ranked]
    rest = ", ".join(told[1:8]) + (f" and {len(told) - 8} more" if len(told) > 8 else "")
    if question.largest is None:
        return [f"{f'{subject}: ' if subject else ''}**{told[0]}**, {rest} (by {source})."]
    most = "Largest" if question.largest else "Smallest"
    label, number = ranked[0]
    head = f"{most} {subject}".strip()
    return [f"{head}: **{label}**, {number_text(number)}. Then {rest} (by {source})."]


def _label(entries: list[Finished], entry: Finished) -> str:
    """What sets a call apart from the others of its tool."""
    varied = [
        str(value)
        for key, value in entry.call.arguments.items()
        if any(other.call.arguments.get(key) != value for other in entries)
    ]
    return ", ".join(varied)


def _quoted(entry: Finished, written: str) -> str:
    call = f"`{written}`"
    text = _PICTURE.sub("", entry.text).strip("\n")
    if _PICTURE.search(entry.text):
        return f"{call} drew a picture; it is shown with that step."
    return f"{call} returned{_told(text)}"


def _told(text: str) -> str:
    try:
        data: Any = json_of(text)
    except ValueError:
        lines = text.splitlines()
        if len(lines) <= 1:
            cut = f"{text[:400]}…" if len(text) > 400 else text
            return f": {cut}" if cut else " nothing."
        more = f"\n… and {len(lines) - 12} lines more" if len(lines) > 12 else ""
        shown = [line if len(line) <= 200 else f"{line[:200]}…" for line in lines[:12]]
        return ":\n\n```text\n" + "\n".join(shown) + more + "\n```"
    if isinstance(data, list) and any(isinstance(item, dict) for item in cast("list[Any]", data)):
        items = cast("list[Any]", data)
        more = [f"- and {len(items) - 12} more"] if len(items) > 12 else []
        return ":\n\n" + "\n".join([*(f"- {_value(item)}" for item in items[:12]), *more])
    return f" {_value(data)}."


def _value(value: Any) -> str:
    if is_number(value):
        return f"**{number_text(value)}**"
    if isinstance(value, str) and value:
        return value if len(value) <= 120 else f"{value[:120]}…"
    if isinstance(value, dict) and value:
        pairs = cast("dict[str, Any]", value).items()
        return _joined([f"{key} {_value(item)}" for key, item in pairs])
    if isinstance(value, list) and value:
        return _joined([_value(item) for item in cast("list[Any]", value)])
    return json.dumps(value)


def _joined(parts: list[str]) -> str:
    more = f" and {len(parts) - 12} more" if len(parts) > 12 else ""
    return ", ".join(parts[:12]) + more


def _written(call: ToolCall) -> str:
    arguments = ", ".join(
        f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in call.arguments.items()
    )
    return f"{call.name}({arguments})".replace("`", "'")
