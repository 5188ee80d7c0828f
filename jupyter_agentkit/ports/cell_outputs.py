"""The outputs of running code as a notebook's file has them."""

from __future__ import annotations

from typing import Any

from agentkit.tools.builtin.ports import Cleared, Output, Printed, Raised, Shown

MAX_CHARS = 10_000_000
"""Printed characters that are kept; a loop that prints for hours must not fill the file."""


class CellOutputs:
    """Gathers what code prints, shows and raises, in nbformat 4."""

    def __init__(self) -> None:
        self.nodes: list[dict[str, Any]] = []
        self._by_display: dict[str, dict[str, Any]] = {}
        self._printed = 0
        self._clear_next = False

    def add(self, output: Output) -> None:
        """Take one in."""
        if isinstance(output, Cleared):
            self._clear_next = output.wait
            if not output.wait:
                self._clear()
            return
        if self._clear_next:
            self._clear()
        match output:
            case Printed():
                self._print(output)
            case Shown():
                self._show(output)
            case Raised():
                self.nodes.append(
                    {
                        "output_type": "error",
                        "ename": output.name,
                        "evalue": output.message,
                        "traceback": output.traceback.split("\n"),
                    }
                )

    def _clear(self) -> None:
        self.nodes.clear()
        self._by_display.clear()
        self._printed = 0
        self._clear_next = False

    def _print(self, output: Printed) -> None:
        text = output.text[: max(0, MAX_CHARS - self._printed)]
        self._printed += len(output.text)
        last = self.nodes[-1] if self.nodes else {}
        if last.get("name") == output.stream:
            last["text"] += text
        elif text:
            self.nodes.append({"output_type": "stream", "name": output.stream, "text": text})

    def _show(self, output: Shown) -> None:
        if output.replaces:
            if shown := self._by_display.get(output.display_id or ""):
                shown["data"] = output.bundle
            return
        node = {"output_type": "display_data", "data": output.bundle, "metadata": {}}
        self.nodes.append(node)
        if output.display_id:
            self._by_display[output.display_id] = node
