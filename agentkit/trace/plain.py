"""A trace as plain text: a list of steps that reads well in a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from agentkit.trace.document import Trace
from agentkit.trace.limits import ANSWERS, CHANGES, ROWS, TEXT_VALUES, Listed
from agentkit.trace.overview import SIMULATED, Overview, overviews
from agentkit.trace.results import arguments_text, cut, other_types, pictures_of, text_of
from agentkit.trace.row import Row
from agentkit.trace.words import ROW_STATES, duration, one_line, visible

_WIDTH = 100
_LINES = 12


def to_text(trace: Trace | Mapping[str, Any], *, live: bool = True, listed: Listed = ROWS) -> str:
    """The trace as text, with the runs that follow it up below it.

    Results are their first lines; terminal codes in them are taken out.
    """
    views = overviews(trace, live=live, listed=listed)
    values = TEXT_VALUES.of(sum(len(view.rows) for view in views))
    return "\n\n\n".join(_run(view, values, ANSWERS.of(len(views))) for view in views)


def _run(view: Overview, values: int, answers: int) -> str:
    chip = f" · {SIMULATED}" if view.simulated else ""
    lines = [f"{view.agent}{chip} · {view.shape} {view.words}"]
    lines += _indented(view.question, "> ")
    lines += [view.note] if view.note else []
    lines += [""] if view.rows else []
    lines += [line for row in view.first_rows for line in _row(row, values)]
    lines += [f"  {view.left_out}"] if view.left_out else []
    lines += [line for row in view.last_rows for line in _row(row, values)]
    lines += ["", *_indented(view.ending, f"{view.shape} ")] if view.ending else []
    if view.answer.strip():
        answer, note = cut(view.answer.strip(), answers)
        lines += ["", answer, *([note] if note else [])]
    lines += ["", " · ".join(view.footer)] if view.footer else []
    return visible("\n".join(lines))


def _row(row: Row, limit: int) -> Iterable[str]:
    shape, word = ROW_STATES[row.state]
    if row.kind == "message":
        yield f"  {shape} " + "\n".join(_indented(_first_lines(row.text, limit), "    ")).lstrip()
        return
    head = f"{shape} {row.title}" + (f" ({row.details})" if row.details else "")
    head += "" if row.says_name else f" · {one_line(row.tool_name)}"
    after = ["" if row.is_settled else word, duration(row.duration_ms)]
    yield "  " + " · ".join(filter(None, (head, *after)))
    body = row.text if row.kind == "question" else _result(row)
    line = "" if body and row.state == "done" and not row.edit else row.line
    asked = "" if row.says_arguments or row.edit else arguments_text(row.arguments)
    for text in (asked, line, body, *row.notes):
        yield from _indented(_first_lines(text, limit), "      ")
    for change in row.changes[:CHANGES]:
        yield from _indented(_first_lines(f"{change.place}\n{change.text}", limit), "        ")


def _result(row: Row) -> str:
    if row.edit:
        return row.edit.text
    text = text_of(row.result)
    parts = (
        row.long_error,
        text if text.strip() != row.error.strip() else "",
        *(each.note for each in pictures_of(row.result)),
    )
    return "\n".join(filter(None, parts)) or ("" if text else other_types(row.result))


def _first_lines(text: str, limit: int) -> str:
    text = visible(text)
    shown = "\n".join(text[:limit].splitlines()[:_LINES])
    return shown if len(shown) >= len(text.rstrip("\n")) else f"{shown}\n{cut(text, len(shown))[1]}"


def _indented(text: str, indent: str) -> list[str]:
    return [
        indent + piece
        for line in visible(text).splitlines()
        # Columns of a table must stay columns: only what is far too long is wrapped.
        for piece in (textwrap.wrap(line, _WIDTH) if len(line) > 2 * _WIDTH else [line])
    ]
