"""Where skills are looked for, and what is found there.

The open convention of the Agent Skills format: ``.agents/skills`` in a project's folder, and
``~/.agents/skills`` of the user. A project's folder came from somebody else, perhaps: nothing in it is read
before the user says that it is trusted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Generic, TypeVar

from agentkit.errors import AgentKitError, BrokenFile, InvalidInput, NotFound
from agentkit.skills.loader import SKILL_FILE, Skill, load_skill

T = TypeVar("T")

SETTLED_SECONDS = 2.0
"""A file that was written so lately may be written again without its time and size showing it."""

MAX_ENTRIES = 1_000
"""Entries of a folder; one that has more is not a folder of skills."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder that is looked in.

    Attributes
    ----------
    setting
        The setting that names it: it is a problem then when it is not there. ``None``: it need not be there.
    within
        Nothing is read that lies outside of this folder, links followed; ``None``: links may lead anywhere.
    trust
        How the user can trust the folder, such as a command; ``None``: it is trusted, or needs no trust.
    """

    folder: Path
    setting: str | None = None
    within: Path | None = None
    trust: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A file or folder that was not loaded, or not as it is written, and why."""

    file: Path
    line: int | None
    message: str


@dataclass(frozen=True, slots=True)
class Withheld:
    """What was seen in a folder that is not trusted, and not read.

    Attributes
    ----------
    names
        File names: text of whoever made the folder.
    """

    folder: Path
    names: tuple[str, ...]
    trust: str


@dataclass(slots=True)
class Found(Generic[T]):
    """What a look at several places gave, those that come first first."""

    items: list[T] = field(default_factory=list[T])
    problems: list[Problem] = field(default_factory=list[Problem])
    withheld: list[Withheld] = field(default_factory=list[Withheld])


class Reader(Generic[T]):
    """Reads files, each again only when it has changed.

    Parameters
    ----------
    read
        Makes of a path what is wanted; raises an `AgentKitError` when it cannot.
    watched
        The file of that path whose change counts.
    """

    def __init__(self, read: Callable[[Path], T], watched: Callable[[Path], Path]) -> None:
        self._read = read
        self._watched = watched
        self._known: dict[Path, tuple[tuple[int, ...], T | Problem]] = {}

    def read(self, path: Path) -> T | Problem:
        """What is made of the path, or why nothing is."""
        try:
            stat = self._watched(path).stat()
            state = (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino, stat.st_dev)
        except OSError:
            return self._fresh(path)
        known = self._known.get(path)
        if known is not None and known[0] == state:
            return known[1]
        made = self._fresh(path)
        if abs(time.time() - stat.st_mtime) > SETTLED_SECONDS:
            self._known[path] = (state, made)
        else:
            self._known.pop(path, None)
        return made

    def keep(self, paths: set[Path]) -> None:
        """Forget all but these paths."""
        for path in self._known.keys() - paths:
            del self._known[path]

    def _fresh(self, path: Path) -> T | Problem:
        try:
            return self._read(path)
        except (AgentKitError, OSError) as error:
            return problem_of(path, error)


class SkillFinder:
    """Finds the skills of several places, and reads again only what has changed."""

    def __init__(self) -> None:
        self._reader = Reader(load_skill, lambda folder: folder / SKILL_FILE)

    def find(self, places: Sequence[Place]) -> Found[Skill]:
        """Look at the places; nothing is raised for what is wrong there."""
        found: Found[Skill] = Found()
        paths = list(paths_in(places, skill_folders, found))
        for path in paths:
            match self._reader.read(path):
                case Problem() as problem:
                    found.problems.append(problem)
                case skill:
                    found.items.append(skill)
        self._reader.keep(set(paths))
        return found


def paths_in(
    places: Sequence[Place], listed: Callable[[Path], list[Path]], found: Found[T]
) -> Iterator[Path]:
    """The paths that are to be read; what is not to be read goes into ``found``.

    Parameters
    ----------
    listed
        Gives the paths in one folder; raises an `AgentKitError` when that cannot be read.
    """
    for place in places:
        try:
            if place.setting is None and not place.folder.is_dir():
                continue
            paths = listed(place.folder)
        except (AgentKitError, OSError) as error:
            if place.trust is None:
                problem = problem_of(place.folder, error)
                begin = f"{place.setting}: " if place.setting is not None else ""
                found.problems.append(replace(problem, message=begin + problem.message))
            continue
        if place.trust is not None:
            names = tuple(_printable(path.name) for path in paths)
            if names:
                found.withheld.append(Withheld(place.folder, names, place.trust))
            continue
        is_inside = place.within is None or _is_within(place.folder, place.within)
        for path in paths:
            if not is_inside or (
                place.within is not None
                and path.is_symlink()
                and not _is_within(path, place.within)
            ):
                what = f"a link leads out of {place.within}; it was not followed."
                found.problems.append(Problem(path, None, f"{path}: {what}"))
            else:
                yield path


def skill_folders(folder: Path) -> list[Path]:
    """The skills' folders in a folder of skills: those with a SKILL.md, by name.

    Raises
    ------
    NotFound
        There is no such folder.
    InvalidInput
        The folder is itself a skill, or cannot be read.
    """
    if (folder / SKILL_FILE).exists():
        raise InvalidInput(
            f"{folder} is a skill, not a folder of skills: use add(load_skill(…)), or the folder "
            "above it."
        )
    return [each for each in entries_of(folder) if each.is_dir() and _holds_a_skill(each)]


def entries_of(folder: Path) -> list[Path]:
    """What is in a folder, by name, hidden entries left out.

    Raises
    ------
    NotFound
        There is no such folder.
    InvalidInput
        It cannot be read.
    """
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}.", reason="folder_not_found")
    try:
        entries = sorted(each for each in folder.iterdir() if not each.name.startswith("."))
    except OSError as error:
        raise InvalidInput(f"The folder {folder} cannot be read: {error.strerror}.") from error
    if len(entries) > MAX_ENTRIES:
        what = f"has {len(entries):,} entries; {MAX_ENTRIES:,} are looked at at most."
        raise InvalidInput(f"The folder {folder} {what}")
    return entries


def problem_of(path: Path, error: Exception) -> Problem:
    """An error as a problem; of an error that names no file, it is the path's."""
    if isinstance(error, BrokenFile):
        return Problem(error.file, error.line, error.message)
    return Problem(path, None, error.message if isinstance(error, AgentKitError) else str(error))


def _holds_a_skill(folder: Path) -> bool:
    # skill.md too: that it is misnamed is what the loader says.
    if (folder / SKILL_FILE).exists():
        return True
    try:
        return any(each.name.upper() == SKILL_FILE.upper() for each in folder.iterdir())
    except OSError:
        return True  # the loader says why it cannot be read


def _printable(name: str) -> str:
    return name if name.isprintable() else repr(name)


def _is_within(path: Path, folder: Path) -> bool:
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a loop of links
        return False
