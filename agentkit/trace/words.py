"""How values are said to a reader: states, times, tokens, names. Every export uses these words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from agentkit.core.protocol import Usage

RUN_STATES = {
    "queued": ("○", "Waiting for a free place when this was saved"),
    "running": ("◐", "Running when this was saved"),
    "input_required": ("◆", "Waiting for an answer when this was saved"),
    "completed": ("✓", "Done"),
    "failed": ("✗", "Failed"),
    "cancelled": ("■", "Stopped"),
    "interrupted": ("┅", "The server stopped"),
}
"""A run's status → shape and words."""

UNFINISHED = ("queued", "running", "input_required")
"""The states of a run whose end is not in the document."""

ROW_STATES = {
    "running": ("◐", "running"),
    "waiting": ("◆", "waiting for approval"),
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


def tool_title(name: str) -> str:
    """A tool's name as words: ``region_total`` → ``region total``."""
    return " ".join(re.split(r"[\s_-]+", visible(name))).strip() or "a tool"


def arguments_line(arguments: Mapping[str, Any]) -> str:
    """Arguments on one line: ``region: North, year: 2024``."""
    parts = [
        f"{one_line(str(name), 40)}: {one_line(as_words(value), 60)}"
        for name, value in list(arguments.items())[:8]
    ]
    return one_line(", ".join(parts), 100)


def as_json(value: object, indent: int | None = None) -> str:
    """``value`` as JSON text; what is no JSON is written as Python shows it."""
    return json.dumps(value, ensure_ascii=False, indent=indent, default=repr)


def as_words(value: object, indent: int | None = None) -> str:
    """Text as it is, everything else as JSON."""
    return value if isinstance(value, str) else as_json(value, indent)


def duration(milliseconds: float | None) -> str:
    """``0.4 s``, ``12 s``, ``2 min 05 s``, ``1 h 03 min``; empty when unknown."""
    if milliseconds is None or milliseconds < 0:
        return ""
    seconds = milliseconds / 1000
    if seconds < 0.05:
        return "<0.1 s"
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
    """``14:02``; empty when it is no time."""
    time = moment(text)
    return f"{time:%H:%M}" if time else ""


def counted(number: int, noun: str) -> str:
    """``1 step``, ``1,200 steps``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def tokens(usage: Usage) -> str:
    """``1,234 tokens in, 56 out``."""
    return f"{counted(usage.input_tokens, 'token')} in, {usage.output_tokens:,} out"


def cost(dollars: float) -> str:
    """``$0.0123``; four digits below ten cents, two above."""
    return f"${dollars:.4f}" if dollars < 0.1 else f"${dollars:,.2f}"


def size(characters: int) -> str:
    """The size of base64 text's content: ``12 kB``."""
    return f"{max(1, round(characters * 0.75 / 1000)):,} kB"
