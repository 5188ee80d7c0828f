"""Where a Jupyter server looks for skills and agents.

In this order, of which the first of a name counts: the folders of the configuration; the project's, that is
``.agents/skills`` and ``.agents/agents`` under the server's root folder; the user's, ``~/.agents/skills``
and ``agentkit/agents`` in the user's configuration folder of Jupyter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jupyter_core.paths import jupyter_config_dir

from agentkit.errors import InvalidInput
from agentkit.hub.sources import Places
from agentkit.skills.folders import Place, Problem, problem_of
from jupyter_agentkit.trust import TrustRecord, resolved, trust_command

SKILLS = Path(".agents", "skills")
"""Of a project and of the user's home: the convention that the clients of the format share."""
AGENTS = Path(".agents", "agents")
"""Of a project."""


@dataclass(frozen=True, slots=True)
class Folders:
    """What a server is told of folders: called, it says where to look now.

    Attributes
    ----------
    root
        The server's root folder; ``None`` when its files are not on a disk.
    """

    root: Path | None
    skills: Sequence[str] = ()
    agents: Sequence[str] = ()
    trusted: Sequence[str] = ()
    record: TrustRecord | None = None

    def __call__(self) -> Places:
        """Where to look, by what is trusted at this moment."""
        problems: list[Problem] = []
        trusted = self._trusted(problems)
        return Places(
            _places("skills", self.skills, self._project(SKILLS, trusted), _users_skills()),
            _places("agents", self.agents, self._project(AGENTS, trusted), users_agents()),
            problems,
        )

    def _trusted(self, problems: list[Problem]) -> set[Path]:
        record = self.record or TrustRecord()
        found: set[Path] = set()
        for folder in self.trusted:
            try:
                found.add(resolved(folder))
            except InvalidInput as error:
                problems.append(problem_of(Path(folder), error))
        try:
            found.update(record.read())
        except InvalidInput as error:
            problems.append(problem_of(record.file, error))
        return found

    def _project(self, folder: Path, trusted: set[Path]) -> Place | None:
        if self.root is None:
            return None
        is_trusted = self.root in trusted
        trust = None if is_trusted else trust_command(self.root)
        return Place(self.root / folder, within=self.root, trust=trust)


def users_agents() -> Path:
    """The user's own folder of agents."""
    return Path(jupyter_config_dir()) / "agentkit" / "agents"


def _users_skills() -> Path | None:
    try:
        return Path.home() / SKILLS
    except RuntimeError:
        return None


def _places(
    kind: str, given: Iterable[str], project: Place | None, users: Path | None
) -> list[Place]:
    """The places, each once: a project's folder that is also the user's own needs no trust."""
    setting = f"AgentKitApp.{kind}_folders"
    first = [Place(Path.cwd() / Path(each).expanduser(), setting=setting) for each in given]
    last = [Place(users)] if users is not None else []
    own = {_place(each) for each in (*first, *last)}
    middle = [project] if project is not None and _place(project) not in own else []
    return [*first, *middle, *last]


def _place(place: Place) -> Path:
    try:
        return place.folder.resolve()
    except (OSError, RuntimeError):
        return place.folder
