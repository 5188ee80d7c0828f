"""What the status says of the agents and skills that are defined in folders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from agentkit.errors import AgentKitError
from agentkit.hub.agent_files import AgentFile
from agentkit.hub.executor import InProcessExecutor
from agentkit.hub.hub import Hub
from agentkit.hub.yaml_values import Where, line_of
from agentkit.skills.folders import Problem, Withheld


def skills_status(hub: Hub) -> dict[str, Any]:
    """``loaded``: name, folder, remarks; ``problems``: file, line, message; ``withheld``: see `Withheld`."""
    withheld, _ = hub.sources.withheld
    return {
        "loaded": [
            {"name": skill.name, "folder": str(skill.folder), "remarks": skill.remarks}
            for skill in hub.executor.skills
        ],
        "problems": _problems(hub.executor.skills.problems),
        "withheld": _withheld(withheld),
    }


def agents_status(hub: Hub) -> dict[str, Any]:
    """``loaded``: name and file; ``problems`` and ``withheld`` as of the skills."""
    _, withheld = hub.sources.withheld
    files = hub.sources.agent_files
    unknown = [each for file in files for each in _unknown_names(file, hub.executor)]
    return {
        "loaded": [{"name": each.name, "file": str(each.file)} for each in files],
        "problems": _problems([*hub.sources.agent_problems, *unknown]),
        "withheld": _withheld(withheld),
    }


def _unknown_names(agent: AgentFile, executor: InProcessExecutor) -> Iterator[Problem]:
    """What a file names and the server does not have at present: a run of it would be refused."""
    config = agent.config
    checks: list[tuple[Where, Callable[[], object]]] = []
    if config.model is not None:
        checks.append((("model",), lambda: executor.gateway.resolve(config.model)))
    for at, name in enumerate(config.tools or ()):
        checks.append((("tools", at), lambda name=name: executor.tools.select((name,))))
    for at, name in enumerate(config.skills or ()):
        checks.append((("skills", at), lambda name=name: executor.skills.select((name,))))
    for where, check in checks:
        try:
            check()
        except AgentKitError as error:
            line = line_of(agent.lines, where)
            yield Problem(agent.file, line, f"{agent.file}, line {line}: {error.message}")


def _problems(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    return [
        {"file": str(each.file), "line": each.line, "message": each.message} for each in problems
    ]


def _withheld(withheld: Sequence[Withheld]) -> list[dict[str, Any]]:
    return [
        {"folder": str(each.folder), "names": each.names, "trust": each.trust} for each in withheld
    ]
