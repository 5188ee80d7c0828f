"""The watchers of tasks, under the import path that others rely on."""

from agentkit.hub.connections import ConnectionManager

__all__ = ["ConnectionManager"]
