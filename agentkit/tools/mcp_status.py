"""How an MCP server stands."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

State = Literal["starting", "ready", "failed", "stopped"]


class McpServerStatus(BaseModel):
    """A server, as ``GET /status`` shows it."""

    name: str
    state: State
    tools: int
    message: str | None = None
    """Why it failed."""
