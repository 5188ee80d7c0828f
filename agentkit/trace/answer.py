"""The answer, which is Markdown from a model, as safe HTML.

It is parsed by mistune, which every Jupyter server has through nbconvert, so that it costs no package
more. What is safe does not rest on that parser: its output goes through our own list of allowed tags,
where pictures become links.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from agentkit.trace.looks import ATTRIBUTES
from agentkit.trace.results import cut
from agentkit.trace.sanitize import sanitize
from agentkit.trace.words import visible


def answer_html(text: str, limit: int) -> tuple[str, str]:
    """Markdown as an HTML fragment, and a note when it had to be cut to ``limit`` characters."""
    shown, note = cut(visible(text), limit)
    html = _parser()(shown)
    return sanitize(html, 8 * limit, links=True, attributes=ATTRIBUTES).html, note


@cache
def _parser() -> Callable[[str], str]:
    # Imported when first needed: it takes 40 ms, and most who import agentkit never write HTML.
    import mistune

    to_html = mistune.create_markdown(escape=True, plugins=["table", "strikethrough"])
    return lambda text: str(to_html(text))
