"""The answer, which is Markdown from a model, as safe HTML.

It is parsed by mistune, which every Jupyter server has through nbconvert, so that it costs no package
more. What is safe does not rest on that parser: its output goes through our own list of allowed tags,
where pictures become links.
"""

from __future__ import annotations

from agentkit.trace.results import cut
from agentkit.trace.sanitize import sanitize
from agentkit.trace.words import visible

_LIMIT = 60_000


def answer_html(text: str, table_style: str) -> tuple[str, str]:
    """The answer as an HTML fragment, and a note when it had to be cut."""
    # Imported when first needed: it takes 40 ms, and most who import agentkit never write HTML.
    import mistune

    shown, note = cut(visible(text), _LIMIT)
    to_html = mistune.create_markdown(escape=True, plugins=["table", "strikethrough"])
    html = str(to_html(shown))
    return sanitize(html, 8 * _LIMIT, links=True, table_style=table_style).html, note
