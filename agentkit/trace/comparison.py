"""A comparison of runs for a terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import unified_diff
from typing import Any

from agentkit.trace.compare import Difference, RunChange, StepChange
from agentkit.trace.document import Trace
from agentkit.trace.files import SavedTrace
from agentkit.trace.results import text_of
from agentkit.trace.words import as_words, counted, one_line, visible

_SIGNS = {"same": "=", "changed": "~", "added": "+", "removed": "-"}
_SHORT = 60
_LINES = 40
_WIDTH = 200


def to_text(changes: Sequence[RunChange], a: str, b: str) -> str:
    """The comparison as text: a sign a step, and below what changed the lines that did.

    Parameters
    ----------
    a, b
        What the two sides are called.
    """
    lines = [f"--- {one_line(a)}", f"+++ {one_line(b)}"]
    for change in changes:
        lines += ["", *_run(change)]
    return visible("\n".join(lines)) + "\n"


def to_json(changes: Sequence[RunChange]) -> dict[str, Any]:
    """The comparison as JSON: ``{"same", "runs": [{"change", "a", "b", "differences", "steps"}]}``."""
    return {
        "same": all(change.change == "same" for change in changes),
        "runs": [
            {
                "change": change.change,
                "a": _place_json(change.a),
                "b": _place_json(change.b),
                "differences": _differences_json(change.differences),
                "steps": [_step_json(step) for step in change.steps],
            }
            for change in changes
        ],
    }


def _run(change: RunChange) -> Iterator[str]:
    run = change.b or change.a
    assert run is not None
    named = " · ".join(filter(None, (_where(change), one_line(run.input, 80) or "no question")))
    yield f"{_SIGNS[change.change]} {named}"
    if change.change == "same":
        yield f"    the same: {counted(len(change.steps), 'step')}, {run.status}"
        return
    answer = [each for each in change.differences if each.name == "answer"]
    for difference in change.differences:
        if difference not in answer:
            yield from _difference(difference, "    ")
    for step in change.steps:
        yield from _step(step)
    for difference in answer:
        yield from _difference(difference, "    ")


def _where(change: RunChange) -> str:
    places = [
        str(run.place) if isinstance(run, SavedTrace) and run.place else ""
        for run in (change.a, change.b)
        if run
    ]
    return " → ".join(filter(None, dict.fromkeys(places)))


def _step(step: StepChange) -> Iterator[str]:
    row = step.row
    text = row.line if row.kind == "thinking" else row.text
    said = one_line(text if row.kind in ("message", "thinking", "question") else row.details, 120)
    yield f"  {_SIGNS[step.change]} {row.title}" + (f" ({said})" if said else "")
    for difference in step.differences:
        yield from _difference(difference, "      ")


def _difference(difference: Difference, indent: str) -> Iterator[str]:
    before, after = (_words(value) for value in _distinct(difference))
    if max(len(before), len(after)) <= _SHORT and "\n" not in before + after:
        yield f"{indent}{difference.name}: {before} → {after}"
        return
    yield f"{indent}{difference.name}:"
    changed = unified_diff(before.splitlines(), after.splitlines(), n=1, lineterm="")
    lines = [line for line in list(changed)[2:] if not line.startswith("@@")]
    yield from (f"{indent}  {line[:1]} {_cut(line[1:])}" for line in lines[:_LINES])
    if len(lines) > _LINES:
        yield f"{indent}  … {counted(len(lines) - _LINES, 'line')} more; --json has them all"


def _cut(line: str) -> str:
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…"


def _distinct(difference: Difference) -> tuple[Any, Any]:
    """What to show of two values: of results their text, unless that is the same."""
    a, b = difference.a, difference.b
    if difference.name != "result":
        return a, b
    if text_of(a) != text_of(b):
        return text_of(a), text_of(b)
    types = [name for name in dict.fromkeys((*a, *b)) if a.get(name) != b.get(name)]
    return {name: a.get(name) for name in types}, {name: b.get(name) for name in types}


def _words(value: object) -> str:
    return "none" if value is None or value == "" else as_words(value, indent=2)


def _place_json(run: Trace | None) -> dict[str, Any] | None:
    if run is None:
        return None
    place = run.place if isinstance(run, SavedTrace) else None
    return {
        "task_id": run.task_id,
        "input": run.input,
        "cell": place and place.cell,
        "cell_id": place and place.cell_id,
    }


def _step_json(step: StepChange) -> dict[str, Any]:
    return {
        "change": step.change,
        "kind": step.row.kind,
        "tool_name": step.row.tool_name or None,
        "title": step.row.title,
        "a": step.a and step.a.seq,
        "b": step.b and step.b.seq,
        "differences": _differences_json(step.differences),
    }


def _differences_json(differences: Sequence[Difference]) -> list[dict[str, Any]]:
    return [{"name": each.name, "a": each.a, "b": each.b} for each in differences]
