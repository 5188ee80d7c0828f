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
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeGuard, TypeVar, cast
from urllib.parse import quote, quote_plus

from agentkit.core.secret_rules import (
    ISSUED,
    NAMED,
    SUSPECT,
    SUSPECT_BEGUN,
    URLS,
    Rule,
    is_secret_name,
    is_secret_variable,
    small,
)

MASK = "[secret]"
"""What stands in the place of a secret without a name."""

MASKED = re.compile(r"\[secret(?:: [^\]\n]*)?\]")
"""Whatever stands in the place of a secret."""

_LEAST = 8
"""Shorter values are not searched for: they would turn up in ordinary words."""

_LEAST_TYPED = 4

_LEAST_NUMBER = 100_000
"""Of the numbers under a secret's name, smaller ones count or switch something."""

_CONTEXT = 160
"""Characters of what was sent already in which a trigger may begin."""

_PICTURE_LEAST = 256

_GLANCE_MOST = 20_000
"""Characters of JSON that are worth a glance: a long text hardly passes it, and a picture never does."""

_Json = TypeVar("_Json")
_Span = tuple[int, int, str, Rule | None]
"""Start, end, mask, and the rule where a rule found it."""


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
                masks.update(dict.fromkeys(_forms(value), f"[secret: {name}]"))
        for value in secrets:
            for form in _forms(value):
                masks.setdefault(form, MASK)
        self._know(masks)

    def knowing(self, secrets: Iterable[str]) -> Redactor:
        """The same with more secrets, such as somebody has typed: of these, 4 characters are enough."""
        new = Redactor(environ={})
        found = {form: MASK for value in secrets for form in _forms(value, _LEAST_TYPED)}
        new._know({**found, **self._masks})
        return new

    def _know(self, masks: dict[str, str]) -> None:
        self._masks = masks
        # The longest first: of two secrets that begin alike, the longer one is meant.
        known = sorted(masks, key=len, reverse=True)
        self._known = _any_of(known)
        # As they look once more inside a JSON string, where their quotes and backslashes are escaped.
        self._known_in_json = _any_of(
            {form for one in known for form in (one, json.dumps(one, ensure_ascii=False)[1:-1])}
        )
        self._by_start: dict[str, list[str]] = {}
        for form in known:
            self._by_start.setdefault(form[:1], []).append(form)
        self._longest = len(known[0]) if known else 0
        self._least = min(_LEAST, len(known[-1])) if known else _LEAST

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
        if self._known_in_json is not None and self._known_in_json.search(json_text):
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
        spans = self.spans(text)
        return _masked(text, 0, len(text), spans) if spans else text

    def stream(self) -> RedactingStream:
        """For text that comes in pieces, one stream a text."""
        return RedactingStream(self)

    def spans(self, text: str) -> list[_Span]:
        """Where secrets stand in ``text``, in order and without overlap."""
        found: list[_Span] = []
        if self._known:
            masks = self._masks
            found += [(m.start(), m.end(), masks[m[0]], None) for m in self._known.finditer(text)]
        for rule, where in _rules(text):
            found += [(*m.span(1), MASK, rule) for m in rule.complete.finditer(where)]
        return list(_merged(found)) if len(found) > 1 else found

    def begun_rule(self, text: str) -> int:
        """Where a value behind a trigger begins that the end of ``text`` may cut; else its length."""
        begun = (rule.begun.search(where) for rule, where in _rules(text, begun=True))
        return min((match.start(1) for match in begun if match), default=len(text))

    def begun_value(self, text: str, start: int) -> int:
        """From where on ``text`` ends like a known value begins; its length if nowhere."""
        for position in range(max(start, len(text) - self._longest + 1), len(text)):
            if forms := self._by_start.get(text[position]):
                tail = text[position:]
                if any(form.startswith(tail) and form != tail for form in forms):
                    return position
        return len(text)

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


class RedactingStream:
    """Masks secrets in text that comes in pieces, so that none leaves in halves.

    Only what may be the beginning of a secret is held back: behind a trigger such as ``sk-``, or while it
    reads like the first characters of a known value. At most the length of the longest of these is held.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._context = ""
        self._held = ""
        self._within: Rule | None = None

    def feed(self, piece: str) -> str:
        """What can be shown now, of this piece and of what was held back."""
        if self._within:
            piece = self._within.more.sub("", self._held + piece, count=1)
            self._held = piece if piece == self._within.pause else ""
            if not piece or self._held:
                return ""
            self._within = None
        return self._send(piece, final=False)

    def flush(self) -> str:
        """The rest, at the end of the text."""
        self._within = None
        return self._send("", final=True)

    def _send(self, piece: str, *, final: bool) -> str:
        text = self._context + self._held + piece
        start, length = len(self._context), len(text)
        spans = [span for span in self._redactor.spans(text) if span[0] >= start]
        last = spans[-1] if spans else None
        end = length if final else self._redactor.begun_value(text, start)
        rule = last[3] if last else None
        # What has to follow some values decides what they are.
        known = None if rule is None or rule.end else rule
        if not final and end == length and last and known and text[last[1] :] in ("", known.pause):
            # Certainly a secret, though not yet all of it: the rest is dropped as it comes.
            self._within, end = known, last[1]
        elif not final:
            end = min(end, self._redactor.begun_rule(text))
            end = min([end, *(span[0] for span in spans if span[0] < end < span[1])])
        shown = _masked(text, start, end, spans)
        self._context, self._held = text[max(0, end - _CONTEXT) : end], text[end:]
        return shown


def _rules(text: str, *, begun: bool = False) -> Iterator[tuple[Rule, str]]:
    """The rules that may find a value, whole or begun, each with the text to look at."""
    if (SUSPECT_BEGUN if begun else SUSPECT).search(text):
        yield from ((rule, text) for rule in ISSUED if rule.literal in text)
    if "://" in text and (begun or "@" in text):
        yield from ((rule, text) for rule in URLS)
    # Between a name and its value stands one of these.
    # Written out, because this is asked of every short text too.
    if not ("=" in text or ":" in text or ">" in text or "--" in text or "%3" in text):
        return
    folded = small(text)
    for names in NAMED:
        if names.mark not in folded or names.word not in folded:
            continue
        if names.glance is None or names.glance.search(folded):
            yield from ((rule, folded) for rule in names.rules)


def _any_of(texts: Iterable[str]) -> re.Pattern[str] | None:
    found = "|".join(map(re.escape, texts))
    return re.compile(found) if found else None


def _forms(value: str, least: int = _LEAST) -> set[str]:
    """A secret as it is, and as it looks inside JSON text and URLs."""
    value = value.strip()
    if len(value) < least:
        return set()
    return {
        value,
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        quote(value),
        quote(value, safe=""),
        quote_plus(value),
    }


def _merged(found: list[_Span]) -> Iterator[_Span]:
    """Spans in order, those that overlap made one."""
    found.sort(key=lambda span: (span[0], -span[1]))
    current = found[0]
    for span in found[1:]:
        if span[0] < current[1]:
            if span[1] > current[1]:
                current = (current[0], span[1], current[2], span[3])
        else:
            yield current
            current = span
    yield current


def _masked(text: str, start: int, end: int, spans: list[_Span]) -> str:
    parts: list[str] = []
    for span in spans:
        if span[0] >= end:
            break
        parts += text[start : span[0]], span[2]
        start = span[1]
    parts.append(text[start:end])
    return "".join(parts)


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
