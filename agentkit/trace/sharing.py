"""What leaves when a run is shared: the last look at it, and what is sent then.

A trace that comes from elsewhere may hold secrets that nobody masked, so every trace is masked once more
before it leaves, whoever wrote it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, TypeVar, cast

from agentkit.core.redaction import Redactor
from agentkit.trace.document import Trace, read_trace
from agentkit.trace.leaving_out import Part, parts, without
from agentkit.trace.read import as_mapping, as_text
from agentkit.trace.results import pictures_of
from agentkit.trace.words import ROW_STATES, counted, one_line, visible

_MASK = re.compile(r"\[secret(?:: [^\]\n]*)?\]")
_HOST = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,15}://(?:[^\s/@\"'<>]{0,200}@)?(\[[0-9a-f:.]+\]|[\w.-]+\w)"
)
_PATHS = re.compile(
    r"(?<![\w:/.<~*\\])(?:~|/[\w.-]+)(?:/[\w.@+-]+)+|(?<!\w)[A-Za-z]:\\[^\s\"'<>|*?:]+"
)
_NAMES_OF_FILES = ("path", "file", "file_path", "filename", "filepath", "notebook", "folder")
_NAMESPACES = ("www.w3.org",)
"""Stand in every drawing, and name nobody's server."""
_MANY = 100
"""Hosts, paths and people that are named of one part; more say nothing more."""

_Trace = TypeVar("_Trace", bound=Trace)


@dataclass(frozen=True, slots=True)
class Holds:
    """What stands in a part of a run."""

    bytes: int = 0
    """As JSON."""
    pictures: int = 0
    tables: int = 0
    masked: int = 0
    """Values that stand as a mask, ``[secret]``."""
    hosts: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    """Of files and folders."""
    people: tuple[str, ...] = ()
    """Who decided and answered."""

    def __add__(self, other: Holds) -> Holds:
        return Holds(
            self.bytes + other.bytes,
            self.pictures + other.pictures,
            self.tables + other.tables,
            self.masked + other.masked,
            _once((*self.hosts, *other.hosts)),
            _once((*self.paths, *other.paths)),
            _once((*self.people, *other.people)),
        )


@dataclass(frozen=True, slots=True)
class Manifest:
    """What leaves with a run."""

    steps: tuple[tuple[Part, Holds], ...]
    """What may be left out, and what it holds."""
    rest: Holds
    """What leaves in any case: the question, how it ended, times, tokens."""

    def leaving(self, left_out: Collection[int] = ()) -> list[Part]:
        """What leaves without the parts of these numbers; with a follow-up, all of its run stays here."""
        whole = {
            part.run
            for part, _ in self.steps
            if part.number in left_out and part.kind == "follow_up"
        }
        return [
            part for part, _ in self.steps if part.number not in left_out and part.run not in whole
        ]

    def holds(self, left_out: Collection[int] = ()) -> Holds:
        """What leaves altogether, without the parts of these numbers."""
        numbers = {part.number for part in self.leaving(left_out)}
        return sum((holds for part, holds in self.steps if part.number in numbers), self.rest)

    def to_json(self) -> dict[str, Any]:
        """For the page."""
        shown = ("number", "kind", "title", "details", "state", "run", "tool", "arguments")
        return {
            "rest": asdict(self.rest),
            "steps": [
                {**{name: getattr(part, name) for name in shown}, **asdict(holds)}
                for part, holds in self.steps
            ],
        }


def manifest(trace: Trace) -> Manifest:
    """What of a run would leave, as it stands; mask it first."""
    runs = [trace, *(trace.follow_ups or ())]
    found: list[tuple[Part, Holds]] = []
    for part in parts(trace):
        run = runs[part.run]
        if part.kind == "follow_up":
            # Its steps follow, each with what it holds.
            holds = _holds(run.model_copy(update={"events": [], "result": None}).to_json())
        else:
            said = run.result if part.kind == "answer" else None
            events = [run.events[place] for place in sorted(part.places)]
            holds = _holds(events)
            if said:
                # The event of the answer says the same: it is counted once, and takes its room twice.
                repeated = any(event.get("text") == said for event in events)
                holds += Holds(bytes=_size(said)) if repeated else _holds(said)
        found.append((part, holds))
    taken = {place for part, _ in found if part.run == 0 for place in part.places}
    events = [event for place, event in enumerate(trace.events) if place not in taken]
    bare = trace.model_copy(update={"events": events, "result": None, "follow_ups": None})
    return Manifest(tuple(found), _holds(bare.to_json()))


def masked(trace: _Trace, redactor: Redactor) -> _Trace:
    """The trace with its secrets masked; the same object when it holds none."""
    document = trace.to_json()
    clean = redactor.redact(document)
    if clean is document:
        return trace
    return trace.model_copy(update=dict(read_trace(clean)))


def shared(trace: _Trace, redactor: Redactor, leave_out: Collection[int] = ()) -> _Trace:
    """The trace as it may leave: masked, and without the parts of these numbers.

    Raises
    ------
    InvalidInput
        The run has no part of such a number.
    """
    # Masked first, as it is for the manifest: the numbers are those of what was looked at.
    return without(masked(trace, redactor), leave_out)


def summary(leaving: Iterable[Part], holds: Holds) -> str:
    """``12 steps, 1 answer, 34 kB, 2 pictures, 1 masked value``."""
    kinds = Counter(part.kind for part in leaving)
    answers, follow_ups = kinds.pop("answer", 0), kinds.pop("follow_up", 0)
    said = [
        counted(kinds.total(), "step"),
        counted(answers, "answer") if answers else "",
        counted(follow_ups, "follow-up") if follow_ups else "",
        amount(holds.bytes),
        counted(holds.pictures, "picture") if holds.pictures else "",
        counted(holds.tables, "table") if holds.tables else "",
        counted(holds.masked, "masked value") if holds.masked else "",
    ]
    return ", ".join(filter(None, said))


def amount(size: int) -> str:
    """``640 bytes``, ``34 kB``, ``2.1 MB``."""
    if size < 1_000:
        return counted(size, "byte")
    return f"{size / 1_000:,.0f} kB" if size < 999_500 else f"{size / 1_000_000:,.1f} MB"


def to_text(what: Manifest, left_out: Collection[int] = ()) -> str:
    """What leaves, as a list for a terminal; the numbers are those that leave steps out."""
    lines = [
        f"{part.number:>4} {_listed(part, holds, gone=part.number in left_out)}"
        for part, holds in what.steps
    ]
    total = what.holds(left_out)
    lines += ["", f"Leaves: {summary(what.leaving(left_out), total)}."]
    for word, found in (("Hosts", total.hosts), ("Files", total.paths), ("People", total.people)):
        lines += [f"{word}: {', '.join(found)}"] if found else []
    return visible("\n".join(lines))


def _listed(part: Part, holds: Holds, *, gone: bool) -> str:
    shape = {"answer": "✓", "follow_up": "→"}.get(part.kind) or ROW_STATES[part.state][0]
    named = {"answer": "Answer", "follow_up": "Follow-up"}.get(part.kind, part.title)
    said = part.title if part.kind in ("answer", "follow_up") else part.details
    facts = [amount(holds.bytes)]
    facts += [counted(holds.pictures, "picture")] if holds.pictures else []
    facts += [counted(holds.tables, "table")] if holds.tables else []
    facts += [counted(holds.masked, "masked value")] if holds.masked else []
    line = f"{shape} {one_line(named, 60)}" + (f" ({one_line(said, 60)})" if said else "")
    return " · ".join([line, *facts, *(["left out"] if gone else [])])


def _holds(value: Any) -> Holds:
    texts, pictures, tables, people = list[str](), 0, 0, list[str]()
    paths: list[str] = []
    for key, each in _walk(value):
        if isinstance(each, dict):
            bundle = as_mapping(cast("object", each))
            shown = any(name.startswith("image/") for name in bundle)
            pictures += max(shown, len(pictures_of(bundle)))
            tables += "<table" in _text(bundle.get("text/html"))
            by = as_text(bundle.get("by")) if "decision" in bundle else None
            people += [one_line(by, 60)] if by and by not in ("on_ask", "nobody") else []
        elif isinstance(each, str) and not (key.startswith("image/") and key != "image/svg+xml"):
            texts.append(each)
            if key in _NAMES_OF_FILES and each.strip() and "://" not in each:
                paths.append(one_line(each, 120))
    text = "\n".join(texts)
    paths += [one_line(found[0], 120) for found in _PATHS.finditer(text)]
    hosts = (found[1].lower() for found in _HOST.finditer(text))
    return Holds(
        bytes=_size(value),
        pictures=pictures,
        tables=tables,
        masked=len(_MASK.findall(text)),
        hosts=_once(host for host in hosts if host not in _NAMESPACES),
        paths=_once(paths),
        people=_once(people),
    )


def _size(value: Any) -> int:
    written = json.dumps(value, ensure_ascii=False, default=repr)
    return len(written.encode("utf-8", "backslashreplace"))


def _walk(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every value below ``value`` with the name of its field."""
    waiting: list[tuple[str, Any]] = [(key, value)]
    while waiting:
        name, each = waiting.pop()
        yield name, each
        if isinstance(each, dict):
            fields = cast("dict[str, Any]", each)
            waiting += [(str(field), inner) for field, inner in reversed(fields.items())]
        elif isinstance(each, list):
            waiting += [(name, inner) for inner in reversed(cast("list[Any]", each))]


def _text(value: object) -> str:
    if isinstance(value, list):
        return "".join(as_text(line) or "" for line in cast("list[Any]", value))
    return as_text(value) or ""


def _once(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(list(dict.fromkeys(found))[:_MANY])
