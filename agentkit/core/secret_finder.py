"""Where secrets stand in a text, and where one may begin that is not all there yet."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus

from agentkit.core.secret_rules import (
    ISSUED,
    NAMED,
    SUSPECT,
    SUSPECT_BEGUN,
    URLS,
    Rule,
    small,
)

MASK = "[secret]"
"""What stands in the place of a secret without a name."""

LEAST = 8
"""Shorter values are not searched for: they would turn up in ordinary words."""

Span = tuple[int, int, str, Rule | None]
"""Start, end, mask, and the rule where a rule found it."""


class SecretFinder:
    """Finds known values, and what the rules of ``secret_rules`` say.

    Parameters
    ----------
    masks
        Each known value, in each form in which it is searched for → what stands in its place.

    Attributes
    ----------
    least
        Characters that a text has to have for a secret to stand in it.
    """

    def __init__(self, masks: Mapping[str, str]) -> None:
        self.masks = masks
        # The longest first: of two secrets that begin alike, the longer one is meant.
        known = sorted(masks, key=len, reverse=True)
        self.least = min(LEAST, len(known[-1])) if known else LEAST
        self._known = _any_of(known)
        # As they look once more inside a JSON string, where their quotes and backslashes are escaped.
        self._known_in_json = _any_of(
            {form for one in known for form in (one, json.dumps(one, ensure_ascii=False)[1:-1])}
        )
        self._by_start: dict[str, list[str]] = {}
        for form in known:
            self._by_start.setdefault(form[:1], []).append(form)
        self._longest = len(known[0]) if known else 0

    def knows(self, json_text: str) -> bool:
        """Whether a known value stands in a JSON text."""
        return self._known_in_json is not None and self._known_in_json.search(json_text) is not None

    def spans(self, text: str) -> list[Span]:
        """Where secrets stand in ``text``, in order and without overlap."""
        found: list[Span] = []
        if self._known:
            masks = self.masks
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


def forms(value: str, least: int = LEAST) -> set[str]:
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


def _merged(found: list[Span]) -> Iterator[Span]:
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


def masked(text: str, start: int, end: int, spans: list[Span]) -> str:
    """That part of a text with its secrets masked."""
    parts: list[str] = []
    for span in spans:
        if span[0] >= end:
            break
        parts += text[start : span[0]], span[2]
        start = span[1]
    parts.append(text[start:end])
    return "".join(parts)
