"""The skills of a server, by name."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from pathlib import Path

from agentkit.errors import AgentKitError, Conflict, NotFound
from agentkit.skills.folders import Found, Problem, problem_of, skill_folders
from agentkit.skills.loader import SKILL_FILE, Skill, load_skill
from agentkit.tools.lookup import missing


class SkillRegistry:
    """Skills by name, in the order in which they were added."""

    def __init__(self) -> None:
        self._skills: dict[str, Skill] = {}
        self._problems: list[Problem] = []
        self._found: set[str] = set()
        self._found_problems: list[Problem] = []

    @property
    def problems(self) -> list[Problem]:
        """What `add_folder` and `take` came upon and could not load."""
        return [*self._problems, *self._found_problems]

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
        self._found.discard(skill.name)
        return skill

    def take(self, found: Found[Skill]) -> None:
        """Take the skills that were found in the place of all that were found before.

        Those that were added by themselves stay, and keep their names. Of two found skills of one name,
        the first counts; the other becomes a problem.
        """
        for name in self._found:
            del self._skills[name]
        self._found = set()
        self._found_problems = list(found.problems)
        for skill in found.items:
            present = self._skills.setdefault(skill.name, skill)
            if present is skill:
                self._found.add(skill.name)
            else:
                file = skill.folder / SKILL_FILE
                what = f"the skill '{skill.name}' from {present.folder} takes its place."
                self._found_problems.append(Problem(file, None, f"{file}: {what}"))

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
        added: list[Skill] = []
        for place in skill_folders(Path(folder)):
            try:
                added.append(self.add(load_skill(place)))
            except (AgentKitError, OSError) as error:
                self._problems.append(problem_of(place, error))
        return added

    def get(self, name: str) -> Skill:
        """Look one up; ``NotFound`` (reason ``skill_not_found``) says which there are, or why it is not."""
        try:
            return self._skills[name]
        except KeyError:
            raise NotFound(self._missing(name), reason="skill_not_found") from None

    def _missing(self, name: str) -> str:
        for problem in self.problems:
            if name in (problem.file.name, problem.file.parent.name):
                return f"The skill {name!r} could not be loaded: {problem.message}"
        return missing("skill", name, self._skills)

    def remove(self, name: str) -> Skill:
        """Take one out and return it; ``NotFound`` when there is none."""
        skill = self.get(name)
        del self._skills[name]
        self._found.discard(name)
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
