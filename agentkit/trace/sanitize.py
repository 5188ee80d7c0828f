"""Reduces HTML from anywhere to a few harmless tags: what a table, or formatted text, is made of.

Nothing of the input is passed on as it is: allowed tags are written anew, with no attributes but the
few below; all text is escaped; everything else disappears, with its content where that is no text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser
from types import MappingProxyType

from agentkit.trace.words import visible

_TABLE = {"table", "thead", "tbody", "tfoot", "tr", "th", "td", "caption"}
_TEXT = {"p", "b", "i", "em", "strong", "code", "pre", "ul", "ol", "li", "blockquote", "del"}
_ALLOWED = _TABLE | _TEXT | {"h1", "h2", "h3", "h4", "h5", "h6"}
_VOID = {"br", "hr"}
_NO_TEXT = {
    "script", "style", "iframe", "noscript", "noframes", "noembed", "template", "object", "embed",
    "applet", "svg", "math", "head", "title", "textarea", "select", "audio", "video", "canvas",
}  # fmt: skip
_LINK_SCHEMES = ("https://", "http://", "mailto:")
_MAX_DEPTH = 60
_CHUNK = 8_000


@dataclass(frozen=True, slots=True)
class Sanitized:
    """What is left of some HTML."""

    html: str
    is_table: bool
    has_text: bool
    is_cut: bool


def sanitize(
    html: str,
    limit: int,
    *,
    links: bool = False,
    attributes: Mapping[str, str] = MappingProxyType({}),
) -> Sanitized:
    """Keep the allowed tags and the text of ``html``.

    Parameters
    ----------
    limit
        Characters of output after which no more is taken; open tags are still closed, so that the
        output is balanced and may be somewhat longer.
    links
        Keep ``<a href>`` to web and mail addresses. Off, links are their text.
    attributes
        Tag → the attributes that every such tag is written with, as HTML.
    """
    parser = _Allowing(limit, links, attributes)
    for start in range(0, len(html), _CHUNK):
        if parser.is_full:
            break
        parser.feed(html[start : start + _CHUNK])
    if not parser.is_full:
        parser.close()
    return Sanitized(parser.finish(), parser.is_table, parser.has_text, parser.is_full)


class _Allowing(HTMLParser):
    def __init__(self, limit: int, links: bool, attributes: Mapping[str, str]) -> None:
        super().__init__(convert_charrefs=True)
        self.is_table = False
        self.has_text = False
        self._limit = limit
        self._links = links
        self._given = attributes
        self._out: list[str] = []
        self._written = 0
        self._open: list[str] = []
        self._hidden: list[str] = []

    @property
    def is_full(self) -> bool:
        return self._written >= self._limit

    def _write(self, text: str) -> None:
        self._out.append(text)
        self._written += len(text)

    def finish(self) -> str:
        closing = "".join(f"</{tag}>" for tag in reversed(self._open))
        return "".join(self._out) + closing

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _NO_TEXT:
            self._hidden.append(tag)
        if self._hidden or self.is_full:
            return
        if tag == "code" and "pre" in self._open:
            return  # pages that give code a ground of its own would stripe the lines
        if tag in _VOID:
            self._write(f"<{tag}>")
        elif tag == "img":
            self._picture(dict(attrs))
        elif tag == "div" and self._written:
            self._write("<br>")
        elif len(self._open) < _MAX_DEPTH and (tag in _ALLOWED or (tag == "a" and self._links)):
            self._write(f"<{tag}{self._attributes(tag, dict(attrs))}>")
            self._open.append(tag)
            self.is_table = self.is_table or tag == "table"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # An <svg/> must not hide what follows it.
        if tag not in _NO_TEXT:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            if tag in self._hidden:
                del self._hidden[len(self._hidden) - 1 - self._hidden[::-1].index(tag) :]
            return
        if tag in self._open and not self.is_full:
            while True:
                closed = self._open.pop()
                self._write(f"</{closed}>")
                if closed == tag:
                    return

    def handle_data(self, data: str) -> None:
        if self._hidden or self.is_full:
            return
        data = visible(data)
        self.has_text = self.has_text or bool(data.strip())
        self._write(escape(data[: self._limit - self._written]))

    def _picture(self, given: dict[str, str | None]) -> None:
        """A picture is its words: loading it would tell its server that this was read, and where."""
        words = escape(visible(given.get("alt") or "picture"))
        address = self._attributes("a", {"href": given.get("src")}) if self._links else ""
        self._write(f"<a{address}>{words}</a>" if address else words)

    def _attributes(self, tag: str, given: dict[str, str | None]) -> str:
        if tag == "a":
            address = visible(given.get("href") or "").strip()
            if address.lower().startswith(_LINK_SCHEMES):
                return f' href="{escape(address)}" rel="noopener noreferrer"'
            return ""
        if tag in self._given:
            return f" {self._given[tag]}"
        spans = "".join(
            f' {name}="{int(value)}"'
            for name in ("colspan", "rowspan")
            if (value := given.get(name) or "").isdecimal() and value.isascii() and len(value) <= 3
        )
        return spans if tag in ("th", "td") else ""
