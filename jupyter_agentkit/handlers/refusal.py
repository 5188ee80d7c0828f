"""How the Jupyter host refuses: the same JSON as every other host."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from tornado import web

from agentkit.errors import AgentKitError
from agentkit.server.response import HEADERS, failure, refusal
from jupyter_agentkit.address import KERNEL_KEY_HEADER

FOREIGN = "foreign_origin"


class RefusalMixin(JupyterHandler):
    """A handler that says why it refuses, and never more."""

    def set_default_headers(self) -> None:
        """Set the headers of every response of agentkit, which no setting loosens."""
        super().set_default_headers()
        for name, value in HEADERS.items():
            self.set_header(name, value)

    # Jupyter's own bases name the parameter differently.
    def check_origin(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, *origin: str
    ) -> bool:
        """Check as Jupyter does; a foreign page is told so."""
        if super().check_origin(*origin):
            return True
        message = "Requests of pages from %s are not allowed. ServerApp.allow_origin allows them."
        raise web.HTTPError(403, message, self.get_origin(), reason=FOREIGN)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Send a refusal as ``{"message", "reason"}``."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        response = refusal(self._told(status_code, error), status_code)
        self.set_header("Content-Type", response.content_type)
        self.finish(response.text)

    def _told(self, status: int, error: object) -> AgentKitError:
        known = error if isinstance(error, web.HTTPError) else None
        if known is not None and known.reason == FOREIGN:
            return AgentKitError(str(known.get_message()), reason=FOREIGN)
        if status == HTTPStatus.FORBIDDEN and getattr(self, "_jupyter_current_user", None) is None:
            return self._unknown_user()
        if known is None:
            return failure()
        phrase = HTTPStatus(status).phrase
        return AgentKitError(
            known.get_message() or phrase, reason=re.sub(r"\W+", "_", phrase).lower()
        )

    def _unknown_user(self) -> AgentKitError:
        if KERNEL_KEY_HEADER in self.request.headers:
            return AgentKitError(
                "The kernel's key is not the one of this server, or came from a browser. The server"
                " was started anew since: restart the kernel.",
                reason="wrong_kernel_key",
            )
        return AgentKitError(
            "Log in to this Jupyter server, or send its token: 'Authorization: token …'.",
            reason="unauthorized",
        )
