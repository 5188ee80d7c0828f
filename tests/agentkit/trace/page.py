"""What a browser would find in a fragment of HTML."""

from __future__ import annotations

from html.parser import HTMLParser

TAGS = frozenset(
    [
        "div",
        "p",
        "span",
        "strong",
        "em",
        "b",
        "i",
        "del",
        "code",
        "pre",
        "br",
        "hr",
        "a",
        "img",
        "details",
        "summary",
        "blockquote",
        "ul",
        "ol",
        "li",
        "table",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "th",
        "td",
        "caption",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
    ]
)
ATTRIBUTES = {
    "style",
    "open",
    "border",
    "cellpadding",
    "src",
    "alt",
    "href",
    "rel",
    "colspan",
    "rowspan",
}
VOID = {"br", "hr", "img"}
GITHUB_TAGS = TAGS | {"sup", "sub", "kbd"}


class Page(HTMLParser):
    """What a browser would find in a fragment; raises at anything that is not on the lists."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        assert tag in TAGS, f"<{tag}> came through"
        assert set(given) <= ATTRIBUTES, f"{set(given) - ATTRIBUTES} on <{tag}> came through"
        assert given.get("href", "https://").startswith(("https://", "http://", "mailto:"))
        assert given.get("src", "data:image/").startswith("data:image/")
        assert "url(" not in given.get("style", "")
        assert "position" not in given.get("style", "")
        self.found.append((tag, given))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment came through: {data!r}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration came through: {decl!r}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction came through: {data!r}")

    def count(self, tag: str) -> int:
        return sum(1 for found, _ in self.found if found == tag)
