"""The hostile texts of ``payloads.txt``, and hostile results of tools."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

AWAY = "canary.example"
"""The host that nobody may ask."""
HERE = "canary-here"
"""Part of every address of a page's own server that nobody may ask."""

_SIGNS = str.maketrans({"⏎": "\n", "␉": "\t", "␀": "\0", "␛": "\x1b", "␇": "\x07"})
_CHARACTER = re.compile(r"\{U\+([0-9A-F]+)\}")


@dataclass(frozen=True)
class Payload:
    """One text; its number stands in what it runs and fetches, so that a tripped wire names it."""

    number: int
    kind: str
    text: str


def filled(template: str, number: int) -> str:
    """What is sent where ``payloads.txt`` has ``template``."""
    text = template.replace("@run@", f"__hit({number})")
    text = text.replace("@away@", f"http://{AWAY}/{number}")
    text = text.replace("@here@", f"/{HERE}/{number}").translate(_SIGNS)
    return _CHARACTER.sub(lambda found: chr(int(found[1], 16)), text)


def kinds() -> dict[str, tuple[str, list[str]]]:
    """Of every class, by its name, why it is there and its templates."""
    text = (Path(__file__).parent / "payloads.txt").read_text(encoding="utf-8")
    parts = [part.split("\n") for part in text.split("\n== ")[1:]]
    return {name: (why, [line for line in lines if line]) for name, why, *lines in parts}


def _all() -> Iterator[Payload]:
    number = 0
    for kind, (_, templates) in kinds().items():
        for template in templates:
            number += 1
            yield Payload(number, kind, filled(template, number))


PAYLOADS = tuple(_all())
"""Numbered from 1."""
