"""A long run, as tests and benchmarks need one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

BEGAN = datetime(2026, 1, 2, 9, 0, tzinfo=UTC)


def long_trace(steps: int) -> dict[str, Any]:
    """A finished run of so many calls, its rows of different kinds and heights."""
    events = [
        {"seq": seq, "ts": (BEGAN + timedelta(milliseconds=200 * seq)).isoformat(), **event}
        for seq, event in enumerate(_events(steps), 1)
    ]
    return {
        "version": 1,
        "task_id": f"long-{steps}",
        "agent": "analyst",
        "input": "Go through all the readings.",
        "status": "completed",
        "simulated": True,
        "started_at": events[0]["ts"],
        "finished_at": events[-1]["ts"],
        "usage": {"input_tokens": 120 * steps, "output_tokens": 20 * steps},
        "result": "All readings are in order.",
        "error": None,
        "events": events,
    }


def _events(steps: int) -> Iterator[dict[str, Any]]:
    yield {
        "event_type": "run_started",
        "step": 0,
        "agent": "analyst",
        "input": "Go through all the readings.",
        "model": "scripted",
        "provider": "demo",
        "simulated": True,
    }
    for step in range(1, steps + 1):
        yield from _step(step)
    yield {"event_type": "final_answer", "step": steps, "text": "All readings are in order."}
    yield {"event_type": "run_finished", "step": steps, "status": "completed", "error": None}


def _step(step: int) -> Iterator[dict[str, Any]]:
    if step % 25 == 0:
        sentence = f"Station {step} looks like the ones before. "
        yield _about(step, "message", message_id=f"m{step}", text=sentence * (1 + step // 25 % 9))
    name = ("read_file", "run_query", "describe_station")[step % 3]
    call = f"c{step}"
    yield _about(
        step,
        "tool_call",
        tool_call_id=call,
        tool_name=name,
        arguments={"path": f"station-{step}.csv", "limit": step % 50},
        runs_in="kernel",
    )
    failed = step % 97 == 0
    rows = "\n".join(f"{step}-{row}: {row * step % 1013}" for row in range(1 + step % 12))
    yield _about(
        step,
        "tool_result",
        tool_call_id=call,
        outcome="failed" if failed else "success",
        content={"text/plain": rows},
        duration_ms=step % 700,
        error={"message": f"Station {step} did not answer", "reason": "tool_error"}
        if failed
        else None,
    )


def _about(step: int, event_type: str, **payload: Any) -> dict[str, Any]:
    return {"event_type": event_type, "step": step, **payload}
