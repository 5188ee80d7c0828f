"""Tools that come and go by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from agentkit.tools.protocol import Tool


class ToolSource(Protocol):
    """Where a registry finds tools besides those that were registered, such as MCP servers."""

    @property
    def tools(self) -> Sequence[Tool]:
        """Those that there are at this moment."""
        ...

    def may_give(self, name: str) -> bool:
        """Whether a tool of that name, or of that pattern, can come from here, now or later."""
        ...

    async def ready(self, names: Iterable[str] | None, say: Callable[[str, str], None]) -> None:
        """Wait, for a limited time, until those tools are there (``None``: all that can come).

        ``say(message, reason)`` takes what whoever watches should know: what is waited for, what is missing.
        """
        ...
