"""A small table for the reader of a notebook, in the forms that front ends show."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from agentkit.trace.words import one_line, visible

_LEFT = "text-align:left;vertical-align:top"


class Listing:
    """Rows of text under headings; whatever they hold stays text.

    Parameters
    ----------
    columns
        The headings.
    rows
        One text a column.
    empty
        What is said when there are no rows.
    """

    def __init__(self, columns: Sequence[str], rows: Sequence[Sequence[str]], empty: str) -> None:
        self.columns = tuple(columns)
        self.rows = [tuple(map(one_line, row)) for row in rows]
        self._empty = empty

    def __repr__(self) -> str:
        if not self.rows:
            return self._empty
        lines = [self.columns, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        )

    def _repr_html_(self) -> str:
        if not self.rows:
            return f"<p>{escape(self._empty)}</p>"
        head = "".join(
            f'<th scope="col" style="{_LEFT}">{escape(name)}</th>' for name in self.columns
        )
        body = "".join(
            "<tr>" + "".join(f'<td style="{_LEFT}">{escape(cell)}</td>' for cell in row) + "</tr>"
            for row in self.rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _repr_markdown_(self) -> str:
        if not self.rows:
            return self._empty
        lines = [self.columns, ("---",) * len(self.columns)]
        lines += [tuple(map(in_a_cell, row)) for row in self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def in_a_cell(text: str) -> str:
    """Text for a cell of a Markdown table: it stays text, and in its cell, whatever it holds."""
    line = escape(visible(one_line(text, 200)), quote=False)
    for mark in "\\`*_[]|!~$":
        line = line.replace(mark, f"\\{mark}")
    return line
