"""The talk with one process that offers its tools to follow-ups: a notebook's kernel."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from agentkit.core.bounds import Bounds
from agentkit.core.frames import OFFER_FRAME, OfferFrame, Pong, Serve
from agentkit.errors import AgentKitError, Refused
from agentkit.hub.hub import Hub
from agentkit.hub.offers import Offer
from agentkit.server.conversation import Action, Gone, Socket, error_frame, refuse
from agentkit.server.input import checked, parsed

OFFERS_PATH = "/ws/offers"
"""Where it is mounted."""


async def offering(
    hub: Hub, socket: Socket, send_soon: Callable[[str], None], *, may: Callable[[Action], bool]
) -> None:
    """Take offers until the process has left; they are withdrawn then.

    Parameters
    ----------
    send_soon
        Sends a frame without waiting; called on the hub's loop.
    may
        Whether the process is authorised for an action: ``execute`` to offer.
    """
    withdrawals: dict[tuple[str, str], Callable[[], None]] = {}
    try:
        if not may("execute"):
            await refuse(socket, Refused("You are not allowed to offer tools.", reason="forbidden"))
            return
        while True:
            try:
                frame = _read(await socket.receive(), hub.bounds)
                if isinstance(frame, OfferFrame):
                    key = frame.kernel_id, frame.agent
                    serve = partial(_serve, send_soon, frame)
                    hub.bounds.check_tools(frame.tools)
                    if key not in withdrawals:
                        present = len(withdrawals)
                        hub.bounds.check_room("offers", present, "No further agent can be offered")
                    withdrawals[key] = hub.offers.put(*key, Offer(frame.tools, serve))
                else:
                    await socket.send(Pong().model_dump_json())
            except AgentKitError as error:
                await socket.send(error_frame(error))
    except Gone:
        return
    finally:
        for withdraw in withdrawals.values():
            withdraw()


def _serve(
    send_soon: Callable[[str], None], offer: OfferFrame, task_id: str, client_key: str
) -> None:
    frame = Serve(
        kernel_id=offer.kernel_id, agent=offer.agent, task_id=task_id, client_key=client_key
    )
    send_soon(frame.model_dump_json())


def _read(text: str, bounds: Bounds) -> object:
    bounds.check_size("frame_chars", len(text), "The frame", reason="frame_too_large")
    return checked(OFFER_FRAME, parsed(text, "The frame"), "The frame", "bad_frame")
