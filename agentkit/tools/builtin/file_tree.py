"""The files below one folder, for reading: nothing outside of it, nothing hidden, nothing endless."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from agentkit.errors import InvalidInput, NotFound, Refused

MAX_ENTRIES = 500
"""That are listed."""
MAX_VISITED = 50_000
"""Files and folders that are looked at for one list."""
LIST_SECONDS = 5.0
"""After that a list ends with what it has; a network folder may be slow."""

_NEVER = (
    ".env",
    ".env.*",
    ".netrc",
    ".pgpass",
    ".ssh",
    ".aws",
    ".gnupg",
    ".git-credentials",
    ".pypirc",
)
"""Hidden names that are kept from agents even where hidden files are shown: what they hold are keys."""
_DULL = frozenset({"__pycache__", "node_modules"})
"""Folders that a list does not go down into."""
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""What a name may hold and no list can: bytes that are no text, and line ends, which would look like further
names."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or a folder."""

    path: str
    """From the folder where paths start; a folder's ends with ``/``."""
    size: int
    """In bytes."""
    modified: float
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class FileTree:
    """What may be read.

    Parameters
    ----------
    root
        Nothing outside of it is told or read, also through links.
    start
        Where relative paths start: the notebook's folder, so that a path means the same as in its code.
    shows_hidden
        Whether names that begin with a dot are there.
    """

    root: Path
    start: Path
    shows_hidden: bool = False

    def find(self, path: str) -> Path:
        """The file or folder that a path means, with all links followed.

        Raises
        ------
        AgentKitError
            ``InvalidInput`` for what is no path, ``NotFound``, or ``Refused`` with the reason
            ``outside_root`` or ``hidden_file``.
        """
        root = self.root.resolve()
        try:
            wanted = Path(os.path.normpath(self.start.resolve() / path))
            found = wanted.resolve()
            is_there = found.exists()
        except (
            ValueError,
            OSError,
            RuntimeError,
        ):  # a null byte, a name too long, links in a circle
            raise InvalidInput(f"{path[:200]!r} is no path.", reason="bad_path") from None
        if not found.is_relative_to(root):
            raise Refused(
                f"{path!r} is outside of the server's root folder, and agents read only what is in it.",
                reason="outside_root",
            )
        # A link that is hidden and what it leads to that is.
        for each in (wanted, found):
            if each.is_relative_to(root) and not self._may_see(each.relative_to(root).parts):
                raise Refused(f"{path!r} is hidden, and not for agents.", reason="hidden_file")
        if not is_there or (self._is_marked(found) and found != root):
            where = (
                self._told(self.start.resolve()) if self.start != self.root else "the root folder"
            )
            raise NotFound(
                f"There is no {path!r} (paths start in {where}). See what there is with list_files.",
                reason="file_not_found",
            )
        return found

    def entries(self, path: str, pattern: str, *, deep: bool) -> tuple[list[Entry], bool]:
        """List a folder, in the order of the names, and whether it is all of it.

        Parameters
        ----------
        pattern
            Of the names, such as ``*.csv``.
        deep
            Whether folders below are gone through too.
        """
        folder = self.find(path)
        if not folder.is_dir():
            raise InvalidInput(
                f"{path!r} is a file; read it with read_file.", reason="not_a_folder"
            )
        until = time.monotonic() + LIST_SECONDS
        listed: list[Entry] = []
        for visited, found in enumerate(self._below(folder, deep=deep)):
            if len(listed) == MAX_ENTRIES or visited == MAX_VISITED or time.monotonic() > until:
                return listed, False
            if fnmatch(found.name, pattern) and (entry := self._entry(found)):
                listed.append(entry)
        return listed, True

    def _below(self, folder: Path, *, deep: bool) -> Iterator[Path]:
        waiting = [folder]
        while waiting:
            here = waiting.pop()
            try:
                names = sorted(each.name for each in here.iterdir())
            except OSError as error:
                if here is not folder:
                    continue
                raise Refused(f"{folder.name!r} cannot be listed: {error.strerror}.") from None
            below: list[Path] = []
            for name in names:
                each = here / name
                if not self._may_see((name,)) or self._is_marked(each):
                    continue
                yield each
                if deep and name not in _DULL and _is_folder(each):
                    below.append(each)
            waiting += reversed(below)

    def _entry(self, found: Path) -> Entry | None:
        try:
            self.find(str(found))  # a link that leads outside is not told of
            about = found.stat()
        except (OSError, Refused, NotFound, InvalidInput):
            return None
        if stat.S_ISDIR(about.st_mode):
            return Entry(f"{self._told(found)}/", 0, about.st_mtime)
        if not stat.S_ISREG(about.st_mode):
            return None
        return Entry(self._told(found), about.st_size, about.st_mtime)

    def _told(self, found: Path) -> str:
        path = Path(os.path.relpath(found, self.start.resolve())).as_posix()
        return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", path)

    def _may_see(self, parts: tuple[str, ...]) -> bool:
        for part in parts:
            if any(fnmatch(part.lower(), name) for name in _NEVER):
                return False
            if part.startswith(".") and not self.shows_hidden:
                return False
        return True

    def _is_marked(self, found: Path) -> bool:
        """Whether the system hides it: macOS and Windows do that by a mark, not by the name."""
        if self.shows_hidden:
            return False
        try:
            about = found.lstat()
        except OSError:
            return True
        marks = getattr(about, "st_file_attributes", 0) & stat.FILE_ATTRIBUTE_HIDDEN
        return bool(marks or getattr(about, "st_flags", 0) & stat.UF_HIDDEN)


def _is_folder(found: Path) -> bool:
    """Whether it is gone down into. A link to a folder is shown only: it may lead in a circle."""
    try:
        return stat.S_ISDIR(found.lstat().st_mode)
    except OSError:  # in a folder whose names may be read, and nothing else
        return False
