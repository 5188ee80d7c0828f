"""Code that was sent to a kernel: heard through to its end, or stopped, and nothing else with it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from agentkit.errors import AgentKitError
from agentkit.tools.builtin.ports import Cleared, Output, Printed, Raised, Shown
from jupyter_agentkit.control_messages import OFFER, STOP
from jupyter_agentkit.ports.connection import Channel, Connection, Message

OFFER_SECONDS = 1.0
"""A kernel that knows offers answers sooner."""
STOP_SECONDS = 10.0
"""How long code is given to end after it was stopped, before it is left alone."""


class Request:
    """Code in the queue of a kernel, as a cell of its own."""

    kind = "execute_request"
    channel: Channel = "shell"

    def __init__(
        self, kernel: Connection, content: dict[str, Any], take: Callable[[Output], None]
    ) -> None:
        self._kernel = kernel
        self._take = take
        self._id = kernel.send(self.kind, content, self.channel)
        self._begun = False
        self._idle = False
        self._reply: dict[str, Any] | None = None

    async def finish(self) -> dict[str, Any]:
        """Hear it through; give the content of the reply."""
        while self._reply is None or not self._idle:
            self._note(await self._kernel.hear())
        return self._reply

    async def stop(self) -> None:
        """Interrupt the code while it runs. Code that has not begun is interrupted when it does."""
        with contextlib.suppress(AgentKitError, TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                # What has been heard and not read yet may say that the code has ended: what runs in
                # the kernel by now is a cell of the user's.
                while (heard := self._kernel.heard()) is not None:
                    self._note(heard)
                interrupted = False
                while not self._idle and self._reply is None:
                    if self._begun and not interrupted:
                        interrupted = True
                        await self._kernel.kernel.interrupt()
                    self._note(await self._kernel.hear())

    def _note(self, message: Message | None) -> None:
        if message is None or message["parent_header"].get("msg_id") != self._id:
            return
        match message["msg_type"]:
            case "status":
                self._note_state(message["content"]["execution_state"])
            case "execute_reply":
                self._reply = message["content"]
            case kind:
                if output := output_of(kind, message["content"]):
                    self._take(output)

    def _note_state(self, state: str) -> None:
        self._begun = True
        self._idle = state == "idle"


class Offer(Request):
    """Code that is offered to a cell that waits for a run; see ``jupyter_agentkit.lending``."""

    kind = OFFER
    channel: Channel = "control"

    def __init__(
        self, kernel: Connection, content: dict[str, Any], take: Callable[[Output], None]
    ) -> None:
        super().__init__(kernel, content, take)
        self._accepted: bool | None = None
        self._idle = True

    async def answer(self, also: Callable[[Message], None]) -> bool | None:
        """Whether a cell has taken it; ``None`` from a kernel that knows no offers.

        Parameters
        ----------
        also
            Is given what is heard meanwhile.
        """
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(OFFER_SECONDS):
                    while self._accepted is None:
                        if message := await self._kernel.hear():
                            self._note(message)
                            also(message)
        except asyncio.CancelledError:
            await self.stop()
            raise
        if self._accepted is None:
            self._ask_to_stop()  # should it be heard late, it must not run
        return self._accepted

    async def stop(self) -> None:
        """Have the kernel stop it, begun or not; the cell that runs it goes on waiting."""
        with contextlib.suppress(AgentKitError, TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                asked = self._ask_to_stop()
                while self._reply is None:
                    message = await self._kernel.hear()
                    self._note(message)
                    if message is None or message["parent_header"].get("msg_id") != asked:
                        continue
                    if message["content"].get("known") is False:
                        return

    def _ask_to_stop(self) -> str:
        return self._kernel.send(STOP, {"request": self._id}, "control")

    def _note(self, message: Message | None) -> None:
        if message is None or message["msg_type"] != OFFER.replace("_request", "_reply"):
            super()._note(message)
        elif message["parent_header"].get("msg_id") == self._id:
            self._accepted = message["content"].get("accepted") is True

    def _note_state(self, state: str) -> None:
        """What is published of the state tells of the offer, and not of the code."""


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
