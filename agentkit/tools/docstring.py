"""What a function's docstring says to a model: of the function, and of its parameters."""

from __future__ import annotations

import functools
import inspect
from dataclasses import dataclass
from typing import Any, cast

import docstring_parser
from docstring_parser import Docstring


@dataclass(frozen=True, slots=True)
class Documentation:
    """The description, with what is returned, and the parameters' descriptions by name."""

    description: str
    parameters: dict[str, str]


def documentation_of(function: Any) -> Documentation:
    """Read a docstring in the numpydoc, Google or reST form; any other is the description as it is."""
    text = _docstring(function)
    try:
        doc = docstring_parser.parse(text)
    except docstring_parser.ParseError:
        doc = Docstring()
    parts = [doc.description or text]
    if doc.returns and doc.returns.description:
        parts.append(f"Returns: {doc.returns.description}")
    return Documentation(
        "\n\n".join(part.strip() for part in parts if part),
        {
            name.strip(): parameter.description
            for parameter in doc.params
            for name in parameter.arg_name.split(",")
            if parameter.description
        },
    )


def _docstring(function: Any) -> str:
    if isinstance(function, functools.partial):
        function = cast(Any, function).func
    text = inspect.getdoc(function) or ""
    if not inspect.isroutine(function) and not isinstance(function, type):
        text = inspect.getdoc(type(function).__call__) or text
    return text
