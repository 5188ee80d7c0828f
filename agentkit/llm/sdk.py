"""What the dialects built on a vendor's SDK share: readiness, and a call read from its text.

No SDK is imported here. They are loaded in a thread when a model is first asked, because that takes
seconds; a client is made for each call, so that no connection outlives its event loop.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from agentkit.errors import ProviderNotReady
from agentkit.llm.protocol import ToolCall

CONNECT_SECONDS = 15.0
"""A server that does not take the connection by then is not there."""

NO_KEY = "no-key"


@dataclass(frozen=True, slots=True)
class Access:
    """What it takes to ask a vendor: its package, and a key.

    Attributes
    ----------
    name
        The provider as the reader knows it, such as ``openai``.
    package
        The package that has to be installed, as it is imported.
    api_key
        The key itself, when it was given.
    key_variable
        The environment variable that holds it otherwise; empty when none is looked up.
    environ
        Where that is looked up, at each call.
    extra
        The extra that installs the package, when it is named otherwise.
    """

    name: str
    package: str
    api_key: str | None = field(repr=False)
    key_variable: str
    environ: Mapping[str, str] = field(repr=False)
    extra: str = ""

    def missing(self, *, needs_key: bool = True, instead: str = "") -> str | None:
        """What to install or set, in words; ``None`` when nothing is missing.

        ``instead`` is what else could be set in place of the key.
        """
        if importlib.util.find_spec(self.package) is None:
            return (
                f"the package {self.package} is not installed: "
                f'pip install "jupyter-agentkit[{self.extra or self.package}]"'
            )
        if needs_key and not self.given:
            if not self.key_variable:
                return "no key is set: name its environment variable (api_key_env) in the configuration"
            or_else = f" (or {instead})" if instead else ""
            return (
                f"no key is set: set {self.key_variable}{or_else} in the environment of the server, "
                "and restart it"
            )
        return None

    def key(self, *, needs_key: bool = True) -> str:
        """The key; one that says nothing where the server needs none.

        Raises
        ------
        ProviderNotReady
            The package or the key is missing.
        """
        if missing := self.missing(needs_key=needs_key):
            raise ProviderNotReady(f"{self.name} cannot be used: {missing}")
        return self.given or NO_KEY

    @property
    def given(self) -> str | None:
        """The key, where there is one."""
        return self.api_key or self.environ.get(self.key_variable) or None


def parsed_call(id: str, name: str, arguments: str) -> ToolCall:
    """A call from the text of its arguments, which a model may have written badly."""
    try:
        data: Any = json.loads(arguments) if arguments.strip() else {}
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        return ToolCall(id, name, malformed=arguments)
    return ToolCall(id, name, cast("dict[str, Any]", data))
