"""What ``import agentkit`` gives, and what it costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import agentkit

HEAVY = (
    "anthropic",
    "fastapi",
    "httpx",
    "matplotlib",
    "numpy",
    "openai",
    "pandas",
    "tornado",
    "IPython",
)


def modules_after(statement: str) -> set[str]:
    """The modules that a new interpreter has loaded after a statement."""
    code = f"{statement}; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_public_names_are_these() -> None:
    assert agentkit.__all__ == [
        "__version__",
        "AgentConfig",
        "AgentKitError",
        "CancellationToken",
        "Hub",
        "InProcessExecutor",
        "Journal",
        "LLMGateway",
        "LLMResponse",
        "Limits",
        "Redactor",
        "SkillRegistry",
        "StartTask",
        "TaskStatus",
        "TokenUsage",
        "Tool",
        "ToolContext",
        "ToolRegistry",
        "ToolResult",
        "ToolSpec",
        "as_tool",
        "create_app",
        "llm_generate",
        "react",
    ]
    assert agentkit.__all__ == ["__version__", *sorted(agentkit.__all__[1:])]
    assert dir(agentkit) == sorted(agentkit.__all__)


@pytest.mark.parametrize("name", agentkit.__all__)
def test_each_public_name_is_what_its_own_module_calls_so(name: str) -> None:
    value = getattr(agentkit, name)
    assert getattr(value, "__name__", name) == name


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = agentkit.nothing  # type: ignore[attr-defined]


def test_importing_agentkit_loads_none_of_its_rooms() -> None:
    loaded = modules_after("import agentkit")
    assert {name for name in loaded if name.startswith("agentkit")} == {
        "agentkit",
        "agentkit._version",
    }


def test_importing_the_hub_and_the_routes_loads_no_sdk_and_no_data_library() -> None:
    loaded = modules_after("import agentkit.hub.hub, agentkit.server.conversation")
    assert "agentkit.core.react" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_the_connection_manager_needs_no_web_framework() -> None:
    loaded = modules_after("from agentkit.server.routes.ws import ConnectionManager")
    assert loaded.isdisjoint({*HEAVY, "pydantic_ai", "starlette"})
