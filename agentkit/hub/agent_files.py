"""Agents defined in files: YAML, or Markdown whose front matter is YAML and whose body is the prompt.

The fields are those of `AgentConfig`. ``name`` may be left out: it is the file's name without its ending
then. ``prompt`` may be the text itself. A wrong file names its line.
"""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args

from pydantic import ValidationError

from agentkit.core.protocol import AgentConfig
from agentkit.errors import BrokenFile, InvalidInput
from agentkit.hub.yaml_values import Where, line_of, read_values
from agentkit.marked_text import compose_fields, read_text, scalar, split_front_matter
from agentkit.skills.folders import entries_of

MAX_FAULTS = 5
"""Faults that one message names."""

_YAML = frozenset({".yaml", ".yml"})
_MARKDOWN = frozenset({".md"})

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80
_SHORT.maxlevel = 2

_EXPECTED = {
    "tuple_type": "has to be a list, such as [one, two]",
    "dict_type": "has to map names to values",
    "string_type": "has to be text: put it into quotes",
    "string_pattern_mismatch": "has to be of letters, digits, _, . and -, a letter or digit first",
    "missing": "is missing",
}
"""What pydantic says in the words of Python, in those of a file."""


@dataclass(frozen=True, slots=True)
class AgentFile:
    """An agent as its file describes it."""

    file: Path
    config: AgentConfig
    lines: Mapping[Where, int]
    """The line of every value, by its path in the file: ``("tools", 0)``."""

    @property
    def name(self) -> str:
        """The agent's name."""
        return self.config.name


def agent_files(folder: Path) -> list[Path]:
    """The files in a folder that define agents, by name; a README is none.

    Raises
    ------
    AgentKitError
        There is no such folder, or it cannot be read.
    """
    kinds = _YAML | _MARKDOWN
    return [
        file
        for file in entries_of(folder)
        if file.suffix.lower() in kinds and file.stem.upper() != "README" and file.is_file()
    ]


def read_agent(file: Path) -> AgentFile:
    """Read the agent that a file defines.

    Raises
    ------
    BrokenFile
        It defines none; the message names the line of each fault (reason ``broken_agent``).
    InvalidInput
        It cannot be read, is too large, or is no text.
    """
    try:
        header, body, first_line = _parts(file)
        fields, lines = read_values(file, header, first_line)
        _complete(file, fields, body, lines)
        try:
            return AgentFile(file, AgentConfig.model_validate(fields), lines)
        except ValidationError as error:
            raise _broken(file, error, lines) from error
    except BrokenFile as error:
        raise BrokenFile(file, error.line, error.what, reason="broken_agent") from error


def name_in(file: Path) -> str:
    """The name of the agent that a broken file was meant for, as far as it can be made out."""
    try:
        header, _, first_line = _parts(file)
        _, node = compose_fields(file, header, first_line)["name"]
        return scalar(node) or file.stem
    except (InvalidInput, KeyError):
        return file.stem


def _parts(file: Path) -> tuple[str, str, int]:
    """The YAML of a file, what follows it, and the line that it begins on."""
    text = read_text(file, file)
    if file.suffix.lower() in _YAML:
        return text, "", 1
    return *split_front_matter(file, text, "an agent in Markdown"), 2


def _complete(file: Path, fields: dict[str, Any], body: str, lines: Mapping[Where, int]) -> None:
    fields.setdefault("name", file.stem)
    prompt = fields.get("prompt")
    if body.strip():
        if prompt is not None:
            raise BrokenFile(
                file,
                lines[("prompt",)],
                "the prompt is written twice, in the field 'prompt' and below the header: keep one.",
            )
        prompt = body.strip()
    if isinstance(prompt, str):
        fields["prompt"] = {"identity": prompt}


def _broken(file: Path, error: ValidationError, lines: Mapping[Where, int]) -> BrokenFile:
    """One error of all faults; each but the first, which is the error's own, says its line."""
    expected: dict[Where, list[str]] = {}
    got: dict[Where, str] = {}
    for fault in error.errors(include_url=False, include_context=False):
        path = _path(fault["loc"], lines, fault["type"])
        words = expected.setdefault(path, [])
        if (text := _words(fault["loc"], fault["type"], fault["msg"])) not in words:
            words.append(text)
        if fault["type"] not in ("missing", "extra_forbidden"):
            got[path] = f", not {_SHORT.repr(fault['input'])}"
    # A fault inside of a value says more than that the value fits none of the other shapes.
    paths = [
        path
        for path in expected
        if not any(path == each[: len(path)] and path != each for each in expected)
    ]
    paths.sort(key=lambda path: line_of(lines, path) or 0)
    texts: list[str] = []
    for path in paths[:MAX_FAULTS]:
        begin = f"line {line_of(lines, path)}: " if texts and line_of(lines, path) else ""
        name = ".".join(map(str, path))
        texts.append(f"{begin}'{name}' {' or '.join(expected[path])}{got.get(path, '')}")
    if len(paths) > MAX_FAULTS:
        texts.append(f"and {len(paths) - MAX_FAULTS} more")
    what = "; ".join(texts)
    return BrokenFile(file, line_of(lines, paths[0]), what if what.endswith("?") else f"{what}.")


def _words(where: Where, kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        names = _fields_at(where)
        close = difflib.get_close_matches(str(where[-1]), names, n=1)
        hint = f"; did you mean '{close[0]}'?" if close else f"; there are {', '.join(names)}"
        return f"is no field{hint if names else ''}"
    message = message.removeprefix("Input ").removeprefix("Value error, ")
    return _EXPECTED.get(kind) or message[:1].lower() + message[1:]


def _path(where: Where, lines: Mapping[Where, int], kind: str) -> Where:
    """A path without the branches of unions, that pydantic puts into it."""
    path: Where = ()
    for step in where:
        if (*path, step) in lines:
            path = (*path, step)
    if kind == "missing" and path[-1:] != where[-1:]:
        path = (*path, where[-1])
    return path or where[:1]


def _fields_at(where: Where) -> Sequence[str]:
    """The fields of the shape in which ``where`` is one too many."""
    shape: Any = AgentConfig
    for step in where[:-1]:
        field = cast("dict[str | int, Any]", shape.model_fields).get(step)
        kinds: list[Any] = [field.annotation, *get_args(field.annotation)] if field else []
        shape = next((kind for kind in kinds if hasattr(kind, "model_fields")), None)
        if shape is None:
            return ()
    return tuple(shape.model_fields)
