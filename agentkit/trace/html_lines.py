"""The rows of a very long run in the static HTML: a line of text each.

JupyterLab looks for headings in the HTML of every output before it shows a notebook, and the price of
that is the number of its tags. So there are none here: ten thousand rows cost what a paragraph does.
"""

from __future__ import annotations

from agentkit.trace.looks import WRAPPED, quiet, words
from agentkit.trace.results import WHOLE, arguments_text
from agentkit.trace.row import Row
from agentkit.trace.words import ROW_STATES, duration, one_line

_ROOM = 5
"""Lines of rows that did not go as they should may be so many times as long."""


def lines(rows: list[Row], limit: int) -> list[str]:
    """The rows, one below the other: what was done, and after an arrow what came of it.

    Parameters
    ----------
    limit
        Characters of a line, about.
    """
    if not rows:
        return []
    note = f"Each step is one line here, of {limit:,} characters at most; {WHOLE}"
    text = "\n".join(_line(row, limit if row.is_settled else _ROOM * limit) for row in rows)
    return [quiet(words(note)), f'<pre style="{WRAPPED}">', *words(text).split("\n"), "</pre>"]


def _line(row: Row, limit: int) -> str:
    sign, word = ROW_STATES[row.state]
    if row.kind != "tool":
        return one_line(
            f"{sign} {row.title}: {row.text}" if row.text else f"{sign} {row.title}", limit
        )
    asked = row.details if row.says_arguments else arguments_text(row.arguments)
    took = duration(row.duration_ms)
    done = " · ".join(filter(None, (row.title, asked, "" if row.is_settled else word, took)))
    came = one_line(
        " · ".join(filter(None, (row.line, *row.notes))), max(limit // 3, limit - len(done))
    )
    said = one_line(done, max(limit - len(came), limit // 2))
    return f"{sign} {said}" + (f" → {came}" if came else "")
