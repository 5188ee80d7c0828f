"""Skills as a model uses them: two tools."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field

from agentkit.errors import InvalidInput
from agentkit.skills.loader import MAX_FILES, Skill
from agentkit.tools.function import FunctionTool
from agentkit.tools.protocol import Tool

_SCRIPTS = (
    "Nothing of a skill runs by itself. To run one of its scripts, read it first, then call a tool for "
    "such code if you were given one; that tool's rules hold, whatever the skill says."
)


def skill_tools(skills: Iterable[Skill]) -> list[Tool]:
    """Make ``activate_skill`` and ``read_skill_file`` for these skills; no tools for no skills.

    The skills' names are the only ones that the tools' schema allows. Files are read when they are asked
    for, as they are on the disk then.
    """
    known = {skill.name: skill for skill in skills}
    if not known:
        return []

    def activate_skill(name: str) -> str:
        """Load the instructions of a skill, and the list of its files."""
        return _activated(known[name])

    def read_skill_file(
        skill: str,
        path: Annotated[str, Field(description="As activate_skill lists it.")],
        first_line: Annotated[
            int, Field(ge=1, description="Where to begin in a file too long to be given whole.")
        ] = 1,
    ) -> str:
        """Read one file of a skill, as text."""
        lines = known[skill].read(path).splitlines(keepends=True)
        if first_line > max(1, len(lines)):
            raise InvalidInput(f"{path} has {len(lines):,} lines, there is no line {first_line:,}.")
        return "".join(lines[first_line - 1 :])

    names: Any = Literal[tuple(known)]
    activate_skill.__annotations__["name"] = names
    read_skill_file.__annotations__["skill"] = names
    return [FunctionTool(activate_skill), FunctionTool(read_skill_file)]


def _activated(skill: Skill) -> str:
    files = skill.files()
    parts = [f'<skill name="{skill.name}">', skill.instructions()]
    if skill.compatibility:
        parts.append(f"<compatibility>{html.escape(skill.compatibility)}</compatibility>")
    if files:
        more = [f"(only the first {MAX_FILES} are listed)"] if len(files) == MAX_FILES else []
        parts.append("\n".join(["<files>", *map(html.escape, files), *more, "</files>"]))
        parts.append("Read a file with read_skill_file when the instructions call for it.")
        parts.append(_SCRIPTS)
    return "\n".join([*parts, "</skill>"])
