"""How values are said to a reader: states, times, tokens, names. Every export uses these words."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from agentkit.core.protocol import Usage

RUN_STATES = {
    "queued": ("○", "Waiting for a free place when this was saved"),
    "running": ("◐", "Running when this was saved"),
    "input_required": ("◆", "Waiting for an answer when this was saved"),
    "completed": ("✓", "Done"),
    "failed": ("✗", "Failed"),
    "cancelled": ("■", "Stopped"),
    "interrupted": ("┅", "Interrupted"),
}
"""A run's status → shape and words."""

UNFINISHED = ("queued", "running", "input_required")
"""The states of a run whose end is not in the document."""

ROW_STATES = {
    "running": ("◐", "running"),
    "waiting": ("◆", "waiting for an answer"),
    "done": ("✓", "done"),
    "failed": ("✗", "failed"),
    "denied": ("⊘", "denied"),
    "interrupted": ("┅", "interrupted"),
    "cancelled": ("■", "stopped"),
    "warning": ("△", "warning"),
    "said": ("·", ""),
}
"""A row's state → shape and word. Every state has both, so that none depends on a colour."""

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
# Controls but tab and newline, the marks that reorder text, and halves of surrogate pairs.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def visible(text: str) -> str:
    """``text`` without terminal codes, controls and marks that make it read as something else."""
    return _UNSEEN.sub("", _ANSI.sub("", text).replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str, limit: int = 120) -> str:
    """``text`` on one line, cut at ``limit`` characters."""
    line = " ".join(visible(text[: limit * 8]).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def first_line(text: str, limit: int) -> str:
    """The first line that says something, with ``…`` where more follows."""
    start = visible(text[: limit * 4]).strip()
    line = start.partition("\n")[0].rstrip()
    if len(line) > limit:
        return f"{line[:limit].rstrip()}…"
    return f"{line} …" if len(line) < len(start) or len(text) > limit * 4 else line


def as_json(value: object, indent: int | None = None) -> str:
    """``value`` as JSON text; what is no JSON is written as Python shows it."""
    try:
        return json.dumps(value, ensure_ascii=False, indent=indent, default=repr)
    except (RecursionError, ValueError):
        return "[nested too deep to be shown]"


def as_words(value: object, indent: int | None = None) -> str:
    """Text as it is, everything else as JSON."""
    return value if isinstance(value, str) else as_json(value, indent)


def duration(milliseconds: float | None) -> str:
    """``< 0.1 s``, ``0.4 s``, ``12 s``, ``2 min 05 s``, ``1 h 03 min``; empty when unknown."""
    if milliseconds is None or milliseconds < 0:
        return ""
    seconds = milliseconds / 1000
    if seconds < 0.05:
        return "< 0.1 s"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def moment(text: str | None) -> datetime | None:
    """An ISO 8601 time, in UTC where it names no zone; ``None`` when it is none."""
    try:
        time = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def day_and_time(text: str | None) -> str:
    """``2026-11-23 14:02 UTC``, in the zone that it was written with; empty when it is no time."""
    time = moment(text)
    return f"{time:%Y-%m-%d %H:%M} {time.tzname()}" if time else ""


def clock(text: str | None) -> str:
    """``14:02 UTC``, in the zone that it was written with; empty when it is no time."""
    time = moment(text)
    return f"{time:%H:%M} {time.tzname()}" if time else ""


def counted(number: int, noun: str) -> str:
    """``1 step``, ``1,200 steps``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def joined(parts: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def tokens(usage: Usage) -> str:
    """``1,290 tokens``: what went in and what came out."""
    return counted(usage.input_tokens + usage.output_tokens, "token")


def cost(dollars: float) -> str:
    """``$0.0123``: US dollars, with as many places as a small price needs."""
    if 0 < dollars < 0.0001:
        return "< $0.0001"
    return f"${dollars:.4f}" if dollars < 0.1 else f"${dollars:,.2f}"


def size(characters: int) -> str:
    """The size of base64 text's content: ``12 kB``."""
    return f"{max(1, round(characters * 0.75 / 1000)):,} kB"
