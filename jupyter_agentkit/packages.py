"""Tools and agents that installed packages bring along, by entry points.

A package names an object of its own in its metadata, in the group ``jupyter_agentkit.tools`` or
``jupyter_agentkit.agents``. Where no package does, nothing is imported. A broken one is logged with its
name and left out, whole; the server starts.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from pydantic import TypeAdapter

from agentkit.core.protocol import AgentConfig
from agentkit.errors import InvalidInput
from agentkit.server.input import checked
from agentkit.tools.protocol import Tool
from agentkit.tools.registry import ToolRegistry

TOOLS = "jupyter_agentkit.tools"
AGENTS = "jupyter_agentkit.agents"

log = logging.getLogger("agentkit")

_CONFIG = TypeAdapter(AgentConfig)


def add_packaged_tools(registry: ToolRegistry) -> None:
    """Register the tools of installed packages.

    An entry point is a `Tool`, a function that becomes one, a list of them, or a function that fills a
    registry: one whose only parameter is annotated with `ToolRegistry`.
    """
    for point in _points(TOOLS):
        before = set(registry.names)
        try:
            for fill in _fillers(point.load()):
                fill(registry)
        except (Exception, SystemExit) as error:
            for name in set(registry.names) - before:
                registry.remove(name)
            _skipped(point, error)


def packaged_agents() -> list[AgentConfig]:
    """The agents of installed packages.

    An entry point is an `AgentConfig`, a mapping of its fields, a list of them, or a function without
    parameters that returns one of these. Of two agents of one name, the first counts.
    """
    agents: dict[str, AgentConfig] = {}
    for point in _points(AGENTS):
        try:
            given = point.load()
            found = list(_agents(given() if callable(given) else given))
            if taken := next((each.name for each in found if each.name in agents), None):
                raise InvalidInput(f"another package has an agent named {taken!r}.")
        except (Exception, SystemExit) as error:
            _skipped(point, error)
        else:
            agents |= {each.name: each for each in found}
    return list(agents.values())


def _points(group: str) -> Iterable[EntryPoint]:
    return sorted(entry_points(group=group), key=lambda point: (_package(point), point.name))


def _fillers(given: Any) -> Iterator[Callable[[ToolRegistry], object]]:
    """What registers the given tools, one by one."""
    if isinstance(given, list | tuple):
        for each in cast("Iterable[Any]", given):
            yield from _fillers(each)
    elif isinstance(given, Tool):
        yield partial(_register, given)
    elif callable(given) and not isinstance(given, type):
        yield given if _fills(given) else partial(_register, given)
    else:
        raise InvalidInput(
            f"it gives {given!r}: a tool, a function, a list of them, or a function that takes a "
            "ToolRegistry is expected."
        )


def _register(given: Any, registry: ToolRegistry) -> None:
    registry.register(given)


def _fills(given: Callable[..., Any]) -> bool:
    parameters = list(inspect.signature(given, eval_str=True).parameters.values())
    return len(parameters) == 1 and parameters[0].annotation is ToolRegistry


def _agents(given: Any) -> Iterator[AgentConfig]:
    if isinstance(given, list | tuple):
        for each in cast("Iterable[Any]", given):
            yield from _agents(each)
    elif isinstance(given, AgentConfig):
        yield given
    elif isinstance(given, Mapping):
        yield checked(_CONFIG, dict(cast("Mapping[str, Any]", given)), "an agent", "invalid_input")
    else:
        raise InvalidInput(
            f"it gives {given!r}: an AgentConfig, a mapping of its fields, or a list is expected."
        )


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.value.partition(":")[0]


def _skipped(point: EntryPoint, error: BaseException) -> None:
    log.error(
        "The package %s was left out: its entry point %s = %s in %s failed: %s: %s",
        _package(point),
        point.name,
        point.value,
        point.group,
        type(error).__name__,
        error,
        exc_info=(type(error), error, error.__traceback__)
        if log.isEnabledFor(logging.DEBUG)
        else None,
    )
