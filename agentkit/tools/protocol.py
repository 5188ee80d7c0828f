"""What a tool is to the loop: a name, a schema, and one coroutine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from agentkit.core.protocol import CancellationToken, ErrorInfo, MimeBundle, Outcome, ToolSpec


@dataclass(slots=True)
class ToolContext:
    """What a running call may use of the run it belongs to, from any thread."""

    tool_call_id: str
    token: CancellationToken = field(default_factory=CancellationToken)
    progress: Callable[[float, float | None, str | None], None] = lambda done, total, message: None
    """``progress(done, total, message)``: shown on the step while it runs."""
    warn: Callable[[str, str], None] = lambda message, reason: None
    """``warn(message, reason)``: becomes a ``warning`` event of the run."""


@dataclass(slots=True)
class ToolResult:
    """How a call ended and what it gave."""

    outcome: Outcome
    content: MimeBundle = field(default_factory=dict[str, Any])
    error: ErrorInfo | None = None
    """Of every outcome but ``success``."""

    @classmethod
    def failed(cls, message: str, reason: str, content: MimeBundle | None = None) -> ToolResult:
        """A failure: ``message`` is what the model is told, ``content`` what the reader can unfold."""
        return cls(
            "failed", content or {"text/plain": message}, ErrorInfo(message=message, reason=reason)
        )


class Tool(ABC):
    """A tool. ``call`` returns a failure as a result; what it raises is the loop's to turn into one.

    When the run is cancelled or the call's time is up, the asyncio task that runs ``call`` is cancelled.
    """

    runs_in: ClassVar[str] = "server"
    spec: ToolSpec

    @abstractmethod
    async def call(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """Run with the model's arguments, which may not fit the schema: check them here."""
