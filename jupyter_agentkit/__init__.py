"""Agents in Jupyter: a server extension that runs them, and what a notebook needs to use them."""

from __future__ import annotations

from agentkit._version import __version__ as __version__


def _jupyter_server_extension_points() -> list[dict[str, object]]:
    from jupyter_agentkit.app import AgentKitApp

    return [{"module": "jupyter_agentkit.app", "app": AgentKitApp}]
