"""What header and footer of a trace say, worked out once for HTML, Markdown and plain text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from agentkit.core.protocol import Usage
from agentkit.trace.document import VERSION, LeftOut, Trace, read_trace
from agentkit.trace.limits import QUESTIONS, ROWS, Listed
from agentkit.trace.read import as_number, as_text, first_event
from agentkit.trace.results import WHOLE, cut_whole
from agentkit.trace.row import Row
from agentkit.trace.rows import fold
from agentkit.trace.words import (
    RUN_STATES,
    UNFINISHED,
    cost,
    counted,
    day_and_time,
    duration,
    joined,
    moment,
    one_line,
    tokens,
)

SIMULATED = "Simulated"
"""The chip of a run whose model was not a real one."""


RESUMED = "Resumed"
"""What is said of a run that takes on the one above it."""


@dataclass(frozen=True, slots=True)
class Overview:
    """A run as a reader sees it."""

    agent: str
    question: str
    simulated: bool
    status: str
    shape: str
    words: str
    first_rows: list[Row]
    last_rows: list[Row]
    left_out: str
    """What is said between first and last rows; empty when all rows are in ``first_rows``."""
    answer: str
    ending: str
    """How a run ended that has not been completed: a line for all, and more of it below."""
    footer: list[str]
    note: str
    """What the reader should know of the document itself; mostly empty."""

    @property
    def rows(self) -> list[Row]:
        """All rows that are listed."""
        return self.first_rows + self.last_rows


def overviews(
    trace: Trace | Mapping[str, Any], *, live: bool = True, listed: Listed = ROWS
) -> list[Overview]:
    """What is shown of a run and of those that follow it up. Parameters as in ``overview``."""
    document = read_trace(trace)
    later = document.follow_ups or ()
    runs = 1 + len(later)
    return [
        overview(document, live=live, runs=runs, listed=listed),
        *(overview(each, live=live, runs=runs, listed=listed, below=True) for each in later),
    ]


def overview(
    trace: Trace, *, live: bool = True, runs: int = 1, listed: Listed = ROWS, below: bool = False
) -> Overview:
    """Fold a trace into what is shown of it.

    Parameters
    ----------
    live
        Whether an unfinished run may be going on. When not, its end is unknown, and that is said.
    runs
        How many runs share the output.
    listed
        How many rows the output lists.
    below
        Whether it stands below the run that it follows up. The question of a run that takes that one on
        stands there already.
    """
    rows = fold(trace)
    first, last = rows, list[Row]()
    if len(rows) > max(20, listed.all // runs):
        heads, tails = (max(10, edge // runs) for edge in (listed.first, listed.last))
        first, last = rows[:heads], rows[-tails:]
    hidden = len(rows) - len(first) - len(last)
    shape, words = RUN_STATES.get(trace.status, ("·", one_line(trace.status, 60)))
    if not live and trace.status in UNFINISHED:
        words = "Not finished when this was saved"
    resumed = below and bool(as_text(first_event(trace.events, "run_started").get("resumes")))
    said = first_event(reversed(trace.events), "final_answer")
    answer = trace.result or as_text(said.get("text")) or ""
    return Overview(
        agent=one_line(trace.agent) or "agent",
        question="" if resumed else cut_whole(trace.input, QUESTIONS.of(runs)),
        simulated=trace.simulated,
        status=trace.status,
        shape=shape,
        words=f"{RESUMED} · {words}" if resumed else words,
        first_rows=first,
        last_rows=last,
        left_out=f"… {hidden:,} rows of {len(rows):,} are not listed here; {WHOLE}"
        if hidden
        else "",
        answer=answer,
        ending=cut_whole(_ending(trace), QUESTIONS.of(runs)),
        footer=_footer(trace, len(rows)),
        note=_note(trace),
    )


def _note(trace: Trace) -> str:
    later = f"Written by a later version ({trace.version}); shown is what this one knows."
    return " ".join(
        filter(None, (left_out(trace.left_out), later if trace.version > VERSION else ""))
    )


def left_out(what: LeftOut | None) -> str:
    """``2 steps and the answer were left out by whoever shared this.``; empty where nothing was."""
    if what is None or not what.any:
        return ""
    parts = [
        counted(what.steps, "step") if what.steps else "",
        "the answer" if what.answer else "",
        counted(what.follow_ups, "follow-up") if what.follow_ups else "",
    ]
    one = what.steps + what.answer + what.follow_ups == 1
    said = joined([part for part in parts if part])
    return (
        f"{said[0].upper()}{said[1:]} {'was' if one else 'were'} left out by whoever shared this."
    )


def _ending(trace: Trace) -> str:
    error = trace.error.message if trace.error else ""
    match trace.status:
        case "completed":
            return ""
        case "cancelled":
            return " · ".join(filter(None, ("Stopped by you", duration(_elapsed_ms(trace)))))
        case "interrupted":
            at = " · ".join(filter(None, ("The server stopped", day_and_time(trace.finished_at))))
            return f"{at}\n{error}".strip()
        case _:
            return error


def _footer(trace: Trace, steps: int) -> list[str]:
    usage = trace.usage or _reported_usage(trace.events)
    parts = [
        counted(steps, "step") if steps else "",
        duration(_elapsed_ms(trace)),
        tokens(usage) if usage else "",
        cost(usage.cost) if usage and usage.cost is not None else "",
        one_line(_model(trace.events)),
        SIMULATED if trace.simulated else "",
        day_and_time(trace.finished_at or trace.started_at),
    ]
    return [part for part in parts if part]


def _elapsed_ms(trace: Trace) -> float | None:
    started, finished = moment(trace.started_at), moment(trace.finished_at)
    return (finished - started).total_seconds() * 1000 if started and finished else None


def _model(events: list[dict[str, Any]]) -> str:
    started = first_event(events, "run_started")
    model, provider = as_text(started.get("model")), as_text(started.get("provider"))
    if not model or not provider or model == provider or model.startswith(f"{provider}:"):
        return model or provider or ""
    return f"{provider}:{model}"


def _reported_usage(events: Iterable[dict[str, Any]]) -> Usage | None:
    reported = [event for event in events if event.get("event_type") == "usage"]
    if not reported:
        return None
    costs = [as_number(event.get("cost")) for event in reported]
    return Usage(
        input_tokens=sum(int(as_number(event.get("input_tokens")) or 0) for event in reported),
        output_tokens=sum(int(as_number(event.get("output_tokens")) or 0) for event in reported),
        # A sum that leaves out an unknown price would be a wrong price.
        cost=None if None in costs else sum(price or 0 for price in costs),
    )
