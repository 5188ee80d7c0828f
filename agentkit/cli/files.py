"""The runs of the file that a command is given."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from agentkit.errors import NotFound

if TYPE_CHECKING:
    from agentkit.trace.files import SavedTrace

FILE = "a notebook, a saved trace (.agenttrace.json) or JSON Lines of traces"


def add_run(parser: argparse.ArgumentParser) -> None:
    """The option that chooses of the file's runs."""
    parser.add_argument(
        "--run",
        type=int,
        action="append",
        metavar="N",
        help="only run N, counted from 1 as `show` does; may be given again (default: all)",
    )


def loaded(file: Path, chosen: Sequence[int] | None) -> Mapping[int, SavedTrace]:
    """Number → run, counted from 1, with secrets masked: not every file was written by us.

    Raises
    ------
    NotFound
        It holds no run, or none of a ``chosen`` number.
    """
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


def note_later_versions(runs: Mapping[int, SavedTrace]) -> None:
    """Say, on stderr, which of the runs this version may not know all of."""
    from agentkit.trace.document import VERSION

    for number, run in runs.items():
        if run.version > VERSION:
            sys.stderr.write(
                f"Run {number} was written by a later version ({run.version}); "
                "what this one does not know of it is left out.\n"
            )
