"""What tools returned, read as rows of numbers."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any, cast

from agentkit.llm.demo_question import Question, stems

_STATISTICS = frozenset(
    stems("mean median min max count total std sum n rows size first last range")
)
_PREFERRED = ("mean", "total", "count", "growth", "median", "max", "min")
MOST_CHARS = 20_000
"""Of a text that is searched for numbers or names: more than a model is given by default."""

_DEEPEST = 100
_LARGEST = 10**300
"""Beyond, an integer is no float."""

_CELL = r"[-+]?\d[\d,]*\.?\d*(?:[eE][-+]?\d+)?%?"


@dataclass(slots=True)
class Row:
    """One thing that a result speaks of: its label, and its numbers by name.

    A number without a name stands under the empty one.
    """

    label: str
    numbers: dict[str, float] = field(default_factory=dict[str, float])


def rows_of(text: str) -> list[Row]:
    """Read JSON, a table in text or Markdown, or lines like ``label: number``."""
    try:
        return _rows(json_of(text))
    except ValueError:
        return _table(text[:MOST_CHARS]) or _sentence(text)


def json_of(text: str) -> Any:
    """The value of a JSON text; ``ValueError`` when it is none, or nested beyond any table."""
    depth = deepest = 0
    for bracket in re.findall(r"[\[\]{}]", text):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    if deepest > _DEEPEST:
        raise ValueError(f"nested {deepest} deep")
    return json.loads(text)


def column_for(question: Question, rows: list[Row]) -> str | None:
    """The column that the question asks for; where its words fit none or several, means come first."""
    names = list(dict.fromkeys(name for row in rows for name in row.numbers))
    if not names:
        return None

    def rank(name: str) -> tuple[int, int, int]:
        parts = stems(name)
        named = sum(part in question.positions for part in parts)
        preference = [_PREFERRED.index(part) for part in parts if part in _PREFERRED]
        filled = sum(name in row.numbers for row in rows)
        return named, filled, -min(preference, default=len(_PREFERRED))

    return max(names, key=rank)


def number_text(number: float) -> str:
    """A number as people read it: at most two decimals, small ones with three digits."""
    if not math.isfinite(number):
        return str(number)
    if number == int(number) and abs(number) < 1e15:
        return f"{int(number):,}"
    if abs(number) < 1:
        return f"{number:.3g}"
    return f"{number:,.2f}".rstrip("0").rstrip(".")


def is_number(value: Any) -> bool:
    """Whether a value of JSON can be counted with."""
    counts = isinstance(value, int | float) and not isinstance(value, bool)
    return counts and abs(value) < _LARGEST


def _unnamed(cells: list[Any]) -> dict[str, float]:
    numbers = [cell for cell in cells if is_number(cell)]
    return {"": numbers[0]} if numbers else {}


def _rows(data: Any) -> list[Row]:
    if is_number(data):
        return [Row("", {"": data})]
    if isinstance(data, dict):
        return _rows_of_object(cast("dict[str, Any]", data))
    rows: list[Row] = []
    for item in cast("list[Any]", data) if isinstance(data, list) else []:
        if isinstance(item, dict):
            rows.append(_record("", cast("dict[str, Any]", item)))
        elif isinstance(item, list):
            cells = cast("list[Any]", item)
            label = " ".join(str(cell) for cell in cells if isinstance(cell, str))
            rows.append(Row(label, _unnamed(cells)))
    return [row for row in rows if row.numbers]


def _rows_of_object(data: dict[str, Any]) -> list[Row]:
    numbers = {key: value for key, value in data.items() if is_number(value)}
    objects = {
        key: cast("dict[str, Any]", value) for key, value in data.items() if isinstance(value, dict)
    }
    lists = [cast("list[Any]", value) for value in data.values() if isinstance(value, list)]
    if numbers and any(set(stems(key)) & _STATISTICS for key in numbers):
        return [_record("", data)]
    if numbers:
        strings = [value for value in data.values() if isinstance(value, str)]
        if strings or len(numbers) == 1:
            return [_record("", data)]
        return [Row(key, {"": value}) for key, value in numbers.items()]
    if objects:
        return _rows_of_groups(objects)
    for value in lists:
        if rows := _rows(value):
            return rows
    return []


def _rows_of_groups(objects: dict[str, dict[str, Any]]) -> list[Row]:
    rows = [_record(key, value) for key, value in objects.items()]
    columns = {name for row in rows for name in row.numbers}
    # pandas writes {statistic: {group: number}}: turned, so that a row is a group.
    if rows and all(set(stems(key)) & _STATISTICS for key in objects) and len(columns) > 1:
        return [
            Row(name, {row.label: row.numbers[name] for row in rows if name in row.numbers})
            for name in dict.fromkeys(name for row in rows for name in row.numbers)
        ]
    return [row for row in rows if row.numbers]


def _record(label: str, data: dict[str, Any]) -> Row:
    strings = [value for value in data.values() if isinstance(value, str) and len(value) <= 60]
    numbers = {key: value for key, value in data.items() if is_number(value)}
    for key, inner in data.items():
        if isinstance(inner, dict):
            items = cast("dict[str, Any]", inner).items()
            numbers |= {f"{key} {name}": value for name, value in items if is_number(value)}
    return Row(label or ", ".join(strings[:2]), numbers)


def _table(text: str) -> list[Row]:
    """A table of text: a line of names, then lines of a label and right-aligned numbers."""
    lines = [_cells(line) for line in text.splitlines() if line.strip() and not _is_rule(line)]
    rows: list[Row] = []
    header: list[str] = []
    for cells in lines:
        count = 0
        while count < len(cells) and _as_number(cells[-1 - count]) is not None:
            count += 1
        labels = cells[: len(cells) - count]
        numbers = [cast("float", _as_number(cell)) for cell in cells[len(cells) - count :]]
        if not numbers:
            header = cells if not rows and len(cells) > len(header) else header
            continue
        if labels and len(labels) > 1 and _as_number(labels[0]) is not None:
            labels = labels[1:]  # the index of a frame
        elif not labels and len(numbers) > 1:
            labels, numbers = cells[:1], numbers[1:]
        names = header[-len(numbers) :] if len(header) >= len(numbers) else [""] * len(numbers)
        label = " ".join(labels).rstrip(":=")
        rows.append(Row(label, dict(zip(names, numbers, strict=True))))
    if len(lines) < 2 or any(len(row.label) > 60 for row in rows):
        return []
    return rows


def _is_rule(line: str) -> bool:
    return bool(re.fullmatch(r"[\s|:+=-]+|(Name|Length|dtype): .*|\[\d+ rows x .*", line.strip()))


def _cells(line: str) -> list[str]:
    if line.count("|") > 1:
        return [cell.strip() for cell in line.strip().strip("|").split("|")]
    wide = re.split(r"\s{2,}|\t", line.strip())
    return [cell for part in wide for cell in _right_numbers(part)]


def _right_numbers(cell: str) -> list[str]:
    """Part a label and the numbers behind it, as "Adelie 151" in a narrow table."""
    words = re.split(r"[\s:=]+", cell)
    count = 0
    while count < len(words) - 1 and _as_number(words[-1 - count]) is not None:
        count += 1
    cut = len(words) - count
    return [" ".join(words[:cut]), *words[cut:]] if count else [cell]


def _as_number(cell: str) -> float | None:
    if not re.fullmatch(_CELL, cell):
        return float("nan") if cell in ("NaN", "nan", "<NA>") else None
    return float(cell.replace(",", "").rstrip("%"))


def _sentence(text: str) -> list[Row]:
    """The numbers of running text, each under the word before it."""
    if len(text) > 2_000:
        return []
    found = re.finditer(rf"(?:\b([^\W\d]+)\W{{1,3}})?(?<![\w.])({_CELL})(?!\w)", text)
    numbers: dict[str, float] = {}
    for match in found:
        number = _as_number(match[2])
        if number is not None:
            numbers.setdefault(match[1] or "", number)
    return [Row("", numbers)] if numbers else []
