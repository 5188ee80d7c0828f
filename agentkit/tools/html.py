"""The words of an HTML fragment, for a model that is given text alone."""

from __future__ import annotations

from html.parser import HTMLParser

_SILENT = frozenset({"script", "style", "head", "template"})
_CELLS = frozenset({"td", "th"})
# fmt: off
_BLOCKS = frozenset({
    "address", "article", "blockquote", "br", "caption", "dd", "div", "dl", "dt", "figcaption",
    "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol",
    "p", "pre", "section", "summary", "table", "tr", "ul",
})
# fmt: on


def text_of_html(html: str) -> str:
    """Give the words without markup: a line a block or table row, cells parted by `` | ``."""
    words = _Words()
    words.feed(html)
    words.close()
    lines = (" ".join(line.split()).strip(" |") for line in "".join(words.pieces).split("\n"))
    return "\n".join(line for line in lines if line)


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _CELLS:
            self.pieces.append(" | ")
        elif tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            # A line break in the source is a blank on the page.
            self.pieces.append(data.replace("\n", " "))
