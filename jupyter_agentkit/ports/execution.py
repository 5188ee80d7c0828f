"""Running one request in a kernel: waiting for its turn, hearing it through, stopping it and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from agentkit.errors import AgentKitError, Refused
from agentkit.tools.builtin.ports import Cleared, Ears, Output, Printed, Raised, Shown
from jupyter_agentkit.ports.connection import Connection, Message

BUSY_SECONDS = 60.0
"""How long a kernel that runs a cell is waited for."""
NOTICE_SECONDS = 0.2
"""A kernel that is free answers sooner; after that it is said what is waited for."""
STOP_SECONDS = 10.0
"""How long code is given to end after an interrupt, before it is left alone."""


async def reach(kernel: Connection, ears: Ears, seconds: float) -> None:
    """Wait until the kernel has nothing else to do.

    A question that changes nothing waits in the kernel's queue in place of the code: giving up, or being
    cancelled, leaves nothing behind that would run later.

    Raises
    ------
    AgentKitError
        It was busy all the time, or it runs no Python.
    """
    clock = asyncio.get_running_loop().time
    until = clock() + seconds
    kernel.send("kernel_info_request", {})
    answered = published = told = False
    while not (answered and published):
        message = await kernel.hear(NOTICE_SECONDS)
        if message is not None:
            published = published or message["msg_type"] == "status"
            if message["msg_type"] == "kernel_info_reply":
                answered = True
                _check_language(message["content"])
        elif answered:
            # The answer came, but what is published is not heard yet: the subscription takes a moment.
            kernel.send("kernel_info_request", {})
        elif clock() > until:
            raise AgentKitError(
                f"The kernel was busy with a cell for {seconds:g} s, so the code was not run. Wait until"
                " the cell has ended, or interrupt it. A cell that waits for this very run keeps the"
                " kernel busy itself: end it with 'run' instead of 'run.wait()'.",
                reason="kernel_busy",
            )
        elif not told:
            told = True
            ears.say(f"The kernel is busy with a cell; waiting up to {seconds:g} s")


def _check_language(content: dict[str, Any]) -> None:
    language = str(content.get("language_info", {}).get("name", "?"))
    if language.lower() not in ("python", "ipython"):
        raise Refused(
            f"The notebook's kernel runs {language[:40]} and no Python; this tool needs Python.",
            reason="not_python",
        )


async def run(
    kernel: Connection, content: dict[str, Any], take: Callable[[Output], None]
) -> Message:
    """Run a request to its end and return the content of the reply.

    When the awaiting task is cancelled, the code is interrupted, and waited for as long as it takes
    to end, up to a limit.
    """
    while True:
        request = _Request(kernel, content, take)
        try:
            reply = await request.finish()
        except asyncio.CancelledError:
            await request.stop()
            raise
        # A cell that failed before takes what is queued with it. The code has not run then.
        if reply.get("status") != "aborted":
            return reply


class _Request:
    """One ``execute_request``."""

    def __init__(
        self, kernel: Connection, content: dict[str, Any], take: Callable[[Output], None]
    ) -> None:
        self._kernel = kernel
        self._take = take
        self._id = kernel.send("execute_request", content)
        self._begun = False
        self._idle = False
        self._reply: dict[str, Any] | None = None

    async def finish(self) -> dict[str, Any]:
        while not self._idle or self._reply is None:
            message = await self._kernel.hear()
            assert message is not None
            self._note(message)
        return self._reply

    async def stop(self) -> None:
        """Interrupt the code while it runs. Code that has not begun is interrupted when it does."""
        with contextlib.suppress(AgentKitError, TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                interrupted = False
                while not self._idle:
                    if self._begun and not interrupted:
                        interrupted = True
                        await self._kernel.kernel.interrupt()
                    message = await self._kernel.hear()
                    assert message is not None
                    self._note(message)

    def _note(self, message: Message) -> None:
        if message["parent_header"].get("msg_id") != self._id:
            return
        content = message["content"]
        match message["msg_type"]:
            case "status":
                self._begun = True
                self._idle = content["execution_state"] == "idle"
            case "execute_reply":
                self._reply = content
            case kind:
                if output := output_of(kind, content):
                    self._take(output)


def output_of(kind: str, content: dict[str, Any]) -> Output | None:
    """Read a message as an output; ``None`` for what is none."""
    match kind:
        case "stream":
            return Printed(content["text"], content["name"])
        case "display_data" | "update_display_data" | "execute_result":
            display_id = content.get("transient", {}).get("display_id")
            return Shown(content["data"], display_id, replaces=kind == "update_display_data")
        case "clear_output":
            return Cleared(bool(content.get("wait")))
        case "error":
            trace = "\n".join(map(str, content.get("traceback", ())))
            return Raised(str(content["ename"]), str(content["evalue"]), trace)
        case _:
            return None
