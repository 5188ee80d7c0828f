"""``agentkit trace show`` and ``export``: what a run was, for a reader or for another program."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from agentkit.cli.files import FILE, add_run, loaded, note_later_versions
from agentkit.cli.terminal import say, write
from agentkit.errors import InvalidInput

if TYPE_CHECKING:
    from agentkit.trace.files import SavedTrace

_FORMS = ("html", "markdown", "json", "jsonl", "ipynb", "ag-ui", "otlp")


def add_show(parser: argparse.ArgumentParser) -> None:
    """What ``show`` is given."""
    parser.add_argument("file", type=Path, metavar="FILE", help=FILE)
    parser.add_argument(
        "--sharing",
        action="store_true",
        help="list the steps with their numbers, sizes and what stands in them, as for export",
    )
    add_run(parser)


def add_export(parser: argparse.ArgumentParser) -> None:
    """What ``export`` is given."""
    parser.add_argument("file", type=Path, metavar="FILE", help=FILE)
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
    add_run(parser)


def show(given: argparse.Namespace) -> None:
    """Print runs as text."""
    from agentkit.trace.export import titled
    from agentkit.trace.plain import to_text

    runs = loaded(given.file, given.run)
    say(titled(runs, _leaving if given.sharing else lambda run: to_text(run, live=False)))


def export(given: argparse.Namespace) -> None:
    """Write runs to one file."""
    from agentkit.trace.export import FORMS, titled, to_bytes
    from agentkit.whole_file import write_whole

    file, output = given.file, given.output
    runs = loaded(file, given.run)
    gone = _gone(runs, given.leave_out, given.only)
    if given.dry_run:
        say(titled(runs, lambda run: _leaving(run, gone)))
        return
    runs = _without(runs, gone)
    note_later_versions(runs)
    written = to_bytes(FORMS[given.to](runs, file.name))
    if output is None:
        write(written)
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
