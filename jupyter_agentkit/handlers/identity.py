"""Kernels as users of their own server."""

from __future__ import annotations

import hmac
from typing import Any

from jupyter_server.auth import IdentityProvider, User
from jupyter_server.base.handlers import JupyterHandler

from jupyter_agentkit.address import KERNEL_KEY_HEADER

KERNEL = User(username="agentkit-kernel", name="A kernel of this server")


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
        if any(name in headers for name in ("Origin", "Cookie", "Sec-Fetch-Site")):
            return None
        given = headers[KERNEL_KEY_HEADER]
        return KERNEL if hmac.compare_digest(given.encode(), self._key.encode()) else None

    def is_token_authenticated(self, handler: JupyterHandler) -> bool:
        """A kernel needs no XSRF token, as a script with the server's token needs none."""
        return handler.current_user is KERNEL


class KernelKeyMixin(JupyterHandler):
    """A handler that also admits the server's own kernels."""

    @property
    def identity_provider(self) -> Any:
        """The server's; for a request with a kernel's key, one that knows the key."""
        provider = super().identity_provider
        if KERNEL_KEY_HEADER not in self.request.headers:
            return provider
        return KernelIdentity(provider, self.settings["agentkit_kernel_key"])
