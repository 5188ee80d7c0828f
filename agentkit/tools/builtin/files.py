"""Tools that look at the files around the notebook. They change nothing."""

from __future__ import annotations

import base64
import mimetypes
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agentkit.core.protocol import Origin, ToolSpec
from agentkit.errors import AgentKitError, InvalidInput, Refused
from agentkit.tools.builtin.file_tree import Entry, FileTree
from agentkit.tools.display import MAX_IMAGE_CHARS
from agentkit.tools.faults import explain_arguments
from agentkit.tools.json_schema import parameters_schema
from agentkit.tools.protocol import Tool, ToolContext, ToolResult
from agentkit.tools.threads import run_in_thread

MAX_CHARS = 200_000
"""Of one reading."""
LINE_CHARS = 4_000
"""Of one line; data without line ends is no text to read."""
PROBE_BYTES = 8_192
"""By which it is decided what a file is."""

_PICTURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}


class Files(Protocol):
    """The files that the host lets agents read."""

    async def around(self, origin: Origin | None) -> FileTree:
        """The files of a run: paths start where its notebook is."""
        ...


class _Folder(BaseModel):
    model_config = ConfigDict(extra="forbid")

    path: str = Field(
        default=".", max_length=4_000, description="A folder; relative paths start at the notebook."
    )
    pattern: str = Field(
        default="*", min_length=1, max_length=200, description="Of the names, such as *.csv."
    )
    recursive: bool = Field(default=False, description="Also list what is in folders below.")


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    path: str = Field(
        min_length=1, max_length=4_000, description="A file; relative paths start at the notebook."
    )
    first_line: int = Field(default=1, ge=1, description="Where to begin, counted from 1.")
    lines: int = Field(default=500, ge=1, le=5_000, description="How many lines to read.")


class ListFiles(Tool):
    """Says which files there are."""

    spec = ToolSpec(
        name="list_files",
        description="List the files and folders beside the user's notebook, or in another folder.",
        parameters=parameters_schema(_Folder),
    )

    def __init__(self, files: Files) -> None:
        self._files = files

    async def call(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """List them."""
        try:
            asked = _Folder.model_validate(arguments)
        except ValidationError as error:
            return _unfit(self.spec.name, error, arguments, _Folder)
        pattern = asked.pattern.removeprefix("**/")
        deep = asked.recursive or pattern != asked.pattern
        if "/" in pattern:
            message = (
                f"The pattern {asked.pattern!r} is of a path; give the folder as path instead."
            )
            return ToolResult.failed(message, "invalid_arguments")
        tree = await self._files.around(context.origin)
        found, whole = await _in_thread(lambda: tree.entries(asked.path, pattern, deep=deep))
        lines = [_line(entry) for entry in found] or ["Nothing there fits."]
        if not whole:
            lines.append("… there is more: name a folder or a pattern that fits less.")
        data = {"files": [_data(entry) for entry in found], "complete": whole}
        return ToolResult("success", {"text/plain": "\n".join(lines), "application/json": data})


class ReadFile(Tool):
    """Reads lines of a text, or shows a picture."""

    spec = ToolSpec(
        name="read_file",
        description="Read a text file, some lines at a time, or look at a picture. For data, prefer code"
        " that loads it.",
        parameters=parameters_schema(_File),
    )

    def __init__(self, files: Files) -> None:
        self._files = files

    async def call(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """Read it."""
        try:
            asked = _File.model_validate(arguments)
        except ValidationError as error:
            return _unfit(self.spec.name, error, arguments, _File)
        tree = await self._files.around(context.origin)
        return await _in_thread(lambda: _read(tree.find(asked.path), asked))


def _unfit(
    name: str, error: ValidationError, arguments: object, shape: type[BaseModel]
) -> ToolResult:
    message = explain_arguments(name, error, arguments, list(shape.model_fields))
    return ToolResult.failed(message, "invalid_arguments")


async def _in_thread(work: Any) -> Any:
    """A disk may be far away: nothing of it is waited for on the loop."""
    ended = await run_in_thread(work, name="agentkit-files", left_behind=lambda: None)
    if isinstance(ended.error, AgentKitError):
        raise ended.error
    if isinstance(ended.error, OSError):
        what = ended.error.strerror or type(ended.error).__name__
        raise Refused(f"The file cannot be read: {what}.", reason="unreadable_file")
    if ended.error is not None:
        raise ended.error
    return ended.value


def _read(file: Path, asked: _File) -> ToolResult:
    about = file.stat()
    if stat.S_ISDIR(about.st_mode):
        raise InvalidInput(f"{asked.path!r} is a folder; see what is in it with list_files.")
    if not stat.S_ISREG(about.st_mode):
        raise Refused(
            f"{asked.path!r} is a device or a pipe and no file.", reason="unreadable_file"
        )
    with file.open("rb") as opened:
        probe = opened.read(PROBE_BYTES)
    if mime := _picture(probe):
        return _as_picture(file, mime, about.st_size, asked.path)
    encoding = _encoding(probe)
    if encoding is None:
        kind = mimetypes.guess_type(file.name)[0] or "of an unknown type"
        raise Refused(
            f"{asked.path!r} is no text ({kind}, {about.st_size:,} bytes). Read it with code that knows"
            " its format.",
            reason="binary_file",
        )
    return _as_text(file, encoding, asked)


def _picture(probe: bytes) -> str | None:
    if probe[:4] == b"RIFF" and probe[8:12] == b"WEBP":
        return "image/webp"
    return next((mime for magic, mime in _PICTURES.items() if probe.startswith(magic)), None)


def _as_picture(file: Path, mime: str, size: int, path: str) -> ToolResult:
    if size * 4 // 3 > MAX_IMAGE_CHARS:
        most = MAX_IMAGE_CHARS * 3 // 4
        raise Refused(
            f"The picture {path!r} has {size:,} bytes; at most {most:,} are shown.",
            reason="file_too_large",
        )
    data = base64.b64encode(file.read_bytes()).decode()
    return ToolResult("success", {"text/plain": file.name, mime: data})


def _encoding(probe: bytes) -> str | None:
    """How a text is written; ``None`` when it is no text."""
    if probe.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\0" in probe:
        return None
    try:
        probe.decode("utf-8")
    except UnicodeDecodeError as error:
        # A character that the probe has cut in two is none that is wrong.
        if error.start < len(probe) - 3 or len(probe) < PROBE_BYTES:
            return "cp1252"
    return "utf-8-sig"


def _as_text(file: Path, encoding: str, asked: _File) -> ToolResult:
    taken: list[str] = []
    chars, cut, more, skipped = 0, 0, False, 0
    with file.open(encoding=encoding, errors="replace", newline=None) as opened:
        for _ in range(asked.first_line - 1):
            if not _skip_line(opened):
                break
            skipped += 1
        for _ in range(asked.lines):
            line = opened.readline(LINE_CHARS)
            if not line or chars > MAX_CHARS:
                break
            if not line.endswith("\n") and _skip_line(opened):
                cut += 1
                line += "…\n"
            taken.append(line)
            chars += len(line)
        more = bool(opened.read(1))
    if not taken and asked.first_line > 1:
        raise InvalidInput(
            f"{asked.path!r} has {skipped:,} lines, so none at {asked.first_line:,}.",
            reason="no_such_line",
        )
    last = asked.first_line + len(taken) - 1
    notes = [f"Lines {asked.first_line:,} to {last:,}; there are more."] if more else []
    if cut:
        notes.append(f"{cut:,} lines longer than {LINE_CHARS:,} characters are cut.")
    if encoding == "cp1252":
        notes.append("It is not in UTF-8 and was read as Windows-1252.")
    return ToolResult(
        "success", {"text/plain": "".join(taken)}, note=" ".join(notes) if notes else None
    )


def _skip_line(opened: Any) -> bool:
    """Go to the end of the line, in pieces; whether there was anything."""
    there = False
    while piece := opened.readline(1_000_000):
        there = True
        if piece.endswith("\n"):
            break
    return there


def _line(entry: Entry) -> str:
    return entry.path if entry.path.endswith("/") else f"{entry.path}  {_size(entry.size)}"


def _size(size: int) -> str:
    amount, unit = float(size), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1_000:
            break
        amount, unit = amount / 1_000, larger
    return f"{size:,} B" if unit == "B" else f"{amount:.1f} {unit}"


def _data(entry: Entry) -> dict[str, Any]:
    modified = datetime.fromtimestamp(entry.modified, UTC).isoformat(timespec="seconds")
    return {"path": entry.path, "size": entry.size, "modified": modified}
