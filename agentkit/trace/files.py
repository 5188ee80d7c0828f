"""The runs that a file holds: a notebook, a trace, a cell's output, or a list of them.

A notebook is JSON and is read as that: nothing in it is run, converted or trusted, and notebooks that
Jupyter itself would call broken still give the runs that can be found in them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentkit.errors import BrokenFile, NotFound
from agentkit.trace.document import TRACE_MIME, TRACES_MIME, Trace, read_trace
from agentkit.trace.read import as_list, as_mapping, as_text, parsed, shallow
from agentkit.trace.words import one_line

_NOTEBOOK = ("cells", "worksheets", "nbformat")
_TRACE = ("events", "task_id")
_EXPECTED = "a notebook, a trace (.agenttrace.json) or a cell's output with a trace"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a notebook a run is shown."""

    cell: int
    """The index of the cell, from 0, all kinds of cells counted."""
    cell_id: str | None
    """Its id; notebooks before nbformat 4.5 have none."""
    output: int
    """The index of the output in the cell, from 0."""

    def __str__(self) -> str:
        """As a reader counts: ``cell 3 (a1b2c3)``."""
        named = f" ({one_line(self.cell_id, 64)})" if self.cell_id else ""
        return f"cell {self.cell + 1}{named}"


class SavedTrace(Trace):
    """A trace that was read from a file."""

    place: Place | None = None
    """Where it is shown; ``None`` when the file is no notebook. It is no part of the document."""


def load(file: str | Path) -> list[SavedTrace]:
    """Every run in a file, in the order of the cells; empty for a notebook that shows none.

    A run that is shown more than once is given once: at its first place, with the most that any place
    knows of it. Runs that follow one up stay in its ``follow_ups``. What is not understood is left out,
    as by ``read_trace``; nothing is executed.

    Parameters
    ----------
    file
        A notebook of any format version, a trace, a cell's output that holds one (with or without its
        ``data``), a JSON list of these, or JSON Lines.

    Raises
    ------
    NotFound
        There is no such file.
    BrokenFile
        It cannot be read, is no JSON, or is JSON of another kind.
    """
    path = Path(file)
    document = _parsed(path)
    found = [run for each in _documents(document) for run in _runs(each)]
    if not found and not _is_notebook(document):
        raise BrokenFile(path, None, f"this is neither {_EXPECTED}.", reason="no_trace")
    return _once(found)


def _parsed(path: Path) -> Any:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise NotFound(f"There is no file {path}.", reason="file_not_found") from None
    except OSError as error:
        raise BrokenFile(path, None, f"it cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise BrokenFile(path, None, f"this is no text; expected is {_EXPECTED}.") from None
    try:
        return parsed(text)
    except json.JSONDecodeError as error:
        if path.suffix == ".jsonl":
            return [_line(path, *each) for each in enumerate(text.split("\n"), 1) if each[1]]
        what = f"this is no JSON ({error.msg}); expected is {_EXPECTED}."
        raise BrokenFile(path, error.lineno, what) from None
    except (ValueError, RecursionError) as error:
        raise BrokenFile(path, None, f"this JSON cannot be read: {_why(error)}.") from None


def _line(path: Path, number: int, line: str) -> Any:
    try:
        return parsed(line)
    except (ValueError, RecursionError) as error:
        raise BrokenFile(path, number, f"this line is no JSON ({_why(error)}).") from None


def _why(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "too many lists and objects stand within one another"
    return str(error)


def _documents(document: object) -> Iterator[dict[str, Any]]:
    yield as_mapping(document)
    yield from map(as_mapping, as_list(document))


def _is_notebook(document: object) -> bool:
    return any(name in as_mapping(document) for name in _NOTEBOOK)


def _runs(document: dict[str, Any]) -> Iterator[SavedTrace]:
    if any(name in document for name in _TRACE):
        yield _saved(document, None)
    elif _is_notebook(document):
        yield from _runs_of_notebook(document)
    else:
        yield from _runs_of_output(document, None)


def _runs_of_notebook(notebook: dict[str, Any]) -> Iterator[SavedTrace]:
    # Before nbformat 4, cells were in worksheets.
    sheets = [notebook, *map(as_mapping, as_list(notebook.get("worksheets")))]
    cells = [as_mapping(cell) for sheet in sheets for cell in as_list(sheet.get("cells"))]
    for index, cell in enumerate(cells):
        for number, output in enumerate(as_list(cell.get("outputs"))):
            place = Place(index, as_text(cell.get("id")), number)
            yield from _runs_of_output(as_mapping(output), place)


def _runs_of_output(output: dict[str, Any], place: Place | None) -> Iterator[SavedTrace]:
    # Before nbformat 4, and in a bare MIME bundle, the types stand beside each other in the output itself.
    for bundle in (as_mapping(output.get("data")), output):
        if TRACE_MIME in bundle:
            trace = _trace(bundle[TRACE_MIME])
            if trace:
                yield _saved(trace, place)
            return
        if TRACES_MIME in bundle:
            for each in as_list(_trace(bundle[TRACES_MIME]).get("traces")):
                yield _saved(as_mapping(each), place)
            return


def _trace(value: object) -> dict[str, Any]:
    # Some writers save every type as text, or as a list of its lines.
    text = as_text(value) or "".join(as_text(line) or "" for line in as_list(value))
    try:
        return as_mapping(parsed(text) if text else value)
    except (ValueError, RecursionError):
        return {}


def _saved(fields: dict[str, Any], place: Place | None) -> SavedTrace:
    return SavedTrace.model_construct(**dict(read_trace(shallow(fields))), place=place)


def _once(found: list[SavedTrace]) -> list[SavedTrace]:
    runs: dict[object, SavedTrace] = {}
    for run in found:
        key = run.task_id or object()
        known = runs.setdefault(key, run)
        if (len(run.events), len(run.follow_ups or ())) > (
            len(known.events),
            len(known.follow_ups or ()),
        ):
            runs[key] = run.model_copy(update={"place": known.place})
    return list(runs.values())
