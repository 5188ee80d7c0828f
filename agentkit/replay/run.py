"""Replaying a recorded run, and where the replay departs from it."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agentkit.core.approval import guarded
from agentkit.core.events import MessageDelta, ThinkingDelta
from agentkit.core.protocol import AgentConfig, Policy, ToolSpec
from agentkit.core.react import react
from agentkit.core.redaction import Redactor
from agentkit.errors import InvalidInput, NotFound, ProviderRejected
from agentkit.llm.gateway import LLMGateway
from agentkit.llm.protocol import ChatMessage, Piece
from agentkit.llm.streaming import Streaming
from agentkit.replay.agents import Subject, find_subject
from agentkit.replay.document import written_down
from agentkit.replay.record import Record
from agentkit.replay.tools import CutTool, RecordedPeople, RepeatedTool, recorded_tools
from agentkit.tools.protocol import Tool
from agentkit.trace.compare import RunChange, compare_all
from agentkit.trace.comparison import to_text
from agentkit.trace.document import Trace, read_trace
from agentkit.trace.files import load
from agentkit.trace.overview import left_out


@dataclass(frozen=True, slots=True)
class Replay:
    """A recorded run beside its replay.

    Attributes
    ----------
    recorded, replayed
        The runs, each with those that follow it up.
    changes
        Step by step: the run, then its follow-ups.
    notes
        What was not repeated, and why.
    """

    recorded: Trace
    replayed: Trace
    changes: Sequence[RunChange]
    notes: Sequence[str]

    @property
    def same(self) -> bool:
        """Whether the replay departs nowhere."""
        return all(change.change == "same" for change in self.changes)

    @property
    def report(self) -> str:
        """Where it departs, step by step, as text; then the notes."""
        lines = [
            to_text(self.changes, "recorded", "replayed"),
            *(f"note: {n}\n" for n in self.notes),
        ]
        return "".join(lines)

    def __repr__(self) -> str:
        return self.report


def replay(
    run: Trace | dict[str, Any] | str | Path,
    agent: object = None,
    *,
    number: int | str | None = None,
    recorded_tools: bool = False,
) -> Replay:
    """Run a recorded run again: the model's answers are played back, the tools are really called.

    No provider is asked. What people decided and answered is played back too. Calls that the end of the run
    cut off, calls made with a masked secret, and calls of tools that the agent takes from a server have their
    recorded results; ``notes`` says so.

    Parameters
    ----------
    run
        A trace (``run.trace`` of a notebook's run, too), or a file that holds one.
    agent
        What is replayed: an ``Agent`` of a notebook, a tool or function or a list of them, or text that
        names it as ``find_subject`` understands. ``None``: every call has its recorded result.
    number
        Which run of the file, from 1, or its task's id; left out, the only one.
    recorded_tools
        Give every call its recorded result, and replay the agent's policy alone.

    Raises
    ------
    NotFound
        No such file, run or agent.
    InvalidInput
        The file holds several runs and none was chosen, or ``agent`` is none.

    Examples
    --------
    >>> def test_the_analyst_does_what_it_did():
    ...     result = replay("analysis.ipynb", analyst, number=1)
    ...     assert result.same, result.report
    """
    work = replay_async(run, agent, number=number, recorded_tools=recorded_tools)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    # A notebook's cell has a loop of its own, which cannot be waited on here.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(contextvars.copy_context().run, asyncio.run, work).result()


async def replay_async(
    run: Trace | dict[str, Any] | str | Path,
    agent: object = None,
    *,
    number: int | str | None = None,
    recorded_tools: bool = False,
) -> Replay:
    """As ``replay``, on the running loop."""
    recorded = (
        _chosen(load(run), number, str(run)) if isinstance(run, str | Path) else read_trace(run)
    )
    subject = None if agent is None else find_subject(agent, recorded.agent)
    notes: dict[str, None] = {}
    if gone := left_out(recorded.left_out):
        notes[gone] = None
    redactor = Redactor()
    first, *later = [
        await _again(each, subject, redactor, notes.setdefault, recorded_tools)
        for each in (recorded, *(recorded.follow_ups or ()))
    ]
    replayed = first.model_copy(update={"follow_ups": later or None})
    return Replay(recorded, replayed, compare_all([recorded], [replayed]), tuple(notes))


def _chosen(runs: Sequence[Trace], number: int | str | None, file: str) -> Trace:
    if number is None and len(runs) == 1:
        return runs[0]
    if number is None:
        raise InvalidInput(
            f"{file} holds {len(runs)} runs: say which one, from 1 to {len(runs)}."
            if runs
            else f"{file} shows no runs of agents.",
            reason="run_not_chosen",
        )
    for place, run in enumerate(runs, 1):
        if number in (place, run.task_id):
            return run
    raise NotFound(f"{file} has no run {number}; it has {len(runs)}.", reason="run_not_found")


async def _again(
    trace: Trace,
    subject: Subject | None,
    redactor: Redactor,
    note: Callable[[str], object],
    only_recorded: bool,
) -> Trace:
    record = Record(trace)
    people = RecordedPeople(record, note)
    tools = _tools(record, subject, note, only_recorded)
    gateway = LLMGateway()
    name = str(record.started.get("provider") or "record")
    gateway.register_provider(
        name if ":" not in name and not any(map(str.isspace, name)) else "record",
        RecordedModel(record),
        simulated=trace.simulated,
        default_model=str(record.started.get("model") or ""),
    )
    limits = subject.config.limits if subject else None
    # A recorded name may be one that no agent of today could have.
    config = AgentConfig.model_construct(name=trace.agent, limits=limits)
    events: list[dict[str, Any]] = []
    async for event in react(
        config, trace.input, gateway=gateway, tools=tools, requests=people, left=record.left
    ):
        if isinstance(event, ThinkingDelta | MessageDelta):
            continue
        event.seq = len(events) + 1
        event.ts = datetime.now(UTC).isoformat(timespec="milliseconds")
        events.append(redactor.redact(event.model_dump(mode="json", exclude_none=True)))
    return written_down(record, events, people, note)


def _tools(
    record: Record, subject: Subject | None, note: Callable[[str], object], only_recorded: bool
) -> list[Tool]:
    if subject is None:
        return [CutTool(tool, record) for tool in recorded_tools(record, {})]
    own = {} if only_recorded else {tool.spec.name: tool for tool in subject.tools}
    repeated = [RepeatedTool(tool, record, note) for tool in own.values()]
    rest = recorded_tools(record, own)
    if not only_recorded:
        # A function that the agent has no more is a departure; a server's tool is not here to be called.
        rest = [tool for tool in rest if subject.takes(tool.spec.name) or _elsewhere(record, tool)]
        # What people answered is played back anyway.
        if names := ", ".join(tool.spec.name for tool in rest if tool.spec.name != "ask_user"):
            note(f"Answered as recorded, since the agent does not bring them along: {names}.")
    policies: tuple[Policy, ...] = ({}, subject.config.policy)
    return [
        CutTool(tool, record)
        for tool in (*guarded(repeated, policies, record.left.doubts if record.left else ()), *rest)
    ]


def _elsewhere(record: Record, tool: Tool) -> bool:
    """Whether the recorded run had it from its server."""
    calls = [call for call in record.calls.values() if call.name == tool.spec.name]
    return tool.runs_in != "kernel" and not any(call.was_unknown for call in calls)


class RecordedModel(Streaming):
    """Plays the turns of a record back, and ends where it ends."""

    def __init__(self, record: Record) -> None:
        self._turns = iter(record.turns)

    async def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        model: str | None = None,
        tools: Sequence[ToolSpec] = (),
    ) -> AsyncGenerator[Piece]:
        """The next turn.

        Raises
        ------
        ProviderRejected
            The record ends here (reason ``record_ended``).
        """
        turn = next(self._turns, None)
        for piece in turn.pieces if turn else ():
            yield piece
        if turn is None or turn.response is None:
            raise ProviderRejected("The record of the run ends here.", reason="record_ended")
        yield turn.response
