"""The skills of a server, by name."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from agentkit.errors import AgentKitError, Conflict, InvalidInput, NotFound
from agentkit.skills.loader import SKILL_FILE, Skill, load_skill
from agentkit.tools.lookup import missing


@dataclass(frozen=True, slots=True)
class SkillProblem:
    """A folder that was not loaded, and why."""

    folder: Path
    message: str


class SkillRegistry:
    """Skills by name, in the order in which they were added."""

    def __init__(self) -> None:
        self._skills: dict[str, Skill] = {}
        self._problems: list[SkillProblem] = []

    @property
    def problems(self) -> list[SkillProblem]:
        """What `add_folder` came upon and could not load."""
        return list(self._problems)

    def add(self, skill: Skill, *, replace: bool = False) -> Skill:
        """Add a skill; ``Conflict`` (reason ``skill_exists``) when there is one of that name."""
        present = self._skills.get(skill.name)
        if present is not None and not replace:
            raise Conflict(
                f"There is a skill named '{skill.name}' already, from {present.folder}. "
                "Rename one of the two, or take the other's place (replace=True).",
                reason="skill_exists",
            )
        self._skills[skill.name] = skill
        return skill

    def add_folder(self, folder: str | Path) -> list[Skill]:
        """Add every skill in a folder of skills, and return those that were added.

        A broken one does not harm the others: it goes to `problems`. Folders without a SKILL.md and
        hidden folders are no skills.

        Raises
        ------
        NotFound
            There is no such folder.
        InvalidInput
            The folder is itself a skill, or cannot be read.
        """
        folder = Path(folder)
        if not folder.is_dir():
            raise NotFound(f"There is no folder {folder}.", reason="folder_not_found")
        try:
            places = sorted(place for place in folder.iterdir() if place.is_dir())
        except OSError as error:
            raise InvalidInput(f"The folder {folder} cannot be read: {error.strerror}.") from error
        if (folder / SKILL_FILE).exists():
            raise InvalidInput(
                f"{folder} is a skill, not a folder of skills: use add(load_skill(…)), or the folder "
                "above it."
            )
        added: list[Skill] = []
        for place in places:
            if place.name.startswith("."):
                continue
            try:
                if _has_skill_file(place):
                    added.append(self.add(load_skill(place)))
            except (AgentKitError, OSError) as error:
                message = error.message if isinstance(error, AgentKitError) else str(error)
                self._problems.append(SkillProblem(place, message))
        return added

    def get(self, name: str) -> Skill:
        """Look one up; ``NotFound`` (reason ``skill_not_found``) says which there are."""
        try:
            return self._skills[name]
        except KeyError:
            raise NotFound(missing("skill", name, self._skills), reason="skill_not_found") from None

    def remove(self, name: str) -> Skill:
        """Take one out and return it; ``NotFound`` when there is none."""
        skill = self.get(name)
        del self._skills[name]
        return skill

    def select(self, names: Iterable[str] | None = None) -> list[Skill]:
        """Look several up, in the given order, each once; all of them for ``None``."""
        if names is None:
            return list(self)
        return [self.get(name) for name in dict.fromkeys(names)]

    def listing(self, names: Iterable[str] | None = None) -> str:
        """Write what a system message says of the skills: name and description, and how to use one.

        Empty when there are none. Go with it: `agentkit.skills.tools.skill_tools`.
        """
        skills = self.select(names)
        if not skills:
            return ""
        entries = "\n".join(
            f'<skill name="{skill.name}">{html.escape(" ".join(skill.description.split()))}</skill>'
            for skill in skills
        )
        return (
            "These skills hold instructions for certain kinds of work. When one fits the question, call "
            "activate_skill with its name before you do anything else, and follow what it says.\n"
            f"<available_skills>\n{entries}\n</available_skills>"
        )

    @property
    def names(self) -> list[str]:
        """The names, in the order in which they were added."""
        return list(self._skills)

    def __iter__(self) -> Iterator[Skill]:
        return iter(list(self._skills.values()))

    def __len__(self) -> int:
        return len(self._skills)

    def __contains__(self, name: object) -> bool:
        return name in self._skills

    def __repr__(self) -> str:
        return f"<SkillRegistry {', '.join(self._skills) or 'empty'}>"


def _has_skill_file(folder: Path) -> bool:
    names = {entry.name for entry in folder.iterdir()}
    if SKILL_FILE not in names and (
        close := [name for name in names if name.upper() == "SKILL.MD"]
    ):
        raise InvalidInput(f"{folder / close[0]}: the file has to be called {SKILL_FILE}.")
    return SKILL_FILE in names
