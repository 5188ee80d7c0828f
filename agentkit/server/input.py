"""What comes from outside, checked at the edge."""

from __future__ import annotations

import json
import reprlib
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from agentkit.errors import InvalidInput

T = TypeVar("T")

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80
_SHORT.maxlevel = 2
_SHORT.maxdict = _SHORT.maxlist = 3


def parsed(text: str | bytes, what: str) -> Any:
    """The JSON value in ``text``.

    Raises
    ------
    InvalidInput
        It is no JSON; the message says where.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{what} is not JSON: {error}.", reason="bad_json") from None


def checked(shape: TypeAdapter[T], value: object, what: str, reason: str) -> T:
    """``value`` in the given shape.

    Raises
    ------
    InvalidInput
        It does not fit; the message names each field, its value, and what was expected.
    """
    try:
        return shape.validate_python(value)
    except ValidationError as error:
        raise InvalidInput(f"{what}: {_faults(error)}", reason=reason) from None


def _faults(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_context=False)
    lines = [_fault(fault) for fault in faults[:5]]
    if len(faults) > 5:
        lines.append(f"and {len(faults) - 5} more")
    return "; ".join(lines) + "."


def _fault(fault: Any) -> str:
    where = ".".join(str(part) for part in fault["loc"])
    message = f"{fault['msg']}, not {_SHORT.repr(fault['input'])}"
    if fault["type"] == "missing":
        message = "is required"
    if fault["type"] == "extra_forbidden":
        message = "is no known field"
    return f"{where}: {message}" if where else message
