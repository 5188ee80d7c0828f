"""A trace as Markdown, for GitHub, ``nbconvert --to markdown`` and chat."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from agentkit.trace import results
from agentkit.trace.document import Trace
from agentkit.trace.edits import Edit
from agentkit.trace.limits import ANSWERS, CHANGES, MARKDOWN_PICTURES, MARKDOWN_VALUES, ROWS, Listed
from agentkit.trace.overview import SIMULATED, Overview, overviews
from agentkit.trace.results import Picture, cut, cut_whole, pictures_of
from agentkit.trace.row import Row
from agentkit.trace.words import ROW_STATES, duration, one_line, visible

_SPECIAL = re.compile(r"([\\`*_\[\]>!|~&$])")
_BLOCK_START = re.compile(r"^(\d*)([#+=.)\-])")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_PICTURE = re.compile(r"!(?=\[)")
_FENCE = re.compile(r"(`{3,}|~{3,})([^`\n]*)")
_HIDDEN_FENCE = re.compile(r"[ \t>*+\-0-9.)]+(?:`{3,}|~{3,})")


def to_markdown(
    trace: Trace | Mapping[str, Any], *, live: bool = True, listed: Listed = ROWS
) -> str:
    """The trace as Markdown: the steps as a list, their results below them, then the answer.

    The answer stays the Markdown that it is, but for HTML and pictures, made text and links. Runs that
    follow it up stand below it.
    """
    views = overviews(trace, live=live, listed=listed)
    rows = [row for view in views for row in view.rows]
    limits = _Limits(
        MARKDOWN_VALUES.of(len(rows)),
        MARKDOWN_PICTURES.of(sum(len(pictures_of(row.result)) for row in rows)),
        ANSWERS.of(len(views)),
    )
    return "\n\n---\n\n".join(_run(view, limits) for view in views) + "\n"


class _Limits(NamedTuple):
    """Characters that a value, a picture and an answer may take."""

    value: int
    picture: int
    answer: int


def _run(view: Overview, limits: _Limits) -> str:
    chip = f" · *{SIMULATED}*" if view.simulated else ""
    parts = [f"**{_plain(view.agent)}**{chip} · {view.shape} {_plain(view.words)}"]
    parts += [_quoted(view.question)] if view.question.strip() else []
    parts += [f"*{_plain(view.note)}*"] if view.note else []
    parts += _rows(view, limits)
    parts += [f"{view.shape} **{_plain(view.ending)}**"] if view.ending else []
    if view.answer.strip():
        answer, note = cut(visible(view.answer.strip()), limits.answer)
        parts += ["---", _harmless(answer), *([f"*{_plain(note)}*"] if note else [])]
    parts += ["---", _plain(" · ".join(view.footer))] if view.footer else []
    return "\n\n".join(parts)


def _rows(view: Overview, limits: _Limits) -> list[str]:
    rows = [_row(row, limits) for row in view.first_rows]
    rows += [f"*{_plain(view.left_out)}*"] if view.left_out else []
    return rows + [_row(row, limits) for row in view.last_rows]


def _row(row: Row, limits: _Limits) -> str:
    limit = limits.value
    shape, word = ROW_STATES[row.state]
    if row.kind == "message":
        blocks = [_harmless(cut(visible(row.text), limit)[0])]
    else:
        head = f"{shape} **{_plain(row.title)}**" + (
            f" {_plain(row.details)}" if row.details else ""
        )
        head += "" if row.says_name else f" ({_plain(one_line(row.tool_name))})"
        meta = ["" if row.is_settled else word, duration(row.duration_ms)]
        blocks = [" · ".join(filter(None, (head, *meta)))]
        blocks += [_plain(row.line)] if row.line else []
        blocks += [_quoted(cut_whole(row.text, limit))] if row.kind == "question" else []
        if not row.says_arguments and not row.edit:
            blocks += _text(results.arguments_text(row.arguments), limit)
        blocks += _result(row, limits)
        blocks += [_plain(note) for note in row.notes]
        for change in row.changes[:CHANGES]:
            blocks += [_plain(change.place), *_diff(change, limit)]
    return "- " + "\n\n".join(blocks).replace("\n", "\n  ")


def _result(row: Row, limits: _Limits) -> list[str]:
    if row.edit:
        return _diff(row.edit, limits.value)
    shown = pictures_of(row.result)
    pictures = [_picture(each, limits.picture) for each in shown]
    text = results.words_beside(row.result) if shown else results.text_of(row.result)
    if text.strip() and text.strip() not in (row.line, row.error.strip()):
        return [*_text(text, limits.value), *pictures]
    note = results.other_types(row.result) if not text and not pictures else ""
    return [_plain(note)] if note else pictures


def _picture(picture: Picture, limit: int) -> str:
    # Readers of Markdown refuse SVG in a data URI.
    if picture.mime_type in results.PICTURES and len(picture.uri) <= limit:
        return f"![picture]({picture.uri})"
    return _plain(picture.note)


def _diff(edit: Edit, limit: int) -> list[str]:
    return _text(edit.text, limit, "diff")


def _text(text: str, limit: int, language: str = "text") -> list[str]:
    shown, note = cut(text, limit)
    return [_fenced(shown, language), *([f"*{_plain(note)}*"] if note else [])]


def _plain(text: str) -> str:
    """Text that is no Markdown and no HTML, on one line."""
    line = _SPECIAL.sub(r"\\\1", " ".join(visible(text).split())).replace("<", "&lt;")
    return _BLOCK_START.sub(r"\1\\\2", line)


def _quoted(text: str) -> str:
    lines = visible(text).strip().splitlines()
    return "\n".join(f"> {_plain(line)}" if line.strip() else ">" for line in lines)


def _fenced(text: str, language: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _harmless(text: str) -> str:
    """Markdown with its HTML made text and its pictures made links.

    Fenced code is left alone, but only as long as it is certain what is code: after the first fence
    that is indented, in a list or in a quotation, readers of Markdown may differ, so all that follows
    is escaped.
    """
    lines: list[str] = []
    fence = ""
    certain = True
    for line in text.splitlines():
        if fence:
            lines.append(line)
            if re.fullmatch(rf" {{0,3}}{re.escape(fence[0])}{{{len(fence)},}}[ \t]*", line):
                fence = ""
            continue
        if certain and (opened := _FENCE.match(line)):
            if opened.end() == len(line):
                fence = opened[1]
            else:
                certain = False
        elif _HIDDEN_FENCE.match(line):
            certain = False
        lines.append(_PICTURE.sub("&#33;", _TAG.sub("&lt;", line)))
    return "\n".join(lines) + (f"\n{fence}" if fence else "")
