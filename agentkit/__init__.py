"""LLM agents with tools and skills: a loop, a hub that keeps runs, and the hosts that show them.

The public names, each loaded when it is first used, so that ``import agentkit`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from agentkit._version import __version__

if TYPE_CHECKING:
    from agentkit.core.protocol import AgentConfig as AgentConfig
    from agentkit.core.protocol import CancellationToken as CancellationToken
    from agentkit.core.protocol import Limits as Limits
    from agentkit.core.protocol import StartTask as StartTask
    from agentkit.core.protocol import TaskStatus as TaskStatus
    from agentkit.core.protocol import ToolSpec as ToolSpec
    from agentkit.core.react import llm_generate as llm_generate
    from agentkit.core.react import react as react
    from agentkit.core.redaction import Redactor as Redactor
    from agentkit.errors import AgentKitError as AgentKitError
    from agentkit.hub.executor import InProcessExecutor as InProcessExecutor
    from agentkit.hub.hub import Hub as Hub
    from agentkit.hub.journal import Journal as Journal
    from agentkit.llm.gateway import LLMGateway as LLMGateway
    from agentkit.llm.protocol import LLMResponse as LLMResponse
    from agentkit.llm.protocol import TokenUsage as TokenUsage
    from agentkit.server.app import create_app as create_app
    from agentkit.skills.registry import SkillRegistry as SkillRegistry
    from agentkit.tools.function import as_tool as as_tool
    from agentkit.tools.protocol import Tool as Tool
    from agentkit.tools.protocol import ToolContext as ToolContext
    from agentkit.tools.protocol import ToolResult as ToolResult
    from agentkit.tools.registry import ToolRegistry as ToolRegistry

_HOMES = {
    "AgentConfig": "core.protocol",
    "AgentKitError": "errors",
    "CancellationToken": "core.protocol",
    "Hub": "hub.hub",
    "InProcessExecutor": "hub.executor",
    "Journal": "hub.journal",
    "LLMGateway": "llm.gateway",
    "LLMResponse": "llm.protocol",
    "Limits": "core.protocol",
    "Redactor": "core.redaction",
    "SkillRegistry": "skills.registry",
    "StartTask": "core.protocol",
    "TaskStatus": "core.protocol",
    "TokenUsage": "llm.protocol",
    "Tool": "tools.protocol",
    "ToolContext": "tools.protocol",
    "ToolRegistry": "tools.registry",
    "ToolResult": "tools.protocol",
    "ToolSpec": "core.protocol",
    "as_tool": "tools.function",
    "create_app": "server.app",
    "llm_generate": "core.react",
    "react": "core.react",
}

__all__ = ["__version__", *_HOMES]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
