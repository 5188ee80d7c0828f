"""A trace as a static HTML fragment: no script, no style sheet, every value escaped.

It is read in nbconvert's pages, on GitHub, in VS Code and in mail, on light and dark grounds, and where
a sanitiser has taken every style away. So it borrows the colour of the text around it, uses
``<details>`` for folding, and has separators that only show when the layout is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from agentkit.trace.answer import answer_html
from agentkit.trace.document import Trace
from agentkit.trace.html_lines import lines
from agentkit.trace.html_rows import Spacious
from agentkit.trace.html_short import Short
from agentkit.trace.limits import (
    ANSWERS,
    FOLDING_ROWS,
    HTML_LINES,
    HTML_ROWS,
    HTML_VALUES,
    PICTURES,
    SPACIOUS_ROWS,
)
from agentkit.trace.looks import CHIP, GAP, LINE, QUIET, ROOT, WIDTH, quiet, shape, words
from agentkit.trace.overview import SIMULATED, Overview, overviews
from agentkit.trace.results import pictures_of
from agentkit.trace.row import Row

_Writer = Callable[[list[Row]], list[str]]


def to_html(trace: Trace | Mapping[str, Any], *, live: bool = True) -> str:
    """The trace as an HTML fragment, with the runs that follow it up below it.

    Payloads are cut as ``agentkit.trace.limits`` says; each cut is said.
    """
    views = overviews(trace, live=live, listed=HTML_ROWS)
    writer = _writer(views)
    parts = [f'<div style="{ROOT}">', *_run(views[0], writer, len(views))]
    for view in views[1:]:
        parts += [f'<div style="margin-top:12px;padding-top:8px;border-top:{LINE}">']
        parts += [*_run(view, writer, len(views)), "</div>"]
    parts += ["</div>"]
    # A blank line would end the HTML for a reader of Markdown (nbconvert puts this fragment into one),
    # and what a tool returned would be read as Markdown from there on.
    return "\n".join(part.replace("\n", "&#10;") for part in parts if part)


def _writer(views: list[Overview]) -> _Writer:
    rows = [row for view in views for row in view.rows]
    if len(rows) > FOLDING_ROWS:
        return partial(lines, limit=HTML_LINES.of(len(rows)))
    values = HTML_VALUES.of(len(rows))
    pictures = PICTURES.of(sum(len(pictures_of(row.result)) for row in rows))
    writer = (Short if len(rows) > SPACIOUS_ROWS else Spacious)(values, pictures)
    return lambda some: list(map(writer.row, some))


def _run(view: Overview, write: _Writer, runs: int) -> list[str]:
    return [
        _header(view),
        *write(view.first_rows),
        quiet(words(view.left_out)),
        *write(view.last_rows),
        _ending(view),
        _answer(view.answer, ANSWERS.of(runs)),
        quiet(words(" · ".join(view.footer))),
    ]


def _header(view: Overview) -> str:
    chip = f'{GAP}<span style="{CHIP}">{SIMULATED}</span>' if view.simulated else ""
    question = (
        f'<p style="{WIDTH};margin:2px 0 8px;white-space:pre-wrap">{words(view.question)}</p>'
    )
    return (
        f'<p style="{WIDTH};margin:0;display:flex;gap:8px;align-items:baseline">'
        f"{shape(view.status, view.shape)} <strong>{words(view.agent)}</strong>{chip}{GAP}"
        f'<span style="margin-left:auto;{QUIET}">{words(view.words)}</span></p>'
        + (question if view.question else "")
        + quiet(words(view.note))
    )


def _ending(view: Overview) -> str:
    first, _, rest = view.ending.strip().partition("\n")
    if not first:
        return ""
    return (
        f'<p style="{WIDTH};margin:8px 0;white-space:pre-wrap">{shape(view.status, view.shape)} '
        f"<strong>{words(first)}</strong>" + (f"<br>{words(rest)}" if rest else "") + "</p>"
    )


def _answer(text: str, limit: int) -> str:
    if not text.strip():
        return ""
    html, note = answer_html(text, limit)
    return (
        f'<div style="{WIDTH};font-size:14px;line-height:1.6;margin:8px 0;padding-top:4px;'
        f'border-top:{LINE}">'
        f"{html}</div>{quiet(words(note))}"
    )
