"""Runs as a file for others: a page, Markdown, a notebook, JSON, JSON Lines, AG-UI events, OpenTelemetry.

A trace is written as it is given; ``agentkit.trace.sharing`` says how it may leave.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from html import escape
from types import MappingProxyType
from typing import Any

from agentkit.errors import InvalidInput
from agentkit.trace.ag_ui import to_ag_ui
from agentkit.trace.bundle import to_bundle
from agentkit.trace.document import Trace
from agentkit.trace.files import SavedTrace
from agentkit.trace.html import to_html
from agentkit.trace.markdown import to_markdown
from agentkit.trace.otlp import to_otlp
from agentkit.trace.sharing import manifest
from agentkit.trace.words import one_line, visible

# No script, no request: whatever a tool wrote, the page is all that there is.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark; font-family: system-ui, -apple-system, "Segoe UI", sans-serif; }
body { margin: 0 auto; max-width: 88ch; padding: 16px; font-size: 13px; overflow-wrap: anywhere; }
section, pre { overflow-x: auto; }
h1 { font-size: 18px; font-weight: 600; }
@media print { details::details-content { content-visibility: visible; block-size: auto; } }
h2 { font-size: 13px; font-weight: 500; opacity: .75; margin: 32px 0 8px; }
"""


def heading(run: SavedTrace, number: int) -> str:
    """``Run 2 · cell 5 (a1b2c3)``: how a run is named where there may be several."""
    return " · ".join(filter(None, (f"Run {number}", str(run.place) if run.place else "")))


def to_page(runs: Mapping[int, SavedTrace], title: str) -> str:
    """One HTML file that needs nothing else and runs nothing; light or dark as its reader's system is.

    Parameters
    ----------
    runs
        Number → run, as the reader counts them.
    title
        What they come from, a file's name mostly.
    """
    name = escape(one_line(title))
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{name}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{name}</h1>",
    ]
    for number, run in runs.items():
        known = len(runs) > 1 or run.place is not None
        parts += ["<section>", f"<h2>{escape(heading(run, number))}</h2>" if known else ""]
        parts += [to_html(run, live=False), "</section>"]
    return "\n".join([*parts, "</main>\n</body>\n</html>\n"])


def _to_markdown(runs: Mapping[int, SavedTrace], title: str) -> str:
    if len(runs) == 1:
        return "".join(to_markdown(run, live=False) for run in runs.values())
    # A heading may hold any text but a line's end; a code span shows it as it is.
    name = one_line(title).replace("`", "'")
    parts = [f"# `{name}`\n"]
    for number, run in runs.items():
        place = f" · cell {run.place.cell + 1}" if run.place else ""
        parts.append(f"## Run {number}{place}\n\n{to_markdown(run, live=False)}")
    return "\n".join(parts)


def _to_json(runs: Mapping[int, SavedTrace], _title: str) -> str:
    documents = [run.to_json() for run in runs.values()]
    return f"{written(documents[0] if len(documents) == 1 else documents, indent=2)}\n"


def _to_json_lines(runs: Mapping[int, SavedTrace], _title: str) -> str:
    return "".join(f"{written(run.to_json())}\n" for run in runs.values())


def _to_ag_ui(runs: Mapping[int, SavedTrace], _title: str) -> str:
    return "".join(f"{written(event)}\n" for run in runs.values() for event in to_ag_ui(run))


def _to_otlp(runs: Mapping[int, SavedTrace], _title: str) -> str:
    return f"{written(to_otlp(list(runs.values())))}\n"


def _to_notebook(runs: Mapping[int, SavedTrace], title: str) -> str:
    """A notebook of one cell a run, as a cell that shows it would be saved."""
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "id": f"run-{number}",
            "metadata": {},
            "execution_count": None,
            "source": f"# {one_line(title)}" if len(runs) == 1 else f"# {heading(run, number)}",
            "outputs": [{"output_type": "display_data", **to_bundle(run, live=False)}],
        }
        for number, run in runs.items()
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    book: dict[str, Any] = {
        "cells": cells,
        "metadata": metadata,
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return f"{written(book, indent=1)}\n"


def written(value: object, indent: int | None = None) -> str:
    """``value`` as JSON text that every reader of JSON takes."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)


def to_bytes(text: str) -> bytes:
    """The text in UTF-8; half a surrogate pair, which JSON may hold, becomes its escape again."""
    return text.encode("utf-8", "backslashreplace")


def titled(runs: Mapping[int, SavedTrace], text_of: Callable[[SavedTrace], str]) -> str:
    """Runs as text for a terminal, each below its heading."""
    parts = [f"── {heading(run, number)}\n\n{text_of(run)}\n" for number, run in runs.items()]
    return visible("\n".join(parts))


FORMS: Mapping[str, Callable[[Mapping[int, SavedTrace], str], str]] = MappingProxyType(
    {
        "html": to_page,
        "markdown": _to_markdown,
        "json": _to_json,
        "jsonl": _to_json_lines,
        "ipynb": _to_notebook,
        "ag-ui": _to_ag_ui,
        "otlp": _to_otlp,
    }
)
"""The name of a form → what writes numbered runs and a title in it."""

ENDINGS: Mapping[str, str] = MappingProxyType(
    {
        "html": ".html",
        "markdown": ".md",
        "json": ".agenttrace.json",
        "jsonl": ".jsonl",
        "ipynb": ".ipynb",
        "ag-ui": ".ag-ui.jsonl",
        "otlp": ".otlp.json",
    }
)
"""The name of a form → how the names of its files end."""


def form_of(name: str) -> str:
    """The form that a file's name asks for; the longest ending decides.

    Raises
    ------
    InvalidInput
        No form has such an ending.
    """
    endings = {ending: form for form, ending in ENDINGS.items()} | {".json": "json"}
    for ending in sorted(endings, key=len, reverse=True):
        if name.lower().endswith(ending):
            return endings[ending]
    raise InvalidInput(
        f"{name!r} does not say how to write the run; end it with one of {', '.join(ENDINGS.values())}.",
        reason="unknown_form",
    )


def offered(trace: Trace) -> dict[str, Any]:
    """What a form shows of a run that may be shared.

    ``{"name", "endings", "goes_on", "at", "rest", "steps"}``: ``name`` is what its files are called without
    their endings, ``at`` the moment of this look, ``goes_on`` whether the run or one that follows it up
    had not ended then; the rest is ``sharing.Manifest``.
    """
    return {
        "name": file_name(trace, "html").removesuffix(ENDINGS["html"]),
        "endings": dict(ENDINGS),
        "goes_on": not trace.has_ended,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        **manifest(trace).to_json(),
    }


def file_name(trace: Trace, form: str) -> str:
    """What a file of the run is called where nobody says: ``analyst-1b2c3d4e.html``."""
    words = re.sub(r"[^\w-]+", "-", trace.agent)[:40].strip("-_")
    task = re.sub(r"[^A-Za-z0-9]+", "", trace.task_id)[:8]
    return ("-".join(filter(None, (words, task))) or "run") + ENDINGS[form]


def exported(trace: Trace, form: str) -> str:
    """One run in a form of ``FORMS``."""
    run = SavedTrace.model_construct(**dict(trace))
    return FORMS[form]({1: run}, f"Run of {trace.agent or 'an agent'}")
