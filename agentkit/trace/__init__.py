"""The trace of a run: the document, and its readable forms.

The public names are loaded when they are first used, because every part of the trace imports this package.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agentkit.trace.files import Place as Place
    from agentkit.trace.files import SavedTrace as SavedTrace
    from agentkit.trace.files import load as load
    from agentkit.trace.leaving_out import parts as parts
    from agentkit.trace.leaving_out import without as without

_HOMES = {
    "Place": "files",
    "SavedTrace": "files",
    "load": "files",
    "parts": "leaving_out",
    "without": "leaving_out",
}

__all__ = ["Place", "SavedTrace", "load", "parts", "without"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
