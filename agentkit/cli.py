"""``agentkit``: what a terminal can do with runs that were saved."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

from agentkit._version import __version__
from agentkit.errors import AgentKitError, InvalidInput, NotFound

if TYPE_CHECKING:
    from agentkit.replay import Replay
    from agentkit.trace.files import SavedTrace

_FORMS = ("html", "markdown", "json", "jsonl", "ipynb", "ag-ui", "otlp")
_FILE = "a notebook, a saved trace (.agenttrace.json) or JSON Lines of traces"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status.

    0, or 1 when ``trace diff`` or ``trace replay`` found a difference, or 2 when something was wrong, which
    stands on stderr, or 130 when it was interrupted.
    """
    given = _parser().parse_args(arguments)
    try:
        match given.command:
            case "show":
                _show(given.file, given.run, sharing=given.sharing)
            case "export":
                _export(given)
            case "replay":
                return _replay(given)
            case _:
                return _diff(given.a, given.b, given.runs, as_json=given.json)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read this has seen enough; what is still buffered must not be an error at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except AgentKitError as error:
        return _problem(error.message)
    except OSError as error:
        return _problem(_of_the_system(error))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="agentkit", description="Agents' runs in a terminal.")
    parser.add_argument("--version", action="version", version=f"agentkit {__version__}")
    rooms = parser.add_subparsers(dest="room", required=True, metavar="COMMAND")
    trace = rooms.add_parser(
        "trace",
        help="show, export, compare and replay the runs that a file holds",
        description="Show, export, compare and replay the runs that a notebook or a trace holds. "
        "Only a replay executes anything: the tools of the agent that it is given.",
    )
    commands = trace.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_show(
        commands.add_parser("show", help="print runs as text", description="Print runs as text.")
    )
    _add_export(
        commands.add_parser(
            "export", help="write runs to one file", description="Write runs to one file."
        )
    )
    _add_diff(
        commands.add_parser(
            "diff",
            help="compare runs step by step",
            description="Compare runs step by step: calls with arguments and results, answers, status, "
            "tokens. Ids, times and durations do not count. Exit status: 0 the same, 1 different, 2 trouble.",
        )
    )
    _add_replay(
        commands.add_parser(
            "replay",
            help="run again with the model's recorded answers, and say where that departs",
            description="Run again with the model's recorded answers and people's recorded decisions; the "
            "agent's tools are really called. No provider is asked. Exit status: 0 the same, 1 it departs, "
            "2 trouble.",
        )
    )
    return parser


def _add_show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help=_FILE)
    parser.add_argument(
        "--sharing",
        action="store_true",
        help="list the steps with their numbers, sizes and what stands in them, as for export",
    )
    _add_run(parser)


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help=_FILE)
    parser.add_argument(
        "--to",
        required=True,
        choices=_FORMS,
        help="html: one page that needs nothing else; json: the trace, or a list of several; "
        "jsonl: a trace a line; ipynb: a notebook with the runs in it; "
        "ag-ui: an event of the AG-UI protocol a line; otlp: spans of OpenTelemetry as OTLP's JSON",
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="OUT", help="the file to write (default: the terminal)"
    )
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument(
        "--leave-out",
        metavar="STEPS",
        help="steps that do not leave, as 3,5-7, with the numbers of `show --sharing`; of one run only",
    )
    chosen.add_argument("--only", metavar="STEPS", help="the steps that leave; all others do not")
    parser.add_argument(
        "--dry-run", action="store_true", help="print what would leave, and write nothing"
    )
    _add_run(parser)


def _add_diff(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("a", type=Path, metavar="A", help=_FILE)
    parser.add_argument("b", type=Path, metavar="B", help="the same, or the same file again")
    parser.add_argument(
        "--runs",
        nargs=2,
        type=int,
        metavar=("N", "M"),
        help="compare run N of A with run M of B (default: all runs in order)",
    )
    parser.add_argument("--json", action="store_true", help="print the comparison as JSON")


def _add_replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help=_FILE)
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


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--run",
        type=int,
        action="append",
        metavar="N",
        help="only run N, counted from 1 as `show` does; may be given again (default: all)",
    )


def _show(file: Path, chosen: Sequence[int] | None, *, sharing: bool) -> None:
    from agentkit.trace.export import titled
    from agentkit.trace.plain import to_text

    runs = _runs(file, chosen)
    _say(titled(runs, _leaving if sharing else lambda run: to_text(run, live=False)))


def _export(given: argparse.Namespace) -> None:
    from agentkit.trace.export import FORMS, titled, to_bytes
    from agentkit.whole_file import write_whole

    file, output = given.file, given.output
    runs = _runs(file, given.run)
    gone = _gone(runs, given.leave_out, given.only)
    if given.dry_run:
        _say(titled(runs, lambda run: _leaving(run, gone)))
        return
    runs = _without(runs, gone)
    _note_later_versions(runs)
    written = to_bytes(FORMS[given.to](runs, file.name))
    if output is None:
        _write(written)
        return
    if output.exists() and output.samefile(file):
        raise InvalidInput(f"{output} is the file that is exported; name another one.")
    write_whole(output, written)


def _leaving(run: SavedTrace, gone: Collection[int] = ()) -> str:
    from agentkit.trace.overview import left_out
    from agentkit.trace.sharing import manifest, to_text

    return "\n".join(filter(None, (to_text(manifest(run), gone), left_out(run.left_out))))


def _gone(
    runs: Mapping[int, SavedTrace], leave_out: str | None, only: str | None
) -> Collection[int]:
    """The numbers of the steps that stay here."""
    from agentkit.trace.leaving_out import all_but, numbered, without

    if leave_out is None and only is None:
        return ()
    if len(runs) > 1:
        raise InvalidInput(
            f"Steps are left out of one run; name it with --run (1 to {max(runs)}).",
            reason="many_runs",
        )
    (run,) = runs.values()
    gone = numbered(leave_out) if leave_out is not None else all_but(run, numbered(only or ""))
    without(run, gone)  # refuses what it does not know
    return gone


def _without(runs: Mapping[int, SavedTrace], gone: Collection[int]) -> Mapping[int, SavedTrace]:
    from agentkit.trace.leaving_out import without

    return {number: without(run, gone) for number, run in runs.items()}


def _diff(a: Path, b: Path, runs: Sequence[int] | None, *, as_json: bool) -> int:
    from agentkit.trace import comparison
    from agentkit.trace.compare import compare_all
    from agentkit.trace.export import to_bytes, written

    left, right = (
        list(_runs(file, [runs[side]] if runs else None).values())
        for side, file in enumerate((a, b))
    )
    changes = compare_all(left, right)
    if as_json:
        _write(to_bytes(f"{written(comparison.to_json(changes), indent=2)}\n"))
    else:
        _say(comparison.to_text(changes, str(a), str(b)))
    return int(any(change.change != "same" for change in changes))


def _replay(given: argparse.Namespace) -> int:
    from agentkit.replay import find_subject, replay
    from agentkit.trace import comparison
    from agentkit.trace.export import to_bytes, written

    runs = _runs(given.file, None)
    ids = {run.task_id: number for number, run in runs.items()}
    numbers = [int(each) if each.isdecimal() else ids.get(each) for each in given.run or ()]
    if None in numbers:
        raise NotFound(f"{given.file} has no run {given.run[numbers.index(None)]}.")
    runs = _runs(given.file, [each for each in numbers if each is not None])
    _note_later_versions(runs)
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
            results.append(replay(run, subject, recorded_tools=given.recorded_tools))
    changes = [change for result in results for change in result.changes]
    notes = [*missing, *dict.fromkeys(note for result in results for note in result.notes)]
    if given.json:
        told = {**comparison.to_json(changes), "notes": notes}
        _write(to_bytes(f"{written(told, indent=2)}\n"))
    else:
        _say(comparison.to_text(changes, str(given.file), "replayed"))
        _say("".join(f"note: {note}\n" for note in notes))
    return int(bool(missing) or not all(result.same for result in results))


def _runs(file: Path, chosen: Sequence[int] | None) -> Mapping[int, SavedTrace]:
    """Number → run, counted from 1, with secrets masked: not every file was written by us."""
    from agentkit.core.redaction import Redactor
    from agentkit.trace.files import load
    from agentkit.trace.sharing import masked

    redactor = Redactor()
    runs = dict(enumerate((masked(run, redactor) for run in load(file)), 1))
    if not runs:
        raise NotFound(f"{file} shows no runs of agents.")
    for number in chosen or ():
        if number not in runs:
            numbers = "only run 1" if len(runs) == 1 else f"runs 1 to {len(runs)}"
            raise NotFound(f"{file} has no run {number}; it has {numbers}.")
    return {number: runs[number] for number in chosen} if chosen else runs


def _note_later_versions(runs: Mapping[int, SavedTrace]) -> None:
    from agentkit.trace.document import VERSION

    for number, run in runs.items():
        if run.version > VERSION:
            sys.stderr.write(
                f"Run {number} was written by a later version ({run.version}); "
                "what this one does not know of it is left out.\n"
            )


def _say(text: str) -> None:
    # A terminal that lacks a sign shows its number, and the rest all the same.
    _write(text.encode(_output().encoding or "utf-8", "backslashreplace"))


def _write(content: bytes) -> None:
    output = _output()
    output.flush()
    output.buffer.write(content)
    output.buffer.flush()


def _output() -> TextIO:
    # Python has none where the descriptor was closed before it began.
    output = cast("TextIO | None", sys.stdout)
    if output is None:
        raise InvalidInput("The standard output is closed; name a file with --output.")
    return output


def _of_the_system(error: OSError) -> str:
    if not error.strerror:
        return str(error)
    what = f"{error.strerror[:1].lower()}{error.strerror[1:]}."
    return f"{error.filename or 'The output cannot be written'}: {what}"


def _problem(message: str) -> int:
    from agentkit.trace.words import visible

    if cast("TextIO | None", sys.stderr) is not None:
        sys.stderr.write(f"agentkit: {visible(message)}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
