"""Text files with YAML in them, read so that every error can name its line.

YAML is read as nodes and not as values: nothing is built of it, so a hostile file can neither make objects
nor unfold its anchors, ``1.10`` stays what it is, and every node knows its line.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import yaml

from agentkit.errors import BrokenFile, InvalidInput

MAX_FILE_BYTES = 1_000_000
"""Bytes of any file that is read whole."""


def read_text(file: Path, shown: Path) -> str:
    """Read a file of text, with the line ends of Unix and without a byte order mark.

    Parameters
    ----------
    file
        What is opened.
    shown
        What the errors call it.

    Raises
    ------
    InvalidInput
        It cannot be read, is larger than ``MAX_FILE_BYTES``, or is no UTF-8 text.
    """
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise InvalidInput(f"{shown} cannot be read: {error.strerror}.") from error
    if len(data) > MAX_FILE_BYTES:
        raise InvalidInput(
            f"{shown} is larger than {MAX_FILE_BYTES:,} bytes, the most that is read of a file."
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


def split_front_matter(file: Path, text: str, what: str) -> tuple[str, str]:
    """Part a text into the YAML between its first two lines ``---``, and what follows.

    Parameters
    ----------
    what
        What begins with such a header, for the error: ``"a skill"``.

    Raises
    ------
    BrokenFile
        There is no header, or it has no end.
    """
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        raise BrokenFile(file, 1, f"{what} begins with a line '---' and its YAML header.")
    end = next((at for at, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
    if end is None:
        raise BrokenFile(
            file, 1, "the header that begins here has no end; a line '---' is missing."
        )
    return "\n".join(lines[1:end]), "\n".join(lines[end + 1 :])


def compose_fields(file: Path, text: str, first_line: int) -> dict[str, tuple[int, yaml.Node]]:
    """Read YAML that maps names to anything: of each name its line and its value's node.

    Parameters
    ----------
    first_line
        The line of the file that ``text`` begins with.

    Raises
    ------
    BrokenFile
        It is no YAML, no mapping, or names a field twice.
    """
    try:
        root = yaml.SafeLoader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + first_line if error.problem_mark else None
        problem = error.problem or type(error).__name__
        if error.context and "alias" in error.context:
            problem = f"{error.context}: {problem}"
        raise BrokenFile(file, line, f"no valid YAML ({problem}).{_hint(problem)}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + first_line
        raise BrokenFile(file, line, "no valid YAML (a character that YAML forbids).") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise BrokenFile(file, None, f"no valid YAML ({type(error).__name__}).") from error
    if not isinstance(root, yaml.MappingNode):
        raise BrokenFile(file, first_line, "there have to be lines of 'field: text'.")
    fields: dict[str, tuple[int, yaml.Node]] = {}
    for key_node, value in items(root):
        line, key = key_node.start_mark.line + first_line, scalar(key_node)
        if key is None or key in fields:
            what = "a field's name has to be text" if key is None else f"'{key}' is there twice"
            raise BrokenFile(file, line, f"{what}.")
        fields[key] = (line, value)
    return fields


def items(node: yaml.MappingNode) -> list[tuple[yaml.Node, yaml.Node]]:
    """The keys and values of a mapping."""
    return cast("list[tuple[yaml.Node, yaml.Node]]", node.value)


def entries(node: yaml.SequenceNode) -> list[yaml.Node]:
    """The entries of a list."""
    return cast("list[yaml.Node]", node.value)


def scalar(node: yaml.Node) -> str | None:
    """What is written in a node, whatever YAML takes it for; ``None`` for a list or a mapping."""
    return cast(str, node.value) if isinstance(node, yaml.ScalarNode) else None


def _hint(problem: str) -> str:
    if "mapping values" in problem:
        return " Put text that contains ': ' into quotes."
    if "alias" in problem or "but found '*'" in problem:
        return " Put text that begins with '*' into quotes."
    if "'\\t'" in problem:
        return " Indent with spaces, not with tabs."
    return ""
