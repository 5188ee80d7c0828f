"""MCP servers as they are configured: the ``mcpServers`` object that most clients share."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, cast
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from agentkit.errors import InvalidInput

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")

MASK = "[secret]"
"""What stands in the place of a configured value in anything that is shown."""


class _Server(BaseModel):
    model_config = ConfigDict(
        extra="ignore", frozen=True
    )  # other clients keep fields of their own here

    disabled: bool = False
    """Other clients switch a server off with it."""


class StdioServer(_Server):
    """A server that is a child process and speaks over its standard input and output."""

    type: Literal["stdio"] = "stdio"
    command: Annotated[str, Field(min_length=1)]
    args: tuple[str, ...] = ()
    env: dict[str, str] = Field(default_factory=dict[str, str])
    cwd: str | None = None


class HttpServer(_Server):
    """A server that is reached by streamable HTTP."""

    type: Literal["http", "streamable-http", "streamableHttp", "streamable_http"] = "http"
    url: Annotated[str, Field(pattern=r"^https?://[^/]")]
    headers: dict[str, str] = Field(default_factory=dict[str, str])


McpServerConfig = StdioServer | HttpServer


def parse_servers(value: object, where: str) -> dict[str, McpServerConfig]:
    """Read ``{name: server}``, also inside ``{"mcpServers": …}``; servers that are disabled are left out.

    Parameters
    ----------
    where
        Where it stands, for the error.

    Raises
    ------
    InvalidInput
        Names the server and the field.
    """
    if isinstance(value, Mapping) and "mcpServers" in value:
        where = f"{where}, mcpServers"
        value = cast("Mapping[str, object]", value)["mcpServers"]
    if not isinstance(value, Mapping):
        raise InvalidInput(
            f"{where}: expected an object of servers by name, as in "
            '{"files": {"command": "…", "args": ["…"]}, "web": {"url": "https://…"}}.'
        )
    servers: dict[str, McpServerConfig] = {}
    prefixes: dict[str, str] = {}
    for name, given in cast("Mapping[object, object]", value).items():
        if not isinstance(name, str) or not prefix_of(name):
            raise InvalidInput(f"{where}: {name!r} cannot be the name of a server: use letters.")
        other = prefixes.setdefault(prefix_of(name), name)
        if other != name:
            raise InvalidInput(
                f"{where}: the tools of the servers {other!r} and {name!r} would have the same names "
                f"({prefix_of(name)}__…). Give one another name."
            )
        server = _parse(given, f"{where}, server {name!r}")
        if not server.disabled:
            servers[name] = server
    return servers


def read_servers(path: str | Path) -> dict[str, McpServerConfig]:
    """Read a JSON file such as a project's ``.mcp.json``.

    Raises
    ------
    InvalidInput
        It cannot be read; names the line where it is no JSON.
    """
    try:
        value = json.loads(Path(path).expanduser().read_text("utf-8"))
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from None
    except json.JSONDecodeError as error:
        raise InvalidInput(
            f"{path}, line {error.lineno}, column {error.colno}: no JSON ({error.msg})."
        ) from None
    except ValueError as error:
        raise InvalidInput(f"{path} is no text in UTF-8 ({error}).") from None
    return parse_servers(value, str(path))


def prefix_of(name: str) -> str:
    """The server's part of its tools' names: without ``__``, which stands behind it."""
    clean = re.sub(r"_{2,}", "_", re.sub(r"[^A-Za-z0-9_-]", "_", name)).strip("_")[:32].rstrip("_")
    return clean if not clean or clean[0].isalpha() else f"m_{clean}"


def expanded(server: McpServerConfig, environ: Mapping[str, str] | None = None) -> McpServerConfig:
    """Put variables of the environment into ``env``, ``headers``, ``args``, ``command`` and ``url``.

    ``${NAME}`` is the variable's value; ``${NAME:-other}`` is ``other`` where it is not set.

    Raises
    ------
    InvalidInput
        A variable is not set; names it and where it is asked for.
    """
    variables = os.environ if environ is None else environ

    def fill(text: str, place: str) -> str:
        def value(match: re.Match[str]) -> str:
            default = cast("str | None", match[2])
            found = variables.get(match[1], default)
            if found is None:
                raise InvalidInput(
                    f"{place} asks for the environment variable {match[1]}, which is not set where "
                    "the server of the notebooks was started."
                )
            return found

        return _VARIABLE.sub(value, text)

    def fill_all(texts: Mapping[str, str], place: str) -> dict[str, str]:
        return {name: fill(text, f"{place}.{name}") for name, text in texts.items()}

    if isinstance(server, StdioServer):
        return server.model_copy(
            update={
                "command": fill(server.command, "command"),
                "args": tuple(fill(each, "args") for each in server.args),
                "env": fill_all(server.env, "env"),
                "cwd": None if server.cwd is None else fill(server.cwd, "cwd"),
            }
        )
    return server.model_copy(
        update={
            "url": fill(server.url, "url"),
            "headers": fill_all(server.headers, "headers"),
        }
    )


def secrets_of(server: McpServerConfig, is_secret: Callable[[str], bool]) -> Iterator[str]:
    """The values that may stand in no trace: headers, the address's query, ``env`` with secret names.

    Parameters
    ----------
    is_secret
        Whether an environment variable of that name holds a secret.
    """
    try:
        server = expanded(server)
    except InvalidInput:  # it will not start either
        return
    if isinstance(server, StdioServer):
        yield from (value for name, value in server.env.items() if is_secret(name))
        return
    address = urlsplit(server.url)
    if address.password:
        yield address.password
    yield from (value for _, value in parse_qsl(address.query))
    for name, value in server.headers.items():
        if name.lower() not in _PLAIN_HEADERS:
            yield value
            # "Bearer …" is often repeated without its first word.
            yield value.rpartition(" ")[2]


def masked(text: str, server: McpServerConfig) -> str:
    """A message about a server without what was configured as its secrets."""
    values = {value for value in secrets_of(server, lambda name: True) if len(value) >= _LEAST}
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, MASK)
    return text


_LEAST = 8
"""Shorter values would turn up in ordinary words."""

_PLAIN_HEADERS = frozenset({"accept", "accept-language", "content-type", "user-agent"})

_STDIO: TypeAdapter[StdioServer] = TypeAdapter(StdioServer)
_HTTP: TypeAdapter[HttpServer] = TypeAdapter(HttpServer)


def _parse(given: object, where: str) -> McpServerConfig:
    fields: Mapping[str, object] = (
        cast("Mapping[str, object]", given) if isinstance(given, Mapping) else {}
    )
    if ("command" in fields) == ("url" in fields):
        raise InvalidInput(
            f"{where}: expected either 'command' (a program to start) or 'url' (streamable HTTP)."
        )
    if fields.get("type") == "sse":
        raise InvalidInput(
            f"{where}: the transport 'sse' is no longer part of MCP. Most servers offer streamable "
            "HTTP as well, often at an address that ends in /mcp: use it with type 'http'."
        )
    shape: TypeAdapter[Any] = _STDIO if "command" in fields else _HTTP
    try:
        return shape.validate_python(dict(fields))
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        path = ".".join(str(step) for step in fault["loc"])
        raise InvalidInput(f"{where}, {path}: {fault['msg']}.") from None
