"""The looks of the static HTML, and its smallest pieces.

No style sheet reaches it, so each element carries its own; what can be inherited stands once, on the
root. Everything wraps and nothing scrolls inside, so that nothing is hidden when the page is printed.
"""

from __future__ import annotations

from html import escape

from agentkit.trace.words import visible

WIDTH = "max-width:88ch"
"""Of what is read as lines. Tables take the width that is there."""
LINE = "1px solid rgba(128,128,128,.35)"
ROOT = (
    "font-family:system-ui,-apple-system,'Segoe UI',sans-serif;font-size:13px;line-height:1.5;"
    "margin:4px 0;color:inherit;overflow-wrap:anywhere"
)
QUIET = "opacity:.75;font-size:12px"
PRE = (
    "margin:2px 0 6px;padding:6px 8px;border-radius:4px;color:inherit;"
    "font:12px/1.45 ui-monospace,monospace;background:rgba(128,128,128,.1);"
    "white-space:pre-wrap;overflow-wrap:anywhere;max-width:88ch;box-sizing:border-box"
)
WRAPPED = "white-space:pre-wrap;overflow-wrap:anywhere"
CHIP = f"{QUIET};border:{LINE};border-radius:8px;padding:0 7px"
SUMMARY = "cursor:pointer;padding:3px 0"
INDENT = "margin:2px 0 6px 37px"

ATTRIBUTES = {
    # Border and padding as attributes: they reach every cell, and stay where styles are stripped.
    # As a block it scrolls by itself where it is too wide even with all its words wrapped.
    "table": 'border="1" cellpadding="4" style="border-collapse:collapse;display:block;'
    "max-width:100%;width:max-content;overflow-x:auto;border-color:rgba(128,128,128,.35);"
    'font-size:12px;color:inherit"',
    "pre": f'style="{PRE}"',
}
"""Of the tables and the code that somebody else wrote."""

# Seen only where styles are stripped and the grid's gaps with them.
GAP = '<span style="font-size:0"> · </span>'

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
# Of shapes alone, never of words: as text they would be too faint on one ground or the other.

_TINTS = {"+": "rgba(46,158,79,.18)", "-": "rgba(217,83,79,.18)"}
# Behind the lines of a diff, whose sign says the same.


def words(text: str) -> str:
    """Text as HTML."""
    return escape(visible(text))


def shape(state: str, sign: str) -> str:
    """The sign of a state, in its colour."""
    colour = _COLOURS.get(state)
    tint = f";color:{colour}" if colour else ""
    return f'<span style="display:inline-block;width:1em;text-align:center{tint}">{sign}</span>'


def quiet(html: str) -> str:
    """A line of less weight; ``html`` is escaped already."""
    return f'<p style="{QUIET};margin:2px 0">{html}</p>' if html else ""


def label(html: str) -> str:
    """What the thing below is."""
    return f'<p style="{QUIET};margin:4px 0 0">{html}</p>'


def pre(text: str, note: str) -> str:
    """Text as it stands, and what is said of its end."""
    return (
        f'<pre style="{PRE}">{escape(text, quote=False)}</pre>{quiet(words(note))}' if text else ""
    )


def diff(text: str, note: str) -> str:
    """The lines of a diff."""
    lines = "".join(map(_diff_line, text.splitlines()))
    return f'<pre style="{PRE}">{lines}</pre>{quiet(words(note))}'


def _diff_line(line: str) -> str:
    tint = _TINTS.get(line[:1])
    style = f' style="background:{tint}"' if tint else ""
    return f"<span{style}>{escape(line, quote=False)}</span>\n"
