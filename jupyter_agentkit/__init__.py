"""Agents in Jupyter: a server extension that runs them, and what a notebook needs to use them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from agentkit._version import __version__ as __version__

if TYPE_CHECKING:
    from jupyter_agentkit.agent import Agent as Agent
    from jupyter_agentkit.agent import tool as tool
    from jupyter_agentkit.asking import OpenRequest as OpenRequest
    from jupyter_agentkit.errors import AgentRunCancelled as AgentRunCancelled
    from jupyter_agentkit.errors import AgentRunError as AgentRunError
    from jupyter_agentkit.magics import load_ipython_extension as load_ipython_extension
    from jupyter_agentkit.mapping import AgentMap as AgentMap
    from jupyter_agentkit.widget import AgentRun as AgentRun

# Loaded when first asked for: the server extension imports this package too, and needs no widgets.
_HOMES = {
    "Agent": "jupyter_agentkit.agent",
    "AgentMap": "jupyter_agentkit.mapping",
    "AgentRun": "jupyter_agentkit.widget",
    "AgentRunCancelled": "jupyter_agentkit.errors",
    "AgentRunError": "jupyter_agentkit.errors",
    "OpenRequest": "jupyter_agentkit.asking",
    "load_ipython_extension": "jupyter_agentkit.magics",
    "tool": "jupyter_agentkit.agent",
}

__all__ = ["__version__", *_HOMES]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})


def _jupyter_server_extension_points() -> list[dict[str, object]]:  # pyright: ignore[reportUnusedFunction]
    from jupyter_agentkit.app import AgentKitApp

    return [{"module": "jupyter_agentkit.app", "app": AgentKitApp}]
