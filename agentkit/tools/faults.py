"""What a model and a reader are told of a call that went wrong."""

from __future__ import annotations

import reprlib
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, cast

from pydantic import ValidationError

MAX_FAULTS = 10
"""Faults that one message names; a list of a thousand bad numbers helps nobody."""

MAX_LINE = 2_000
"""Characters of an exception's message that are passed on as the error's message."""

_OWN_FOLDER = Path(__file__).parent

_VALUES = reprlib.Repr()
_VALUES.maxstring = _VALUES.maxother = 80
_VALUES.maxlevel = 3


def explain_arguments(
    tool_name: str, error: ValidationError, arguments: object, known: Sequence[str]
) -> str:
    """Say which parameter of a tool got which value, and what it expects: one line each."""
    expected: dict[str, list[str]] = {}
    got: dict[str, str] = {}
    for fault in error.errors(include_url=False, include_context=False):
        path = _path(arguments, fault["loc"], missing=fault["type"] == "missing")
        if fault["type"] == "missing":
            text = "is required and missing"
        elif fault["type"] == "extra_forbidden" and len(fault["loc"]) == 1:
            names = ", ".join(known)
            text = f"no such parameter; it takes {names}" if names else "it takes no parameters"
        else:
            text = _lower_first(fault["msg"].removeprefix("Input "))
            value = fault["input"]
            got[path] = f", but is {_VALUES.repr(value)} ({type(value).__name__})"
        lines = expected.setdefault(path, [])
        if text not in lines:
            lines.append(text)
    faults = [
        f"- {path}: {' or '.join(lines)}{got.get(path, '')}" for path, lines in expected.items()
    ]
    if len(faults) > MAX_FAULTS:
        faults[MAX_FAULTS:] = [f"- … and {len(faults) - MAX_FAULTS} more"]
    return "\n".join([f"The arguments of '{tool_name}' do not fit, it was not run:", *faults])


def last_line(error: BaseException) -> str:
    """Give the line that a traceback ends with, such as ``ValueError: bad region 'x'``."""
    kind = type(error)
    name = kind.__qualname__
    if kind.__module__ not in ("builtins", "__main__"):
        name = f"{kind.__module__}.{name}"
    try:
        message = str(error)
    except Exception:
        message = "(its message could not be read)"
    line = f"{name}: {message}" if message else name
    return line if len(line) <= MAX_LINE else line[: MAX_LINE - 1] + "…"


def traceback_text(error: BaseException) -> str:
    """Write the traceback as Python does, without the frames that called the tool."""
    return "".join(
        traceback.format_exception(type(error), error, _without_own(error.__traceback__))
    )


def _without_own(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and _is_own(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return trace


def _is_own(filename: str) -> bool:
    return Path(filename).parent == _OWN_FOLDER


def _path(arguments: object, location: Sequence[int | str], *, missing: bool) -> str:
    """Write where a fault is, as ``points[0].x``.

    Pydantic puts the branch of a union into the location too. What cannot be followed in the given
    arguments is such a branch and is left out, so that the branches' faults share one line.
    """
    path = ""
    place = arguments
    for position, step in enumerate(location):
        if isinstance(place, dict) and step in place:
            place = cast(dict[Any, Any], place)[step]
        elif (
            isinstance(place, list) and isinstance(step, int) and 0 <= step < len(cast(Any, place))
        ):
            place = cast(list[Any], place)[step]
        elif not (missing and position == len(location) - 1):
            continue
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path or "(the arguments)"


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
