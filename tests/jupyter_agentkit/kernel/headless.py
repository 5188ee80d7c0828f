"""The programs that run a notebook without a person before it, and a notebook for them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import nbformat
from nbformat import v4

# Both are partly untyped.
_nbformat: Any = nbformat
_v4: Any = v4

CELLS = [
    'region = "North"',
    """
import time
import matplotlib.figure
import pandas as pd
from jupyter_agentkit import Agent, tool

@tool
def sales(region: str) -> pd.DataFrame:
    "Sales of a region by month."
    print("reading", region)
    return pd.DataFrame({"month": ["Jan", "Feb"], "sales": [42.0, 17.5]})

@tool
def chart(kind: str):
    "Draw a chart."
    figure = matplotlib.figure.Figure(figsize=(2, 1))
    figure.subplots().plot([1, 3, 2])
    return figure

@tool
def broken(name: str) -> str:
    "Fail."
    raise KeyError(name)

@tool(policy="ask")
def drop(name: str) -> str:
    "Drop a table."
    return f"dropped {name}"

def calls(*named):
    return {"calls": [{"tool": tool, "arguments": given} for tool, given in named]}
""",
    """
analyst = Agent("analyst", tools=[sales, chart, broken], model="demo", script=[
    {"say": "The figures.", **calls(("sales", {"region": region}))},
    calls(("chart", {"kind": "line"}), ("broken", {"name": "x"})),
])
run = analyst.run("How were sales?")
run
""",
    'analyst.run("What are the sales of the region North?", thread=run)',
    """
dropping = Agent("dropping", tools=[drop], model="demo", script=[calls(("drop", {"name": "t"}))])
dropping.run("Drop t", on_ask="deny")
""",
    """
careful = Agent("careful", tools=[drop], model="demo", policy={"drop": [
    {"when": {"name": "tmp*"}, "then": "allow"}, {"then": "deny"},
]}, script=[calls(("drop", {"name": "tmp1"}), ("drop", {"name": "prod"}))])
careful.run("Drop both")
""",
    """
many = Agent("many", tools=[chart], model="demo", script=[calls(("chart", {"kind": "bar"}))])
answers = many.map(["One?", "Two?"], concurrency=1)
answers
""",
    "display(*answers.runs)",
    "%load_ext jupyter_agentkit",
    "%%agent dropping --on-ask approve\nDrop t",
    """
looking = Agent("looking", tools=["inspect_variables", "run_python"], model="demo", script=[
    {"calls": [{"tool": "run_python", "arguments": {"code": "six = 6\\nprint(six * 7)"}}]},
    {"calls": [{"tool": "inspect_variables", "arguments": {"names": ["six"]}}]},
])
looking.run("Look", on_ask="approve")
""",
]


def notebook(*cells: str) -> Any:
    """A notebook of code cells; the first is papermill's cell of parameters."""
    made = _v4.new_notebook(cells=[_v4.new_code_cell(cell.strip("\n")) for cell in cells])
    made.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    made.cells[0].metadata["tags"] = ["parameters"]
    return made


def read(path: Path) -> Any:
    """A saved notebook that is valid."""
    found = _nbformat.read(path, as_version=4)
    _nbformat.validate(found)
    return found


def environment(folder: Path) -> dict[str, str]:
    """This process's own without any server or provider."""
    known = {"OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY"}
    left_out = ("JUPYTER", "JPY", "AGENTKIT")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(left_out) and k not in known}
    return {**kept, "HOME": str(folder), "PYTHONPATH": str(Path.cwd())}


def run_python(folder: Path, *options: str, **inherited: str) -> tuple[int, str]:
    """Run a Python in a folder; its exit code, and what its terminal shows."""
    done = subprocess.run(
        [sys.executable, *options],
        cwd=folder,
        env=environment(folder) | inherited,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
    )
    return done.returncode, re.sub(r"\x1b\[[\d;]*m", "", done.stdout.decode())


def by_jupyter_execute(folder: Path) -> tuple[int, str]:
    """``jupyter execute in.ipynb``, saved as ``out.ipynb``."""
    return run_python(folder, "-m", "jupyter", "execute", "in.ipynb", "--output=out.ipynb")


def by_papermill(folder: Path) -> tuple[int, str]:
    """``papermill in.ipynb out.ipynb``."""
    return run_python(folder, "-m", "papermill", "in.ipynb", "out.ipynb")


def in_a_terminal(folder: Path, inherited: dict[str, str]) -> tuple[int, str]:
    """papermill again, where a Jupyter server has put its address into the environment."""
    return run_python(folder, "-m", "papermill", "in.ipynb", "out.ipynb", **inherited)


_LIBRARY = """
import sys, nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

class Started(AsyncKernelManager):
    "The manager of a kernel that somebody else has started and will end."
    has_kernel = True
    async def is_alive(self): return True

book, manager = nbformat.read("in.ipynb", 4), None
if len(sys.argv) > 1:
    manager = Started(owns_kernel=False, connection_file=sys.argv[1])
    manager.load_connection_file()
try:
    NotebookClient(book, km=manager, timeout=120).execute()
finally:
    nbformat.write(book, "out.ipynb")
"""


def by_nbclient(folder: Path) -> tuple[int, str]:
    """nbclient as a library, which leaves saving to who calls it."""
    return run_python(folder, "-c", _LIBRARY)


def in_a_kernel_of(http: httpx.Client, url: str, runtime: Path, folder: Path) -> tuple[int, str]:
    """Nbclient as a library, in a kernel that a Jupyter server started."""
    headers = {"X-XSRFToken": http.cookies.get("_xsrf") or ""}
    body = {"path": "in.ipynb", "name": "in.ipynb", "type": "notebook"}
    session = http.post(
        f"{url}/api/sessions", headers=headers, json={**body, "kernel": {"name": "python3"}}
    )
    session.raise_for_status()
    kernel = session.json()["kernel"]["id"]
    return run_python(folder, "-c", _LIBRARY, str(runtime / f"kernel-{kernel}.json"))


def outputs(path: Path) -> list[dict[str, Any]]:
    """All outputs of a saved notebook, in order."""
    return [dict(each) for cell in read(path).cells for each in cell.get("outputs", ())]
