"""The parts of widgets that run in the page."""

from __future__ import annotations

import functools
from pathlib import Path

from agentkit.errors import AgentKitError

PAGE_MODULES = Path(__file__).parent / "static"
"""What the page runs for widgets, a file each; the front end's build makes it."""


@functools.cache
def page_module(name: str) -> str:
    """The text of a page's module: ``widget`` of an `AgentRun`, ``share-form`` of the form for sharing.

    Raises
    ------
    AgentKitError
        The front end was not built.
    """
    try:
        return (PAGE_MODULES / f"{name}.js").read_text(encoding="utf-8")
    except OSError:
        raise AgentKitError(
            f"The widget's page part {str(PAGE_MODULES / name)!r} is missing: this is a checkout whose front "
            "end was not built. Build it ('make lab' does), or install a released wheel.",
            reason="widget_not_built",
        ) from None
