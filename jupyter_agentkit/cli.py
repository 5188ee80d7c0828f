"""``jupyter agentkit``: what the user trusts."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from agentkit.errors import AgentKitError
from agentkit.hub.agent_files import agent_files
from agentkit.skills.folders import skill_folders
from jupyter_agentkit.places import AGENTS, SKILLS
from jupyter_agentkit.trust import TrustRecord

_WHAT = """Which projects' folders you trust: the skills and agents in their .agents folder are loaded by a
Jupyter server that is started there, and by nobody's otherwise."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status: 0, or 1 after an error."""
    given = _parser().parse_args(arguments)
    record = TrustRecord()
    try:
        match given.command:
            case "trust":
                _say(_trusted(record.trust(given.folder)))
            case "untrust":
                _say(f"{record.untrust(given.folder)} is no longer trusted.")
            case _:
                folders = [str(folder) for folder in record.read()]
                _say("\n".join(folders) if folders else "No folder is trusted.")
    except (AgentKitError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="jupyter agentkit", description=_WHAT)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in (
        ("trust", "load the skills and agents of a project's folder from now on"),
        ("untrust", "load them no longer"),
    ):
        command = commands.add_parser(name, help=text, description=f"{name}: {text}.")
        command.add_argument(
            "folder", nargs="?", default=".", help="the project's folder (default: this one)"
        )
    commands.add_parser(
        "list", help="the trusted folders", description="list: the trusted folders."
    )
    return parser


def _trusted(folder: Path) -> str:
    """What trust in the folder means at present."""
    lines = [f"{folder} is trusted: what it holds there, now and later, is loaded."]
    for kind, place, listed in (
        ("skills", folder / SKILLS, skill_folders),
        ("agents", folder / AGENTS, agent_files),
    ):
        paths = listed(place) if place.is_dir() else []
        names = ", ".join(
            path.name if path.name.isprintable() else repr(path.name) for path in paths
        )
        lines.append(f"  {kind} in {place}: {names or 'none'}")
    lines.append("An agent's file may allow it tools that ask by default: read what you trust.")
    return "\n".join(lines)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
