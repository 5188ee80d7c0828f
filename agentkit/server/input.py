"""What comes from outside, checked at the edge.

Behind this edge every text can be written as UTF-8, every number is finite, and no value is nested so
deeply that walking it could fail.
"""

from __future__ import annotations

import json
import math
import reprlib
from typing import Any, TypeVar, cast
from urllib.parse import parse_qsl

from pydantic import TypeAdapter, ValidationError

from agentkit.core.frames import Answer
from agentkit.core.well_formed import repaired, well_formed
from agentkit.errors import InvalidInput
from agentkit.server.input_faults import faults_of
from agentkit.tools.protocol import Resolution

T = TypeVar("T")

MAX_DEPTH = 100
"""Lists and objects within one another; what a person or a plot writes has a tenth of it."""

MAX_SEQ = 2**53
"""No event has a higher number; the largest that every reader of JSON keeps exactly."""

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80
_SHORT.maxlevel = 2
_SHORT.maxdict = _SHORT.maxlist = 3


def parsed(text: str | bytes, what: str) -> Any:
    """The JSON value in ``text``, well-formed all through.

    Half a surrogate pair (a file name of odd bytes, an emoji cut in two) becomes U+FFFD.

    Raises
    ------
    InvalidInput
        It is no JSON in UTF-8, is nested deeper than ``MAX_DEPTH``, or holds a number that JSON does not
        know; the message says where or which.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        value = json.loads(
            text, parse_constant=_no_number, parse_float=_finite, parse_int=_whole_number
        )
    except UnicodeDecodeError as error:
        message = f"{what} is not UTF-8: byte {error.start} is wrong."
        raise InvalidInput(message, reason="bad_json") from None
    except RecursionError:
        raise _too_deep(what) from None
    except ValueError as error:
        raise InvalidInput(f"{what} is not JSON: {error}.", reason="bad_json") from None
    # Only a text with so many brackets, or with such an escape, can hold what has to be looked for.
    if text.count("[") + text.count("{") > MAX_DEPTH or "\\u" in text or not well_formed(text):
        return _walked(value, what, MAX_DEPTH)
    return value


def query_of(text: str) -> dict[str, str]:
    """The parameters of a URL's query; of one that is given twice, the last counts."""
    return dict(parse_qsl(text, keep_blank_values=True))


def checked(shape: TypeAdapter[T], value: object, what: str, reason: str) -> T:
    """``value`` in the given shape.

    Raises
    ------
    InvalidInput
        It does not fit; the message names each field, its value, and what was expected.
    """
    __tracebackhide__ = True
    try:
        return shape.validate_python(value)
    except ValidationError as error:
        raise InvalidInput(f"{what}: {faults_of(error, shape, value)}", reason=reason) from None


def resolution(answer: Answer, user: str) -> Resolution:
    """What an answer says, and who said it."""
    denied = answer.decision == "deny"
    value = answer.reason or answer.value if denied else answer.value
    return Resolution(answer.decision, value, user)


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"the number {_SHORT.repr(digits)} is too large")
    return number


def _whole_number(digits: str) -> int:
    try:
        return int(digits)
    except ValueError:  # Python's own limit, meant for its programmers
        raise ValueError(f"a number has {len(digits):,} digits") from None


def _walked(value: Any, what: str, depth: int) -> Any:
    if isinstance(value, str):
        return repaired(value)
    if not isinstance(value, dict | list):
        return value
    if not depth:
        raise _too_deep(what)
    if isinstance(value, list):
        return [_walked(item, what, depth - 1) for item in cast("list[Any]", value)]
    fields = cast("dict[str, Any]", value)
    return {repaired(name): _walked(item, what, depth - 1) for name, item in fields.items()}


def _too_deep(what: str) -> InvalidInput:
    return InvalidInput(
        f"{what} has more than {MAX_DEPTH} lists and objects within one another.", reason="bad_json"
    )
