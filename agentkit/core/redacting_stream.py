"""Masks secrets in text that comes in pieces."""

from __future__ import annotations

from agentkit.core.secret_finder import SecretFinder, masked
from agentkit.core.secret_rules import Rule

_CONTEXT = 160
"""Characters of what was sent already in which a trigger may begin."""


class RedactingStream:
    """Masks secrets in text that comes in pieces, so that none leaves in halves.

    Only what may be the beginning of a secret is held back: behind a trigger such as ``sk-``, or while it
    reads like the first characters of a known value. At most the length of the longest of these is held.
    """

    def __init__(self, finder: SecretFinder) -> None:
        self._finder = finder
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
        spans = [span for span in self._finder.spans(text) if span[0] >= start]
        last = spans[-1] if spans else None
        end = length if final else self._finder.begun_value(text, start)
        rule = last[3] if last else None
        # What has to follow some values decides what they are.
        known = None if rule is None or rule.end else rule
        if not final and end == length and last and known and text[last[1] :] in ("", known.pause):
            # Certainly a secret, though not yet all of it: the rest is dropped as it comes.
            self._within, end = known, last[1]
        elif not final:
            end = min(end, self._finder.begun_rule(text))
            end = min([end, *(span[0] for span in spans if span[0] < end < span[1])])
        shown = masked(text, start, end, spans)
        self._context, self._held = text[max(0, end - _CONTEXT) : end], text[end:]
        return shown
