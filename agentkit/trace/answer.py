"""The answer, which is Markdown from a model, as safe HTML.

It is parsed by mistune, which every Jupyter server has through nbconvert, so that it costs no package
more. What is safe does not rest on that parser: its output goes through our own list of allowed tags,
where pictures become links.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from html import unescape

from agentkit.trace.looks import ATTRIBUTES
from agentkit.trace.results import cut
from agentkit.trace.sanitize import sanitize
from agentkit.trace.words import one_line, visible

_MARKS = re.compile(r"[*_`~#>|\[\]\\&<-]")
"""Without one of these, Markdown is the text that it is."""
# Of our own HTML, in which every < that is none of a tag is escaped.
_INLINE_TAG = re.compile(r"</?(?:a|b|i|em|strong|code|del)\b[^>]*>")
_TAG = re.compile(r"<[^>]*>")


def answer_html(text: str, limit: int) -> tuple[str, str]:
    """Markdown as an HTML fragment, and a note when it had to be cut to ``limit`` characters."""
    shown, note = cut(visible(text), limit)
    html = _parser()(shown)
    return sanitize(html, 8 * limit, links=True, attributes=ATTRIBUTES).html, note


def plain_line(text: str, limit: int) -> str:
    """What Markdown says, on one line of up to ``limit`` characters and without its marks."""
    if not _MARKS.search(text, 0, limit):
        return one_line(text, limit)
    html, _ = answer_html(text[: 4 * limit], 4 * limit)
    return one_line(unescape(_TAG.sub(" ", _INLINE_TAG.sub("", html))), limit)


@cache
def _parser() -> Callable[[str], str]:
    # Imported when first needed: it takes 40 ms, and most who import agentkit never write HTML.
    import mistune

    to_html = mistune.create_markdown(escape=True, plugins=["table", "strikethrough"])
    return lambda text: str(to_html(text))
