"""Skills: folders with a SKILL.md, in the open Agent Skills format.

The format: https://agentskills.io/specification. A skill's header is read when it is loaded, for the list
that every model sees; its instructions and files are read when a model asks for them.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from agentkit.errors import InvalidInput, NotFound
from agentkit.marked_text import read_text
from agentkit.skills.header import Header, parse_header

SKILL_FILE = "SKILL.md"

MAX_FILES = 500
"""Files of one skill that are listed."""


@dataclass(frozen=True, slots=True)
class Skill:
    """A skill as its header describes it."""

    name: str
    description: str
    folder: Path
    license: str | None = None
    compatibility: str | None = None
    """What it needs around it, in its author's words."""
    metadata: dict[str, str] = field(default_factory=dict[str, str], hash=False)
    allowed_tools: tuple[str, ...] = ()
    """The tools that its author expects. They are a wish: they grant nothing."""
    remarks: tuple[str, ...] = ()
    """Where it leaves the format without harm, each with its line: a field of another client, say."""

    def instructions(self) -> str:
        """Read the body of SKILL.md as it is now; `InvalidInput` or `NotFound` if it is gone bad."""
        return parse_header(*_read_skill_file(self.folder)).body.strip()

    def files(self) -> list[str]:
        """List the other files, by their path in the folder; hidden ones are left out."""
        return list(islice(_files(self.folder), MAX_FILES))

    def read(self, path: str) -> str:
        """Read one of the skill's files as text.

        Raises
        ------
        InvalidInput
            A path that leads out of the folder, also through a link; a file that is no UTF-8 text or
            larger than ``MAX_FILE_BYTES``.
        NotFound
            There is no such file (reason ``skill_file_not_found``).
        """
        return _read_text(self.folder, path)


def load_skill(folder: str | Path) -> Skill:
    """Read and check the header of the skill in ``folder``.

    Fields that the format does not name are no error, since other clients of the format add their own:
    they become ``remarks``.

    Raises
    ------
    NotFound
        There is no SKILL.md.
    InvalidInput
        It does not follow the format (reason ``invalid_skill``); the message names the file and the line.
    """
    folder = Path.cwd() / folder
    header = parse_header(*_read_skill_file(folder))
    return Skill(
        name=_checked_name(header, folder),
        description=header.text("description", 1024, required=True) or "",
        folder=folder,
        license=header.text("license"),
        compatibility=header.text("compatibility", 500),
        metadata=header.mapping("metadata"),
        allowed_tools=header.words("allowed-tools"),
        remarks=header.remarks,
    )


def _checked_name(header: Header, folder: Path) -> str:
    name = unicodedata.normalize("NFKC", header.text("name", 64, required=True) or "")
    if not all(part.isalnum() for part in name.split("-")) or name != name.lower():
        raise header.wrong(
            "name",
            f"is {name!r}; only lowercase letters, digits and single hyphens between them are allowed",
        )
    if name != unicodedata.normalize("NFKC", folder.name):
        raise header.wrong(
            "name", f"is '{name}', but the folder is '{folder.name}'; they have to be the same"
        )
    return name


def _read_skill_file(folder: Path) -> tuple[Path, str]:
    try:
        return folder / SKILL_FILE, _read_text(folder, SKILL_FILE)
    except InvalidInput as error:
        raise InvalidInput(error.message, reason="invalid_skill") from error
    except NotFound:
        if misnamed := next(folder.glob("[Ss][Kk][Ii][Ll][Ll].[Mm][Dd]"), None):
            what = f"{misnamed}: the file has to be called {SKILL_FILE}."
            raise InvalidInput(what, reason="invalid_skill") from None
        raise


def _read_text(folder: Path, path: str) -> str:
    return read_text(_inside(folder, path), folder / path)


def _inside(folder: Path, path: str) -> Path:
    """Find the file that ``path`` means, links followed, and refuse any outside of the folder."""
    refused = InvalidInput(
        f"The path {path!r} leads out of the skill's folder. Give a path as the skill lists it.",
        reason="path_outside_skill",
    )
    if not path or "\0" in path or "\\" in path or path.startswith("/") or ".." in path.split("/"):
        raise refused
    try:
        root = folder.resolve()
        file = (root / path).resolve()
    except (OSError, RuntimeError) as error:  # a loop of links
        raise refused from error
    if not file.is_relative_to(root):
        raise refused
    try:
        is_file = file.is_file()  # also false for a pipe, that would be waited for without an end
    except OSError:  # a name that is too long
        is_file = False
    if not is_file:
        raise NotFound(f"There is no file {folder / path}.", reason="skill_file_not_found")
    return file


def _files(folder: Path) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if _is_shown(name))
        for name in sorted(filter(_is_shown, names)):
            path = (Path(place) / name).relative_to(folder).as_posix()
            if path != SKILL_FILE:
                yield path


def _is_shown(name: str) -> bool:
    return not name.startswith(".") and name != "__pycache__" and name.isprintable()
