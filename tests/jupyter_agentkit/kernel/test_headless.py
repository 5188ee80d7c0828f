"""A notebook that a program runs: the same trace from every program, with a Jupyter server and without."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import nbformat

from agentkit.trace import load
from agentkit.trace.compare import compare_all, steady
from agentkit.trace.document import TRACE_MIME, TRACES_MIME, read_trace
from agentkit.trace.html import to_html
from agentkit.trace.markdown import to_markdown
from agentkit.trace.plain import to_text
from tests.jupyter_agentkit.kernel.headless import (
    CELLS,
    by_jupyter_execute,
    by_nbclient,
    by_papermill,
    in_a_kernel_of,
    in_a_terminal,
    notebook,
    outputs,
)
from tests.jupyter_agentkit.kernel.test_jupyter_server import jupyter, run_in_a_kernel_of

_nbformat: Any = nbformat
Program = Callable[[Path], tuple[int, str]]
FORMS = {"text/html": to_html, "text/markdown": to_markdown, "text/plain": to_text}
# What a map says of its runs: times and ids again.
_VARYING = re.compile(
    r"((<|&lt;) )?\d+(\.\d+)? s\b|\d\d:\d\d UTC|\d{4}-\d\d-\d\d |\b[0-9a-f]{16}\b"
)


_TOLD = """
import json, os
print(json.dumps({k: v for k, v in os.environ.items() if k.startswith(("JUPYTER_AGENTKIT", "JPY"))}))
"""


@contextmanager
def server(folder: Path) -> Generator[tuple[Program, Program]]:
    """A Jupyter server, and two programs: one runs a notebook in a kernel of it, one in a terminal."""
    folder.mkdir()
    with (
        jupyter(folder, "--IdentityProvider.token=secret") as url,
        httpx.Client(follow_redirects=True, timeout=60) as http,
    ):
        http.headers["Authorization"] = "token secret"

        def with_server(own: Path) -> tuple[int, str]:
            return in_a_kernel_of(http, url, folder / "runtime", own)

        told = json.loads(run_in_a_kernel_of(http, url, folder, _TOLD))
        assert "JUPYTER_AGENTKIT_URL" in told

        def in_its_terminal(own: Path) -> tuple[int, str]:
            return in_a_terminal(own, told)

        yield with_server, in_its_terminal


def run(folder: Path, program: Program, *cells: str) -> tuple[int, str]:
    folder.mkdir()
    _nbformat.write(notebook(*cells), folder / "in.ipynb")
    return program(folder)


def kept(output: dict[str, Any]) -> object:
    """An output without what varies."""
    data: dict[str, Any] = output.get("data", {})
    if TRACES_MIME in data:
        runs = [steady(read_trace(each)) for each in data[TRACES_MIME]["traces"]]
        rest = {name: value for name, value in data.items() if name != TRACES_MIME}
        return runs, kept({**output, "data": rest})
    if TRACE_MIME not in data:
        return _VARYING.sub("", repr(sorted(output.items())))
    trace = read_trace(data[TRACE_MIME])
    # Of the trace and nothing else, so what holds for it holds for them.
    assert {name: form(trace, live=False) for name, form in FORMS.items()} == {
        name: text for name, text in data.items() if name != TRACE_MIME
    }
    return steady(trace), output["metadata"], output["output_type"]


def at_once(
    folder: Path, *programs: tuple[Program, Sequence[str]]
) -> dict[str, tuple[int, str, Path]]:
    """Each program's exit code, what its terminal showed, and the notebook that it leaves."""
    folders = [folder / program.__name__ for program, _ in programs]
    with ThreadPoolExecutor(2) as pool:
        running = [
            pool.submit(run, own, program, *cells)
            for own, (program, cells) in zip(folders, programs, strict=True)
        ]
        return {
            own.name: (*each.result(), own / "out.ipynb")
            for own, each in zip(folders, running, strict=True)
        }


def test_every_program_leaves_the_same_trace_with_a_server_and_without(tmp_path: Path) -> None:
    with server(tmp_path / "server") as of_server:
        programs = (*of_server, by_nbclient, by_jupyter_execute, by_papermill)
        done = at_once(tmp_path, *((program, CELLS) for program in programs))

    for code, said, _ in done.values():
        assert code == 0, said
    first, *others = [file for _, _, file in done.values()]
    runs = load(first)
    assert [run.status for run in runs] == ["completed"] * 8
    for file in others:
        assert [change.change for change in compare_all(runs, load(file))] == ["same"] * len(runs)
        assert [kept(each) for each in outputs(file)] == [kept(each) for each in outputs(first)]
    for name, (_, said, file) in done.items():
        if name != "with_server":
            assert "[analyst]   ✗ Call broken (x) · KeyError: 'x'" in said
            assert "[dropping]   ✓ Called drop (t)" in said
        assert not any("[analyst]" in str(each) for each in outputs(file))


def test_a_failing_run_fails_its_cell_and_the_program_with_its_reason(tmp_path: Path) -> None:
    setup = (CELLS[1], CELLS[4].strip().splitlines()[0])
    shown = (*setup, 'dropping.run("Drop t")', "after = 1")
    waited = (*setup, 'dropping.run("Drop t").wait()')

    done = at_once(
        tmp_path, (by_papermill, shown), (by_jupyter_execute, shown), (by_nbclient, waited)
    )

    for name, (code, said, file) in done.items():
        assert code != 0
        kind = "AgentRunError" if name == "by_nbclient" else "CellFailed"
        assert re.search(
            kind
            + r": Run \w+ of agent 'dropping' failed: The run needs consent to call drop, and nobody"
            r" is there to ask \(on_ask='fail'\): say it in advance, with on_ask='approve' or 'deny' for"
            r" the run or with policy=\{'drop': 'allow'\} for the agent",
            said,
        ), said
        on_terminal = [line for line in said.splitlines() if "[dropping]" in line]
        assert sum("nobody is there to ask" in line for line in on_terminal) == 1
        if name == "by_jupyter_execute":
            continue  # it saves nothing when a cell fails, whatever failed
        [trace] = load(file)
        assert trace.status == "failed"
        assert trace.error
        assert trace.error.reason == "needs_answer"
        assert outputs(file)[-1]["ename"] == kind
