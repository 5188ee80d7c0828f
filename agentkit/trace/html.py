"""A trace as a static HTML fragment: no script, no style sheet, every value escaped.

It is read in nbconvert's pages, on GitHub, in VS Code and in mail, on light and dark grounds, and where
a sanitiser has taken every style away. So it borrows the colour of the text around it, uses
``<details>`` for folding, and has separators that only show when the layout is gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from agentkit.core.protocol import MimeBundle
from agentkit.trace import results
from agentkit.trace.answer import answer_html
from agentkit.trace.document import Trace, read_trace
from agentkit.trace.edits import Edit
from agentkit.trace.overview import SIMULATED, Overview, overview
from agentkit.trace.results import Picture, cut, picture_of
from agentkit.trace.row import Row
from agentkit.trace.sanitize import sanitize
from agentkit.trace.words import ROW_STATES, duration, visible

_LINE = "1px solid rgba(128,128,128,.35)"
_ROOT = (
    "font-family:system-ui,-apple-system,'Segoe UI',sans-serif;font-size:13px;line-height:1.5;"
    "max-width:88ch;margin:4px 0;color:inherit"
)
_QUIET = "opacity:.75;font-size:12px"
_PRE = (
    f"margin:2px 0 6px;padding:6px 8px;border:{_LINE};border-radius:4px;color:inherit;"
    "background:rgba(128,128,128,.07);font:12px/1.45 ui-monospace,monospace;white-space:pre-wrap;"
    "overflow-wrap:anywhere;max-height:320px;overflow:auto"
)
# Border and padding as attributes: they reach every cell, and stay where styles are stripped.
_TABLE = (
    'border="1" cellpadding="4" style="border-collapse:collapse;'
    'border-color:rgba(128,128,128,.35);font-size:12px;color:inherit"'
)
_CHIP = f"{_QUIET};border:{_LINE};border-radius:8px;padding:0 7px"
_SUMMARY = "cursor:pointer;padding:3px 0"
_GRID = "display:inline-flex;gap:8px;width:calc(100% - 20px);vertical-align:top"
_TITLE = "flex:1;min-width:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap"
_SHAPE = "display:inline-block;width:1em;text-align:center"
_INDENT = "margin:2px 0 6px 37px"
_NO_MARKER = '<span style="display:inline-block;width:14px"></span>'
_SAID = "margin:2px 0 0 37px"
_LINE_BELOW = f"{_QUIET};display:inline-block;margin-left:37px"
# Seen only where styles are stripped and the grid's gaps with them.
_GAP = '<span style="font-size:0"> · </span>'

_COLOURS = {
    "done": "#2e9e4f",
    "completed": "#2e9e4f",
    "failed": "#d9534f",
    "denied": "#c77700",
    "waiting": "#c77700",
    "input_required": "#c77700",
    "warning": "#c77700",
    "running": "#2196f3",
}
"""Of shapes alone, never of words: as text they would be too faint on one ground or the other."""

_TINTS = {"+": "rgba(46,158,79,.18)", "-": "rgba(217,83,79,.18)"}
"""Behind the lines of a diff, whose sign says the same."""

_ANSWER_LIMIT = 60_000
_TEXT_BUDGET = 200_000
_PICTURE_BUDGET = 2_000_000


def to_html(trace: Trace | Mapping[str, Any], *, live: bool = True) -> str:
    """The trace as an HTML fragment, with the runs that follow it up below it.

    Payloads are cut so that each run stays about a megabyte, pictures apart; each cut is said.
    """
    document = read_trace(trace)
    parts = [f'<div style="{_ROOT}">', *_run(document, live=live)]
    for each in document.follow_ups or ():
        parts += [f'<div style="margin-top:12px;padding-top:8px;border-top:{_LINE}">']
        parts += [*_run(each, live=live), "</div>"]
    parts += ["</div>"]
    # A blank line would end the HTML for a reader of Markdown (nbconvert puts this fragment into one),
    # and what a tool returned would be read as Markdown from there on.
    return "\n".join(part.replace("\n", "&#10;") for part in parts if part)


def _run(trace: Trace, *, live: bool) -> list[str]:
    view = overview(trace, live=live)
    writer = _Writer(view)
    return [
        _header(view),
        *map(writer.row, view.first_rows),
        _quiet(view.left_out) if view.left_out else "",
        *map(writer.row, view.last_rows),
        _ending(view),
        _answer(view.answer),
        _quiet(" · ".join(view.footer)) if view.footer else "",
    ]


def _header(view: Overview) -> str:
    chip = f'{_GAP}<span style="{_CHIP}">{SIMULATED}</span>' if view.simulated else ""
    question = (
        f'<p style="margin:2px 0 8px;white-space:pre-wrap">{_words(view.question[:8_000])}</p>'
    )
    return (
        '<p style="margin:0;display:flex;gap:8px;align-items:baseline">'
        f"{_shape(view.status, view.shape)} <strong>{_words(view.agent)}</strong>{chip}{_GAP}"
        f'<span style="margin-left:auto;{_QUIET}">{_words(view.words)}</span></p>'
        + (question if view.question else "")
        + (_quiet(view.note) if view.note else "")
    )


def _ending(view: Overview) -> str:
    first, _, rest = view.ending.strip().partition("\n")
    if not first:
        return ""
    return (
        f'<p style="margin:8px 0;white-space:pre-wrap">{_shape(view.status, view.shape)} '
        f"<strong>{_words(first[:2_000])}</strong>"
        + (f"<br>{_words(rest[:4_000])}" if rest else "")
        + "</p>"
    )


def _answer(text: str) -> str:
    if not text.strip():
        return ""
    html, note = answer_html(text, _TABLE, _ANSWER_LIMIT)
    return (
        f'<div style="font-size:14px;line-height:1.6;margin:8px 0;padding-top:4px;border-top:{_LINE}">'
        f"{html}</div>{_quiet(note) if note else ''}"
    )


class _Writer:
    """Writes rows within limits that depend on how many there are."""

    def __init__(self, view: Overview) -> None:
        pictures = sum(1 for row in view.rows if picture_of(row.result)) or 1
        self._text_limit = max(300, min(8_000, _TEXT_BUDGET // (len(view.rows) or 1)))
        self._picture_limit = min(1_000_000, _PICTURE_BUDGET // pictures)

    def row(self, row: Row) -> str:
        """One row: folded, unless it failed or waits for somebody."""
        if row.kind == "message":
            html, note = answer_html(row.text, _TABLE, self._text_limit)
            return f'<div style="{_SAID}">{html}{_quiet(note) if note else ""}</div>'
        head, body, below = self._head(row), self._body(row), self._below(row)
        if not body:
            return f'<div style="padding:3px 0">{_NO_MARKER}{head}</div>{below}'
        opened = " open" if row.state in ("failed", "waiting") else ""
        return (
            f'<details{opened}><summary style="{_SUMMARY}">{head}</summary>'
            f'<div style="{_INDENT}">{body}</div></details>{below}'
        )

    def _head(self, row: Row) -> str:
        shape, word = ROW_STATES[row.state]
        meta = " · ".join(filter(None, ("" if row.is_settled else word, duration(row.duration_ms))))
        return (
            f'<span style="{_GRID}">{_shape(row.state, shape)} '
            f'<span style="{_TITLE}"><strong style="font-weight:500">{_title(row)}</strong>'
            + (f' <span style="{_QUIET}">{_words(row.details)}</span>' if row.details else "")
            + "</span>"
            + (f'{_GAP}<span style="{_QUIET}">{_words(meta)}</span>' if meta else "")
            + "</span>"
            + (f'<br><span style="{_LINE_BELOW}">{_words(row.line)}</span>' if row.line else "")
        )

    def _body(self, row: Row) -> str:
        """What opens: nothing that the line above it has said already."""
        if row.kind == "tool":
            where = f"<code>{_words(row.tool_name)}</code> {_words(row.place)}"
            result = "" if picture_of(row.result) or row.edit else self._result(row)
            return (
                _quiet(where, escaped=True)
                + self._arguments(row)
                + self._pre(row.long_error)
                + result
            )
        if row.kind == "thinking" and visible(row.text).strip() != row.line:
            return self._pre(row.text)
        return self._arguments(row) if row.kind == "other" else ""

    def _below(self, row: Row) -> str:
        """What shows without being opened: a picture, a question, who decided."""
        picture = picture_of(row.result)
        question = answer_html(row.text, _TABLE, 4_000)[0] if row.kind == "question" else ""
        shown = self._picture(picture, row) if picture else ""
        changed = "".join(_label(escape(each.place)) + self._diff(each) for each in row.changes)
        notes = "".join(map(_quiet, row.notes))
        if changed:
            said = _words(" · ".join(row.notes))
            notes = (
                f'<details><summary style="{_QUIET};{_SUMMARY}">{said}</summary>{changed}</details>'
            )
        edit = self._diff(row.edit) if row.edit else ""
        below = question + shown + edit + notes
        return f'<div style="{_INDENT}">{below}</div>' if below else ""

    def _arguments(self, row: Row) -> str:
        if not row.arguments:
            return ""
        return _label("Arguments") + self._pre(results.arguments_text(row.arguments))

    def _result(self, row: Row) -> str:
        text = results.text_of(row.result)
        if not row.result or (text and text.strip() in (row.line, row.error.strip())):
            return ""
        shown = self._table(row.result, text) or (self._pre(text) if text else "")
        return _label("Result") + (shown or _quiet(results.other_types(row.result)))

    def _picture(self, picture: Picture, row: Row) -> str:
        if len(picture.uri) > self._picture_limit:
            return _quiet(picture.note)
        alt = escape(results.text_of(row.result)[:200] or "picture")
        return f'<p style="margin:4px 0"><img src="{picture.uri}" alt="{alt}" style="max-width:100%"></p>'

    def _table(self, bundle: MimeBundle, text: str) -> str:
        html = results.html_of(bundle)
        kept = sanitize(html, 2 * self._text_limit, table_attributes=_TABLE) if html else None
        # Where HTML is no table, the text beside it reads better than what sanitising leaves of it.
        if not kept or not kept.has_text or (text and not kept.is_table):
            return ""
        note = _quiet(results.cut_rows()) if kept.is_cut else ""
        return (
            f'<div style="margin:2px 0 6px;max-height:320px;overflow:auto">{kept.html}</div>{note}'
        )

    def _diff(self, edit: Edit) -> str:
        text, note = cut(edit.text, self._text_limit)
        lines = "".join(map(_diff_line, text.splitlines()))
        return f'<pre style="{_PRE}">{lines}</pre>{_quiet(note) if note else ""}'

    def _pre(self, text: str) -> str:
        shown, note = cut(visible(text), self._text_limit)
        if not shown:
            return ""
        return (
            f'<pre style="{_PRE}">{escape(shown, quote=False)}</pre>{_quiet(note) if note else ""}'
        )


def _diff_line(line: str) -> str:
    tint = _TINTS.get(line[:1])
    style = f' style="background:{tint}"' if tint else ""
    return f"<span{style}>{escape(line, quote=False)}</span>\n"


def _title(row: Row) -> str:
    if row.kind == "tool" and row.named.is_name:
        return f"{row.named.verb} <code>{_words(row.named.object)}</code>"
    return _words(row.title)


def _label(text: str) -> str:
    return f'<p style="{_QUIET};margin:4px 0 0">{text}</p>'


def _quiet(text: str, *, escaped: bool = False) -> str:
    return f'<p style="{_QUIET};margin:2px 0">{text if escaped else _words(text)}</p>'


def _shape(state: str, shape: str) -> str:
    colour = _COLOURS.get(state)
    tint = f";color:{colour}" if colour else ""
    return f'<span style="{_SHAPE}{tint}">{shape}</span>'


def _words(text: str) -> str:
    return escape(visible(text))
