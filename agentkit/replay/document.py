"""The document of a replay, beside which the recorded one can be laid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from agentkit.core.protocol import ErrorInfo, Usage
from agentkit.replay.record import Record
from agentkit.replay.tools import RecordedPeople
from agentkit.trace.document import VERSION, Trace
from agentkit.trace.read import as_number, first_event


def written_down(
    record: Record,
    events: list[dict[str, Any]],
    people: RecordedPeople,
    note: Callable[[str], object],
) -> Trace:
    """The trace of a replay: what it did, and for the rest the record's own words.

    Parameters
    ----------
    events
        Those of the replay, with their numbers and times.
    note
        Is told what was not repeated.
    """
    trace = record.trace
    end = events[-1]
    status, error = end["status"], end.get("error")
    if error and error["reason"] == "record_ended":
        # A cancel, a limit or a fault of the model's ended the run, and not the agent.
        status = trace.status
        error = trace.error and trace.error.model_dump()
        end |= {"status": status, "error": error}
        why = f": {trace.error.message.rstrip('.')}" if trace.error else ""
        note(f"The recorded run ended as {trace.status}{why}. What ended it is not repeated.")
    absent = {
        name
        for name in ("run_started", "run_finished")
        if not first_event(trace.events, name) and (name == "run_started" or status == trace.status)
    }
    unfinished = {id for id, call in record.calls.items() if call.result is None}
    kept = [
        event
        for event in events
        if event.get("tool_call_id") not in unfinished or event["event_type"] != "tool_result"
        if event.get("request_id") not in people.left_open
        or event["event_type"] != "request_resolved"
        if event["event_type"] not in absent
    ]
    kept = _with_unasked(record, kept)
    spent = [event for event in events if event["event_type"] == "usage"]
    said = [event["text"] for event in events if event["event_type"] == "final_answer"]
    return Trace(
        version=VERSION,
        task_id=trace.task_id,
        agent=trace.agent,
        input=trace.input,
        status=status,
        simulated=trace.simulated,
        started_at=events[0]["ts"],
        finished_at=None if "run_finished" in absent else end["ts"],
        usage=_sum(spent) if spent else None,
        result=said[-1] if said else None,
        error=ErrorInfo.model_validate(error) if error else None,
        events=kept,
    )


def _with_unasked(record: Record, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events with the questions of limits, which a trace does not hold, where they were asked."""
    asked = {event["question"] for event in events if event["event_type"] == "input_requested"}
    kept = list(events)
    for question in record.unasked:
        if question.get("question") in asked:
            continue
        step = as_number(question.get("step")) or 0
        places = (at for at, event in enumerate(kept) if event["step"] > step)
        end = len(kept) - bool(kept and kept[-1]["event_type"] == "run_finished")
        at = next(places, end)
        kept[at:at] = [
            event
            for event in record.trace.events
            if event is question
            or (
                event["event_type"] == "request_resolved"
                and event.get("request_id") == question.get("request_id")
            )
        ]
    return kept


def _sum(spent: Sequence[dict[str, Any]]) -> Usage:
    return Usage(
        input_tokens=sum(event["input_tokens"] for event in spent),
        output_tokens=sum(event["output_tokens"] for event in spent),
    )
