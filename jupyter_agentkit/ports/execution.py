"""Running code in a kernel as soon as it is free, or a cell in it does nothing but wait for a run."""

from __future__ import annotations

import asyncio
from typing import Any

from agentkit.errors import AgentKitError, Refused
from agentkit.tools.builtin.ports import Ears
from jupyter_agentkit.ports.connection import Connection, Message
from jupyter_agentkit.ports.requests import Offer, Request

NOTICE_SECONDS = 0.2
"""A kernel that is free answers sooner; after that it is said what is waited for."""


async def run(
    kernel: Connection, content: dict[str, Any], ears: Ears, busy_seconds: float
) -> dict[str, Any]:
    """Run an ``execute_request`` to its end, and give the content of the reply.

    When the awaiting task is cancelled, the code is interrupted, and waited for until it has ended, up to a
    limit; code that has not begun never does.

    Raises
    ------
    AgentKitError
        The kernel was busy all the time, runs no Python, or was lost.
    """
    while True:
        sent: Request | None = await _Queue(kernel).wait(content, ears, busy_seconds)
        if sent is None:
            sent = Request(kernel, content, ears.output)
        try:
            reply = await sent.finish()
        except asyncio.CancelledError:
            await sent.stop()
            raise
        # A cell that failed before takes what is queued with it. The code has not run then.
        if reply.get("status") != "aborted":
            return reply


class _Queue:
    """Waits in the kernel's queue, in place of the code, with a question that changes nothing.

    So giving up, or being cancelled, leaves nothing behind that would run later.
    """

    def __init__(self, kernel: Connection) -> None:
        self._kernel = kernel
        self._asked = kernel.send("kernel_info_request", {})
        self._answered = False
        self._published = False

    async def wait(self, content: dict[str, Any], ears: Ears, seconds: float) -> Offer | None:
        """Wait for the turn; or give the offer, once a cell has taken it."""
        clock = asyncio.get_running_loop().time
        until = clock() + seconds
        offers, told = True, False
        while not (self._answered and self._published):
            if message := await self._kernel.hear(NOTICE_SECONDS):
                self._note(message)
                continue
            if self._answered:
                # What is published is not heard yet: the subscription takes a moment.
                self._asked = self._kernel.send("kernel_info_request", {})
                continue
            if offers:
                offer = Offer(self._kernel, content, ears.output)
                taken = await offer.answer(self._note)
                if taken:
                    return offer
                offers = taken is not None
            if clock() > until:
                raise AgentKitError(
                    f"The kernel was busy with a cell for {seconds:g} s, so the code was not run. Wait"
                    " until the cell has ended, or interrupt it.",
                    reason="kernel_busy",
                )
            if not told:
                told = True
                ears.say(f"The kernel is busy with a cell; waiting up to {seconds:g} s")
        return None

    def _note(self, message: Message) -> None:
        if message["parent_header"].get("msg_id") != self._asked:
            return
        if message["msg_type"] == "status":
            self._published = True
        if message["msg_type"] == "kernel_info_reply":
            self._answered = True
            language = str(message["content"].get("language_info", {}).get("name", "?"))
            if language.lower() not in ("python", "ipython"):
                raise Refused(
                    f"The notebook's kernel runs {language[:40]}; this tool needs Python.",
                    reason="not_python",
                )
