"""What is promised of the package as a whole."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata, packages_distributions
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
OPTIONAL = {
    "agentkit/llm/anthropic": "anthropic",
    "agentkit/llm/azure": "openai",
    "agentkit/llm/openai": "openai",
    "agentkit/llm/prices": "openai",
    "agentkit/llm/pydantic_ai": "providers",
    "agentkit/server/mcp": "mcp",
    "agentkit/tools/mcp": "mcp",
    "agentkit/server/app": "server",
}
"""Modules that say which extra to install when it is missing, by the start of their path."""
LAB_SCHEMAS = Path(sys.prefix) / "share/jupyter/lab/schemas/@jupyterlab"
ASKED_FOR_BY_NAME = {"pandas"}
"""Used only by what is called for it, such as ``to_dataframe``."""


def name_of(requirement: str) -> str:
    """Return the distribution's name in its canonical spelling."""
    name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def imported_by(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("package", ["agentkit", "jupyter_agentkit"])
def test_everything_that_is_imported_is_required(package: str) -> None:
    distributions = packages_distributions()
    provided = {"agentkit", "jupyter_agentkit", *sys.stdlib_module_names, *ASKED_FOR_BY_NAME}
    undeclared: set[tuple[str, str]] = set()
    for file in (ROOT / package).rglob("*.py"):
        path = file.relative_to(ROOT).as_posix()
        extras = [extra for start, extra in OPTIONAL.items() if path.startswith(start)]
        required = {name_of(line) for line in PROJECT["dependencies"]}
        required |= {name_of(line) for extra in extras for line in EXTRAS[extra]}
        # What FastAPI and pydantic are made of comes with them, and they re-export most of it.
        required |= {"pydantic-core"} | ({"starlette"} if "fastapi" in required else set())
        undeclared |= {
            (path, module)
            for module in imported_by(file)
            if module not in provided
            and not required & set(map(name_of, distributions.get(module, [])))
        }
    assert not undeclared


def needed_python(pin: str) -> str:
    """Return what the installed version of a pinned distribution says of Python."""
    try:
        return metadata(pin.split("==")[0])["Requires-Python"] or ""
    except PackageNotFoundError:  # an extra that is not installed here
        return ""


def test_every_pinned_version_installs_on_the_oldest_python_that_is_promised() -> None:
    oldest = PROJECT["requires-python"].removeprefix(">=") + ".0"
    pins = (ROOT / "constraints.txt").read_text().split()
    refused = {pin for pin in pins if oldest not in SpecifierSet(needed_python(pin))}
    assert not refused


@pytest.mark.parametrize("module", ["agentkit", "agentkit.core.react", "jupyter_agentkit.hosted"])
def test_importing_loads_no_provider_and_no_data_library(module: str) -> None:
    heavy = (
        "openai",
        "anthropic",
        "pydantic_ai",
        "mcp",
        "pandas",
        "numpy",
        "matplotlib",
        "fastapi",
    )
    program = f"import {module}, sys; print(*sorted(set({heavy}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True, cwd=ROOT
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize("lock", ["labextension/yarn.lock", "constraints.txt"])
def test_a_lock_file_names_no_address(lock: str) -> None:
    assert not re.search(r"https?:|archiveUrl", (ROOT / lock).read_text(encoding="utf-8"))


def test_every_version_installed_for_the_tests_is_pinned() -> None:
    pinned = set(map(name_of, (ROOT / "constraints.txt").read_text().splitlines()))
    lines = [*PROJECT["dependencies"], *(line for extra in EXTRAS.values() for line in extra)]
    names = set(map(name_of, lines)) - {PROJECT["name"]}
    assert names - pinned == set()


def test_the_wheel_brings_the_page_its_schema_and_what_switches_both_on(tmp_path: Path) -> None:
    folder = Path(sys.executable).parent
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"},
        check=True,
        capture_output=True,
    )
    [file] = tmp_path.glob("*.whl")
    with ZipFile(file) as wheel:
        [data] = {name.split("/")[0] for name in wheel.namelist() if ".data/" in name}
        shared = f"{data}/data/share/jupyter/labextensions/jupyter-agentkit"
        schema = json.loads(wheel.read(f"{shared}/schemas/jupyter-agentkit/plugin.json"))
        names = set(wheel.namelist())
    assert schema == json.loads((ROOT / "labextension/schema/plugin.json").read_text("utf-8"))
    enabled = f"{data}/data/etc/jupyter/jupyter_server_config.d/jupyter_agentkit.json"
    assert {f"{shared}/package.json", f"{shared}/install.json", enabled} <= names
    assert "jupyter_agentkit/static/widget.js" in names
    assert "jupyter_agentkit/static/share-form.js" in names
    assert f"{data}/data/share/jupyter/nbconvert/templates/agentkit/index.html.j2" in names


def menus_in(items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Return the menus of a schema, also those that are in others."""
    for item in items:
        menu: dict[str, Any] | None = item.get("submenu") if "submenu" in item else item
        if menu is not None and "id" in menu:
            yield menu
            yield from menus_in(menu.get("items", []))


def test_what_the_schema_adds_to_menus_is_added_to_menus_that_there_are() -> None:
    schema = json.loads((ROOT / "labextension/schema/plugin.json").read_text("utf-8"))
    ours = list(menus_in(schema["jupyter.lab.menus"]["main"]))
    theirs = {
        menu["id"]
        for file in LAB_SCHEMAS.rglob("*.json")
        for menu in menus_in(
            json.loads(file.read_text("utf-8")).get("jupyter.lab.menus", {}).get("main", [])
        )
    }
    # A menu of our own has a name; the others have theirs already.
    added = {menu["id"] for menu in ours if "label" not in menu}
    assert added
    assert added <= theirs
