"""What the kernel's side needs of whoever runs its tasks: one request, one socket.

Two implementations: ``jupyter_agentkit.remote`` asks the Jupyter server, ``jupyter_agentkit.local`` runs the
tasks in this very process.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from http import HTTPStatus
from typing import Any, cast

from agentkit.errors import (
    AgentKitError,
    Conflict,
    Full,
    InvalidInput,
    JournalError,
    NotFound,
    Refused,
)

Frame = dict[str, Any]
"""One frame of a task's socket, in either direction."""


class Socket(ABC):
    """A task's open socket. Used on the loop that opened it only."""

    @abstractmethod
    async def send(self, frame: Frame) -> None:
        """Send one frame.

        Raises
        ------
        ConnectionLost
        """

    @abstractmethod
    async def receive(self) -> Frame | None:
        """The next frame; ``None`` once the socket is closed."""

    @property
    @abstractmethod
    def refused(self) -> bool:
        """Whether the server closed the socket because it will not talk; an ``error`` frame said why."""

    @abstractmethod
    def close(self) -> None:
        """Leave. The task goes on."""


class Host(ABC):
    """Runs tasks. All methods are called on the client's loop."""

    base_path: str
    """The path of agentkit on the Jupyter server, for the page; empty when there is none."""

    @abstractmethod
    async def request(self, method: str, path: str, body: Frame | None = None) -> Any:
        """Call one route and return its JSON.

        Parameters
        ----------
        path
            Below ``/api/v1/``, such as ``tasks`` or ``tasks?limit=3``.

        Raises
        ------
        AgentKitError
            What the route refused, or that nobody answered.
        """

    @abstractmethod
    async def open_socket(self, task_id: str, *, after: int, client_key: str | None) -> Socket:
        """Open the socket of an existing task.

        Parameters
        ----------
        after
            The last ``seq`` that is known here.
        client_key
            The key that lets this process answer the calls of the tools it offered.

        Raises
        ------
        ConnectionLost
            Not now; another try may help.
        AgentKitError
            Not at all.
        """

    async def open_offers(self) -> Socket | None:
        """Open the socket on which functions are offered; ``None`` where no page can ask for them.

        Raises
        ------
        ConnectionLost
            Not now; another try may help.
        AgentKitError
            Not at all.
        """
        return None


_KINDS: dict[int, type[AgentKitError]] = {
    401: Refused,
    403: Refused,
    404: NotFound,
    409: Conflict,
    429: Full,
    503: JournalError,
}


def refusal(status: int, answer: object) -> AgentKitError | None:
    """The error that a route's answer stands for; ``None`` when agentkit did not write the answer.

    Parameters
    ----------
    status
        The HTTP status.
    answer
        The parsed body. agentkit says why in its own words, Jupyter's own refusals do not.
    """
    if status < 300 or not isinstance(answer, dict):
        return None
    fields = cast("dict[str, Any]", answer)
    message, reason = fields.get("message"), fields.get("reason")
    if not isinstance(message, str) or not isinstance(reason, str):
        return None
    if message == HTTPStatus(status).phrase:
        return None
    kind = _KINDS.get(status, InvalidInput if status < 500 else AgentKitError)
    return kind(message, reason=reason)
