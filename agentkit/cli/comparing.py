"""``agentkit trace diff`` and ``replay``: whether two runs did the same."""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from agentkit.cli.files import FILE, loaded, note_later_versions
from agentkit.cli.terminal import say, write
from agentkit.errors import NotFound

if TYPE_CHECKING:
    from agentkit.replay import Replay


def add_diff(parser: argparse.ArgumentParser) -> None:
    """What ``diff`` is given."""
    parser.add_argument("a", type=Path, metavar="A", help=FILE)
    parser.add_argument("b", type=Path, metavar="B", help="the same, or the same file again")
    parser.add_argument(
        "--runs",
        nargs=2,
        type=int,
        metavar=("N", "M"),
        help="compare run N of A with run M of B (default: all runs in order)",
    )
    parser.add_argument("--json", action="store_true", help="print the comparison as JSON")


def add_replay(parser: argparse.ArgumentParser) -> None:
    """What ``replay`` is given."""
    parser.add_argument("file", type=Path, metavar="FILE", help=FILE)
    parser.add_argument(
        "--agent",
        metavar="AGENT",
        help="whose tools are called: module:name; a Python file, which is executed, or a notebook, whose "
        "definitions are, each with :name behind it or not; a file that defines an agent (default: none, and "
        "every call has its recorded result)",
    )
    parser.add_argument(
        "--recorded-tools", action="store_true", help="call nothing; give the recorded results"
    )
    parser.add_argument(
        "--run",
        action="append",
        metavar="N",
        help="only run N, counted from 1 as `show` does, or the run of that id; may be given again",
    )
    parser.add_argument("--json", action="store_true", help="print the comparison as JSON")


def diff(given: argparse.Namespace) -> int:
    """Compare runs step by step; gives the exit status: 0 the same, 1 different."""
    from agentkit.trace import comparison
    from agentkit.trace.compare import compare_all
    from agentkit.trace.export import to_bytes, written

    left, right = (
        list(loaded(file, [given.runs[side]] if given.runs else None).values())
        for side, file in enumerate((given.a, given.b))
    )
    changes = compare_all(left, right)
    if given.json:
        write(to_bytes(f"{written(comparison.to_json(changes), indent=2)}\n"))
    else:
        say(comparison.to_text(changes, str(given.a), str(given.b)))
    return int(any(change.change != "same" for change in changes))


def replay(given: argparse.Namespace) -> int:
    """Run again with the model's recorded answers; gives the exit status: 0 the same, 1 it departs."""
    from agentkit.replay import find_subject
    from agentkit.replay import replay as run_again
    from agentkit.trace import comparison
    from agentkit.trace.export import to_bytes, written

    runs = loaded(given.file, None)
    ids = {run.task_id: number for number, run in runs.items()}
    numbers = [int(each) if each.isdecimal() else ids.get(each) for each in given.run or ()]
    if None in numbers:
        raise NotFound(f"{given.file} has no run {given.run[numbers.index(None)]}.")
    runs = loaded(given.file, [each for each in numbers if each is not None])
    note_later_versions(runs)
    results: list[Replay] = []
    missing: list[str] = []
    with contextlib.redirect_stdout(sys.stderr):  # what the tools print
        for number, run in runs.items():
            try:
                subject = given.agent and find_subject(given.agent, run.agent)
            except NotFound as error:
                # One that was not asked for by its number keeps nobody from the others.
                if given.run or error.reason != "agent_not_found" or len(missing) + 1 == len(runs):
                    raise
                missing.append(f"run {number} was not replayed: {error.message}")
                continue
            results.append(run_again(run, subject, recorded_tools=given.recorded_tools))
    changes = [change for result in results for change in result.changes]
    notes = [*missing, *dict.fromkeys(note for result in results for note in result.notes)]
    if given.json:
        told = {**comparison.to_json(changes), "notes": notes}
        write(to_bytes(f"{written(told, indent=2)}\n"))
    else:
        say(comparison.to_text(changes, str(given.file), "replayed"))
        say("".join(f"note: {note}\n" for note in notes))
    return int(bool(missing) or not all(result.same for result in results))
