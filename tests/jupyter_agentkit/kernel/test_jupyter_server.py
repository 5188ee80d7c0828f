"""A kernel that a real Jupyter server started finds it, however that server asks people who they are."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_server.auth import security

SECONDS = 60
hashed = cast("Any", security).passwd

ASK = """
from jupyter_agentkit import Agent

def region_total(region: str) -> float:
    "Total sales of one region."
    return 42.0

run = Agent("analyst", tools=[region_total]).run("What is the total of the region North?")
run.wait(60)
print(run.base_url, run.status, "42" in run.result)
"""


@contextmanager
def jupyter(folder: Path, *options: str) -> Generator[str]:
    """A Jupyter server under a base URL; gives its URL once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "JPY"))}
    for name in ("AGENTKIT_MODEL", "OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY"):
        environ.pop(name, None)
    environ |= {
        "HOME": str(folder),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "PYTHONPATH": str(Path.cwd()),
    }
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", f"--port={port}"]
    command += ["--ServerApp.base_url=/some/base/", f"--ServerApp.root_dir={folder}"]
    command += ["--ServerApp.jpserver_extensions={'jupyter_agentkit': True}", *options]
    if os.geteuid() == 0:
        command.append("--allow-root")
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}/some/base"
    try:
        until = time.monotonic() + SECONDS
        while not _answers(url):
            said = (folder / "server.log").read_text()
            assert process.poll() is None, said
            assert time.monotonic() < until, said
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(SECONDS)


def _answers(url: str) -> bool:
    try:
        httpx.get(f"{url}/api")
    except httpx.TransportError:
        return False
    return True


def run_in_a_kernel_of(http: httpx.Client, url: str, folder: Path, code: str) -> str:
    """Start a kernel as a page does, run a cell in it; give what it printed."""
    headers = {"X-XSRFToken": http.cookies.get("_xsrf") or ""}
    started = http.post(f"{url}/api/kernels", headers=headers, json={})
    started.raise_for_status()
    connection = folder / "runtime" / f"kernel-{started.json()['id']}.json"
    client = BlockingKernelClient(connection_file=str(connection))
    client.load_connection_file()
    client.start_channels(hb=False)  # a slow machine's missed heartbeat is no death
    printed: list[str] = []
    try:
        client.wait_for_ready(timeout=SECONDS)

        def hear(message: dict[str, dict[str, str]]) -> None:
            printed.append(
                message["content"].get("text") or "".join(message["content"].get("traceback", ()))
            )

        client.execute_interactive(code, timeout=SECONDS, output_hook=hear)
    finally:
        client.stop_channels()
    return "".join(printed)


@pytest.mark.parametrize("asks_for", ["token", "password", "nothing"])
def test_an_agent_runs_on_the_server_of_its_kernel(tmp_path: Path, asks_for: str) -> None:
    options = {
        "token": ["--IdentityProvider.token=secret"],
        "password": [f"--PasswordIdentityProvider.hashed_password={hashed('secret')}"],
        "nothing": ["--IdentityProvider.token="],
    }[asks_for]
    with jupyter(tmp_path, *options) as url, httpx.Client(follow_redirects=True) as http:
        http.get(f"{url}/login")
        if asks_for == "token":
            http.headers["Authorization"] = "token secret"
        if asks_for == "password":
            form = {"password": "secret", "_xsrf": http.cookies["_xsrf"]}
            http.post(f"{url}/login", data=form).raise_for_status()

        printed = run_in_a_kernel_of(http, url, tmp_path, ASK)

    assert printed == "/some/base/agentkit completed True\n"
