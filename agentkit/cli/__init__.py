"""``agentkit``: what a terminal can do with runs that were saved."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from agentkit._version import __version__
from agentkit.cli import comparing, reading
from agentkit.cli.terminal import of_the_system, problem
from agentkit.errors import AgentKitError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status.

    0, or 1 when ``trace diff`` or ``trace replay`` found a difference, or 2 when something was wrong, which
    stands on stderr, or 130 when it was interrupted.
    """
    given = _parser().parse_args(arguments)
    try:
        match given.command:
            case "show":
                reading.show(given)
            case "export":
                reading.export(given)
            case "replay":
                return comparing.replay(given)
            case _:
                return comparing.diff(given)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read this has seen enough; what is still buffered must not be an error at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except AgentKitError as error:
        return problem(error.message)
    except OSError as error:
        return problem(of_the_system(error))
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
    reading.add_show(
        commands.add_parser("show", help="print runs as text", description="Print runs as text.")
    )
    reading.add_export(
        commands.add_parser(
            "export", help="write runs to one file", description="Write runs to one file."
        )
    )
    comparing.add_diff(
        commands.add_parser(
            "diff",
            help="compare runs step by step",
            description="Compare runs step by step: calls with arguments and results, answers, status, "
            "tokens. Ids, times and durations do not count. Exit status: 0 the same, 1 different, 2 trouble.",
        )
    )
    comparing.add_replay(
        commands.add_parser(
            "replay",
            help="run again with the model's recorded answers, and say where that departs",
            description="Run again with the model's recorded answers and people's recorded decisions; the "
            "agent's tools are really called. No provider is asked. Exit status: 0 the same, 1 it departs, "
            "2 trouble.",
        )
    )
    return parser
