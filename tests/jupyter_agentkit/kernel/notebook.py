"""A real kernel, driven cell by cell as a front end does."""

from __future__ import annotations

import os
import queue
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager
from jupyter_core.paths import jupyter_runtime_dir

SECONDS = 60.0
"""A kernel that says nothing for that long is taken for hung."""

Message = dict[str, Any]


@dataclass
class Cell:
    """One execution: its id, and what the kernel published for it so far."""

    id: str
    messages: list[Message] = field(default_factory=list[Message])

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The contents of its messages of one type."""
        return [each["content"] for each in self.messages if each["msg_type"] == kind]

    @property
    def run_comm(self) -> str:
        """The id of the comm that an ``AgentRun`` opened."""
        models = {each["data"]["state"]["_model_name"]: each for each in self.of("comm_open")}
        return models["AnyModel"]["comm_id"]

    @property
    def text(self) -> str:
        """What it printed."""
        return "".join(content["text"] for content in self.of("stream"))


class Notebook:
    """A kernel as a server starts it, with the given environment on top of this process's own."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._cells: dict[str, Cell] = {}
        name = f"kernel-{uuid.uuid4()}.json"
        Path(jupyter_runtime_dir()).mkdir(parents=True, exist_ok=True)
        self._manager = KernelManager(
            kernel_name="python3", connection_file=str(Path(jupyter_runtime_dir(), name))
        )
        own = {**os.environ, "PYTHONPATH": str(Path.cwd()), **environment}
        self._manager.start_kernel(env=own)
        self._client = self._manager.blocking_client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=SECONDS)

    def begin(self, code: str, *, headless: bool = False) -> Cell:
        """Send a cell; return at once."""
        cell = Cell(self._client.execute(code, allow_stdin=not headless))
        self._cells[cell.id] = cell
        return cell

    def run(self, code: str, *, headless: bool = False) -> Cell:
        """Run a cell to its end; an error in it fails the test."""
        cell = self.finish(self.begin(code, headless=headless))
        assert not cell.of("error"), "\n".join(cell.of("error")[0]["traceback"])
        return cell

    def finish(self, cell: Cell) -> Cell:
        """Wait until the kernel is done with a cell."""
        return self.until(
            cell, lambda: any(each["execution_state"] == "idle" for each in cell.of("status"))
        )

    def until(self, cell: Cell, there: Callable[[], bool]) -> Cell:
        """Take the kernel's messages in until ``there()``."""
        while not there():
            try:
                message = self._client.get_iopub_msg(timeout=SECONDS)
            except queue.Empty:
                kinds = [each["msg_type"] for each in cell.messages]
                raise AssertionError(f"It never came; there was {kinds}") from None
            owner = self._cells.get(message["parent_header"].get("msg_id", ""))
            if owner is not None:
                owner.messages.append(message)
        return cell

    def interrupt(self) -> None:
        """Interrupt the kernel, as the stop button does."""
        self._manager.interrupt_kernel()

    def send_to_widget(self, comm_id: str, content: dict[str, Any]) -> Cell:
        """Send a custom message, as a page does; what it causes is published for the returned cell."""
        data = {"method": "custom", "content": content}
        message = self._client.session.msg("comm_msg", {"comm_id": comm_id, "data": data})
        cell = Cell(message["header"]["msg_id"])
        self._cells[cell.id] = cell
        self._client.shell_channel.send(message)
        return cell

    def close(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)
