"""The agents and skills that are defined in folders, kept as the folders are.

The folders are looked at whenever somebody asks: before a task is started, and before agents or the status
are read. That costs a few file stats; nothing watches or polls while nobody asks.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from agentkit.core.protocol import AgentConfig
from agentkit.errors import InvalidInput
from agentkit.hub.agent_files import AgentFile
from agentkit.hub.agent_folders import AgentFinder, BrokenAgent
from agentkit.hub.agents import AgentRegistry
from agentkit.skills.folders import Found, Place, Problem, SkillFinder, Withheld
from agentkit.skills.loader import Skill
from agentkit.skills.registry import SkillRegistry
from agentkit.tools.lookup import MAX_NAMES

log = logging.getLogger("agentkit")


@dataclass(frozen=True, slots=True)
class Places:
    """Where skills and agents are looked for; of one name, what comes first counts."""

    skills: Sequence[Place] = ()
    agents: Sequence[Place] = ()
    problems: Sequence[Problem] = ()
    """Why one of the places could not be made out."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What the folders held at one moment."""

    skills: Found[Skill] = field(default_factory=Found[Skill])
    agents: Found[AgentFile | BrokenAgent] = field(default_factory=Found[AgentFile | BrokenAgent])


class Sources:
    """Keeps the registries of a hub as the folders are.

    Parameters
    ----------
    skills
        Takes the skills that are found.
    places
        Says where to look, each time anew, in a thread; left out, nowhere.
    packaged
        Agents of installed packages; a file's agent of the same name takes the place of one.
    """

    def __init__(
        self,
        skills: SkillRegistry,
        places: Callable[[], Places] | None = None,
        packaged: Iterable[AgentConfig] = (),
    ) -> None:
        self.agents = AgentRegistry()
        self.skills = skills
        self._places = places
        self._packaged = {agent.name: agent for agent in packaged}
        self._skill_finder = SkillFinder()
        self._agent_finder = AgentFinder()
        self._seen = _Look()
        self._told: set[str] = set()
        self._looking: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None
        self.agents.define(self._packaged)

    def load(self) -> None:
        """Look at the folders, and wait for the disk."""
        if self._places is not None:
            self._apply(self._look(self._places))

    async def refresh(self) -> None:
        """Look at the folders as they are now, in a thread; who asks at the same time shares the look."""
        if self._places is None:
            return
        if self._next is None:
            self._next = asyncio.ensure_future(self._look_after(self._looking, self._places))
        await asyncio.shield(self._next)

    @property
    def agent_files(self) -> list[AgentFile]:
        """The files whose agents can be run now, by no other definition or registration replaced."""
        files = [each for each in self._seen.agents.items if isinstance(each, AgentFile)]
        present = {agent.name: agent for agent in self.agents}
        return [each for each in files if present.get(each.name) == each.config]

    @property
    def agent_problems(self) -> list[Problem]:
        """What is wrong with the files of agents."""
        return list(self._seen.agents.problems)

    @property
    def withheld(self) -> tuple[list[Withheld], list[Withheld]]:
        """The skills, and the agents, of folders that are not trusted."""
        return list(self._seen.skills.withheld), list(self._seen.agents.withheld)

    async def _look_after(
        self, looking: asyncio.Task[None] | None, places: Callable[[], Places]
    ) -> None:
        # A look that has begun may have passed by what those who come later have just written.
        if looking is not None:
            await asyncio.wait((looking,))
        self._looking, self._next = self._next, None
        self._apply(await asyncio.to_thread(self._look, places))

    def _look(self, places: Callable[[], Places]) -> _Look:
        given = places()
        look = _Look(self._skill_finder.find(given.skills), self._agent_finder.find(given.agents))
        look.agents.problems += given.problems
        return look

    def _apply(self, look: _Look) -> None:
        self._seen = look
        self.skills.take(look.skills)
        found: dict[str, AgentConfig | InvalidInput] = {
            each.name: each.config if isinstance(each, AgentFile) else each.error
            for each in look.agents.items
        }
        self.agents.define(self._packaged | found)
        self._tell()

    def _tell(self) -> None:
        """Log what is wrong, once for as long as it stays wrong."""
        lines = [f"Skills: {each.message}" for each in self.skills.problems]
        lines += [f"Agents: {each.message}" for each in self.agent_problems]
        for kind, withheld in zip(("skills", "agents"), self.withheld, strict=True):
            lines += [
                f"Not loaded, because their folder is not trusted: the {kind} in {each.folder} "
                f"({_some(each.names)}). To trust it: {each.trust}"
                for each in withheld
            ]
        for line in lines:
            if line not in self._told:
                log.warning("%s", line)
        self._told = set(lines)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return ", ".join(names[:MAX_NAMES]) + more
