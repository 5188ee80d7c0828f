"""The rows of a run in the static HTML: what each kind of row is made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from html import escape

from agentkit.trace import results
from agentkit.trace.answer import answer_html
from agentkit.trace.edits import Edit
from agentkit.trace.limits import CHANGES
from agentkit.trace.looks import (
    ATTRIBUTES,
    GAP,
    INDENT,
    QUIET,
    SUMMARY,
    WIDTH,
    diff,
    label,
    pre,
    quiet,
    shape,
    words,
)
from agentkit.trace.results import Picture, cut, pictures_of
from agentkit.trace.row import Row
from agentkit.trace.sanitize import sanitize
from agentkit.trace.words import ROW_STATES, duration, one_line, visible

_GRID = "display:inline-flex;gap:8px;width:calc(min(100%,88ch) - 20px);vertical-align:top"
_TITLE = "flex:1;min-width:0"
_NO_MARKER = '<span style="display:inline-block;width:14px"></span>'
_LINE_BELOW = f"{QUIET};display:inline-block;margin-left:37px"


class RowWriter(ABC):
    """Writes rows.

    Parameters
    ----------
    values
        Characters that each value may take.
    pictures
        Characters that each picture may take, in base64.
    """

    def __init__(self, values: int, pictures: int) -> None:
        self._values = values
        self._pictures = pictures

    @abstractmethod
    def row(self, row: Row) -> str:
        """One row, with all that opens and shows below it."""

    @abstractmethod
    def _pre(self, text: str) -> str:
        """Text as it stands, cut."""

    def _body(self, row: Row) -> str:
        """What opens: nothing that the lines above it have said already."""
        if row.kind == "tool":
            result = "" if row.edit else self._result(row)
            return self._arguments(row) + self._pre(row.long_error) + result
        if row.kind == "thinking" and visible(row.text).strip() != row.line:
            return self._pre(row.text)
        return self._arguments(row) if row.kind == "other" else ""

    def _below(self, row: Row) -> str:
        """What shows without being opened: pictures, a question, who decided, what was changed."""
        question = answer_html(row.text, self._values)[0] if row.kind == "question" else ""
        text = results.words_beside(row.result)[:200] or "picture"
        shown = "".join(self._picture(each, text) for each in pictures_of(row.result))
        notes = "".join(quiet(words(each)) for each in row.notes)
        if changes := row.changes:
            parts = [label(words(each.place)) + self._diff(each) for each in changes[:CHANGES]]
            if len(changes) > CHANGES:
                parts.append(quiet(f"… {len(changes) - CHANGES:,} more; {results.WHOLE}"))
            said = words(" · ".join(row.notes))
            notes = (
                f'<details><summary style="{QUIET};{SUMMARY}">{said}</summary>'
                f"{''.join(parts)}</details>"
            )
        return question + shown + (self._diff(row.edit) if row.edit else "") + notes

    def _arguments(self, row: Row) -> str:
        if not row.arguments:
            return ""
        return label("Arguments") + self._pre(results.arguments_text(row.arguments))

    def _result(self, row: Row) -> str:
        has_pictures = bool(pictures_of(row.result))
        text = results.words_beside(row.result) if has_pictures else results.text_of(row.result)
        if text.strip() in (row.line, row.error.strip(), "") and (text or has_pictures):
            return ""
        if not row.result:
            return ""
        table = "" if has_pictures else self._table(row.result, text)
        shown = table or self._pre(text) or quiet(words(results.other_types(row.result)))
        return label("Result") + shown

    def _table(self, bundle: results.MimeBundle, text: str) -> str:
        html = results.html_of(bundle)
        kept = sanitize(html, 2 * self._values, attributes=ATTRIBUTES) if html else None
        # Where HTML is no table, the text beside it reads better than what sanitising leaves of it.
        if not kept or not kept.has_text or (text and not kept.is_table):
            return ""
        note = quiet(words(results.cut_rows())) if kept.is_cut else ""
        return f'<div style="margin:2px 0 6px">{kept.html}</div>{note}'

    def _picture(self, picture: Picture, text: str) -> str:
        if len(picture.uri) > self._pictures:
            return quiet(words(picture.note))
        alt = escape(text)
        return f'<p style="margin:4px 0"><img src="{picture.uri}" alt="{alt}" style="max-width:100%"></p>'

    def _diff(self, edit: Edit) -> str:
        return diff(*cut(edit.text, self._values))


class Spacious(RowWriter):
    """Rows as they look in JupyterLab: a line that opens, its outcome below it."""

    def row(self, row: Row) -> str:
        """One row: folded, unless it failed or waits for somebody."""
        if row.kind == "message":
            html, note = answer_html(row.text, self._values)
            return f'<div style="{WIDTH};margin:2px 0 0 37px;">{html}{quiet(words(note))}</div>'
        head, body, below = self._head(row), self._body(row), self._below(row)
        if row.kind == "tool":
            where = f"<code>{words(one_line(row.tool_name))}</code> {words(row.place)}"
            body = quiet(where) + body
        below = f'<div style="{INDENT}">{below}</div>' if below else ""
        if not body:
            return f'<div style="padding:3px 0">{_NO_MARKER}{head}</div>{below}'
        opened = " open" if row.state in ("failed", "waiting") else ""
        return (
            f'<details{opened}><summary style="{SUMMARY}">{head}</summary>'
            f'<div style="{INDENT}">{body}</div></details>{below}'
        )

    def _head(self, row: Row) -> str:
        sign, word = ROW_STATES[row.state]
        meta = " · ".join(filter(None, ("" if row.is_settled else word, duration(row.duration_ms))))
        return (
            f'<span style="{_GRID}">{shape(row.state, sign)} '
            f'<span style="{_TITLE}"><strong style="font-weight:500">{titled(row)}</strong>'
            + (f' <span style="{QUIET}">{words(row.details)}</span>' if row.details else "")
            + "</span>"
            + (f'{GAP}<span style="{QUIET}">{words(meta)}</span>' if meta else "")
            + "</span>"
            + (f'<br><span style="{_LINE_BELOW}">{words(row.line)}</span>' if row.line else "")
        )

    def _pre(self, text: str) -> str:
        return pre(*cut(visible(text), self._values))


def titled(row: Row) -> str:
    """A row's title as HTML: names out of code are set as such."""
    if row.kind == "tool" and row.named.is_name:
        return f"{row.named.verb} <code>{words(one_line(row.named.object))}</code>"
    return words(row.title)
