"""Skills: folders with a SKILL.md, in the open Agent Skills format.

The format: https://agentskills.io/specification. A skill's header is read when it is loaded, for the list
that every model sees; its instructions and files are read when a model asks for them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from agentkit.errors import InvalidInput, NotFound
from agentkit.skills.header import Header, parse_header

SKILL_FILE = "SKILL.md"

MAX_FILE_BYTES = 1_000_000
"""Bytes of a SKILL.md, and of any file that a model may read."""

MAX_FILES = 500
"""Files of one skill that are listed."""

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


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

    Fields that the format does not name are ignored: other clients of the format add their own.

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
    )


def _checked_name(header: Header, folder: Path) -> str:
    name = header.text("name", 64, required=True) or ""
    if not _NAME.fullmatch(name):
        raise header.wrong(
            "name",
            f"is {name!r}; only a-z, 0-9 and single hyphens between them are allowed",
        )
    if name != folder.name:
        raise header.wrong(
            "name", f"is '{name}', but the folder is '{folder.name}'; they have to be the same"
        )
    return name


def _read_skill_file(folder: Path) -> tuple[Path, str]:
    try:
        return folder / SKILL_FILE, _read_text(folder, SKILL_FILE)
    except InvalidInput as error:
        raise InvalidInput(error.message, reason="invalid_skill") from error


def _read_text(folder: Path, path: str) -> str:
    file = _inside(folder, path)
    shown = folder / path
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise InvalidInput(f"{shown} cannot be read: {error.strerror}.") from error
    if len(data) > MAX_FILE_BYTES:
        raise InvalidInput(
            f"{shown} is larger than {MAX_FILE_BYTES:,} bytes, the most that is read of a skill's file."
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{shown} is no UTF-8 text (byte {error.start:,}); only text can be read."
        ) from error
    if "\0" in text:
        raise InvalidInput(f"{shown} is a binary file; only text can be read.")
    return text.replace("\r\n", "\n")


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
