"""What somebody typed into a field of a form that is for secrets: known only from then on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast


def typed_secrets(schema: object, value: object) -> Iterator[str]:
    """The values of the fields whose schema has ``format: password`` or ``writeOnly``."""
    if not isinstance(schema, dict):
        return
    said = cast("dict[str, Any]", schema)
    if said.get("format") == "password" or said.get("writeOnly") is True:
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            yield str(value)
        return
    fields = said.get("properties")
    if isinstance(value, dict) and isinstance(fields, dict):
        for name, field in cast("dict[str, Any]", fields).items():
            yield from typed_secrets(field, cast("dict[str, Any]", value).get(name))
    if isinstance(value, list):
        for each in cast("list[Any]", value):
            yield from typed_secrets(said.get("items"), each)
