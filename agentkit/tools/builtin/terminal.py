"""Text that was written for a terminal, as a reader and a model can use it."""

from __future__ import annotations

import re

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]"  # colours, cursor
    r"|\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles, links
    r"|[PX^_][^\x1b]*(?:\x1b\\)?"
    r"|[ -/]*[0-~])"
)
"""The escape sequences of ECMA-48."""
_CONTROL = re.compile(r"[\x00-\x07\x0b\x0c\x0e-\x1f\x7f]")


def plain(text: str) -> str:
    """Take out colours, and of a line that was written over what it showed last."""
    text = _ESCAPES.sub("", text).replace("\r\n", "\n")
    if "\r" in text or "\b" in text:
        text = "\n".join(map(_overwritten, text.split("\n")))
    return _CONTROL.sub("", text)


def last_words(text: str, limit: int) -> str:
    """Give the last line that says something, at most ``limit`` characters of it."""
    for line in reversed(plain(text[-4 * limit - 2_000 :]).split("\n")):
        if line := line.strip():
            return line if len(line) <= limit else f"…{line[1 - limit :]}"
    return ""


def _overwritten(line: str) -> str:
    """What a progress bar ended at. A shorter text over a longer one counts as the whole line."""
    parts = [part for part in line.split("\r") if part.strip("\b ")]
    shown: list[str] = []
    for character in parts[-1] if parts else "":
        if character != "\b":
            shown.append(character)
        elif shown:
            shown.pop()
    return "".join(shown)
