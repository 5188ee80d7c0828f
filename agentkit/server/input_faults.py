"""What is wrong with a value from outside, told by field, value and expectation."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Sequence
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

Place = tuple[str | int, ...]

MAX_FAULTS = 5
"""Faults that one message names."""

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80
_SHORT.maxlevel = 2
_SHORT.maxdict = _SHORT.maxlist = 3

_NAME = re.compile(r"\^\[(?P<first>[^]]+)\]\[(?P<further>[^]]+)\]\*\$")
_CLASSES = {"A-Za-z": "letters", "0-9": "digits"}


def faults_of(error: ValidationError, shape: TypeAdapter[Any], value: object) -> str:
    """Name the faults of a value that does not fit a shape, in one line.

    Of the alternatives of a union, the first is told, or the one that was followed furthest.
    """
    found: dict[Place, Any] = {}
    for fault in error.errors(include_url=False):
        found.setdefault(_place(fault["loc"], value), fault)
    places = [
        place
        for place in found
        if not any(place == each[: len(place)] and place != each for each in found)
    ]
    lines = [_fault(place, found[place], shape) for place in places[:MAX_FAULTS]]
    if len(places) > MAX_FAULTS:
        lines.append(f"and {len(places) - MAX_FAULTS} more")
    return "; ".join(lines) + "."


def _place(location: Place, value: object) -> Place:
    """Leave out what cannot be followed in the value: the names that pydantic gives to alternatives."""
    place: list[str | int] = []
    for number, step in enumerate(location, 1):
        if isinstance(value, dict) and step in value:
            value = cast("dict[Any, Any]", value)[step]
        elif isinstance(value, list | tuple) and isinstance(step, int):
            value = cast("Sequence[Any]", value)[step]
        elif number < len(location) or "[" in str(step):  # a field that is missing comes last
            continue
        place.append(step)
    return tuple(place)


def _fault(place: Place, fault: Any, shape: TypeAdapter[Any]) -> str:
    where = ".".join(_short(str(part)) for part in place)
    message = f"{fault['msg']}, not {_SHORT.repr(fault['input'])}"
    if fault["type"] in ("model_type", "dict_type"):  # pydantic names a class of ours
        message = f"Input should be an object with fields, not {_SHORT.repr(fault['input'])}"
    if fault["type"] == "missing":
        message = "is required"
    if fault["type"] == "string_pattern_mismatch":
        message = f"{_expected(fault['ctx']['pattern'])}, not {_SHORT.repr(fault['input'])}"
    if fault["type"] == "extra_forbidden":
        message = "is no known field"
        if known := _known_fields(shape.json_schema(), place[:-1]):
            message += f" (known are {', '.join(sorted(known))})"
    return f"{where}: {message}" if where else message


def _expected(pattern: str) -> str:
    """Say in words what a name's pattern asks for."""
    if not (name := _NAME.fullmatch(pattern)):
        return f"Input should match the pattern {pattern}"
    further = _characters(name["further"])
    first = " or ".join(_characters(name["first"]))
    return f"Input should be made of {', '.join(further[:-1])} and {further[-1]}, and begin with {first}"


def _characters(text: str) -> list[str]:
    named = [words for characters, words in _CLASSES.items() if characters in text]
    for characters in _CLASSES:
        text = text.replace(characters, "")
    return [*named, *(f"'{character}'" for character in text)]


def _known_fields(schema: dict[str, Any], place: Sequence[str | int]) -> set[str]:
    """The fields that a JSON Schema knows at a place; none where that cannot be told."""
    here = _alternatives(schema, schema)
    for part in place:
        below: list[Any] = [
            each.get("items")
            if isinstance(part, int)
            else each.get("properties", {}).get(part) or each.get("additionalProperties")
            for each in here
        ]
        shapes = cast("list[dict[str, Any]]", [each for each in below if isinstance(each, dict)])
        here = [one for each in shapes for one in _alternatives(each, schema)]
    return {name for each in here for name in each.get("properties", {})}


def _alternatives(node: dict[str, Any], schema: dict[str, Any]) -> list[dict[str, Any]]:
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        return _alternatives(schema["$defs"][name], schema)
    parts: list[dict[str, Any]] = [*node.get("anyOf", ()), *node.get("allOf", ())]
    return [one for part in parts for one in _alternatives(part, schema)] or [node]


def _short(name: str) -> str:
    return name if len(name) <= 80 else f"{name[:77]}..."
