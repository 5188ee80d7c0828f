"""Folders of agents: what is defined there, and what is broken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agentkit.errors import InvalidInput
from agentkit.hub.agent_files import AgentFile, agent_files, name_in, read_agent
from agentkit.skills.folders import Found, Place, Problem, Reader, paths_in, problem_of


@dataclass(frozen=True, slots=True)
class BrokenAgent:
    """A file that should define an agent, and does not."""

    name: str
    file: Path
    error: InvalidInput


class AgentFinder:
    """Finds the agents of several places, and reads again only the files that have changed."""

    def __init__(self) -> None:
        self._reader = Reader(self._read, lambda file: file)
        self._names: dict[Path, str] = {}
        """The name that a file's agent had when it was last whole: a file that is broken may not say."""

    def find(self, places: Sequence[Place]) -> Found[AgentFile | BrokenAgent]:
        """Look at the places; nothing is raised for what is wrong there.

        Of one name, what comes first counts, broken or not; the others are problems.
        """
        found: Found[AgentFile | BrokenAgent] = Found()
        taken: dict[str, Path] = {}
        paths = list(paths_in(places, agent_files, found))
        for path in paths:
            match self._reader.read(path):
                case Problem() as problem:  # it was there, and is gone
                    found.problems.append(problem)
                    continue
                case each:
                    first = taken.setdefault(each.name, each.file)
            if isinstance(each, BrokenAgent):
                found.problems.append(problem_of(path, each.error))
            if first == each.file:
                found.items.append(each)
            else:
                what = f"{path}: the agent '{each.name}' of {first} takes its place."
                found.problems.append(Problem(path, None, what))
        self._reader.keep(there := set(paths))
        self._names = {file: name for file, name in self._names.items() if file in there}
        return found

    def _read(self, file: Path) -> AgentFile | BrokenAgent:
        try:
            agent = read_agent(file)
        except InvalidInput as error:
            return BrokenAgent(self._names.get(file) or name_in(file), file, error)
        self._names[file] = agent.name
        return agent
