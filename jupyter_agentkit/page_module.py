"""The widget's part that runs in the page."""

from __future__ import annotations

import functools
from pathlib import Path

from agentkit.errors import AgentKitError

PAGE_MODULE = Path(__file__).parent / "static" / "widget.js"
"""What the page runs for the widget; the front end's build makes it."""


@functools.cache
def page_module() -> str:
    """The text of the page's module.

    Raises
    ------
    AgentKitError
        The front end was not built.
    """
    try:
        return PAGE_MODULE.read_text(encoding="utf-8")
    except OSError:
        raise AgentKitError(
            f"The widget's page part {str(PAGE_MODULE)!r} is missing: this is a checkout whose front "
            "end was not built. Build it ('make lab' does), or install a released wheel.",
            reason="widget_not_built",
        ) from None
