"""What of a tool's result is shown: the choice among the types of a MIME bundle, and the cuts."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agentkit.core.protocol import MimeBundle
from agentkit.trace.read import as_list, as_text
from agentkit.trace.words import as_json, as_words, counted, first_line, size, visible

PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
SVG = "image/svg+xml"
_TEXTS = ("text/plain", "text/markdown", "text/latex")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_SIZE = re.compile(r"(\d[\d,]*) rows? [x×] (\d[\d,]*) columns?")
# A Python string's repr reads better without its quotes.
_QUOTED = re.compile(r"""(['"])([^\n\\]*)\1""")
# The part before the address is bounded: HTML without end must not be searched again from each tag.
_IN_HTML = re.compile(
    r"<img\b[^>]{0,400}?\bsrc=[\"']?data:(image/[a-z]+);base64,([A-Za-z0-9+/\s]+={0,2})[\"'\s>]"
)
# Python's repr of a figure, and what stands for a picture that came over MCP.
_STANDS_FOR = re.compile(r"<[^<>]*>|\[image/[\w.+-]+\]|")
WHOLE = "the whole is in the notebook's trace data"
"""Said with every cut."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as a data URI."""

    mime_type: str
    uri: str

    @property
    def note(self) -> str:
        """Said where the picture itself is not shown."""
        return f"[picture: {self.mime_type}, {size(len(self.uri))}; {WHOLE}]"


def pictures_of(bundle: MimeBundle) -> list[Picture]:
    """The pictures of a bundle that can be shown safely.

    A bundle holds one picture of a type; code that drew several has them all in its HTML, in order.
    """
    found = [
        Picture(mime_type, f"data:{mime_type};base64,{''.join(data.split())}")
        for mime_type, data in _IN_HTML.findall(html_of(bundle))
        if mime_type in PICTURES
    ]
    own = _own_picture(bundle)
    return list(dict.fromkeys([*found, *([own] if own else [])]))


def _own_picture(bundle: MimeBundle) -> Picture | None:
    """SVG is a picture too: as the source of an ``<img>`` it runs no script and loads nothing."""
    for mime_type in PICTURES:
        data = "".join(_text(bundle.get(mime_type)).split())
        if len(data) % 4 == 0 and _BASE64.fullmatch(data):
            return Picture(mime_type, f"data:{mime_type};base64,{data}")
    drawing = _text(bundle.get(SVG))
    if "<svg" in drawing:
        data = base64.b64encode(drawing.encode("utf-8", "replace")).decode()
        return Picture(SVG, f"data:{SVG};base64,{data}")
    return None


def words_beside(bundle: MimeBundle) -> str:
    """The text of a result with pictures, without the lines that only stand for one."""
    lines = text_of(bundle).splitlines()
    return "\n".join(line for line in lines if not _STANDS_FOR.fullmatch(line.strip())).strip("\n")


def text_of(bundle: MimeBundle) -> str:
    """The result as text, from whatever type says it best."""
    for mime_type in _TEXTS:
        if text := _text(bundle.get(mime_type)):
            return visible(text).strip("\n")
    for mime_type, value in bundle.items():
        if mime_type.endswith("json") and value is not None:
            return visible(as_json(value, indent=2))
    return ""


def html_of(bundle: MimeBundle) -> str:
    """The bundle's HTML as it came: hostile until sanitised."""
    return _text(bundle.get("text/html"))


def summary(bundle: MimeBundle) -> str:
    """What a tool gave back, on one line; of a picture only what was said beside it."""
    if any(mime_type.startswith("image/") for mime_type in bundle):
        return first_line(words_beside(bundle), 200)
    plain, html = _text(bundle.get("text/plain")), html_of(bundle)
    # pandas says the size itself when it shows a part only.
    if said := _SIZE.search(f"{plain[-200:]}\n{html[-400:]}"):
        rows, columns = (int(number.replace(",", "")[:12] or 0) for number in said.groups())
        return f"A table of {counted(rows, 'row')} and {counted(columns, 'column')}"
    if "<table" in html:
        head = html.partition("<thead")[2].partition("</thead")[0].count("<tr")
        return f"A table of {counted(max(0, html.count('<tr') - head), 'row')}"
    quoted = _QUOTED.fullmatch(plain[:2000].strip())
    text = quoted[2] if quoted else text_of(bundle)
    return first_line(text, 200) or ", ".join(list(bundle)[:5]) or "Nothing returned"


def other_types(bundle: MimeBundle) -> str:
    """Said of a result that cannot be shown here at all; empty for an empty result."""
    types = ", ".join(visible(str(mime_type))[:80] for mime_type in list(bundle)[:5])
    return f"[{types}: {WHOLE}]" if types else ""


def arguments_text(arguments: Mapping[str, Any]) -> str:
    """Arguments one a line, text as it is: ``region = North``."""
    lines = [f"{name} = {as_words(value, indent=2)}" for name, value in arguments.items()]
    return visible("\n".join(lines))


def cut(text: str, limit: int) -> tuple[str, str]:
    """``text`` up to ``limit`` characters, and the note that says so when it was longer."""
    if len(text) <= limit:
        return text, ""
    return text[:limit], f"… cut: {limit:,} of {len(text):,} characters shown; {WHOLE}"


def cut_whole(text: str, limit: int) -> str:
    """``text`` up to ``limit`` characters, with the note on a line of its own below."""
    return "\n".join(filter(None, cut(text, limit)))


def cut_rows() -> str:
    """The note below a table of which only the first rows are shown."""
    return f"… cut: the first rows are shown; {WHOLE}"


def _text(value: object) -> str:
    # The notebook format allows text as a list of lines.
    return as_text(value) or "".join(as_text(line) or "" for line in as_list(value))
