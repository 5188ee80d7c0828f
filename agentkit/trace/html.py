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
from agentkit.trace.overview import SIMULATED, Overview, overview
from agentkit.trace.results import Picture, cut, picture_of
from agentkit.trace.rows import Row
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
    "background:rgba(128,128,128,.07);font-size:12px;line-height:1.45;white-space:pre-wrap;"
    "overflow-wrap:anywhere;max-height:320px;overflow:auto"
)
_TABLE = f"border-collapse:collapse;border:{_LINE};padding:2px 8px;font-size:12px"
_CHIP = f"{_QUIET};border:{_LINE};border-radius:8px;padding:0 7px"
_SUMMARY = "cursor:pointer;padding:3px 0"
_GRID = "display:inline-flex;gap:8px;width:calc(100% - 20px);vertical-align:top"
_TITLE = "flex:1;min-width:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap"
_BODY = "margin:2px 0 8px 42px"
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

_TEXT_BUDGET = 300_000
_PICTURE_BUDGET = 2_000_000


def to_html(trace: Trace | Mapping[str, Any], *, live: bool = True) -> str:
    """The trace as an HTML fragment.

    Payloads are cut so that the whole stays about a megabyte, pictures apart; each cut is said.
    """
    view = overview(read_trace(trace), live=live)
    writer = _Writer(view)
    parts = [
        f'<div style="{_ROOT}">',
        _header(view),
        "".join(map(writer.row, view.first_rows)),
        f'<p style="{_QUIET};margin:6px 0 6px 42px">{_words(view.left_out)}</p>'
        if view.left_out
        else "",
        "".join(map(writer.row, view.last_rows)),
        f'<p style="margin:8px 0"><strong>Error:</strong> {_words(view.error)}</p>'
        if view.error
        else "",
        _answer(view.answer),
        f'<p style="{_QUIET};margin:8px 0 0">{_words(" · ".join(view.footer))}</p>',
        "</div>",
    ]
    return "\n".join(part for part in parts if part)


def _header(view: Overview) -> str:
    chip = f'{_GAP}<span style="{_CHIP}">{SIMULATED}</span>' if view.simulated else ""
    note = f'<p style="{_QUIET};margin:4px 0">{_words(view.note)}</p>' if view.note else ""
    question = (
        f'<p style="margin:2px 0 8px;white-space:pre-wrap">{_words(cut(view.question, 8000)[0])}</p>'
        if view.question
        else ""
    )
    return (
        '<p style="margin:0;display:flex;gap:8px;align-items:baseline">'
        f"<strong>{_words(view.agent)}</strong>{chip}{_GAP}"
        f'<span style="margin-left:auto">{_shape(view.status, view.shape)} {_words(view.words)}</span>'
        f"</p>{question}{note}"
    )


def _answer(text: str) -> str:
    if not text.strip():
        return ""
    html, note = answer_html(text, _TABLE)
    return (
        f'<div style="font-size:14px;line-height:1.6;margin:8px 0;border-top:{_LINE};padding-top:8px">'
        f"{html}</div>{_note(note)}"
    )


class _Writer:
    """Writes rows within limits that depend on how many there are."""

    def __init__(self, view: Overview) -> None:
        pictures = sum(1 for row in view.rows if picture_of(row.result)) or 1
        self._text_limit = max(300, min(8_000, _TEXT_BUDGET // (len(view.rows) or 1)))
        self._picture_limit = min(1_000_000, _PICTURE_BUDGET // pictures)

    def row(self, row: Row) -> str:
        shape, word = ROW_STATES[row.state]
        settled = row.state in ("done", "said", "warning")
        meta = " · ".join(filter(None, ("" if settled else word, duration(row.duration_ms))))
        summary = f' <span style="opacity:.75">{_words(row.summary)}</span>' if row.summary else ""
        line = (
            f'<span style="{_GRID}">{_shape(row.state, shape)}'
            f'<span style="{_TITLE}"> <strong style="font-weight:500">{_words(row.title)}</strong>'
            f"{summary}</span>"
            + (f'{_GAP}<span style="{_QUIET}">{_words(meta)}</span>' if meta else "")
            + "</span>"
        )
        body = self._body(row)
        if not body:
            return f'<div style="padding:3px 0 3px 15px">{line}</div>'
        opened = " open" if row.state in ("failed", "waiting") else ""
        return (
            f'<details{opened}><summary style="{_SUMMARY}">{line}</summary>'
            f'<div style="{_BODY}">{body}</div></details>'
        )

    def _body(self, row: Row) -> str:
        if row.kind != "tool":
            text = self._pre(row.text) if visible(row.text).strip() != row.summary else ""
            return text + self._arguments(row) + _notes(row.notes)
        place = " · ".join(filter(None, (row.tool_name, row.runs_in and f"ran in: {row.runs_in}")))
        error = (
            f'<p style="margin:2px 0 6px">{_words(cut(row.error, 2000)[0])}</p>'
            if row.error
            else ""
        )
        return (
            f'<p style="{_QUIET};margin:0 0 4px"><code>{_words(place)}</code></p>'
            + error
            + _notes(row.notes)
            + self._arguments(row)
            + self._result(row.result, row.error)
        )

    def _arguments(self, row: Row) -> str:
        if not row.arguments:
            return ""
        return _label("Arguments") + self._pre(results.arguments_text(row.arguments))

    def _result(self, bundle: MimeBundle, error: str) -> str:
        picture, text = picture_of(bundle), results.text_of(bundle)
        if not bundle or (error and text.strip() == error.strip()):
            return ""
        shown = (
            (picture and self._picture(picture, text))
            or self._table(bundle, text)
            or (text and self._pre(text))
            or _note(results.other_types(bundle))
        )
        return _label("Result") + shown

    def _picture(self, picture: Picture, words: str) -> str:
        if len(picture.uri) > self._picture_limit:
            return _note(picture.note)
        alt = escape(words[:200] or "picture")
        return f'<p style="margin:2px 0 6px"><img src="{picture.uri}" alt="{alt}" style="max-width:100%"></p>'

    def _table(self, bundle: MimeBundle, text: str) -> str:
        html = results.html_of(bundle)
        kept = sanitize(html, 3 * self._text_limit, table_style=_TABLE) if html else None
        # Where HTML is no table, the text beside it reads better than what sanitising leaves of it.
        if not kept or not kept.has_text or (text and not kept.is_table):
            return ""
        note = _note(results.cut_rows()) if kept.is_cut else ""
        return (
            f'<div style="margin:2px 0 6px;max-height:320px;overflow:auto">{kept.html}</div>{note}'
        )

    def _pre(self, text: str) -> str:
        shown, note = cut(visible(text), self._text_limit)
        return f'<pre style="{_PRE}">{escape(shown, quote=False)}</pre>{_note(note)}'


def _notes(notes: list[str]) -> str:
    return "".join(f'<p style="{_QUIET};margin:2px 0">{_words(note)}</p>' for note in notes)


def _label(text: str) -> str:
    return f'<p style="{_QUIET};margin:4px 0 0">{text}</p>'


def _note(text: str) -> str:
    return f'<p style="{_QUIET};margin:2px 0 6px">{_words(text)}</p>' if text else ""


def _shape(state: str, shape: str) -> str:
    colour = _COLOURS.get(state)
    return f'<span style="color:{colour}">{shape}</span>' if colour else f"<span>{shape}</span>"


def _words(text: str) -> str:
    return escape(visible(text))
