"""Masks secrets before anything is stored, shown or exported.

What counts as a secret: the exact values that were given or that stand in environment variables with such
names (also as they look in JSON and in URLs); what follows the triggers of ``secret_rules``; and text
and long numbers under field names such as ``api_key``, or beside them as ``{"name": "api_key", "value": …}``.

A mask says what it hides, never its value: ``[secret: OPENAI_API_KEY]``, ``sk-[secret]``.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard, TypeVar, cast

from agentkit.core.redacting_stream import RedactingStream
from agentkit.core.secret_finder import MASK, SecretFinder, forms, masked
from agentkit.core.secret_rules import SUSPECT, is_secret_name, is_secret_variable

MASKED = re.compile(r"\[secret(?:: [^\]\n]*)?\]")
"""Whatever stands in the place of a secret."""

_LEAST_TYPED = 4

_LEAST_NUMBER = 100_000
"""Of the numbers under a secret's name, smaller ones count or switch something."""

_PICTURE_LEAST = 256

_GLANCE_MOST = 20_000
"""Characters of JSON that are worth a glance: a long text hardly passes it, and a picture never does."""

_Json = TypeVar("_Json")


class Redactor:
    """Masks secrets in text, in JSON and in streams of text.

    Parameters
    ----------
    secrets
        Values to mask wherever they stand; those under 8 characters are not.
    environ
        Environment variables; the values of those with a secret's name are masked. Left out, this
        process's own, as they are now.
    """

    def __init__(
        self, secrets: Iterable[str] = (), environ: Mapping[str, str] | None = None
    ) -> None:
        variables = os.environ if environ is None else environ
        masks: dict[str, str] = {}
        for name, value in variables.items():
            if is_secret_variable(name):
                masks.update(dict.fromkeys(forms(value), f"[secret: {name}]"))
        for value in secrets:
            for form in forms(value):
                masks.setdefault(form, MASK)
        self._know(masks)

    def knowing(self, secrets: Iterable[str]) -> Redactor:
        """The same with more secrets, such as somebody has typed: of these, 4 characters are enough."""
        new = Redactor(environ={})
        found = {form: MASK for value in secrets for form in forms(value, _LEAST_TYPED)}
        new._know({**found, **self._finder.masks})
        return new

    def _know(self, masks: Mapping[str, str]) -> None:
        self._finder = SecretFinder(masks)
        # Asked of each string.
        self._least = self._finder.least
        self._spans = self._finder.spans

    def redact(self, value: _Json) -> _Json:
        """JSON with its secrets masked; the same object when there are none.

        Base64 pictures of a MIME bundle are left alone: no secret stands in them as text.
        """
        return cast(_Json, self._redact(value))

    def is_harmless(self, json_text: str) -> bool:
        """Whether a short JSON text certainly holds nothing to mask; ``False`` asks for a closer look.

        Nearly all that a run reports is harmless, and this costs a small part of looking at each string.
        """
        if len(json_text) > _GLANCE_MOST or SUSPECT.search(json_text):
            return False
        if '["' in json_text:  # the lines of one text, it may be
            return False
        if self._finder.knows(json_text):
            return False
        folded = json_text.lower()
        if "token" in folded and folded.count("token") != folded.count("tokens"):
            return False
        return not (
            "secret" in folded or "key" in folded or "pass" in folded or "pwd" in folded
            or "credential" in folded or "cookie" in folded or "authorization" in folded
            or "sig=" in folded or "%3a" in folded or "curl " in folded
            or ("://" in folded and "@" in folded)
        )  # fmt: skip

    def redact_text(self, text: str) -> str:
        """``text`` with its secrets masked."""
        if len(text) < self._least:
            return text
        spans = self._spans(text)
        return masked(text, 0, len(text), spans) if spans else text

    def stream(self) -> RedactingStream:
        """For text that comes in pieces, one stream a text."""
        return RedactingStream(self._finder)

    def _redact(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.redact_text(value)
        if isinstance(value, dict):
            return self._redact_fields(cast("dict[str, Any]", value))
        if isinstance(value, (list, tuple)):
            items = cast("list[Any] | tuple[Any, ...]", value)
            return _replaced(items, [self._redact(item) for item in items])
        return value

    def _redact_fields(self, fields: dict[Any, Any]) -> dict[Any, Any]:
        changed: dict[Any, Any] = {}
        renamed: dict[Any, str] = {}
        announced = _announced(fields) if "value" in fields else ""
        for key, value in fields.items():
            name = key if isinstance(key, str) else ""
            if is_secret_name(name):
                new = self._mask_field(name, value)
            elif announced and name == "value":
                new = self._mask_field(announced, value)
            elif isinstance(value, str) and _is_picture(name, value):
                continue
            elif "/" in name and _is_lines(value):
                new = self._redact_lines(value)
            else:
                new = self._redact(value)
            if new is not value:
                changed[key] = new
            if (shown := self.redact_text(name)) is not name:
                renamed[key] = shown
        if not changed and not renamed:
            return fields
        return {renamed.get(name, name): changed.get(name, fields[name]) for name in fields}

    def _redact_lines(self, lines: list[str]) -> list[str]:
        """A text of a MIME bundle that is kept as its lines, which readers join again."""
        text = "".join(lines)
        clean = self.redact_text(text)
        return lines if clean == text else clean.splitlines(keepends=True)

    def _mask_field(self, name: str, value: Any) -> Any:
        """The value of a field whose name says that it is secret."""
        if isinstance(value, (list, tuple)):
            items = cast("list[Any] | tuple[Any, ...]", value)
            return _replaced(items, [self._mask_field(name, item) for item in items])
        if isinstance(value, int) and abs(value) >= _LEAST_NUMBER and "token" not in name.lower():
            return MASK
        if not isinstance(value, str):
            return self._redact(value)
        # In the data of language work a "token" is a word; a secret one is long and in one piece.
        is_word = name.lower().endswith("token") and (len(value) < 12 or " " in value)
        if not value or is_word or value.startswith("[secret"):
            return self.redact_text(value)
        return MASK


def holds_mask(value: object) -> bool:
    """Whether a secret was masked in a JSON value, so that it is not the value that was meant."""
    return MASKED.search(json.dumps(value, default=str)) is not None


def _announced(fields: Mapping[Any, Any]) -> str:
    """The secret's name that stands beside its ``value``, as in lists of headers and of variables."""
    names = (fields.get(each) for each in ("name", "key", "header"))
    return next((each for each in names if isinstance(each, str) and is_secret_name(each)), "")


def _is_lines(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(
        isinstance(line, str) for line in cast("list[object]", value)
    )


def _replaced(items: list[Any] | tuple[Any, ...], new: list[Any]) -> list[Any] | tuple[Any, ...]:
    return items if all(a is b for a, b in zip(items, new, strict=True)) else new


def _is_picture(name: str, value: str) -> bool:
    """Whether this is the base64 of a picture rather than text that somebody put there."""
    return (
        name.startswith("image/")
        and name != "image/svg+xml"
        and len(value) >= _PICTURE_LEAST
        and not any(mark in value for mark in " -_.")
    )
