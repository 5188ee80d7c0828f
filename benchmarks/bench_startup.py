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
from playwright.sync_api import Browser, Response, sync_playwright

from benchmarks.figure import Figure

ROUNDS = 5
QUIET_SECONDS = 1.0
"""A server that has used no processor for so long is at rest."""

PEERS = Path(sys.prefix) / "peers"
OFF = ("--ServerApp.jpserver_extensions=jupyter_agentkit=False",)


@dataclass(frozen=True, slots=True)
class Setting:
    """A server, and the one that it is compared with.

    Attributes
    ----------
    package
        What a user installs.
    scripts
        Stands in the addresses of the scripts that the page loads for it.
    """

    name: str
    package: str
    python: Path
    plain_python: Path
    plain_options: tuple[str, ...]
    scripts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """One start.

    Attributes
    ----------
    start, page
        Milliseconds until the server answered, and until its page stood.
    memory, memory_with_page
        MB of the server and its children at rest, before and after a page was opened.
    scripts
        KB of compressed script that the page has loaded for the extension.
    """

    start: float
    memory: float
    page: float
    memory_with_page: float
    scripts: float


_OWN = Path(sys.executable)
_PLAIN = PEERS / "jupyterlab" / "bin" / "python"


def _peer(name: str, package: str, *scripts: str) -> Setting:
    python = PEERS / package.replace("-", "_") / "bin" / "python"
    return Setting(name, package, python, _PLAIN, (), scripts)


SETTINGS = (
    Setting("agentkit", "jupyter-agentkit", _OWN, _OWN, OFF, ("/extensions/jupyter-agentkit/",)),
    _peer("Jupyter AI", "jupyter-ai", "jupyter-ai", "jupyter_ai"),
    _peer("Notebook Intelligence", "notebook-intelligence", "notebook-intelligence"),
)

_PACKAGES = """
import sys
from importlib.metadata import PackageNotFoundError, requires
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

def needed(root):
    found, open_ = set(), [(root, frozenset())]
    while open_:
        name, extras = open_.pop()
        if (canonicalize_name(name), extras) in found:
            continue
        try:
            lines = requires(name) or []
        except PackageNotFoundError:  # for another system
            continue
        found.add((canonicalize_name(name), extras))
        for one in map(Requirement, lines):
            if one.marker is None or any(one.marker.evaluate({"extra": e}) for e in extras or {""}):
                open_.append((one.name, frozenset(one.extras)))
    return {name for name, _ in found}

print(len(needed(sys.argv[1]) - needed("jupyterlab")))
"""


def measure() -> list[Figure]:
    """Differences of repeated pairs: milliseconds and MB; KB of script, and packages."""
    figures: list[Figure] = []
    with sync_playwright() as tool:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = tool.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for setting in SETTINGS:
            # The first start writes Python's bytecode, as an installation does.
            _sample(browser, setting, setting.python)
            _sample(browser, setting, setting.plain_python, *setting.plain_options)
            pairs = [
                (
                    _sample(browser, setting, setting.python),
                    _sample(browser, setting, setting.plain_python, *setting.plain_options),
                )
                for _ in range(ROUNDS)
            ]
            figures += [
                Figure.of(f"{what}: {setting.name}", unit, values)
                for what, unit, values in (
                    ("start of the server", "ms", [a.start - b.start for a, b in pairs]),
                    ("memory of the server", "MB", [a.memory - b.memory for a, b in pairs]),
                    ("opening the page", "ms", [a.page - b.page for a, b in pairs]),
                    (
                        "memory with a page open",
                        "MB",
                        [a.memory_with_page - b.memory_with_page for a, b in pairs],
                    ),
                    ("scripts of the page", "KB", [a.scripts for a, _ in pairs]),
                    ("further packages", "", [_packages(setting)]),
                )
            ]
        browser.close()
    return figures


def _sample(browser: Browser, setting: Setting, python: Path, *options: str) -> Sample:
    with _server(python, *options) as (url, start, server):
        memory = _at_rest(server)
        page, scripts = _opened(browser, url, setting)
        return Sample(start, memory, page, _at_rest(server), scripts)


@contextmanager
def _server(python: Path, *options: str) -> Generator[tuple[str, float, psutil.Process]]:
    """A server's address, the milliseconds until it answered, and its process."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        own = {
            "HOME": folder,
            "JUPYTER_CONFIG_DIR": f"{folder}/config",
            "JUPYTER_DATA_DIR": f"{folder}/data",
            "JUPYTER_RUNTIME_DIR": f"{folder}/runtime",
        }
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.endswith("_API_KEY") and name != "PYTHONDONTWRITEBYTECODE"
        }
        path = os.pathsep.join([str(python.parent), kept["PATH"]])
        began = time.perf_counter()
        process = subprocess.Popen(
            [
                *(str(python), "-m", "jupyter", "lab", "--no-browser", "--allow-root"),
                f"--port={port}",
                "--ServerApp.port_retries=0",
                "--IdentityProvider.token=secret",
                f"--ServerApp.root_dir={folder}",
                *options,
            ],
            env={**kept, **own, "PATH": path},
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
            yield url, (time.perf_counter() - began) * 1000, psutil.Process(process.pid)
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


def _at_rest(server: psutil.Process) -> float:
    """MB of the server and its children, once what it loads after its start is loaded."""
    used, before = 0.0, -1.0
    while used - before > 0.02 * QUIET_SECONDS:
        before = used
        time.sleep(QUIET_SECONDS)
        used = sum(server.cpu_times()[:2])
    family = (server, *server.children(recursive=True))
    return sum(each.memory_info().rss for each in family) / 1e6


def _opened(browser: Browser, url: str, setting: Setting) -> tuple[float, float]:
    """Milliseconds until the page stood, and KB of script that it loaded for the extension."""
    loaded: list[Response] = []
    context = browser.new_context()
    page = context.new_page()
    # Not the bound method itself: Playwright sets an attribute on what it is given.
    page.on("response", lambda response: loaded.append(response))
    began = time.perf_counter()
    page.goto(f"{url}/lab?token=secret&reset")
    page.locator(".jp-Launcher").wait_for(timeout=60_000)
    took = (time.perf_counter() - began) * 1000
    page.wait_for_load_state("networkidle")
    own = [
        each.body()
        for each in loaded
        if each.url.split("?")[0].endswith(".js")
        and any(part in each.url for part in setting.scripts)
    ]
    context.close()
    return took, sum(len(gzip.compress(body)) for body in own) / 1e3


def _packages(setting: Setting) -> int:
    """The packages that it needs and JupyterLab does not."""
    given = [str(setting.python), "-c", _PACKAGES, setting.package]
    return int(subprocess.run(given, capture_output=True, text=True, check=True).stdout)
