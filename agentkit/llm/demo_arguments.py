"""The arguments of the demo provider's calls: found in the question, by a tool's schema."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from agentkit.core.protocol import ToolSpec
from agentkit.llm.demo_question import Question, stems
from agentkit.llm.demo_results import MOST_CHARS, json_of

_MOST_CALLS = 12
_WHOLE_QUESTION = frozenset(stems("query question text prompt message search input topic term"))


@dataclass(slots=True)
class Known:
    """A value that an earlier result named, with the words of the tool or key it came from."""

    value: str
    source: frozenset[str]


def known_values(name: str, text: str) -> list[Known]:
    """The names that a result holds: items of lists, keys of objects, quoted words, short lines."""
    source = frozenset(stems(name))
    try:
        data = json_of(text)
    except ValueError:
        text = text[:MOST_CHARS]
        items = re.findall(r"'([^']{1,60})'", text) if re.match(r"\w+\(|\[", text) else []
        items = items or re.split(r"\s*[,;\n]\s*", text.strip())
        return [Known(item, source) for item in items if 0 < len(item) <= 40]
    return list(_known(data, source))


def _known(data: Any, source: frozenset[str]) -> list[Known]:
    if isinstance(data, str):
        return [Known(data, source)] if 0 < len(data) <= 60 else []
    if isinstance(data, list):
        found = [entry for item in cast("list[Any]", data) for entry in _known(item, source)]
        return list({(entry.value, entry.source): entry for entry in found}.values())
    if not isinstance(data, dict):
        return []
    pairs = cast("dict[str, Any]", data).items()
    inner = [entry for key, item in pairs for entry in _known(item, source | set(stems(key)))]
    return [*(Known(key, source) for key, _ in pairs), *inner]


def properties_of(tool: ToolSpec) -> dict[str, dict[str, Any]]:
    definitions = tool.parameters.get("$defs", {})
    properties = tool.parameters.get("properties", {})
    return {name: _plain(schema, definitions) for name, schema in properties.items()}


def _plain(schema: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """A schema with its reference and its one alternative to null followed."""
    if not isinstance(schema, dict):
        return {}
    plain = cast("dict[str, Any]", schema)
    if "$ref" in plain:
        target = definitions.get(str(plain["$ref"]).rpartition("/")[2], {})
        plain = {**target, **{key: value for key, value in plain.items() if key != "$ref"}}
    for key in ("anyOf", "oneOf", "allOf"):
        branches = [_plain(branch, definitions) for branch in plain.get(key, [])]
        real = [branch for branch in branches if branch.get("type") != "null"]
        if len(real) == 1:
            plain = {**real[0], **{k: value for k, value in plain.items() if k != key}}
    if isinstance(plain.get("items"), dict):
        plain = {**plain, "items": _plain(plain["items"], definitions)}
    return plain


def listed(schema: dict[str, Any]) -> list[Any]:
    """The values that a schema allows, or that its description quotes."""
    if "const" in schema:
        return [schema["const"]]
    if isinstance(schema.get("enum"), list):
        return [value for value in schema["enum"] if value is not None]
    if schema.get("type") == "array":
        return listed(schema.get("items", {}))
    if schema.get("type") == "string":
        quoted = re.findall(r"[\"'`]([\w .-]+)[\"'`]", str(schema.get("description", "")))
        return quoted if len(quoted) > 1 else []
    return []


def fill(
    question: Question, tool: ToolSpec, known: Sequence[Known]
) -> tuple[list[dict[str, Any]], list[str]]:
    """The arguments of each call, or the names of the required ones that have no value."""
    properties = properties_of(tool)
    required = [name for name in tool.parameters.get("required", []) if name in properties]
    order = [*required, *(name for name in properties if name not in required)]
    values: dict[str, list[Any]] = {}
    texts = list(dict.fromkeys([*question.quoted, *question.names]))
    numbers = list(question.numbers)

    for name in order:
        schema = properties[name]
        choices = listed(schema) or _known_for(name, schema, known, own=name not in required)
        if choices and (said := question.named(choices)):
            same = [
                other
                for other in order
                if (listed(properties[other]) or _known_for(other, properties[other], known))
                == choices
            ]
            if len(same) > 1:  # "between mass and length": one value for each argument
                said = said[same.index(name) : same.index(name) + 1]
                if not said:
                    continue
            values[name] = said
            spoken = {stem for value in said for stem in stems(str(value))}
            texts = [text for text in texts if not set(stems(text)) <= spoken]
    if question.wide:
        _widen(question, order, required, properties, known, values)
    for name in order:
        schema = properties[name]
        if name in values or listed(schema):
            continue
        kind = schema.get("type")
        if kind == "boolean" and (name in required or question.names_stem_of(name)):
            values[name] = [question.names_stem_of(name) and not question.denies(name)]
        elif kind in ("integer", "number"):
            number = _take_number(question, name, schema, numbers)
            if number is not None:
                values[name] = [number]
        elif kind == "array":
            inner = schema.get("items", {}).get("type")
            if inner in ("integer", "number") and numbers:
                values[name] = [value for _, value in numbers]
                numbers = []
            elif inner == "string" and texts:
                values[name], texts = texts, []
        elif kind == "string" and (name in required or schema.get("default") is None):
            if set(stems(name)) & _WHOLE_QUESTION:
                values[name] = question.quoted[:1] or [question.text]
            elif name in required and texts:
                others = [n for n in required if n not in values]
                alone = sum(properties[n].get("type") == "string" for n in others) == 1
                values[name], texts = (texts, []) if alone else (texts[:1], texts[1:])
            elif proper := [text for text in texts if "_" not in text]:
                values[name] = proper[:1]
                texts.remove(proper[0])

    unfilled = [name for name in required if name not in values]
    unfilled = [name for name in unfilled if "default" not in properties[name]]
    if unfilled:
        return [], unfilled
    lists = {name for name in values if properties[name].get("type") == "array"}
    axes = [[values[name]] if name in lists else values[name] for name in values]
    product = itertools.islice(itertools.product(*axes), _MOST_CALLS)
    return [dict(zip(values, combination, strict=True)) for combination in product], []


def _widen(
    question: Question,
    order: list[str],
    required: list[str],
    properties: dict[str, dict[str, Any]],
    known: Sequence[Known],
    values: dict[str, list[Any]],
) -> None:
    """Take all values of the argument that the question speaks of, or of the only one left open."""
    open_ones: dict[str, list[Any]] = {}
    for name in order:
        choices = listed(properties[name]) or _known_for(name, properties[name], known, own=True)
        if choices and name not in values:
            open_ones[name] = choices
    spoken = [name for name in open_ones if question.names_stem_of(name)]
    needed = [name for name in open_ones if name in required]
    for name in spoken or (needed if len(needed) == 1 else []):
        values[name] = open_ones[name]


def _known_for(
    name: str, schema: dict[str, Any], known: Sequence[Known], *, own: bool = False
) -> list[str]:
    """Values of earlier results for an argument: those whose source shares its name.

    When there are none, all values are tried, unless only its ``own`` will do.
    """
    item = schema.get("items", {}) if schema.get("type") == "array" else schema
    if item.get("type") != "string":
        return []
    shared = [entry.value for entry in known if entry.source & set(stems(name))]
    return shared or ([] if own else [entry.value for entry in known])


def _take_number(
    question: Question, name: str, schema: dict[str, Any], numbers: list[tuple[int, float]]
) -> float | None:
    """The number next to the argument's name, or the next one; taken out of ``numbers``."""
    fitting = [entry for entry in numbers if _allows(schema, entry[1])]
    near = [question.positions[stem] for stem in stems(name) if stem in question.positions]
    fitting.sort(key=lambda entry: min((abs(entry[0] - place) for place in near), default=0))
    if not fitting:
        return None
    numbers.remove(fitting[0])
    return fitting[0][1]


def _allows(schema: dict[str, Any], number: float) -> bool:
    if schema.get("type") == "integer" and not isinstance(number, int):
        return False
    low = schema.get("minimum", schema.get("exclusiveMinimum", number))
    high = schema.get("maximum", schema.get("exclusiveMaximum", number))
    return low <= number <= high
