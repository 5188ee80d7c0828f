"""Reads values that were saved by somebody, some time: nothing here raises, whatever it is given."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any, TypeVar, cast

from agentkit.trace.limits import READ_DEPTH

_Value = TypeVar("_Value")


def as_mapping(value: object) -> dict[str, Any]:
    """``value`` if it is a JSON object, else an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """``value`` if it is a JSON array, else an empty one."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def as_text(value: object) -> str | None:
    """``value`` if it is text, else ``None``."""
    return value if isinstance(value, str) else None


def as_number(value: object) -> float | None:
    """``value`` if it is a finite number, else ``None``."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if abs(value) < 1e18 else None


def shallow(value: _Value) -> _Value:
    """``value`` without what is nested so deeply that walking it could fail; the same object mostly."""
    level: list[Any] = [value]
    for _ in range(READ_DEPTH):
        level = [inner for each in level for inner in _within(each)]
        if not level:
            return value
    return cast("_Value", _cut(value, READ_DEPTH))


def _within(value: object) -> list[Any]:
    inner = [*as_mapping(value).values(), *as_list(value)]
    return [each for each in inner if isinstance(each, (dict, list))]


def _cut(value: Any, depth: int) -> Any:
    if not isinstance(value, (dict, list)):
        return value
    if not depth:
        return "[nested too deep to be shown]"
    if isinstance(value, list):
        return [_cut(each, depth - 1) for each in as_list(cast("object", value))]
    return {name: _cut(each, depth - 1) for name, each in as_mapping(cast("object", value)).items()}


def parsed(text: str) -> Any:
    """``text`` as JSON.

    Python reads numbers that JSON does not have, and refuses some that it has: all these become ``None``,
    so that what was read can be written again.

    Raises
    ------
    ValueError, RecursionError
        It is no JSON, or nested too deep.
    """
    return json.loads(text, parse_constant=lambda _name: None, parse_float=_float, parse_int=_int)


def _float(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


def _int(text: str) -> int | None:
    return int(text) if len(text) <= 400 else None


def first_event(events: Iterable[dict[str, Any]], event_type: str) -> dict[str, Any]:
    """The first event of a type, or an empty one."""
    return next((e for e in events if e.get("event_type") == event_type), dict[str, Any]())
