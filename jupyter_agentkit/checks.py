"""What checks the settings that are objects: whether agentkit can use what is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import TypeAdapter

from agentkit.core.bounds import Bounds
from agentkit.core.protocol import Limits, Policy
from agentkit.llm.configured import checked_providers
from agentkit.llm.prices import Prices
from agentkit.server.input import checked
from agentkit.tools.mcp_config import parse_servers

BOUNDS = TypeAdapter(Bounds)
LIMITS = TypeAdapter(Limits)
POLICY: TypeAdapter[Policy] = TypeAdapter(Policy)

CHECKS: dict[str, Callable[[Any, str], object]] = {
    "providers": lambda value, where: checked_providers(value),
    "prices": lambda value, where: Prices(value),
    "bounds": lambda value, where: checked(BOUNDS, value, where, "invalid_input"),
    "limits": lambda value, where: checked(LIMITS, value, where, "invalid_input"),
    "policy": lambda value, where: checked(POLICY, value, where, "invalid_input"),
    "mcp_servers": parse_servers,
}
"""By the setting's name: a function of the value and of the words that name it in errors.

Each raises `agentkit.errors.InvalidInput`.
"""
