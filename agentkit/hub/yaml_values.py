"""The values of a YAML file, each with its line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from agentkit.errors import BrokenFile
from agentkit.marked_text import compose_fields, entries, items, scalar

Where = tuple[str | int, ...]
"""The path to a value in a file: names of fields, positions in lists from 0."""

MAX_VALUES = 10_000

MAX_DIGITS = 100
"""Characters of a number. YAML has forms (``0x…``, ``1:59:59…``) of which a short file makes one that takes
minutes to compute, and that Python refuses to write into an error's message."""

_PLAIN = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "timestamp", "value"))
_MADE = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float"))


def read_values(file: Path, text: str, first_line: int) -> tuple[dict[str, Any], dict[Where, int]]:
    """Read the fields of a YAML text, and the line of each value by its path.

    Text, numbers, booleans, ``null``, lists and mappings are read. Dates stay text. Anchors that are used,
    merge keys and tags are not read: a short file could unfold to gigabytes, or mean what nobody sees.

    Parameters
    ----------
    first_line
        The line of the file that ``text`` begins with.

    Raises
    ------
    BrokenFile
        It is no YAML mapping, or has something of the above in it.
    """
    reading = _Reading(file, first_line)
    fields: dict[str, Any] = {}
    for name, (line, node) in compose_fields(file, text, first_line).items():
        reading.lines[(name,)] = line
        fields[name] = reading.value(node, (name,))
    return fields, reading.lines


def line_of(lines: Mapping[Where, int], where: Where) -> int | None:
    """The line of a value, or of the nearest one that it is in.

    Steps of ``where`` that are not in the file, such as the branch of a union, are passed over.
    """
    found: int | None = None
    path: Where = ()
    for step in where:
        if (*path, step) in lines:
            path = (*path, step)
            found = lines[path]
    return found


class _Reading:
    def __init__(self, file: Path, first_line: int) -> None:
        self.file = file
        self.first_line = first_line
        self.lines: dict[Where, int] = {}
        self._seen: set[int] = set()
        self._maker: Any = yaml.SafeLoader("")

    def value(self, node: yaml.Node, where: Where) -> Any:
        if id(node) in self._seen:
            what = f"{_path(where)} repeats an anchor (*name): write it out."
            raise BrokenFile(self.file, self.lines[where], what)
        self._seen.add(id(node))
        if len(self._seen) > MAX_VALUES:
            raise self._wrong(node, f"there are more than {MAX_VALUES:,} values.")
        if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
            return self._mapping(node, where)
        if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
            return [self._at(each, each, (*where, at)) for at, each in enumerate(entries(node))]
        return self._scalar(node, where)

    def _mapping(self, node: yaml.MappingNode, where: Where) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key_node, value in items(node):
            key = scalar(key_node)
            if key is None or key in made or key_node.tag == "tag:yaml.org,2002:merge":
                what = "is there twice" if key in made else "cannot be a name here"
                raise self._wrong(key_node, f"'{key or 'a list or a mapping'}' {what}.")
            made[key] = self._at(key_node, value, (*where, key))
        return made

    def _at(self, begin: yaml.Node, node: yaml.Node, where: Where) -> Any:
        self.lines[where] = self._line(begin)
        return self.value(node, where)

    def _scalar(self, node: yaml.Node, where: Where) -> Any:
        text = scalar(node)
        if text is None or node.tag not in _PLAIN | _MADE:
            raise self._wrong(node, f"{_path(where)} has the tag {node.tag!r}, which is not read.")
        if node.tag in _PLAIN:
            return text
        if len(text) > MAX_DIGITS:
            what = f"{_path(where)} is a number of {len(text):,} digits. Put text into quotes."
            raise self._wrong(node, what)
        try:
            made = self._maker.construct_object(node)
        except (ValueError, yaml.YAMLError):
            return text
        if isinstance(made, float) and not math.isfinite(made):
            raise self._wrong(node, f"{_path(where)} has to be a finite number, not {text}.")
        return made

    def _line(self, node: yaml.Node) -> int:
        return node.start_mark.line + self.first_line

    def _wrong(self, node: yaml.Node, what: str) -> BrokenFile:
        return BrokenFile(self.file, self._line(node), what)


def _path(where: Where) -> str:
    return "'" + ".".join(map(str, where)) + "'"
