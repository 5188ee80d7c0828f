"""A run's cell output: the same trace in every form that some reader of notebooks shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentkit.core.protocol import MimeBundle
from agentkit.trace.document import TRACE_MIME, Trace, read_trace
from agentkit.trace.html import to_html
from agentkit.trace.markdown import to_markdown
from agentkit.trace.plain import to_text


def to_bundle(trace: Trace | Mapping[str, Any], *, live: bool = True) -> dict[str, MimeBundle]:
    """``{"data", "metadata"}`` of a cell output: the trace, HTML, Markdown and plain text.

    Large results are whole in the trace alone.

    Parameters
    ----------
    live
        Of an unfinished run: whether it may be going on ("Running when this was saved"), or nobody
        will write its end into this output any more ("Not finished when this was saved").
    """
    document = read_trace(trace)
    return {
        "data": {
            TRACE_MIME: document.to_json(),
            "text/html": to_html(document, live=live),
            "text/markdown": to_markdown(document, live=live),
            "text/plain": to_text(document, live=live),
        },
        "metadata": {},
    }
