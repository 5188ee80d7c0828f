"""The YAML header of a SKILL.md, read so that every error can name its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from agentkit.errors import BrokenFile
from agentkit.marked_text import compose_fields, entries, items, scalar, split_front_matter

MAX_HEADER_CHARS = 16_384
"""The fields' own limits come to about 2,000 characters; the rest is room for ``metadata``."""

FIELDS = ("name", "description", "license", "compatibility", "metadata", "allowed-tools")
"""The fields that the format knows."""

FIRST_LINE = 2
"""Of the header, behind the opening '---'."""

# Spaces part the words, but not those inside of parentheses: Bash(git add:*) is one.
_WORD = re.compile(r"[^\s(,]+(?:\([^)]*\))?")

_UNUSUAL: dict[type[yaml.Token], str] = {
    yaml.FlowSequenceStartToken: "a list in brackets",
    yaml.FlowMappingStartToken: "a mapping in braces",
    yaml.AnchorToken: "an anchor",
    yaml.TagToken: "a tag",
}


@dataclass(frozen=True, slots=True)
class Header:
    """The header's fields, each with its line and its YAML node, and what follows the header."""

    file: Path
    fields: dict[str, tuple[int, yaml.Node]]
    body: str
    remarks: tuple[str, ...]
    """Where it leaves the format in a way that does no harm here; other clients may refuse it."""

    def wrong(self, name: str, what: str) -> BrokenFile:
        """Make the error that a field is wrong."""
        line = self.fields[name][0] if name in self.fields else 1
        return BrokenFile(self.file, line, f"the field '{name}' {what}.", reason="invalid_skill")

    def text(self, name: str, limit: int | None = None, *, required: bool = False) -> str | None:
        """Read a field of text; the YAML types of numbers, dates and booleans are text as well."""
        node = self._node(name)
        if node is None:
            if required:
                raise self.wrong(name, "is missing")
            return None
        text = scalar(node)
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
        node = self._node(name)
        if node is None:
            return {}
        if not isinstance(node, yaml.MappingNode):
            raise self.wrong(name, "has to map names to text")
        found: dict[str, str] = {}
        for key_node, value_node in items(node):
            key, value = scalar(key_node), scalar(value_node)
            if key is None or value is None:
                line = key_node.start_mark.line + FIRST_LINE
                raise self.wrong(name, f"has an entry on line {line} that is no text")
            if key in found:
                raise self.wrong(name, f"has the entry '{key}' twice")
            found[key] = value
        return found

    def words(self, name: str) -> tuple[str, ...]:
        """Read a field that is a list of words, or one text with spaces between them."""
        node = self._node(name)
        if node is None:
            return ()
        if not isinstance(node, yaml.SequenceNode):
            text = scalar(node)
            if text is None:
                raise self.wrong(name, "has to be a list, or text with spaces between its words")
            return tuple(_WORD.findall(text))
        words = [scalar(item) for item in entries(node)]
        if None in words:
            raise self.wrong(name, "has an entry that is no text")
        return tuple(word for word in words if word)

    def _node(self, name: str) -> yaml.Node | None:
        return self.fields[name][1] if name in self.fields else None


def parse_header(file: Path, text: str) -> Header:
    """Part a SKILL.md into its header and its body.

    Raises
    ------
    BrokenFile
        No header, or one that is no YAML mapping; reason ``invalid_skill``.
    """
    try:
        header, body = split_front_matter(file, text, "a skill")
        if len(header) > MAX_HEADER_CHARS:
            what = f"the header has {len(header):,} characters; {MAX_HEADER_CHARS:,} are allowed."
            raise BrokenFile(file, None, what)
        fields = compose_fields(file, header, FIRST_LINE)
    except BrokenFile as error:
        raise BrokenFile(file, error.line, error.what, reason="invalid_skill") from error
    return Header(file, fields, body, (*_unknown(fields), *_unusual(header)))


def _unknown(fields: dict[str, tuple[int, yaml.Node]]) -> list[str]:
    return [
        f"line {line}: the format has no field '{name}'"
        for name, (line, _) in fields.items()
        if name not in FIELDS
    ]


def _unusual(header: str) -> list[str]:
    """What the format's reference implementation does not read, though it is YAML."""
    found: list[str] = []
    if not any(sign in header for sign in "[{&!"):
        return found
    tokens: Iterator[yaml.Token] = cast(Any, yaml).scan(header, Loader=yaml.SafeLoader)
    for token in tokens:
        if what := _UNUSUAL.get(type(token)):
            line = token.start_mark.line + FIRST_LINE
            found.append(f"line {line}: {what}, which not every client of the format reads")
    return found
