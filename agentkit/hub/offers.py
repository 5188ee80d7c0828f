"""What processes offer to run when a page goes on with their conversations: a notebook's functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agentkit.core.protocol import Origin, TaskSummary, ToolSpec
from agentkit.errors import Conflict


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """The tools of one agent in one process.

    Attributes
    ----------
    serve
        ``serve(task_id, client_key)`` asks the process to run the calls of a task.
    """

    tools: tuple[ToolSpec, ...]
    serve: Callable[[str, str], None]


class Offers:
    """Offers by kernel and agent; the newest counts."""

    def __init__(self) -> None:
        self._offers: dict[tuple[str, str], Offer] = {}

    def put(self, kernel_id: str, agent: str, offer: Offer) -> Callable[[], None]:
        """Take an offer; the function that comes back withdraws it."""
        key = kernel_id, agent
        self._offers[key] = offer

        def withdraw() -> None:
            if self._offers.get(key) is offer:
                del self._offers[key]

        return withdraw

    def for_follow_up(self, before: TaskSummary, origin: Origin | None) -> Offer | None:
        """Who runs the client's tools when somebody else goes on with a task; ``None`` when it had none.

        Raises
        ------
        Conflict
            The process that ran them is gone (reason ``client_away``).
        """
        if not before.client_tools:
            return None
        offer = self._offers.get((origin.kernel_id, before.agent)) if origin else None
        if offer is None:
            raise Conflict(
                f"The run used functions of its notebook ({', '.join(before.client_tools)}), and the"
                " kernel that has them is gone or was restarted. Run the notebook's cells again, and ask"
                " there.",
                reason="client_away",
            )
        return offer
