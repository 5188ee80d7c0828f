"""What an extension adds to the start of JupyterLab's server, to its memory, and to what its page loads.

Beside plain JupyterLab: agentkit (in this environment, against the same with agentkit off), Jupyter AI and
Notebook Intelligence, each in an environment of its own against one that holds JupyterLab alone.
"""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from playwright.sync_api import Response, sync_playwright

from benchmarks.figure import Figure

ROUNDS = 5
PEERS = Path(sys.prefix) / "peers"
OFF = ("--ServerApp.jpserver_extensions=jupyter_agentkit=False",)


@dataclass(frozen=True, slots=True)
class Setting:
    """A server, and the one that it is compared with.

    Attributes
    ----------
    scripts
        Stands in the addresses of the scripts that the page loads for it.
    """

    name: str
    python: Path
    plain_python: Path
    plain_options: tuple[str, ...]
    scripts: tuple[str, ...]


_OWN = Path(sys.executable)
_PLAIN = PEERS / "jupyterlab" / "bin" / "python"

SETTINGS = (
    Setting("agentkit", _OWN, _OWN, OFF, ("/extensions/jupyter-agentkit/",)),
    Setting(
        "Jupyter AI",
        PEERS / "jupyter_ai" / "bin" / "python",
        _PLAIN,
        (),
        ("jupyter-ai", "jupyter_ai"),
    ),
    Setting(
        "Notebook Intelligence",
        PEERS / "notebook_intelligence" / "bin" / "python",
        _PLAIN,
        (),
        ("notebook-intelligence",),
    ),
)


def measure() -> list[Figure]:
    """Differences: milliseconds and MB, and KB of compressed script."""
    figures: list[Figure] = []
    for setting in SETTINGS:
        starts: list[float] = []
        memory: list[float] = []
        for _ in range(ROUNDS):
            with _server(setting.python) as (_, took, held):
                pass
            with _server(setting.plain_python, *setting.plain_options) as (
                _,
                plain_took,
                plain_held,
            ):
                pass
            starts.append(took - plain_took)
            memory.append(held - plain_held)
        figures += [
            Figure.of(f"start of the server: {setting.name}", "ms", starts),
            Figure.of(f"memory of the server: {setting.name}", "MB", memory),
            Figure.of(f"scripts of the page: {setting.name}", "KB", [_scripts(setting)]),
        ]
    return figures


@contextmanager
def _server(python: Path, *options: str) -> Generator[tuple[str, float, float]]:
    """A server's address, the milliseconds until it answered, and its MB with its children's."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        own = {
            "HOME": folder,
            "JUPYTER_CONFIG_DIR": f"{folder}/config",
            "JUPYTER_DATA_DIR": f"{folder}/data",
        }
        own |= {"JUPYTER_RUNTIME_DIR": f"{folder}/runtime"}
        keys = {k: v for k, v in os.environ.items() if not k.endswith("_API_KEY")}
        path = os.pathsep.join([str(python.parent), keys["PATH"]])
        began = time.perf_counter()
        process = subprocess.Popen(
            [
                *(str(python), "-m", "jupyter", "lab", "--no-browser", "--allow-root"),
                *(
                    f"--port={port}",
                    "--ServerApp.port_retries=0",
                    "--IdentityProvider.token=secret",
                ),
                f"--ServerApp.root_dir={folder}",
                *options,
            ],
            env={**keys, **own, "PATH": path},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        url = f"http://127.0.0.1:{port}"
        try:
            while not _answers(f"{url}/api/status?token=secret"):
                if process.poll() is not None:
                    raise RuntimeError(f"{python} could not start JupyterLab.")
                time.sleep(0.01)
            took = (time.perf_counter() - began) * 1000
            server = psutil.Process(process.pid)
            held = sum(
                each.memory_info().rss for each in (server, *server.children(recursive=True))
            )
            yield url, took, held / 1e6
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except (urllib.error.URLError, ConnectionError):
        return False


def _scripts(setting: Setting) -> float:
    """KB of script, compressed, that the page has loaded for it once it is at rest."""
    loaded: list[Response] = []
    with _server(setting.python) as (url, _, _), sync_playwright() as tool:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = tool.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("response", lambda response: loaded.append(response))
        page.goto(f"{url}/lab?token=secret&reset", wait_until="networkidle")
        page.locator(".jp-Launcher").wait_for(timeout=60_000)
        page.wait_for_load_state("networkidle")
        own = [
            each.body()
            for each in loaded
            if each.url.split("?")[0].endswith(".js")
            and any(part in each.url for part in setting.scripts)
        ]
        browser.close()
    return sum(len(gzip.compress(body)) for body in own) / 1e3
