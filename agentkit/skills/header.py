"""The YAML header of a SKILL.md, read so that every error can name its line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import yaml

from agentkit.errors import InvalidInput

MAX_HEADER_CHARS = 16_384
"""The fields' own limits come to about 2,000 characters; the rest is room for ``metadata``."""

# Spaces part the words, but not those inside of parentheses: Bash(git add:*) is one.
_WORD = re.compile(r"[^\s(,]+(?:\([^)]*\))?")


@dataclass(frozen=True, slots=True)
class Header:
    """The header's fields, each as its YAML node, and what follows the header."""

    file: Path
    fields: dict[str, yaml.Node]
    body: str

    def wrong(self, name: str, what: str) -> InvalidInput:
        """Make the error that a field is wrong."""
        node = self.fields.get(name)
        line = f", line {_line(node.start_mark)}" if node else ""
        return _invalid(self.file, f"{line}: the field '{name}' {what}.")

    def text(self, name: str, limit: int | None = None, *, required: bool = False) -> str | None:
        """Read a field of text; the YAML types of numbers, dates and booleans are text as well."""
        node = self.fields.get(name)
        if node is None:
            if required:
                raise self.wrong(name, "is missing")
            return None
        text = _scalar(node)
        if text is None:
            raise self.wrong(name, "has to be text")
        if not text.strip():
            raise self.wrong(name, "is empty")
        text = text.strip()
        if limit is not None and len(text) > limit:
            raise self.wrong(name, f"has {len(text):,} characters; {limit:,} are allowed")
        return text

    def mapping(self, name: str) -> dict[str, str]:
        """Read a field that maps text to text."""
        node = self.fields.get(name)
        if node is None:
            return {}
        if not isinstance(node, yaml.MappingNode):
            raise self.wrong(name, "has to map names to text")
        found: dict[str, str] = {}
        for key_node, value_node in _items(node):
            key, value = _scalar(key_node), _scalar(value_node)
            if key is None or value is None:
                raise self.wrong(
                    name, f"has an entry on line {_line(key_node.start_mark)} that is no text"
                )
            found[key] = value
        return found

    def words(self, name: str) -> tuple[str, ...]:
        """Read a field that is a list of words, or one text with spaces between them."""
        node = self.fields.get(name)
        if node is None:
            return ()
        if not isinstance(node, yaml.SequenceNode):
            text = _scalar(node)
            if text is None:
                raise self.wrong(name, "has to be a list, or text with spaces between its words")
            return tuple(_WORD.findall(text))
        words = [_scalar(item) for item in cast(list[yaml.Node], node.value)]
        if None in words:
            raise self.wrong(name, "has an entry that is no text")
        return tuple(word for word in words if word)


def parse_header(file: Path, text: str) -> Header:
    """Part a SKILL.md into its header and its body.

    Raises
    ------
    InvalidInput
        No header, or one that is no YAML mapping; reason ``invalid_skill``.
    """
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        raise _invalid(file, ", line 1: a skill begins with a line '---' and its YAML header.")
    end = next((at for at, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
    if end is None:
        raise _invalid(file, ": the header has no end; a line '---' is missing.")
    header = "\n".join(lines[1:end])
    if len(header) > MAX_HEADER_CHARS:
        raise _invalid(
            file, f": the header has {len(header):,} characters; {MAX_HEADER_CHARS:,} are allowed."
        )
    return Header(file, _fields(file, header), "\n".join(lines[end + 1 :]))


def _fields(file: Path, header: str) -> dict[str, yaml.Node]:
    # Nodes and not values: nothing is built of them, so a hostile header can neither make objects
    # nor unfold its anchors, "1.10" stays what it is, and every node knows its line.
    try:
        root = yaml.SafeLoader(header).get_single_node()
    except yaml.MarkedYAMLError as error:
        line = f", line {_line(error.problem_mark)}" if error.problem_mark else ""
        raise _invalid(
            file,
            f"{line}: no valid YAML ({error.problem}). Put text that contains ': ' into quotes.",
        ) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise _invalid(file, f": the header is no valid YAML ({type(error).__name__}).") from error
    if not isinstance(root, yaml.MappingNode):
        raise _invalid(file, ", line 2: the header has to be lines of 'field: text'.")
    fields: dict[str, yaml.Node] = {}
    for key_node, value_node in _items(root):
        key = _scalar(key_node)
        if key is None or key in fields:
            what = "a field's name has to be text" if key is None else f"'{key}' is there twice"
            raise _invalid(file, f", line {_line(key_node.start_mark)}: {what}.")
        fields[key] = value_node
    return fields


def _items(node: yaml.MappingNode) -> list[tuple[yaml.Node, yaml.Node]]:
    return cast(list[tuple[yaml.Node, yaml.Node]], node.value)


def _scalar(node: yaml.Node) -> str | None:
    return cast(str, node.value) if isinstance(node, yaml.ScalarNode) else None


def _line(mark: yaml.Mark) -> int:
    return mark.line + 2  # counted from 1, behind the opening '---'


def _invalid(file: Path, what: str) -> InvalidInput:
    return InvalidInput(f"{file}{what}", reason="invalid_skill")
