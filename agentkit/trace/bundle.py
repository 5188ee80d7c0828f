"""A run's cell output: the same trace in every form that some reader of notebooks shows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from agentkit.core.protocol import MimeBundle
from agentkit.trace.document import TRACE_MIME, VERSION, Trace, read_trace
from agentkit.trace.html import to_html
from agentkit.trace.limits import ROWS_BESIDE, TRACE_CHARS, TRACE_VALUES
from agentkit.trace.markdown import to_markdown
from agentkit.trace.packed import pack
from agentkit.trace.plain import to_text
from agentkit.trace.read import as_list, as_mapping

_TEXTS = ("text/plain", "text/markdown")


def to_bundle(trace: Trace | Mapping[str, Any], *, live: bool = True) -> dict[str, MimeBundle]:
    """``{"data", "metadata"}`` of a cell output: the trace, HTML, Markdown and plain text.

    Large results are whole in the trace alone, whose events are packed when they are long. Of very many
    rows only the HTML lists all: Markdown and text are rarely read where it stands beside them. How much
    each form holds is known to ``agentkit.trace.limits``.

    Parameters
    ----------
    live
        Of an unfinished run: whether it may be going on ("Running when this was saved"), or nobody
        will write its end into this output any more ("Not finished when this was saved").
    """
    document = read_trace(trace)
    return {
        "data": {
            TRACE_MIME: _kept(document.to_json()),
            "text/html": to_html(document, live=live),
            "text/markdown": to_markdown(document, live=live, listed=ROWS_BESIDE),
            "text/plain": to_text(document, live=live, listed=ROWS_BESIDE),
        },
        "metadata": {},
    }


def to_traces(traces: Iterable[Trace]) -> dict[str, Any]:
    """What an output that stands for many runs keeps of them, as many as fit a single one's size."""
    kept: list[dict[str, Any]] = []
    left = TRACE_CHARS
    for trace in traces:
        document = _kept(trace.to_json())
        left -= _length(document)
        if left < 0:
            break
        kept.append(document)
    return {"version": VERSION, "traces": kept}


def _length(document: dict[str, Any]) -> int:
    return len(json.dumps(document, ensure_ascii=False, default=repr))


def _kept(document: dict[str, Any]) -> dict[str, Any]:
    """The document as a notebook keeps it: long lists of events packed, and no longer than is bearable."""
    kept = _packed(document)
    try:
        for limit in TRACE_VALUES:
            if _length(kept) <= TRACE_CHARS:
                break
            kept = _packed(_cut(document, limit))
    except RecursionError:
        return kept  # deeper than any run leaves; whoever writes the file decides about it
    return kept


def _packed(document: dict[str, Any]) -> dict[str, Any]:
    packed = {**document, "events": pack(document["events"])}
    if later := as_list(document.get("follow_ups")):
        packed["follow_ups"] = [_packed(each) for each in later]
    return packed


def _cut(value: Any, limit: int) -> Any:
    """``value`` with its long texts cut; each says so where it ends."""
    if isinstance(value, str) and len(value) > limit:
        return f"{value[:limit]}\n… cut: {limit:,} of {len(value):,} characters are kept in the notebook"
    if items := as_list(value):
        return [_cut(each, limit) for each in items]
    fields = as_mapping(value)
    cut = {name: _cut(each, limit) for name, each in fields.items()}
    if content := as_mapping(fields.get("content")):
        cut["content"] = _cut_bundle(content, limit)
    return cut or value


def _cut_bundle(content: dict[str, Any], limit: int) -> dict[str, Any]:
    """A result without what a cut would break; its text names what is missing."""
    sizes = {mime: len(json.dumps(value, default=repr)) for mime, value in content.items()}
    missing = [mime for mime, size in sizes.items() if size > limit and mime not in _TEXTS]
    kept = {mime: _cut(value, limit) for mime, value in content.items() if mime not in missing}
    if missing:
        notes = [
            f"[{mime}: {sizes[mime]:,} characters, not kept in the notebook]" for mime in missing
        ]
        kept["text/plain"] = "\n".join([str(kept.get("text/plain", "")), *notes]).lstrip("\n")
    return kept
