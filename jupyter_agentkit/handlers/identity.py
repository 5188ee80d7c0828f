"""Kernels as users of their own server."""

from __future__ import annotations

import hmac
from typing import Any

from jupyter_server.auth import IdentityProvider, User
from jupyter_server.base.handlers import JupyterHandler
from tornado.httputil import HTTPHeaders

from agentkit.server.asker import Asker
from jupyter_agentkit.address import KERNEL_KEY_HEADER

_BY_LOT = "Anonymous "
"""What the names begin with that Jupyter gives to users who log in without one."""


class KernelUser(User):
    """A kernel of this server, as authorisers see it."""

    hub_user: dict[str, Any]
    """As JupyterHub's authoriser wants it: the scopes that the Hub asks of whoever uses this server."""


def shown_name(user: User) -> str:
    """The name to be shown with a user's answers; empty for one whom the server gave a name by lot."""
    if isinstance(user, KernelUser):
        return "the notebook"
    name = user.display_name or user.name or user.username
    return "" if name.startswith(_BY_LOT) else name


def asker_of(handler: JupyterHandler) -> Asker:
    """Who asks, by what the server's identity provider says."""
    user = handler.current_user
    nameless = isinstance(user, KernelUser) or user.name.startswith(_BY_LOT)
    return Asker(
        shown_name(user),
        None if nameless else user.username,
        handler.settings["agentkit_private_tasks"],
    )


class KernelIdentity:
    """The server's identity provider, seen by a request that shows a kernel's key.

    The key takes the place of the server's token, which a kernel of a server with a password never
    learns. No browser sends it: a request with the marks of one is refused, so that a leaked key
    cannot be used by a page.
    """

    def __init__(self, provider: IdentityProvider, key: str) -> None:
        self._provider = provider
        self._key = key

    def __getattr__(self, name: str) -> Any:
        return getattr(self._provider, name)

    def get_user(self, handler: JupyterHandler) -> User | None:
        """The kernel, if its key is right."""
        headers = handler.request.headers
        given = headers[KERNEL_KEY_HEADER].encode()
        if _of_browser(headers) or not hmac.compare_digest(given, self._key.encode()):
            return None
        kernel = KernelUser(username="agentkit-kernel", name="A kernel of this server")
        hub_auth = getattr(self._provider, "hub_auth", None)
        scopes: set[str] = {
            *getattr(hub_auth, "access_scopes", ()),
            *getattr(hub_auth, "oauth_scopes", ()),
        }
        kernel.hub_user = {"name": kernel.username, "kind": "service", "scopes": sorted(scopes)}
        return kernel

    def is_token_authenticated(self, handler: JupyterHandler) -> bool:
        """A kernel needs no XSRF token, as a script with the server's token needs none."""
        return isinstance(handler.current_user, KernelUser)

    def should_check_origin(self, handler: JupyterHandler) -> bool:
        """A kernel has no origin: a request that has one is refused before."""
        return not self.is_token_authenticated(handler)


class KernelKeyMixin(JupyterHandler):
    """A handler that also admits the server's own kernels."""

    @property
    def identity_provider(self) -> Any:
        """The server's; for a request with a kernel's key, one that knows the key."""
        provider = super().identity_provider
        if KERNEL_KEY_HEADER not in self.request.headers:
            return provider
        return KernelIdentity(provider, self.settings["agentkit_kernel_key"])


def _of_browser(headers: HTTPHeaders) -> bool:
    marks = ("Origin", "Sec-Websocket-Origin", "Cookie", "Referer")
    return any(name in marks or name.startswith("Sec-Fetch-") for name in headers)
