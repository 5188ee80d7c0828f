"""What is replayed: the tools and the policy of an agent, found in an object or a file."""

from __future__ import annotations

import ast
import importlib
import json
import linecache
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, cast

from agentkit.core.protocol import AgentConfig
from agentkit.errors import AgentKitError, BrokenFile, InvalidInput, NotFound
from agentkit.hub.agent_files import read_agent
from agentkit.tools.function import FunctionTool
from agentkit.tools.protocol import Tool
from agentkit.trace.read import as_list, as_mapping, as_text
from agentkit.trace.words import one_line

_EXPECTED = "module:name, or a file .py, .ipynb, .yaml or .md"
_STARTS_RUNS = ("run", "map", "wait", "join")
"""Methods whose call in a notebook's cell starts a run or waits for one."""


@dataclass(frozen=True, slots=True)
class Subject:
    """An agent as a replay needs it.

    Attributes
    ----------
    config
        Its policy and its limits count.
    tools
        Its own tools, which can be called here.
    """

    config: AgentConfig
    tools: Sequence[Tool]

    def takes(self, name: str) -> bool:
        """Whether it asks its server for a tool of that name."""
        return any(fnmatchcase(name, pattern) for pattern in self.config.tools or ())


def find_subject(given: object, name: str = "") -> Subject:
    """The agent that somebody means.

    Parameters
    ----------
    given
        An ``Agent`` of a notebook, an `AgentConfig`, a tool, a function, or a list of tools and functions.
        A text or path names one: ``module:name``; a Python file or a notebook, with ``:name`` behind it or
        not; a file that defines an agent. A Python file is executed. Of a notebook only imports, functions,
        classes and assignments are, and none that starts a run; no magics.
    name
        The agent's name, by which it is found in a file that has several.

    Raises
    ------
    NotFound, InvalidInput
        There is no such file, module or agent; the message says what there is.
    """
    if isinstance(given, str | Path):
        return _named(str(given), name)
    if isinstance(given, Subject):
        return given
    if isinstance(given, AgentConfig):
        return Subject(given, ())
    config, tools = getattr(given, "config", None), getattr(given, "tools", None)
    if isinstance(config, AgentConfig) and isinstance(tools, Mapping):
        return Subject(config, list(cast("Mapping[str, Tool]", tools).values()))
    several = isinstance(given, Iterable) and not isinstance(given, Mapping)
    listed: Any = given if several else (given,)  # pyright: ignore[reportUnknownVariableType]
    found = [_tool(each) for each in listed]
    return Subject(AgentConfig.model_construct(name=name), found)


def _tool(given: object) -> Tool:
    if isinstance(given, Tool):
        return given
    if callable(given) and not isinstance(given, type):
        return FunctionTool(given)
    raise InvalidInput(f"{given!r} is neither an agent nor a tool nor a function.")


def _named(text: str, name: str) -> Subject:
    place, _, attribute = text.partition(":") if not Path(text).exists() else (text, "", "")
    path = Path(place)
    if path.suffix in (".yaml", ".yml", ".md"):
        return Subject(read_agent(path).config, ())
    if path.suffix in (".py", ".ipynb"):
        if not path.is_file():
            raise NotFound(f"There is no file {path}.", reason="file_not_found")
        module = _executed(path.resolve(), path.stat().st_mtime_ns)
    elif attribute and all(part.isidentifier() for part in place.split(".")):
        module = _imported(place)
    else:
        raise InvalidInput(f"{text!r} names no agent: give {_EXPECTED}.")
    if attribute:
        return _attribute(module, attribute, place, name)
    return _only(module, place, name)


def _attribute(module: ModuleType, attribute: str, place: str, name: str) -> Subject:
    found: Any = module
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise NotFound(f"{place} has no {attribute!r}.", reason="agent_not_found") from None
    return find_subject(found, name)


def _only(module: ModuleType, place: str, name: str) -> Subject:
    """The agent of that name, else the only one, else all tools."""
    held = list({id(each): each for each in vars(module).values()}.values())
    agents = [each for each in held if isinstance(getattr(each, "config", None), AgentConfig)]
    named = [each for each in agents if each.config.name == name]
    if named or len(agents) == 1:
        return find_subject((named or agents)[-1], name)
    if agents:
        names = ", ".join(each.config.name for each in agents)
        raise NotFound(
            f"{place} has no agent {name!r}; it has {names}. Name a variable: {place}:VARIABLE.",
            reason="agent_not_found",
        )
    tools = [each for each in held if isinstance(each, Tool)]
    if not tools:
        raise NotFound(f"{place} defines neither an agent nor a @tool.", reason="agent_not_found")
    return find_subject(tools, name)


def _imported(name: str) -> ModuleType:
    # As `python -m` does: what lies in the present folder can be imported.
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    return _loaded(name, lambda: importlib.import_module(name))


@cache
def _executed(path: Path, _changed: int) -> ModuleType:
    # Once for all the runs of a file, and anew when it has changed.
    module = ModuleType(f"replayed_{path.stem}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # where its functions' annotations are looked up
    if path.suffix == ".ipynb":
        parts = list(_definitions(path))
    else:
        parts = [compile(_parsed(path, path.read_text("utf-8")), str(path), "exec")]
    if (folder := str(path.parent)) not in sys.path:
        sys.path.insert(0, folder)

    def run() -> ModuleType:
        for part in parts:
            exec(part, module.__dict__)
        return module

    return _loaded(str(path), run)


def _loaded(what: str, load: Callable[[], ModuleType]) -> ModuleType:
    try:
        return load()
    except AgentKitError:
        raise
    except (Exception, SystemExit) as error:
        raise InvalidInput(
            f"{what} could not be loaded: {type(error).__name__}: {one_line(str(error), 400)}",
            reason="agent_not_loaded",
        ) from error


def _parsed(path: Path, text: str) -> ast.Module:
    try:
        return ast.parse(text, str(path))
    except SyntaxError as error:
        raise BrokenFile(path, error.lineno, f"this is no Python: {error.msg}.") from None


def _definitions(path: Path) -> Iterator[CodeType]:
    """What each cell of a notebook defines."""
    try:
        notebook = as_mapping(json.loads(path.read_text("utf-8")))
    except ValueError as error:
        raise BrokenFile(path, None, f"this is no notebook: {error}.") from None
    for number, cell in enumerate(map(as_mapping, as_list(notebook.get("cells"))), 1):
        source = cell.get("source")
        text = as_text(source) or "".join(as_text(line) or "" for line in as_list(source))
        if cell.get("cell_type") == "code" and not text.lstrip().startswith("%%"):
            text = re.sub(r"\A(?:[ \t]*\n)+", "", text)  # IPython counts the lines from there
            lines = ["" if line.lstrip()[:1] in ("%", "!") else line for line in text.split("\n")]
            name = f"{path} (cell {number})"
            # Where a traceback finds the lines that it quotes, as in the notebook itself.
            linecache.cache[name] = (len(text), None, [f"{line}\n" for line in lines], name)
            body = [each for each in _parsed(Path(name), "\n".join(lines)).body if _defines(each)]
            yield compile(ast.Module(body, []), name, "exec")


def _defines(statement: ast.stmt) -> bool:
    kinds = (
        ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef,
        ast.Assign, ast.AnnAssign,
    )  # fmt: skip
    if not isinstance(statement, kinds):
        return False
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return True
    return not any(isinstance(node, ast.Await) or _starts_run(node) for node in ast.walk(statement))


def _starts_run(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _STARTS_RUNS
    )
