"""A Jupyter server in a process of its own, and a page of it as a person uses it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat.v4
import psutil
from playwright.sync_api import Locator, Page, expect

# nbformat is partly untyped.
_nbformat: Any = nbformat
_v4: Any = nbformat.v4

HERE = Path(__file__).parent

OUTPUT = HERE / "output"
"""Pictures of what was seen, for people to look at; git ignores them."""

SECONDS = 60
"""How long anything may take before a test fails; nothing waits this long when all is well."""

expect.set_options(timeout=SECONDS * 1000)


class Lab:
    """JupyterLab on a free port, with the paced model of ``paced_model.py``."""

    def __init__(self, folder: Path, *, settings: Sequence[str] = ()) -> None:
        """Use the folder for everything that the server reads and writes; add settings of its own."""
        self._settings = settings
        self.root = folder / "notebooks"
        self.root.mkdir()
        self.home = folder / "home"
        self.home.mkdir()
        self._log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]

    def __enter__(self) -> Lab:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def login_url(self) -> str:
        return f"{self.url}/login?token=secret&next=/api/status"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        environ = {k: v for k, v in os.environ.items() if not k.endswith("_API_KEY")}
        environ.pop("AGENTKIT_MODEL", None)
        environ |= {
            "HOME": str(self.home),
            "JUPYTER_CONFIG_DIR": str(self.home / "config"),
            "JUPYTER_DATA_DIR": str(self.home / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.home / "runtime"),
            "IPYTHONDIR": str(self.home / "ipython"),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), environ["PATH"]]),
            "PYTHONPATH": os.pathsep.join([str(HERE), environ.get("PYTHONPATH", "")]),
        }
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    *("-m", "jupyter", "lab", "--no-browser", "--allow-root"),
                    f"--port={self.port}",
                    f"--ServerApp.root_dir={self.root}",
                    "--ServerApp.port_retries=0",
                    "--IdentityProvider.token=secret",
                    "--ServerApp.jpserver_extensions=paced_model=True",
                    "--LabApp.expose_app_in_browser=True",
                    "--JupyterNotebookApp.expose_app_in_browser=True",
                    "--AgentKitApp.away_seconds=2",
                    *self._settings,
                ],
                env=environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.until(self._answers, "the server to answer")

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log
        try:
            self.request("GET", "agentkit/api/v1/status")
        except urllib.error.HTTPError as error:
            raise AssertionError(f"The server answers {error.code}:\n{self.log}") from error
        except (urllib.error.URLError, ConnectionError):
            return False
        return True

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Ask again and again: nothing announces this to another process."""
        deadline = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"Waited {SECONDS} s for {what}:\n{self.log}"
            time.sleep(0.05)

    def stop(self, signal_number: int = signal.SIGTERM) -> None:
        """Stop the server with its kernels."""
        if self._process is None:
            return
        self._process.send_signal(signal_number)
        try:
            self._process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None

    @property
    def log(self) -> str:
        """What the server has written."""
        return self._log.read_text()

    @property
    def memory(self) -> int:
        """Bytes of memory that the server holds."""
        assert self._process is not None
        return psutil.Process(self._process.pid).memory_info().rss

    @property
    def cpu_seconds(self) -> float:
        """Seconds of a core that the server has used."""
        assert self._process is not None
        times = psutil.Process(self._process.pid).cpu_times()
        return times.user + times.system

    def request(self, verb: str, path: str, body: object = None) -> Any:
        """Ask the server as its owner does."""
        request = urllib.request.Request(
            f"{self.url}/{path}",
            method=verb,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": "token secret"},
        )
        with urllib.request.urlopen(request, timeout=SECONDS) as response:
            text = response.read()
        return json.loads(text) if text else None

    def tasks(self) -> list[dict[str, Any]]:
        """All tasks, the newest first."""
        return self.request("GET", "agentkit/api/v1/tasks")["tasks"]

    def events(self, task_id: str) -> list[dict[str, Any]]:
        """A task's stored events."""
        return self.request("GET", f"agentkit/api/v1/tasks/{task_id}/events")["events"]

    def wait_for_task(self, task_id: str) -> None:
        """Wait until a task has ended."""
        path = f"agentkit/api/v1/tasks/{task_id}"
        self.until(lambda: self.request("GET", path)["finished_at"], f"task {task_id} to end")

    def wait_for_layout(self, name: str) -> None:
        """Wait until JupyterLab has stored that something is open, or a reload would not know."""

        def stored() -> bool:
            data = self.request("GET", "lab/api/workspaces/default")["data"]
            main = data.get("layout-restorer:data", {}).get("main")
            return name in data and name in json.dumps(main)

        self.until(stored, f"JupyterLab to remember {name}")

    def clear(self) -> None:
        """Cancel what runs, shut the kernels down, and forget the tasks."""
        for task in self.tasks():
            if task["finished_at"] is None:
                self.request("POST", f"agentkit/api/v1/tasks/{task['task_id']}/cancel")
        self.until(lambda: all(task["finished_at"] for task in self.tasks()), "tasks to end")
        for task in self.tasks():
            self.request("DELETE", f"agentkit/api/v1/tasks/{task['task_id']}")
        for session in self.request("GET", "api/sessions"):
            self.request("DELETE", f"api/sessions/{session['id']}")

    def write(self, name: str, cells: Sequence[str]) -> None:
        """Put a notebook of code cells into the server's folder."""
        notebook = _v4.new_notebook(
            cells=[_v4.new_code_cell(source) for source in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        _nbformat.write(notebook, self.root / name)

    def copy(self, source: Path) -> None:
        """Copy a file or a folder into the server's folder."""
        if source.is_dir():
            shutil.copytree(source, self.root / source.name)
        else:
            shutil.copy(source, self.root)

    def read(self, name: str) -> Any:
        """A notebook as it stands on the disk."""
        return _nbformat.read(self.root / name, as_version=4)


class LabPage:
    """A page of the server, in Lab or in Notebook 7."""

    def __init__(self, page: Page, lab: Lab) -> None:
        self.page = page
        self.lab = lab

    def open(self, name: str, *, app: str = "lab", kernel: bool = True) -> None:
        """Open a notebook and wait for it, with its kernel at rest."""
        path = f"lab/tree/{name}?reset" if app == "lab" else f"notebooks/{name}"
        self.page.goto(f"{self.lab.url}/{path}")
        self.ready(kernel=kernel)

    def reload(self) -> None:
        """Reload the page, as a person does."""
        self.page.reload()
        self.ready(kernel=False)

    def ready(self, *, kernel: bool) -> None:
        """Wait for the notebook, and for its kernel."""
        expect(self.page.locator(".jp-Notebook .jp-Cell").first).to_be_visible()
        if kernel:
            self.page.wait_for_function(
                "() => { const kernel = "
                "window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel;"
                " return kernel?.connectionStatus === 'connected' && kernel.status === 'idle'; }",
                timeout=SECONDS * 1000,
            )

    def command(self, name: str, arguments: Mapping[str, Any] | None = None) -> None:
        """Start a command of JupyterLab; it is not waited for."""
        self.page.evaluate(
            "([name, arguments]) => { void window.jupyterapp.commands.execute(name, arguments); }",
            [name, dict(arguments or {})],
        )

    def run_all(self) -> None:
        """Run all cells; they are not waited for."""
        self.command("notebook:run-all-cells")

    def written(self) -> None:
        """Wait until every run has ended and its finished trace stands in its output."""
        self.page.wait_for_function(
            """() => window.jupyterapp.shell.currentWidget.content.model.toJSON().cells
                .flatMap(cell => cell.outputs ?? [])
                .map(output => output.data?.["application/vnd.agentkit.trace+json"])
                .every(trace => trace === undefined || trace.finished_at !== null)""",
            timeout=SECONDS * 1000,
        )

    def dismiss(self) -> None:
        """Close what JupyterLab says of a server that was gone."""
        while (dialog := self.page.locator(".jp-Dialog")).count():
            dialog.first.get_by_role("button").last.click()

    def save(self) -> None:
        """Save, and wait until it is saved."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")

    def restart_kernel(self) -> None:
        """Restart the notebook's kernel and wait for the new one."""
        self.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
        )

    def picture(self, name: str) -> None:
        """Keep a picture for people to look at."""
        OUTPUT.mkdir(exist_ok=True)
        self.page.screenshot(path=OUTPUT / f"{name}.png")

    @property
    def traces(self) -> Locator:
        """The runs in the notebook's cells."""
        return self.page.locator(".jp-Cell agentkit-trace")

    def trace(self, number: int = 0) -> Trace:
        """One run in the notebook's cells."""
        return Trace(self.traces.nth(number))

    def output(self, cell: int) -> Locator:
        """The outputs of a cell."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".jp-Cell-outputArea")


class Trace:
    """A run as it is shown."""

    def __init__(self, element: Locator) -> None:
        self.element = element

    def expect_status(self, status: str) -> None:
        """Wait for the run's state."""
        expect(self.element).to_have_attribute("data-status", status)

    def expect_connection(self, connection: str) -> None:
        """Wait for the view's connection."""
        expect(self.element).to_have_attribute("data-connection", connection)

    def steps(self, event_type: str) -> Locator:
        """The shown steps of one kind."""
        return self.element.locator(f'[data-event-type="{event_type}"]')

    @property
    def cancel(self) -> Locator:
        """The button."""
        return self.element.get_by_role("button", name="Cancel")

    def seqs(self) -> list[int]:
        """The numbers of the shown steps."""
        shown = self.element.locator("[data-seq]").evaluate_all(
            "steps => steps.map(step => Number(step.dataset.seq))"
        )
        return [seq for seq in shown if seq]  # text that still streams has no number yet
