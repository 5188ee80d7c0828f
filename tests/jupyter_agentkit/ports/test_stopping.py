"""When code in a kernel is interrupted, and when not; with a kernel whose every message is the test's."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from agentkit.tools.builtin.ports import Ears
from jupyter_agentkit.ports.connection import Connection
from jupyter_agentkit.ports.execution import run

CODE = "execute_request"


class Wire:
    """Stands for a connection: what the kernel says is put into it, what it is sent is kept."""

    def __init__(self) -> None:
        self.kernel = self
        self.sent: list[str] = []
        self.interrupts = 0
        self.code_is_sent = asyncio.Event()
        self._messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def send(self, kind: str, content: dict[str, Any], channel: str = "shell") -> str:
        self.sent.append(kind)
        if kind == CODE:
            self.code_is_sent.set()
        else:  # the kernel is free
            python = {"language_info": {"name": "python"}}
            self.say(kind, "kernel_info_reply", python)
            self.say(kind, "status", {"execution_state": "idle"})
        return kind

    def say(self, request: str, kind: str, content: dict[str, Any]) -> None:
        message = {"msg_type": kind, "parent_header": {"msg_id": request}, "content": content}
        self._messages.put_nowait(message)

    async def hear(self, seconds: float | None = None) -> dict[str, Any]:
        return await self._messages.get()

    def heard(self) -> dict[str, Any] | None:
        return None if self._messages.empty() else self._messages.get_nowait()

    async def interrupt(self) -> None:
        self.interrupts += 1
        self.say(CODE, "execute_reply", {"status": "error"})
        self.say(CODE, "status", {"execution_state": "idle"})


@pytest.mark.parametrize(("has_ended", "interrupts"), [(False, 1), (True, 0)])
async def test_code_that_has_ended_is_not_interrupted_while_its_outputs_are_still_read(
    has_ended: bool, interrupts: int
) -> None:
    wire = Wire()
    running = asyncio.ensure_future(run(cast("Connection", wire), {}, Ears(), 10))
    await wire.code_is_sent.wait()
    wire.say(CODE, "status", {"execution_state": "busy"})
    wire.say(CODE, "stream", {"text": "much", "name": "stdout"})
    if has_ended:  # the next cell of the user's may run by now
        wire.say(CODE, "execute_reply", {"status": "ok"})
    running.cancel()
    async with asyncio.timeout(5):
        await asyncio.wait([running])
    assert running.cancelled()
    assert wire.interrupts == interrupts
