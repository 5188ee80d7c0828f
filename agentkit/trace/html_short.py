"""The rows of a long run in the static HTML: every step, in as few characters as it can be said."""

from __future__ import annotations

from html import escape

from agentkit.trace.answer import answer_html
from agentkit.trace.html_rows import RowWriter, titled
from agentkit.trace.looks import WRAPPED, quiet, shape, words
from agentkit.trace.results import arguments_text, cut, text_of
from agentkit.trace.row import Row
from agentkit.trace.words import ROW_STATES, duration, one_line, visible


class Short(RowWriter):
    """A line for the call, one for what came of it; what they do not hold whole opens below them."""

    def row(self, row: Row) -> str:
        """One row."""
        if row.kind == "message":
            html, note = answer_html(row.text, self._values)
            return f"<div>{html}{quiet(words(note))}</div>"
        head, body, below = self._head(row), self._body(row), self._below(row)
        if not body:
            return f"<div>{head}</div>{below}"
        opened = " open" if row.state in ("failed", "waiting") else ""
        return f"<details{opened}><summary>{head}</summary>{body}</details>{below}"

    def _head(self, row: Row) -> str:
        sign, word = ROW_STATES[row.state]
        sign = sign if row.is_settled else shape(row.state, sign)
        name = row.tool_name if row.kind == "tool" and not row.says_name else ""
        parts = (
            words(row.details),
            f"<code>{words(one_line(name))}</code>" if name else "",
            "" if row.is_settled else words(word),
            words(duration(row.duration_ms)),
        )
        said = " · ".join((f"{sign} {titled(row)}", *filter(None, parts)))
        return said + (f"<br>→ {words(row.line)}" if row.line else "")

    def _body(self, row: Row) -> str:
        if row.kind == "tool" and row.line and text_of(row.result).strip() == row.line:
            # All of the result is on its line, and so are the arguments, mostly.
            return "" if row.says_arguments else self._arguments(row)
        return super()._body(row)

    def _arguments(self, row: Row) -> str:
        if row.kind == "tool" and row.says_arguments:
            return ""
        return self._pre(arguments_text(row.arguments))

    def _pre(self, text: str) -> str:
        shown, note = cut(visible(text), self._values)
        if not shown:
            return ""
        return f'<pre style="{WRAPPED}">{escape(shown, quote=False)}</pre>{quiet(words(note))}'
